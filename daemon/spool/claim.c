#include "daemon/spool/claim.h"

#include "config/sidecar.h"
#include "daemon/base/crash.h"
#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/spool/final.h"
#include "daemon/spool/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPTIONS_MAX 65536 /* bytes of a submission's options */

static void claim_clear(struct spool_claim *claim)
{
    const char *const strings[] = { claim->path,    claim->id,    claim->profile, claim->name,
                                    claim->options, claim->owner, claim->sidecar };
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        free((char *)strings[i]);
}

void claims_free(struct claims *claims)
{
    for (size_t i = 0; i < claims->count; i++)
        claim_clear(&claims->items[i]);
    free(claims->items);
    *claims = (struct claims){ 0 };
}

/* ---- Sidecars ---------------------------------------------------------------------------------------------------------------------------- */

/* incoming/ is everybody's: nobody may say something about another's feed, nor have us tell what stands in a file that he cannot read himself. */
static const char *sidecar_flaw(const struct stat *status, uid_t owner)
{
    if (!S_ISREG(status->st_mode))
        return "it is no regular file";
    if (status->st_nlink > 1)
        return "it has other names (hard links)";
    if (status->st_uid != owner && status->st_uid != 0)
        return "it belongs to another user than the feed";
    if (status->st_size > SIDECAR_MAX)
        return "it is larger than 64k";
    return NULL;
}

/* The text of NAME, on the disk by then; or NULL with *FAULT, where there is one. A new string. */
static char *read_sidecar(int directory, const char *name, uid_t owner, const char **fault)
{
    struct stat status;
    *fault = NULL;
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) && errno == ENOENT)
        return NULL;
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    char *text = NULL;
    if (fd < 0 || fstat(fd, &status)) {
        *fault = errno == ELOOP ? "it is a symbolic link" : strerrordesc_np(errno);
    } else {
        *fault = sidecar_flaw(&status, owner);
        if (!*fault && fsync(fd))
            *fault = strerrordesc_np(errno);
        if (!*fault)
            text = tree_read(directory, name, SIDECAR_MAX);
    }
    if (fd >= 0)
        close(fd);
    if (text && strlen(text) != (size_t)status.st_size) {
        *fault = "it holds a NUL byte, or is being written";
        free(text);
        text = NULL;
    }
    if (!text && !*fault)
        *fault = "it cannot be read";
    return text;
}

/* ---- Claims ------------------------------------------------------------------------------------------------------------------------------ */

/* STAMPED is the file's name in processing/PROFILE, which is open as DIRECTORY. */
static void claims_add(struct claims *claims, const struct tree *tree, int directory, const char *profile,
                       const char *stamped, char *options, const struct stat *status)
{
    const char *fault;
    char *beside = mem_format("%s" NAMES_SIDECAR, stamped);
    char *sidecar = read_sidecar(directory, beside, status->st_uid, &fault);
    free(beside);
    if (claims->count == claims->capacity) {
        claims->capacity = claims->capacity ? 2 * claims->capacity : 16;
        claims->items = mem_resize(claims->items, claims->capacity, sizeof *claims->items);
    }
    claims->items[claims->count++] = (struct spool_claim){
        .path = mem_format("%s/processing/%s/%s", tree->root, profile, stamped),
        .id = mem_format("%s/%s", profile, stamped),
        .profile = mem_string(profile),
        .name = mem_string(stamped + NAMES_STAMP_LENGTH + 1),
        .options = options,
        .sidecar = sidecar,
        .sidecar_fault = fault,
        .owner = tree_owner(status),
    };
}

/* What we judged in incoming/ may have been exchanged for something else before it was ours. Now nobody can reach it: this counts. -EINVAL with WHY where it can never be
 * taken, another code where it cannot be for now. Its bytes go to the disk, too: what the store will know of them must still be there after a power cut. */
static int examine(const struct tree *tree, int processing, const char *stamped, struct stat *status, const char **why)
{
    if (fstatat(processing, stamped, status, AT_SYMLINK_NOFOLLOW))
        return -errno;
    *why = tree_status_flaw(tree, status);
    if (!*why && status->st_nlink > 1)
        *why = "it has other names (hard links)";
    if (*why)
        return -EINVAL;
    int fd = openat(processing, stamped, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && (errno == EACCES || errno == EPERM)) {
        *why = "Tocsin may not read it: chmod g+r, and drop it again";
        return -EINVAL;
    }
    if (fd < 0)
        return -errno;
    int code = fsync(fd) ? -errno : 0;
    close(fd);
    return code;
}

/* Make FROM/NAME the file STAMPED in PROCESSING. What turns out to be no feed file goes to failed/ (-EINVAL with WHY), what cannot be taken for now goes
 * back. Not yet durable. */
static int take(const struct tree *tree, int from, const char *name, int processing, const char *stamped,
                struct stat *status, const char **why)
{
    *why = NULL;
    int code = tree_move(from, name, processing, stamped);
    if (code)
        return code;
    code = examine(tree, processing, stamped, status, why);
    int refused = *why ? final_refuse(tree, processing, stamped, stamped + NAMES_STAMP_LENGTH + 1, *why) : 0;
    if (refused) {
        code = refused;
        *why = NULL;
    }
    if (code && !*why)
        tree_move(processing, stamped, from, name);
    return code;
}

static char *new_stamped(struct tree *tree, const char *name)
{
    char stamp[NAMES_STAMP_LENGTH + 1];
    tree_stamp(tree, stamp);
    return mem_format("%s-%s", stamp, name);
}

/* ---- Dropped files ------------------------------------------------------------------------------------------------------------------ */

/* Of one place. */
struct taken {
    int processing; /* its processing/PROFILE; -1 until something is to be taken */
    bool any; /* something was */
};

struct taking {
    struct tree *tree;
    struct claims *claims;
    struct taken *of; /* each place */
};

/* The sidecar before its feed: a feed that has been taken without it would be read without it after a crash. Where the feed is not to be had, it stays for the next of that name. */
static int take_both(const struct taking *taking, const struct tree_place *place, int processing, const char *name,
                     const char *stamped, struct stat *status, const char **why)
{
    char *sidecar = mem_format("%s" NAMES_SIDECAR, name), *beside = mem_format("%s" NAMES_SIDECAR, stamped);
    int moved = tree_move(place->fd, sidecar, processing, beside);
    int code = moved && moved != -ENOENT ? moved : 0;
    *why = NULL;
    if (!code)
        code = take(taking->tree, place->fd, name, processing, stamped, status, why);
    if (code && !moved)
        tree_move(processing, beside, place->fd, sidecar);
    free(beside);
    free(sidecar);
    return code;
}

static int take_dropped(struct taking *taking, const struct tree_place *place, int processing, const char *name,
                        bool *any)
{
    struct tree *tree = taking->tree;
    struct stat status;
    const char *why;
    char *stamped = new_stamped(tree, name);
    int code = take_both(taking, place, processing, name, stamped, &status, &why);
    if (!code)
        claims_add(taking->claims, tree, processing, place->profile, stamped, NULL, &status);
    *any = *any || !code || why;
    if (why) {
        log_warning("spool: %s/%s: refused: %s", place->path, name, why);
        code = 0;
    }
    free(stamped);
    return code;
}

static int on_ready(void *context, size_t index, const char *name)
{
    struct taking *taking = context;
    const struct tree_place *place = &taking->tree->places[index];
    struct taken *of = &taking->of[index];
    if (of->processing < 0)
        of->processing = tree_processing(taking->tree, place->profile);
    int code = of->processing < 0 ? of->processing : take_dropped(taking, place, of->processing, name, &of->any);
    return code == -ENOENT ? 0 : code; /* who dropped it has taken it back */
}

/* Both directories of a rename, the new one first: after a power cut the file is in one of them. */
static int sync_both(int to, int from)
{
    return fsync(to) || fsync(from) ? -errno : 0;
}

/* Once for all files that were taken. */
static void sync_taken(struct taking *taking)
{
    for (size_t i = 0; i < taking->tree->place_count; i++) {
        const struct tree_place *place = &taking->tree->places[i];
        const struct taken *of = &taking->of[i];
        if (of->processing < 0)
            continue;
        int code = of->any ? sync_both(of->processing, place->fd) : 0;
        if (code)
            log_error("spool: %s: cannot be synced: %s", place->path, strerror(-code));
        close(of->processing);
    }
}

int64_t claim_ready(struct tree *tree, struct sights *sights, const struct sights *arrivals, int64_t wall, int64_t now,
                    struct claims *claims)
{
    struct taking taking = { tree, claims, mem_zero(tree->place_count, sizeof *taking.of) };
    for (size_t i = 0; i < tree->place_count; i++)
        taking.of[i].processing = -1;
    int64_t again = look(tree, sights, arrivals, wall, now, on_ready, &taking);
    sync_taken(&taking);
    if (claims->count)
        crash_point("spool-claimed");
    free(taking.of);
    return again;
}

/* ---- Submitted files ---------------------------------------------------------------------------------------------------------------- */

static bool is_profile(const struct tree *tree, const char *profile)
{
    for (size_t i = 0; i < tree->place_count; i++)
        if (strcmp(tree->places[i].profile, profile) == 0)
            return true;
    return false;
}

static int check_hidden(const struct tree *tree, const char *hidden, const char *profile, const char *name,
                        struct error *error)
{
    struct stat status;
    if (!is_profile(tree, profile))
        return error_set(error, -EINVAL, "no profile is called '%.80s'", profile);
    if (hidden[0] != '.' || !hidden[1] || strchr(hidden, '/') || strcmp(hidden, "..") == 0)
        return error_set(error, -EINVAL, "'%.80s' is no hidden file in incoming/", hidden);
    const char *why = names_flaw(name);
    if (why)
        return error_set(error, -EINVAL, "%s", why);
    if (fstatat(tree->places[0].fd, hidden, &status, AT_SYMLINK_NOFOLLOW))
        return error_set(error, -errno, "%s/incoming/%s: %s", tree->root, hidden, strerror(errno));
    why = tree_status_flaw(tree, &status);
    return why ? error_set(error, -EINVAL, "%s", why) : 0;
}

/* The options first: a file that has been taken without them would be taken for a dropped one after a crash. */
static int take_hidden(const struct tree *tree, int processing, const char *hidden, const char *stamped,
                       const char *options, struct stat *status, const char **why)
{
    char *beside = mem_format("%s.options.json", stamped);
    int incoming = tree->places[0].fd;
    *why = NULL;
    int code = tree_write(processing, beside, options);
    if (!code && fsync(processing))
        code = -errno;
    if (!code)
        code = take(tree, incoming, hidden, processing, stamped, status, why);
    if (code)
        unlinkat(processing, beside, 0);
    else
        code = sync_both(processing, incoming);
    free(beside);
    return code;
}

int claim_hidden(struct tree *tree, const char *hidden, const char *profile, const char *name, const char *options,
                 struct claims *claims, struct error *error)
{
    struct stat status;
    const char *why;
    int code = check_hidden(tree, hidden, profile, name, error);
    if (code)
        return code;
    int processing = tree_processing(tree, profile);
    if (processing < 0)
        return error_set(error, processing, "processing/%s: %s", profile, strerror(-processing));
    char *stamped = new_stamped(tree, name);
    code = take_hidden(tree, processing, hidden, stamped, options, &status, &why);
    if (code) {
        error_set(error, code, "%s: %s", name, why ? why : strerror(-code));
    } else {
        crash_point("spool-claimed");
        claims_add(claims, tree, processing, profile, stamped, mem_string(options), &status);
    }
    free(stamped);
    close(processing);
    return code;
}

/* ---- Files of a dead daemon ----------------------------------------------------------------------------------------------------------- */

static bool has_base(int processing, const char *name)
{
    struct stat status;
    char *base = mem_string_n(name, names_base_length(name));
    bool found = fstatat(processing, base, &status, AT_SYMLINK_NOFOLLOW) == 0;
    free(base);
    return found;
}

/* Unfinished writes, options of a file that was never taken, a version of results that may not be whole. Nothing that people made. */
static bool is_leftover(int processing, const char *name)
{
    if (name[0] == '.')
        return true;
    return names_base_length(name) != strlen(name) && !has_base(processing, name);
}

/* A sidecar without its feed: a crash came before the feed was taken, or after it had gone to done/ or failed/. It goes where the feed is. */
static void return_sidecar(const struct tree *tree, int processing, const char *profile, const char *name)
{
    char link[NAMES_STAMP_LENGTH + 2];
    snprintf(link, sizeof link, ".%.*s", NAMES_STAMP_LENGTH, name);
    const int finals[] = { tree->done, tree->failed };
    int code = -ENOENT;
    for (size_t i = 0; i < 2 && code == -ENOENT; i++) {
        char *final = final_read(finals[i], link);
        char *beside = final ? mem_format("%s" NAMES_SIDECAR, final) : NULL;
        if (final)
            code = tree_move(processing, name, finals[i], beside);
        free(beside);
        free(final);
    }
    for (size_t i = 0; i < tree->place_count && code == -ENOENT; i++)
        if (strcmp(tree->places[i].profile, profile) == 0)
            code = tree_move(processing, name, tree->places[i].fd, name + NAMES_STAMP_LENGTH + 1);
    if (code)
        log_warning("spool: %s/processing/%s/%s: cannot be put back: %s", tree->root, profile, name, strerror(-code));
}

static void find_again(struct tree *tree, int processing, const char *profile, const char *name, struct claims *claims)
{
    struct stat status;
    if (names_is_sidecar(name) && names_has_stamp(name) && !has_base(processing, name)) {
        return_sidecar(tree, processing, profile, name);
        return;
    }
    if (is_leftover(processing, name)) {
        unlinkat(processing, name, 0);
        return;
    }
    if (names_base_length(name) != strlen(name) || fstatat(processing, name, &status, AT_SYMLINK_NOFOLLOW))
        return;
    if (!names_has_stamp(name) || !S_ISREG(status.st_mode)) {
        log_warning("spool: %s/processing/%s/%s: not ours, left alone", tree->root, profile, name);
        return;
    }
    char *beside = mem_format("%s.options.json", name);
    claims_add(claims, tree, processing, profile, name, tree_read(processing, beside, OPTIONS_MAX), &status);
    free(beside);
}

static void find_all_again(struct tree *tree, const char *profile, struct claims *claims)
{
    int processing = openat(tree->processing, profile, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *directory = processing < 0 ? NULL : fdopendir(processing);
    const struct dirent *entry;
    if (!directory) {
        log_error("spool: %s/processing/%s: %s", tree->root, profile, strerror(errno));
        if (processing >= 0)
            close(processing);
        return;
    }
    while ((entry = readdir(directory)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            find_again(tree, processing, profile, entry->d_name, claims);
    closedir(directory);
}

static int compare_stamps(const void *left, const void *right)
{
    const struct spool_claim *a = left, *b = right;
    return strcmp(strrchr(a->path, '/'), strrchr(b->path, '/'));
}

/* Also of profiles that are no longer in the configuration: their files are still somebody's. */
void claim_again(struct tree *tree, struct claims *claims)
{
    int fd = openat(tree->processing, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    if (!directory) {
        log_error("spool: %s/processing: %s", tree->root, strerror(errno));
        if (fd >= 0)
            close(fd);
        return;
    }
    while ((entry = readdir(directory)))
        if (entry->d_name[0] != '.')
            find_all_again(tree, entry->d_name, claims);
    closedir(directory);
    if (claims->count)
        qsort(claims->items, claims->count, sizeof *claims->items, compare_stamps);
}

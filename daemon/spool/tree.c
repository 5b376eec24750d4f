#include "daemon/spool/tree.h"

#include "daemon/base/log.h"
#include "daemon/base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define INCOMING_MODE 03770 /* group-writable, the group inherited, and nobody removes what another dropped */
#define OWN_MODE 0750

/* Names that we give to files beside a feed file. A dropped file that had one could not be told from ours. */
static const char *const suffixes[] = { ".options.json", ".rejected", ".result.jsonl", ".error" };

/* Open DIRECTORY/NAME, made with MODE if it is missing. Where it is there, its mode is the administrator's business. */
static int open_directory(int directory, const char *name, mode_t mode, bool *made)
{
    bool is_new = mkdirat(directory, name, mode) == 0;
    if (!is_new && errno != EEXIST)
        return -errno;
    int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (is_new && fchmod(fd, mode)) /* past the umask; a file system without such bits does without */
        log_debug("spool: %s: mode %o: %s", name, (unsigned)mode, strerror(errno));
    if (made)
        *made = is_new;
    return fd;
}

/* Members of the group may drop files. Without the right to give the directory to the group, that is the administrator's to do. */
static void give_to_group(int fd, const char *name)
{
    char buffer[16384];
    struct group group, *found = NULL;
    if (!name || !*name || getgrnam_r(name, &group, buffer, sizeof buffer, &found) || !found)
        return;
    if (fchown(fd, (uid_t)-1, found->gr_gid))
        log_debug("spool: incoming: group %s: %s", name, strerror(errno));
    else if (fchmod(fd, INCOMING_MODE)) /* chown takes the set-group-ID bit away */
        log_debug("spool: incoming: %s", strerror(errno));
}

static int open_place(struct tree *tree, const char *profile, const char *below, struct error *error)
{
    struct tree_place *place = &tree->places[tree->place_count];
    place->path = mem_format("%s/incoming%s%s", tree->root, *below ? "/" : "", below);
    place->fd =
        *below ? open_directory(tree->incoming, below, INCOMING_MODE, NULL) : fcntl(tree->incoming, F_DUPFD_CLOEXEC, 0);
    if (place->fd < 0) {
        int code = *below ? place->fd : -errno;
        error_set(error, code, "%s: %s", place->path, strerror(-code));
        free(place->path);
        return code;
    }
    place->profile = mem_string(profile);
    tree->place_count++;
    return 0;
}

static int open_places(struct tree *tree, const struct config *config, struct error *error)
{
    tree->places = mem_zero(config->profile_count + 1, sizeof *tree->places);
    int code = open_place(tree, "default", "", error);
    for (size_t i = 0; !code && i < config->profile_count; i++) {
        const char *profile = config->profiles[i].name;
        int processing = tree_processing(tree, profile);
        if (processing < 0)
            return error_set(error, processing, "%s/processing/%s: %s", tree->root, profile, strerror(-processing));
        close(processing);
        code = open_place(tree, profile, profile, error);
    }
    return code;
}

int tree_open(struct tree *tree, const struct config *config, struct error *error)
{
    *tree = (struct tree){ .root = mem_string(config->paths.spool),
                           .incoming = -1,
                           .processing = -1,
                           .done = -1,
                           .failed = -1,
                           .quiet = config->spool.quiet,
                           .max_file = config->spool.max_file };
    const struct {
        const char *name;
        mode_t mode;
        int *fd;
    } parts[] = {
        { "incoming", INCOMING_MODE, &tree->incoming },
        { "processing", OWN_MODE, &tree->processing },
        { "done", OWN_MODE, &tree->done },
        { "failed", OWN_MODE, &tree->failed },
    };
    bool made = false;
    int root = open_directory(AT_FDCWD, tree->root, 0755, NULL), code = root < 0 ? root : 0;
    if (code)
        error_set(error, code, "%s: %s", tree->root, strerror(-code));
    for (size_t i = 0; !code && i < sizeof parts / sizeof *parts; i++) {
        *parts[i].fd = open_directory(root, parts[i].name, parts[i].mode, i ? NULL : &made);
        code = *parts[i].fd < 0 ? *parts[i].fd : 0;
        if (code)
            error_set(error, code, "%s/%s: %s", tree->root, parts[i].name, strerror(-code));
    }
    if (root >= 0)
        close(root);
    if (!code && made)
        give_to_group(tree->incoming, config->access.submit_group);
    if (!code)
        code = open_places(tree, config, error);
    if (code)
        tree_close(tree);
    return code;
}

void tree_close(struct tree *tree)
{
    const int fds[] = { tree->incoming, tree->processing, tree->done, tree->failed };
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    for (size_t i = 0; i < tree->place_count; i++) {
        close(tree->places[i].fd);
        free(tree->places[i].profile);
        free(tree->places[i].path);
    }
    free(tree->places);
    free(tree->root);
    *tree = (struct tree){ .incoming = -1, .processing = -1, .done = -1, .failed = -1 };
}

int tree_processing(const struct tree *tree, const char *profile)
{
    return open_directory(tree->processing, profile, OWN_MODE, NULL);
}

/* Microseconds, and never the same twice, though the clock be set back. */
void tree_stamp(struct tree *tree, char out[TREE_STAMP_LENGTH + 1])
{
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t stamp = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
    if (stamp <= tree->last_stamp)
        stamp = tree->last_stamp + 1;
    tree->last_stamp = stamp;
    time_t seconds = (time_t)(stamp / 1000000);
    gmtime_r(&seconds, &utc);
    size_t length = strftime(out, TREE_STAMP_LENGTH + 1, "%Y%m%dT%H%M%S", &utc);
    snprintf(out + length, TREE_STAMP_LENGTH + 1 - length, ".%06d", (int)(stamp % 1000000));
}

bool tree_has_stamp(const char *name)
{
    static const char shape[] = "00000000T000000.000000-";
    for (size_t i = 0; shape[i]; i++)
        if (shape[i] == '0' ? name[i] < '0' || name[i] > '9' : name[i] != shape[i])
            return false;
    return name[sizeof shape - 1] != '\0';
}

static bool ends_in(const char *name, const char *suffix)
{
    size_t length = strlen(name), tail = strlen(suffix);
    return length >= tail && strcmp(name + length - tail, suffix) == 0;
}

bool tree_is_ignored(const char *name)
{
    return name[0] == '.' || ends_in(name, ".tmp") || ends_in(name, ".part");
}

size_t tree_base_length(const char *name)
{
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (ends_in(name, suffixes[i]))
            return strlen(name) - strlen(suffixes[i]);
    return strlen(name);
}

/* Is every byte printable, in well-formed UTF-8 (the lengths of the sequences, which is all that a log and JSON need here)? */
static bool is_printable(const char *name)
{
    for (const unsigned char *at = (const unsigned char *)name; *at; at++) {
        if (*at < 0x20 || *at == 0x7f || (*at >= 0x80 && *at < 0xc2) || *at > 0xf4)
            return false;
        for (int more = *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : *at >= 0xc2; more; more--)
            if ((*++at & 0xc0) != 0x80)
                return false;
    }
    return true;
}

const char *tree_name_flaw(const char *name)
{
    if (strlen(name) > TREE_NAME_MAX)
        return "its name is longer than 200 bytes: rename it and drop it again";
    if (!is_printable(name))
        return "its name holds control characters or is not UTF-8: rename it and drop it again";
    if (!name[0] || strchr(name, '/') || tree_is_ignored(name))
        return "that is no name for a file in the spool";
    if (tree_base_length(name) != strlen(name))
        return "names that end in .rejected, .result.jsonl, .options.json or .error are Tocsin's own: rename it and "
               "drop it again";
    return NULL;
}

const char *tree_status_flaw(const struct tree *tree, const struct stat *status)
{
    if (S_ISLNK(status->st_mode))
        return "it is a symbolic link: drop the file itself";
    if (!S_ISREG(status->st_mode))
        return "it is no regular file";
    if (status->st_size > tree->max_file)
        return "it is larger than spool.max_file allows: split it, or raise the limit";
    return NULL;
}

int tree_move(int from, const char *name, int to, const char *new_name)
{
    if (renameat2(from, name, to, new_name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -errno;
    /* A file system that cannot promise it: nobody but us writes in the directories that we move to. */
    struct stat status;
    if (fstatat(to, new_name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        return -EEXIST;
    return renameat(from, name, to, new_name) ? -errno : 0;
}

int tree_write(int directory, const char *name, const char *text)
{
    char *temporary = mem_format(".%s.tmp", name);
    size_t length = strlen(text), done = 0;
    int fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640), code = 0;
    if (fd < 0)
        code = -errno;
    while (!code && done < length) {
        ssize_t size = write(fd, text + done, length - done);
        if (size > 0)
            done += (size_t)size;
        else if (errno != EINTR)
            code = -errno;
    }
    if (!code && fsync(fd))
        code = -errno;
    if (fd >= 0)
        close(fd);
    if (!code && renameat(directory, temporary, directory, name))
        code = -errno;
    if (code)
        unlinkat(directory, temporary, 0);
    free(temporary);
    return code;
}

char *tree_read(int directory, const char *name, size_t limit)
{
    struct stat status;
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    char *text = NULL;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= (off_t)limit) {
        text = mem_alloc(limit + 1);
        ssize_t size = read(fd, text, limit);
        text[size > 0 ? size : 0] = '\0';
    }
    close(fd);
    return text;
}

static bool exists(int directory, const char *name, const char *suffix)
{
    struct stat status;
    char *full = mem_format("%s%s", name, suffix);
    bool found = fstatat(directory, full, &status, AT_SYMLINK_NOFOLLOW) == 0;
    free(full);
    return found;
}

static bool is_used(int directory, const char *name)
{
    bool used = exists(directory, name, "");
    for (size_t i = 0; !used && i < sizeof suffixes / sizeof *suffixes; i++)
        used = exists(directory, name, suffixes[i]);
    return used;
}

/* NAME as a file of ours may be called: cut between characters, printable, in sight. */
static char *presentable(const char *name)
{
    size_t length = strlen(name);
    if (length > TREE_NAME_MAX) {
        length = TREE_NAME_MAX;
        while (length && (name[length] & 0xc0) == 0x80)
            length--;
    }
    char *copy = mem_string_n(name, length);
    bool sound = is_printable(copy);
    for (char *at = copy; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f || (!sound && (unsigned char)*at >= 0x80))
            *at = '_';
    if (copy[0] == '.')
        copy[0] = '_';
    return copy;
}

char *tree_free_name(int directory, const char *name, bool (*is_taken)(void *context, const char *name), void *context)
{
    char *plain = presentable(name);
    char *candidate = mem_string(plain);
    for (unsigned number = 2; is_used(directory, candidate) || (is_taken && is_taken(context, candidate)); number++) {
        free(candidate);
        candidate = mem_format("%s.%u", plain, number);
    }
    free(plain);
    return candidate;
}

int tree_refuse(const struct tree *tree, int from, const char *name, const char *why)
{
    char *final = tree_free_name(tree->failed, name, NULL, NULL);
    char *error = mem_format("%s.error", final), *text = mem_format("%s\n", why);
    int code = tree_write(tree->failed, error, text);
    if (!code)
        code = tree_move(from, name, tree->failed, final);
    if (code)
        unlinkat(tree->failed, error, 0);
    else if (fsync(tree->failed) || fsync(from))
        code = -errno;
    free(text);
    free(error);
    free(final);
    return code;
}

char *tree_owner(const struct stat *status)
{
    char buffer[16384];
    struct passwd user, *found = NULL;
    if (getpwuid_r(status->st_uid, &user, buffer, sizeof buffer, &found) == 0 && found)
        return mem_string(found->pw_name);
    return mem_format("%u", (unsigned)status->st_uid);
}

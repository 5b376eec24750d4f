#include "daemon/spool/finish.h"

#include "daemon/base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Beside the file itself, in the order in which they go. */
static const char *const companions[] = { ".rejected", ".result.jsonl" };

/* A claim, taken apart. */
struct claim {
    const struct tree *tree;
    char *profile;
    const char *stamped; /* STAMP-NAME */
    char link[TREE_STAMP_LENGTH + 2]; /* .STAMP */
    int processing;
};

static int claim_open(struct claim *claim, const struct tree *tree, const char *id, struct error *error)
{
    const char *slash = strchr(id, '/');
    if (!slash || slash == id || strchr(slash + 1, '/') || id[0] == '.' || !tree_has_stamp(slash + 1))
        return error_set(error, -EINVAL, "'%s' is no claim of the spool", id);
    *claim = (struct claim){ .tree = tree, .stamped = slash + 1 };
    claim->profile = mem_string_n(id, (size_t)(slash - id));
    snprintf(claim->link, sizeof claim->link, ".%.*s", TREE_STAMP_LENGTH, claim->stamped);
    claim->processing = tree_processing(tree, claim->profile);
    if (claim->processing < 0) {
        free(claim->profile);
        return error_set(error, claim->processing, "processing/%s: %s", id, strerror(-claim->processing));
    }
    return 0;
}

static void claim_close(struct claim *claim)
{
    close(claim->processing);
    free(claim->profile);
}

/* The name that LINK in DIRECTORY keeps, a new string; or NULL. */
static char *read_link(int directory, const char *link)
{
    char name[256];
    ssize_t length = readlinkat(directory, link, name, sizeof name);
    if (length <= 0 || (size_t)length >= sizeof name || memchr(name, '/', (size_t)length) || name[0] == '.')
        return NULL;
    return mem_string_n(name, (size_t)length);
}

/* Has another finish, cut short by a crash, put NAME aside for itself? Its link is there and its file is not. */
static bool is_promised(void *context, const char *name)
{
    int fd = openat(*(int *)context, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    bool found = false;
    while (directory && !found && (entry = readdir(directory))) {
        char *kept = entry->d_name[0] == '.' && entry->d_type == DT_LNK ? read_link(fd, entry->d_name) : NULL;
        found = kept && strcmp(kept, name) == 0;
        free(kept);
    }
    if (directory)
        closedir(directory);
    else if (fd >= 0)
        close(fd);
    return found;
}

/* Where the claim goes: what was chosen before, or a name that is free now, put aside durably. A new string; NULL with errno. */
static char *final_name(const struct claim *claim, int directory)
{
    char *name = read_link(directory, claim->link);
    if (name)
        return name;
    name = tree_free_name(directory, claim->stamped + TREE_STAMP_LENGTH + 1, is_promised, &directory);
    if (symlinkat(name, directory, claim->link) == 0 && fsync(directory) == 0)
        return name;
    int code = errno;
    free(name);
    errno = code;
    return NULL;
}

static int move_companion(const struct claim *claim, const char *suffix, int directory, const char *final)
{
    char *from = mem_format("%s%s", claim->stamped, suffix), *to = mem_format("%s%s", final, suffix);
    int code = renameat(claim->processing, from, directory, to) && errno != ENOENT ? -errno : 0;
    free(from);
    free(to);
    return code;
}

static bool exists(int directory, const char *name)
{
    struct stat status;
    return fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The companions first: who sees the file in done/ finds its results beside it. */
static int move_all(const struct claim *claim, int directory, const char *final, const char *why)
{
    int code = 0;
    if (why) {
        char *error = mem_format("%s.error", final), *text = mem_format("%s\n", why);
        code = tree_write(directory, error, text);
        free(text);
        free(error);
    }
    for (size_t i = 0; !code && i < sizeof companions / sizeof *companions; i++)
        code = move_companion(claim, companions[i], directory, final);
    if (!code)
        code = tree_move(claim->processing, claim->stamped, directory, final);
    if (code == -ENOENT && exists(directory, final))
        code = 0; /* it was moved before a crash */
    if (!code && (fsync(directory) || fsync(claim->processing)))
        code = -errno;
    return code;
}

static void remove_options(const struct claim *claim)
{
    char *options = mem_format("%s.options.json", claim->stamped);
    unlinkat(claim->processing, options, 0);
    free(options);
}

int finish_claim(const struct tree *tree, const char *id, bool ok, const char *why, struct error *error)
{
    struct claim claim;
    int code = claim_open(&claim, tree, id, error), directory = ok ? tree->done : tree->failed;
    if (code)
        return code;
    char *final = final_name(&claim, directory);
    code = final ? move_all(&claim, directory, final, ok ? NULL : why ? why : "no reason was given") : -errno;
    if (code) {
        error_set(error, code, "cannot be moved to %s/: %s", ok ? "done" : "failed", strerror(-code));
    } else {
        remove_options(&claim);
        if (!ok) {
            unlinkat(tree->failed, claim.link, 0); /* nothing more will come for it */
            unlinkat(tree->done, claim.link, 0);
        }
    }
    if (code == -ENOENT)
        unlinkat(directory, claim.link, 0);
    free(final);
    claim_close(&claim);
    return code;
}

static int replace(const struct claim *claim, const char *final)
{
    char *scratch = mem_format("%s.result.jsonl", claim->stamped);
    int code = 0;
    if (final && exists(claim->tree->done, final)) {
        code = move_companion(claim, ".result.jsonl", claim->tree->done, final);
        if (!code && fsync(claim->tree->done))
            code = -errno;
    } else { /* taken away */
        unlinkat(claim->processing, scratch, 0);
        unlinkat(claim->tree->done, claim->link, 0);
    }
    free(scratch);
    return code;
}

int finish_replace_result(const struct tree *tree, const char *id, struct error *error)
{
    struct claim claim;
    int code = claim_open(&claim, tree, id, error);
    if (code)
        return code;
    char *final = read_link(tree->done, claim.link);
    code = replace(&claim, final);
    if (code)
        error_set(error, code, "its results cannot be renewed: %s", strerror(-code));
    free(final);
    claim_close(&claim);
    return code;
}

/* Is some file of the stamp in LINK still in processing/? Then its finish will be continued. */
static bool is_unfinished(const struct tree *tree, const char *link)
{
    bool found = false;
    for (size_t i = 0; !found && i < tree->place_count; i++) {
        int processing = tree_processing(tree, tree->places[i].profile);
        DIR *directory = processing < 0 ? NULL : fdopendir(processing);
        const struct dirent *entry;
        while (directory && !found && (entry = readdir(directory)))
            found = strncmp(entry->d_name, link + 1, TREE_STAMP_LENGTH) == 0;
        if (directory)
            closedir(directory);
        else if (processing >= 0)
            close(processing);
    }
    return found;
}

static void tidy(const struct tree *tree, int directory)
{
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    while (stream && (entry = readdir(stream))) {
        char *name = entry->d_name[0] == '.' ? read_link(fd, entry->d_name) : NULL;
        if (name && !exists(fd, name) && !is_unfinished(tree, entry->d_name))
            unlinkat(fd, entry->d_name, 0);
        free(name);
    }
    if (stream)
        closedir(stream);
    else if (fd >= 0)
        close(fd);
}

void finish_tidy(const struct tree *tree)
{
    tidy(tree, tree->done);
    tidy(tree, tree->failed);
}

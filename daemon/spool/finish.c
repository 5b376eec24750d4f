#include "daemon/spool/finish.h"

#include "daemon/base/crash.h"
#include "daemon/base/mem.h"
#include "daemon/spool/final.h"
#include "daemon/spool/names.h"

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
    char link[NAMES_STAMP_LENGTH + 2]; /* .STAMP */
    int processing;
};

static int claim_open(struct claim *claim, const struct tree *tree, const char *id, struct error *error)
{
    const char *slash = strchr(id, '/');
    if (!slash || slash == id || strchr(slash + 1, '/') || id[0] == '.' || !names_has_stamp(slash + 1))
        return error_set(error, -EINVAL, "'%s' is no claim of the spool", id);
    *claim = (struct claim){ .tree = tree, .stamped = slash + 1 };
    claim->profile = mem_string_n(id, (size_t)(slash - id));
    snprintf(claim->link, sizeof claim->link, ".%.*s", NAMES_STAMP_LENGTH, claim->stamped);
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

/* Where the claim goes: what was chosen before, or a name that is free now, put aside durably. A new string; NULL with errno. */
static char *final_name(const struct claim *claim, int directory)
{
    char *name = final_read(directory, claim->link);
    if (name)
        return name;
    name = final_free(directory, claim->stamped + NAMES_STAMP_LENGTH + 1, NULL);
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

static int write_reason(int directory, const char *final, const char *why)
{
    char *error = mem_format("%s.error", final), *text = mem_format("%s\n", why ? why : "no reason was given");
    int code = tree_write(directory, error, text);
    free(text);
    free(error);
    return code;
}

static bool has_reason(int directory, const char *final)
{
    char *error = mem_format("%s.error", final);
    bool found = tree_exists(directory, error);
    free(error);
    return found;
}

/* The companions first: who sees the file in done/ finds its results beside it. The sidecar last: what is still in processing/ must not be without it, or a
 * crash would have it read anew as if nothing had been said about it. */
static int move_all(const struct claim *claim, int directory, const char *final)
{
    int code = 0;
    for (size_t i = 0; !code && i < sizeof companions / sizeof *companions; i++)
        code = move_companion(claim, companions[i], directory, final);
    crash_point("spool-finish");
    if (!code)
        code = tree_move(claim->processing, claim->stamped, directory, final);
    crash_point("spool-sidecar");
    if (!code)
        code = move_companion(claim, NAMES_SIDECAR, directory, final);
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

/* Move it to DIRECTORY: under the name that was put aside for it before a crash, or another. */
static int move_to(const struct claim *claim, int directory, const char *why)
{
    char *final = final_name(claim, directory);
    int code = final ? 0 : -errno;
    if (!code && directory == claim->tree->failed && (why || !has_reason(directory, final)))
        code = write_reason(directory, final, why);
    if (!code)
        code = move_all(claim, directory, final);
    free(final);
    if (code == -EEXIST) /* a stranger's file has come in between: another name, the next time */
        unlinkat(directory, claim->link, 0);
    if (code)
        return code;
    remove_options(claim);
    if (directory == claim->tree->failed)
        unlinkat(directory, claim->link, 0); /* nothing more will come for it */
    return 0;
}

static bool has_link(const struct claim *claim, int directory)
{
    char *name = final_read(directory, claim->link);
    free(name);
    return name != NULL;
}

/* What was cut short goes on to where it was going: half of it may be there. */
static int destination(const struct claim *claim, bool ok)
{
    const struct tree *tree = claim->tree;
    if (has_link(claim, tree->done))
        return tree->done;
    return !ok || has_link(claim, tree->failed) ? tree->failed : tree->done;
}

int finish_claim(const struct tree *tree, const char *id, bool ok, const char *why, struct error *error)
{
    struct claim claim;
    int code = claim_open(&claim, tree, id, error);
    if (code)
        return code;
    int directory = destination(&claim, ok);
    if (tree_exists(claim.processing, claim.stamped))
        code = move_to(&claim, directory, why);
    else if (has_link(&claim, directory))
        remove_options(&claim); /* a crash has left nothing but this to do */
    else
        code = -ENOENT;
    if (code)
        error_set(error, code, "cannot be moved to %s/: %s", directory == tree->done ? "done" : "failed",
                  strerror(-code));
    claim_close(&claim);
    return code;
}

static int replace(const struct claim *claim, const char *final)
{
    int done = claim->tree->done;
    if (tree_exists(claim->processing, claim->stamped))
        return 0; /* not finished yet: spool_finish() takes this version along */
    if (final && tree_exists(done, final)) {
        int code = move_companion(claim, ".result.jsonl", done, final);
        return !code && fsync(done) ? -errno : code;
    }
    /* Taken away. */
    char *scratch = mem_format("%s.result.jsonl", claim->stamped);
    unlinkat(claim->processing, scratch, 0);
    unlinkat(done, claim->link, 0);
    free(scratch);
    return 0;
}

int finish_replace_result(const struct tree *tree, const char *id, struct error *error)
{
    struct claim claim;
    int code = claim_open(&claim, tree, id, error);
    if (code)
        return code;
    char *final = final_read(tree->done, claim.link);
    code = replace(&claim, final);
    if (code)
        error_set(error, code, "its results cannot be renewed: %s", strerror(-code));
    free(final);
    claim_close(&claim);
    return code;
}

/* Is the claim of the stamp in LINK among UNFINISHED? Then its finish will be continued. */
static bool is_unfinished(const struct claims *unfinished, const char *link)
{
    for (size_t i = 0; i < unfinished->count; i++)
        if (strncmp(strchr(unfinished->items[i].id, '/') + 1, link + 1, NAMES_STAMP_LENGTH) == 0)
            return true;
    return false;
}

static bool is_leftover(int directory, const char *name, const struct claims *unfinished)
{
    size_t length = strlen(name);
    if (name[0] != '.' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    if (length > 4 && strcmp(name + length - 4, ".tmp") == 0)
        return true; /* of tree_write() */
    char *final = final_read(directory, name);
    bool leftover = final && !tree_exists(directory, final) && !is_unfinished(unfinished, name);
    free(final);
    return leftover;
}

static void tidy(int directory, const struct claims *unfinished)
{
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    while (stream && (entry = readdir(stream)))
        if (is_leftover(fd, entry->d_name, unfinished))
            unlinkat(fd, entry->d_name, 0);
    if (stream)
        closedir(stream);
    else if (fd >= 0)
        close(fd);
}

void finish_tidy(const struct tree *tree, const struct claims *unfinished)
{
    tidy(tree->done, unfinished);
    tidy(tree->failed, unfinished);
}

#include "daemon/spool/final.h"

#include "daemon/base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REASON_MAX 4096
/* Files of one name. In a directory that cannot be looked at every name is taken; then it is the last one whose use fails, and says why. */
#define NUMBER_MAX 100000

char *final_read(int directory, const char *link)
{
    char name[256];
    ssize_t length = readlinkat(directory, link, name, sizeof name);
    if (length <= 0 || (size_t)length >= sizeof name || memchr(name, '/', (size_t)length) || name[0] == '.')
        return NULL;
    return mem_string_n(name, (size_t)length);
}

/* Has a finish that was cut short put NAME aside for itself? Its link is there and its file is not. */
static bool is_promised(int directory, const char *name)
{
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    bool found = false;
    while (stream && !found && (entry = readdir(stream))) {
        char *kept = entry->d_name[0] == '.' ? final_read(fd, entry->d_name) : NULL;
        found = kept && strcmp(kept, name) == 0;
        free(kept);
    }
    if (stream)
        closedir(stream);
    else if (fd >= 0)
        close(fd);
    return found;
}

static bool holds(int directory, const char *name, const char *text)
{
    char *found = tree_read(directory, name, REASON_MAX);
    bool same = found && strcmp(found, text) == 0;
    free(found);
    return same;
}

static bool is_used(int directory, const char *name, const char *reason)
{
    bool used = tree_exists(directory, name);
    for (size_t i = 0; !used && names_suffixes[i]; i++) {
        char *full = mem_format("%s%s", name, names_suffixes[i]);
        bool is_error = strcmp(names_suffixes[i], ".error") == 0;
        used = tree_exists(directory, full) && !(is_error && reason && holds(directory, full, reason));
        free(full);
    }
    return used;
}

/* The links are gone through once a file, not once a name: a name that has a link mostly has its file, too. */
char *final_free(int directory, const char *name, const char *reason)
{
    char *plain = names_presentable(name);
    char *candidate = mem_string(plain);
    for (unsigned number = 2; number <= NUMBER_MAX; number++) {
        if (!is_used(directory, candidate, reason) && !is_promised(directory, candidate))
            break;
        free(candidate);
        candidate = mem_format("%s.%u", plain, number);
    }
    free(plain);
    return candidate;
}

int final_refuse(const struct tree *tree, int from, const char *name, const char *dropped, const char *why)
{
    char *text = mem_format("%s\n", why);
    char *final = final_free(tree->failed, dropped, text);
    char *error = mem_format("%s.error", final);
    int code = tree_write(tree->failed, error, text);
    if (!code)
        code = tree_move(from, name, tree->failed, final);
    if (code)
        unlinkat(tree->failed, error, 0);
    else if (fsync(tree->failed) || fsync(from))
        code = -errno;
    free(error);
    free(final);
    free(text);
    return code;
}

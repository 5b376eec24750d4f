/* Templates in the file system. */
#include "templates/template.h"

#include "daemon/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE (256 << 10)

static bool is_plain(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-");
    return length > 0 && length <= 100 && !name[length] && name[0] != '.';
}

static int failed(struct error *error, int number, const char *path)
{
    return error_set(error, -number, "%s: %s", path, strerror(number));
}

static int read_all(int fd, const char *path, struct buf *out, struct error *error)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return failed(error, errno, path);
    if (!S_ISREG(status.st_mode))
        return error_set(error, -EINVAL, "%s: not a regular file", path);
    for (;;) {
        buf_reserve(out, 16384);
        ssize_t got = read(fd, out->data + out->length, 16384);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failed(error, errno, path);
        if (got == 0)
            break;
        out->length += (size_t)got;
        if (out->length > MAX_FILE)
            return error_set(error, -EFBIG, "%s: larger than %d KiB", path, MAX_FILE >> 10);
    }
    buf_truncate(out, out->length);
    return 0;
}

/* Not knowing the name in one directory leads to the next one; any other failure is for a person to look at. */
static int read_file(const char *path, char **text, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return failed(error, errno, path);
    struct buf content = BUF_EMPTY;
    int result = read_all(fd, path, &content, error);
    close(fd);
    if (result == 0 && content.length && memchr(content.data, '\0', content.length))
        result = error_set(error, -EINVAL, "%s: not a text file", path);
    if (result == 0)
        *text = buf_take(&content);
    buf_free(&content);
    return result;
}

static int not_found(const char *const *directories, size_t count, const char *name, struct error *error)
{
    struct buf where = BUF_EMPTY;
    buf_reserve(&where, 0);
    for (size_t i = 0; i < count; i++)
        buf_add_format(&where, "%s%s", i == 0 ? "" : i + 1 == count ? " and " : ", ", directories[i]);
    error_set(error, 0, "there is no template %s.txt in %s", name, count ? where.data : "any directory (none is set)");
    buf_free(&where);
    return -ENOENT;
}

int template_find(const char *const *directories, size_t count, const char *name, char **text, char **path,
                  struct error *error)
{
    *text = *path = NULL;
    if (!is_plain(name))
        return error_set(error, -EINVAL, "a template's name is made of a-z, 0-9, '.' and '-', not \"%.100s\"", name);
    for (size_t i = 0; i < count; i++) {
        *path = mem_format("%s/%s.txt", directories[i], name);
        int result = read_file(*path, text, error);
        if (result == 0)
            return 0;
        free(*path);
        *path = NULL;
        if (result != -ENOENT && result != -ENOTDIR)
            return result;
    }
    return not_found(directories, count, name, error);
}

#include "daemon/base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void secret_wipe(void *secret, size_t size)
{
    explicit_bzero(secret, size);
}

/* A group may read: `root:tocsin 0640` is how administrators share a secret with one service, and systemd's credentials show an access list as
 * the group's bits. */
static int check_file(int fd, const char *path, struct error *error)
{
    struct stat status;
    if (fstat(fd, &status))
        return error_set(error, -errno, "%s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return error_set(error, -EINVAL, "%s: not a plain file", path);
    if (status.st_mode & (S_IWGRP | S_IRWXO))
        return error_set(error, -EPERM,
                         "%s: others may use it (mode %04o): `chmod 600` it, and change the secret if anyone may have "
                         "read it",
                         path, (unsigned)status.st_mode & 07777U);
    return 0;
}

/* As much of FD as fits into OUT. */
static ssize_t read_all(int fd, char *out, size_t size)
{
    size_t filled = 0;
    while (filled < size) {
        ssize_t got = read(fd, out + filled, size - filled);
        if (got < 0 && errno != EINTR)
            return -errno;
        if (got == 0)
            break;
        filled += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)filled;
}

/* Cut the LENGTH bytes in OUT after their first line. False: there is no line that fits, or none of printable bytes. */
static bool take_line(char *out, size_t length, size_t size)
{
    const char *end = memchr(out, '\n', length);
    size_t line = end ? (size_t)(end - out) : length;
    if (line == size)
        return false;
    if (line && out[line - 1] == '\r')
        line--;
    for (size_t i = 0; i < line; i++)
        if ((unsigned char)out[i] < ' ' || out[i] == 0x7f)
            return false;
    memset(out + line, 0, size - line);
    return line > 0;
}

int secret_read(const char *path, char *out, size_t size, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return error_set(error, -errno, "%s: %s", path, strerror(errno));
    int status = check_file(fd, path, error);
    ssize_t length = status ? 0 : read_all(fd, out, size);
    close(fd);
    if (length < 0)
        status = error_set(error, (int)length, "%s: %s", path, strerror((int)-length));
    else if (!status && !take_line(out, (size_t)length, size))
        status =
            error_set(error, -EINVAL, "%s: its first line is no secret of 1 to %zu printable bytes", path, size - 1);
    if (status)
        secret_wipe(out, size);
    return status;
}

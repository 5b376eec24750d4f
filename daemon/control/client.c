#include "daemon/control/client.h"

#include "daemon/base/buf.h"
#include "daemon/base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

static int connect_to(const char *path, struct error *error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address.sun_path) {
        error_set(error, EX_CONFIG, "%s: too long for a socket's path", path);
        return -EX_CONFIG;
    }
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    int exit = errno == EACCES || errno == EPERM ? EX_NOPERM : EX_UNAVAILABLE;
    error_set(error, exit, "%s: no daemon answers there (%s): is tocsind running?", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -exit;
}

static int send_all(int fd, const char *text, size_t length)
{
    while (length) {
        ssize_t sent = send(fd, text, length, MSG_NOSIGNAL);
        if (sent < 0)
            return -errno;
        text += sent;
        length -= (size_t)sent;
    }
    return 0;
}

static int receive_line(int fd, struct buf *line)
{
    char block[65536];
    ssize_t got;
    while ((got = read(fd, block, sizeof block)) > 0) {
        buf_add(line, block, (size_t)got);
        if (block[got - 1] == '\n')
            return 0;
    }
    return -EIO;
}

static int judge(json_t *answer, json_t **result, struct error *error)
{
    if (json_is_true(json_object_get(answer, "ok"))) {
        *result = json_incref(json_object_get(answer, "result"));
        return EX_OK;
    }
    const char *words = json_string_value(json_object_get(answer, "error"));
    json_int_t exit = json_integer_value(json_object_get(answer, "exit"));
    error_set(error, -1, "%s", words ? words : "the daemon's answer makes no sense");
    return exit > 0 && exit < 256 ? (int)exit : EX_SOFTWARE;
}

int client_call(const char *socket, const json_t *request, json_t **result, struct error *error)
{
    *result = NULL;
    int fd = connect_to(socket, error);
    if (fd < 0)
        return -fd;
    char *text = json_dumps(request, JSON_COMPACT), *line = mem_format("%s\n", text);
    struct buf answer = BUF_EMPTY;
    int exit;
    /* Who turns us away says why, and does not listen. */
    send_all(fd, line, strlen(line));
    if (receive_line(fd, &answer)) {
        error_set(error, -1,
                  "the daemon closed the connection without an answer, as one that is ending does; try again");
        exit = EX_TEMPFAIL;
    } else {
        json_t *object = json_loads(answer.data, 0, NULL);
        exit = judge(object, result, error);
        json_decref(object);
    }
    buf_free(&answer);
    free(line);
    free(text);
    close(fd);
    return exit;
}

#include "daemon/bounce/lmtp_listen.h"

#include "daemon/base/ip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Milliseconds in which this machine answers itself; the loop waits no longer. */
#define ANSWER_MS 20

/* Of either kind. */
union address {
    struct sockaddr any;
    struct sockaddr_un path;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static socklen_t size_of(const union address *address)
{
    return address->any.sa_family == AF_UNIX   ? sizeof address->path
           : address->any.sa_family == AF_INET ? sizeof address->v4
                                               : sizeof address->v6;
}

/* What became of connecting FD, which its kernel answers at once; a listener whose backlog is full keeps silent. 0 or an errno. */
static int outcome(int fd)
{
    struct pollfd one = { .fd = fd, .events = POLLOUT };
    int code = 0;
    socklen_t size = sizeof code;
    if (poll(&one, 1, ANSWER_MS) != 1)
        return 0;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) ? errno : code;
}

/* Is somebody listening at ADDRESS? 0: nobody; else a negative errno. */
static int probe(const union address *address)
{
    /* Not blocking: a listener whose backlog is full must not hold us up (EAGAIN), and is a listener all the same. */
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int code = connect(fd, &address->any, size_of(address)) == 0 ? 0 : errno;
    if (code == EINPROGRESS)
        code = outcome(fd);
    close(fd);
    if (code == ECONNREFUSED || code == ENOENT)
        return 0;
    return code == 0 || code == EAGAIN ? -EADDRINUSE : -code;
}

int lmtp_check_path(const char *path, struct error *error)
{
    union address address = { .path = { .sun_family = AF_UNIX } };
    strcpy(address.path.sun_path, path); /* it was bound, so it fits */
    int code = probe(&address);
    if (code == -EADDRINUSE)
        return 0;
    if (code)
        return error_set(error, code, "%s: %s", path, strerror(-code));
    return error_set(error, -ENOENT, "%s: the socket has been removed; restart tocsind, and see who tidies up there",
                     path);
}

static int remove_stale(const char *path, struct error *error)
{
    struct stat status;
    union address address = { .path = { .sun_family = AF_UNIX } };
    if (lstat(path, &status) != 0)
        return errno == ENOENT ? 0 : error_set(error, -errno, "%s: %s", path, strerror(errno));
    if (!S_ISSOCK(status.st_mode))
        return error_set(error, -EEXIST, "%s: something that is no socket is in the way; move it", path);
    strcpy(address.path.sun_path, path); /* the length was checked */
    int code = probe(&address);
    if (code == -EADDRINUSE)
        return error_set(error, code, "%s: somebody listens there already; is another tocsind running?", path);
    if (code)
        return error_set(error, code, "%s: %s", path, strerror(-code));
    if (unlink(path) != 0 && errno != ENOENT)
        return error_set(error, -errno, "%s: cannot remove the stale socket: %s", path, strerror(errno));
    return 0;
}

/* A socket bound to ADDRESS, which people call WHERE; with ERROR set where there can be none. */
static int bind_socket(const union address *address, const char *where, struct error *error)
{
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
    if (fd < 0)
        return error_set(error, -errno, "%s: %s", where, strerror(errno));
    bool bound = true;
    if (address->any.sa_family != AF_UNIX) /* connections of a daemon before us may linger */
        bound = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0;
    if (bound && address->any.sa_family == AF_INET6)
        bound = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0;
    if (bound && bind(fd, &address->any, size_of(address)) == 0)
        return fd;
    int code = error_set(error, -errno, "%s: %s", where, strerror(errno));
    close(fd);
    return code;
}

int lmtp_bind_path(const char *path, struct error *error)
{
    union address address = { .path = { .sun_family = AF_UNIX } };
    if (strlen(path) >= sizeof address.path.sun_path)
        return error_set(error, -ENAMETOOLONG, "%s: a socket's path can have at most %zu bytes", path,
                         sizeof address.path.sun_path - 1);
    int code = remove_stale(path, error);
    if (code)
        return code;
    strcpy(address.path.sun_path, path);
    int fd = bind_socket(&address, path, error);
    /* Nobody can connect before listen(), so there is no moment at which the wrong mode matters. */
    if (fd >= 0 && chmod(path, 0660) != 0) {
        code = error_set(error, -errno, "%s: %s", path, strerror(errno));
        close(fd);
        return code;
    }
    return fd;
}

static bool is_loopback(const struct ip *ip)
{
    static const unsigned char v6[16] = { [15] = 1 };
    return ip->v6 ? memcmp(ip->bytes, v6, 16) == 0 : ip->bytes[0] == 127;
}

static int parse_port(const char *text)
{
    char *end;
    if (*text < '0' || *text > '9')
        return -1;
    long port = strtol(text, &end, 10);
    return *end || port < 1 || port > 65535 ? -1 : (int)port;
}

static int parse_address(const char *listen, struct ip *ip, int *port)
{
    const char *colon = strrchr(listen, ':');
    if (!colon || (*port = parse_port(colon + 1)) < 0)
        return -EINVAL;
    size_t length = (size_t)(colon - listen);
    if (length > 2 && listen[0] == '[' && listen[length - 1] == ']') {
        listen++;
        length -= 2;
    }
    return ip_parse(listen, length, ip);
}

static int parse_listen(const char *listen, union address *address, struct error *error)
{
    struct ip ip;
    int port;
    if (parse_address(listen, &ip, &port))
        return error_set(error, -EINVAL, "%s: ADDRESS:PORT is needed, with a port from 1 to 65535", listen);
    if (!is_loopback(&ip)) /* LMTP has no authentication: whoever reaches it can report bounces */
        return error_set(error, -EINVAL, "%s: only loopback addresses may be listened on", listen);
    if (ip.v6) {
        address->v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
        memcpy(&address->v6.sin6_addr, ip.bytes, 16);
    } else {
        address->v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
        memcpy(&address->v4.sin_addr, ip.bytes, 4);
    }
    return 0;
}

int lmtp_bind_tcp(const char *listen, struct error *error)
{
    union address address;
    int code = parse_listen(listen, &address, error);
    return code ? code : bind_socket(&address, listen, error);
}

int lmtp_check_tcp(const char *listen, struct error *error)
{
    union address address;
    int code = parse_listen(listen, &address, error);
    if (!code)
        code = probe(&address);
    if (code == -EADDRINUSE)
        return 0;
    return error_set(error, code ? code : -ECONNREFUSED, "%s: nobody can connect: %s; see `ip address show lo`", listen,
                     strerror(code ? -code : ECONNREFUSED));
}

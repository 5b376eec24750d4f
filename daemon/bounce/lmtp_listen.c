#include "daemon/bounce/lmtp_listen.h"

#include "daemon/base/ip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Is somebody listening at ADDRESS? 0: nobody; else a negative errno. */
static int probe(const struct sockaddr_un *address)
{
    /* Not blocking: a listener whose backlog is full must not hold us up (EAGAIN), and is a listener all the same. */
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int code = connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 ? 0 : errno;
    close(fd);
    if (code == ECONNREFUSED || code == ENOENT)
        return 0;
    return code == 0 || code == EAGAIN ? -EADDRINUSE : -code;
}

int lmtp_check_path(const char *path, struct error *error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    strcpy(address.sun_path, path); /* it was bound, so it fits */
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
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (lstat(path, &status) != 0)
        return errno == ENOENT ? 0 : error_set(error, -errno, "%s: %s", path, strerror(errno));
    if (!S_ISSOCK(status.st_mode))
        return error_set(error, -EEXIST, "%s: something that is no socket is in the way; move it", path);
    strcpy(address.sun_path, path); /* the length was checked */
    int code = probe(&address);
    if (code == -EADDRINUSE)
        return error_set(error, code, "%s: somebody listens there already; is another tocsind running?", path);
    if (code)
        return error_set(error, code, "%s: %s", path, strerror(-code));
    if (unlink(path) != 0 && errno != ENOENT)
        return error_set(error, -errno, "%s: cannot remove the stale socket: %s", path, strerror(errno));
    return 0;
}

int lmtp_bind_path(uv_pipe_t *pipe, const char *path, struct error *error)
{
    struct sockaddr_un address;
    if (strlen(path) >= sizeof address.sun_path)
        return error_set(error, -ENAMETOOLONG, "%s: a socket's path can have at most %zu bytes", path,
                         sizeof address.sun_path - 1);
    int code = remove_stale(path, error);
    if (code)
        return code;
    code = uv_pipe_bind(pipe, path);
    if (code)
        return error_set(error, code, "%s: %s", path, uv_strerror(code));
    /* Nobody can connect before listen(), so there is no moment at which the wrong mode matters. */
    if (chmod(path, 0660) != 0)
        return error_set(error, -errno, "%s: %s", path, strerror(errno));
    return 0;
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

static int parse_listen(const char *listen, struct ip *ip, int *port)
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

int lmtp_bind_tcp(uv_tcp_t *tcp, const char *listen, struct error *error)
{
    struct ip ip;
    int port, code;
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    if (parse_listen(listen, &ip, &port))
        return error_set(error, -EINVAL, "%s: ADDRESS:PORT is needed, with a port from 1 to 65535", listen);
    if (!is_loopback(&ip)) /* LMTP has no authentication: whoever reaches it can report bounces */
        return error_set(error, -EINVAL, "%s: only loopback addresses may be listened on", listen);
    if (ip.v6) {
        v6.sin6_port = htons((uint16_t)port);
        memcpy(&v6.sin6_addr, ip.bytes, 16);
        code = uv_tcp_bind(tcp, (const struct sockaddr *)&v6, UV_TCP_IPV6ONLY);
    } else {
        v4.sin_port = htons((uint16_t)port);
        memcpy(&v4.sin_addr, ip.bytes, 4);
        code = uv_tcp_bind(tcp, (const struct sockaddr *)&v4, 0);
    }
    return code ? error_set(error, code, "%s: %s", listen, uv_strerror(code)) : 0;
}

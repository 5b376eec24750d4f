#include "daemon/delivery/wire.h"

#include "daemon/base/mem.h"
#include "daemon/base/pulse.h"
#include "daemon/delivery/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct wire {
    pthread_mutex_t lock;
    /* Ours, beside the duplicate that libesmtp uses and closes: a descriptor that only we close never names somebody else's file
     * when another thread shuts it down. -1: none. */
    int fd;
    int64_t deadline; /* clock_ms(); 0: none */
    struct halt *halt;
};

struct wire *wire_new(struct halt *halt)
{
    struct wire *wire = mem_zero(1, sizeof *wire);
    pthread_mutex_init(&wire->lock, NULL);
    wire->fd = -1;
    wire->halt = halt;
    return wire;
}

void wire_free(struct wire *wire)
{
    if (!wire)
        return;
    wire_close(wire);
    pthread_mutex_destroy(&wire->lock);
    free(wire);
}

static void set_fd(struct wire *wire, int fd)
{
    pthread_mutex_lock(&wire->lock);
    if (wire->fd >= 0)
        close(wire->fd);
    wire->fd = fd;
    wire->deadline = 0;
    pthread_mutex_unlock(&wire->lock);
}

void wire_close(struct wire *wire)
{
    set_fd(wire, -1);
}

void wire_allow(struct wire *wire, unsigned limit_ms)
{
    int64_t deadline = limit_ms ? clock_ms() + limit_ms : 0;
    pulse_beat(limit_ms);
    pthread_mutex_lock(&wire->lock);
    wire->deadline = deadline;
    pthread_mutex_unlock(&wire->lock);
}

/* Only this thread changes `fd`, so it may read it without the lock here and below. */
bool wire_disturbed(const struct wire *wire)
{
    struct pollfd poller = { .fd = wire->fd, .events = POLLIN };
    return poll(&poller, 1, 0) > 0;
}

bool wire_local(const struct wire *wire)
{
    union relay_address peer = { 0 };
    socklen_t length = sizeof peer;
    if (wire->fd < 0 || getpeername(wire->fd, &peer.any, &length))
        return false;
    if (peer.any.sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&peer.v6.sin6_addr);
    return peer.any.sa_family == AF_INET && ntohl(peer.v4.sin_addr.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
}

static void shut(struct wire *wire)
{
    if (wire->fd >= 0)
        shutdown(wire->fd, SHUT_RDWR);
    wire->deadline = 0;
}

void wire_cut(struct wire *wire)
{
    pthread_mutex_lock(&wire->lock);
    shut(wire);
    pthread_mutex_unlock(&wire->lock);
}

void wire_check(struct wire *wire, int64_t now)
{
    pthread_mutex_lock(&wire->lock);
    if (wire->deadline && now >= wire->deadline)
        shut(wire);
    pthread_mutex_unlock(&wire->lock);
}

static int open_socket(int family, unsigned timeout_ms)
{
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0)
        return -errno;
    /* libesmtp writes 2,048 bytes at a time; with Nagle's algorithm a mail over that waits 44 ms for the peer's delayed ACK. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
    return fd;
}

/* Wait until the connection is made or has failed. wire_cut() ends the wait, too: shutdown(2) takes a socket that is connecting back to
 * unconnected, and wakes who polls it (POLLHUP without an error). */
static int await_connection(int fd, unsigned timeout_ms)
{
    int64_t until = clock_ms() + timeout_ms;
    pulse_beat(timeout_ms);
    struct pollfd poller = { .fd = fd, .events = POLLOUT };
    for (;;) {
        int64_t left = until - clock_ms();
        int count = poll(&poller, 1, left > 0 ? (int)left : 0);
        if (count == 0)
            return -ETIMEDOUT;
        if (count > 0)
            break;
        if (errno != EINTR)
            return -errno;
    }
    int status = 0;
    socklen_t length = sizeof status;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &status, &length))
        return -errno;
    return status ? -status : (poller.revents & POLLHUP) ? -ECANCELED : 0;
}

static int try_address(struct wire *wire, const union relay_address *address, unsigned epoch, unsigned timeout_ms)
{
    int fd = open_socket(address->any.sa_family, timeout_ms);
    if (fd < 0)
        return fd;
    set_fd(wire, fd);
    /* From here on wire_cut() reaches it; a halt before that is seen here. */
    if (halt_since(wire->halt, epoch))
        return -ECANCELED;
    socklen_t length = address->any.sa_family == AF_INET6 ? sizeof address->v6 : sizeof address->v4;
    if (connect(fd, &address->any, length) && errno != EINPROGRESS)
        return -errno;
    int status = await_connection(fd, timeout_ms);
    return status ? status : fd;
}

int wire_dial(struct wire *wire, const struct relay_addresses *addresses, const char *name, unsigned epoch,
              unsigned timeout_ms, struct error *error)
{
    int result = -EHOSTUNREACH;
    for (size_t i = 0; i < addresses->count; i++) {
        result = try_address(wire, &addresses->list[i], epoch, timeout_ms);
        if (result >= 0)
            return result;
        wire_close(wire);
        if (halt_since(wire->halt, epoch))
            return -ECANCELED;
    }
    return error_set(error, result, "relay %s: %s", name, strerror(-result));
}

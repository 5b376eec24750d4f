#include "daemon/base/listener.h"

#include "daemon/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 64
/* Accepted in one turn of the loop, which others wait for: who is left makes the socket readable again. */
#define BURST 16
/* Who waits for a descriptor is looked after this often: often enough for people, and no work for a machine that has none left. */
#define PAUSE_MS 100

struct listener {
    uv_poll_t poll;
    uv_timer_t pause;
    unsigned open; /* of these two, those that are not closed */
    int fd, reserve; /* reserve: a descriptor to let go of when there is no other, or -1 */
    bool closing;
    listener_accepted *accepted;
    void *context;
};

static void on_readable(uv_poll_t *poll, int status, int events);

static int take_reserve(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int accept_one(const struct listener *listener)
{
    /* cppcheck-suppress nullPointer; POSIX has it so: nobody asks for the address */
    int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* Accept one and close it, so that it need not wait. 0, or a negative errno: there was no reserve, or another thread was faster. */
static int turn_away(struct listener *listener)
{
    if (listener->reserve < 0)
        return -EMFILE;
    close(listener->reserve);
    int fd = accept_one(listener);
    if (fd >= 0)
        close(fd);
    listener->reserve = take_reserve();
    return fd < 0 ? fd : 0;
}

static void on_pause_over(uv_timer_t *timer)
{
    struct listener *listener = timer->data;
    if (listener->reserve < 0)
        listener->reserve = take_reserve();
    uv_poll_start(&listener->poll, UV_READABLE, on_readable);
}

/* The socket stays readable: until there is hope again, the loop must not hear of it. */
static void pause_listening(struct listener *listener)
{
    uv_poll_stop(&listener->poll);
    uv_timer_start(&listener->pause, on_pause_over, PAUSE_MS, 0);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct listener *listener = poll->data;
    (void)status; /* an error of the socket is told by accept4() too */
    (void)events;
    for (int i = 0; i < BURST && !listener->closing; i++) {
        int fd = accept_one(listener);
        if (fd >= 0) {
            listener->accepted(listener->context, fd);
            continue;
        }
        if (fd == -EMFILE || fd == -ENFILE)
            fd = turn_away(listener);
        if (fd == -EAGAIN && i > 0)
            return;
        /* Readable, and nobody there: a socket that has failed may be like that for ever. */
        if (fd && fd != -EINTR && fd != -ECONNABORTED) {
            pause_listening(listener);
            return;
        }
    }
}

static void on_closed(uv_handle_t *handle)
{
    struct listener *listener = handle->data;
    if (--listener->open == 0)
        free(listener);
}

int listener_open(uv_loop_t *loop, int fd, listener_accepted *accepted, void *context, struct listener **out)
{
    struct listener *listener = mem_zero(1, sizeof *listener);
    listener->fd = fd;
    listener->accepted = accepted;
    listener->context = context;
    listener->poll.data = listener->pause.data = listener;
    int status = listen(fd, BACKLOG) ? -errno : uv_poll_init(loop, &listener->poll, fd);
    if (status) {
        free(listener);
        return status;
    }
    uv_timer_init(loop, &listener->pause);
    listener->open = 2;
    listener->reserve = take_reserve();
    uv_poll_start(&listener->poll, UV_READABLE, on_readable);
    *out = listener;
    return 0;
}

void listener_close(struct listener *listener)
{
    if (!listener)
        return;
    listener->closing = true;
    uv_close((uv_handle_t *)&listener->poll, on_closed);
    uv_close((uv_handle_t *)&listener->pause, on_closed);
    close(listener->fd);
    if (listener->reserve >= 0)
        close(listener->reserve);
}

#include "daemon/spool/watch.h"

#include "daemon/base/log.h"
#include "daemon/base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/* Not IN_MODIFY: each write of a large file would wake us, and whether a file still changes is found out by looking at it. */
#define EVENTS (IN_MOVED_TO | IN_CREATE | IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM | IN_ONLYDIR)
#define LEAVES (IN_DELETE | IN_MOVED_FROM) /* of interest only when it is a profile's directory */

struct watch {
    uv_poll_t poll;
    int fd;
    const struct tree *tree;
    int *descriptors; /* of each place; -1: not watched */
    size_t count; /* ours: the tree's may be growing on another thread */
    watch_event *event;
    void (*closed)(void *context);
    void *context;
};

static void tell(struct watch *watch, const struct inotify_event *one)
{
    const char *name = one->len ? one->name : NULL;
    bool lost = one->mask & IN_Q_OVERFLOW; /* events were lost: anything may have happened, anywhere */
    if ((name && names_is_ignored(name)) || (one->mask & LEAVES && !(one->mask & IN_ISDIR)))
        return;
    for (size_t i = 0; i < watch->count; i++)
        if (lost || watch->descriptors[i] == one->wd)
            watch->event(watch->context, i, one->mask & IN_MOVED_TO ? name : NULL);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct watch *watch = poll->data;
    char buffer[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t got = read(watch->fd, buffer, sizeof buffer);
    for (ssize_t at = 0; at < got;) {
        const struct inotify_event *one = (const void *)(buffer + at);
        tell(watch, one);
        at += (ssize_t)(sizeof *one + one->len);
    }
}

/* Its descriptor; the one that it had where it is the same directory still. */
static int add(const struct watch *watch, const struct tree_place *place)
{
    char path[64]; /* the very directory that is open, whatever its name leads to by now */
    snprintf(path, sizeof path, "/proc/self/fd/%d", place->fd);
    int descriptor = inotify_add_watch(watch->fd, path, EVENTS);
    if (descriptor < 0)
        log_warning("spool: %s cannot be watched (%s): looked through every spool.rescan", place->path,
                    strerror(errno));
    return descriptor;
}

void watch_renew(struct watch *watch)
{
    watch->descriptors = mem_resize(watch->descriptors, watch->tree->place_count, sizeof *watch->descriptors);
    while (watch->count < watch->tree->place_count)
        watch->descriptors[watch->count++] = -1;
    for (size_t i = 0; i < watch->count; i++)
        if (watch->tree->places[i].fd >= 0) {
            int before = watch->descriptors[i];
            watch->descriptors[i] = add(watch, &watch->tree->places[i]);
            if (before >= 0 && before != watch->descriptors[i])
                inotify_rm_watch(watch->fd, before);
        }
}

struct watch *watch_open(uv_loop_t *loop, const struct tree *tree, watch_event *event, void *context)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    struct watch *watch = mem_zero(1, sizeof *watch);
    *watch = (struct watch){ .fd = fd, .tree = tree, .event = event, .context = context };
    int code = fd < 0 ? -errno : uv_poll_init(loop, &watch->poll, fd);
    if (code) {
        log_warning("spool: nothing can be watched (%s): incoming/ is looked through every spool.rescan",
                    strerror(-code));
        if (fd >= 0)
            close(fd);
        free(watch);
        return NULL;
    }
    watch->poll.data = watch;
    watch_renew(watch);
    uv_poll_start(&watch->poll, UV_READABLE, on_readable);
    return watch;
}

static void on_closed(uv_handle_t *handle)
{
    struct watch *watch = handle->data;
    close(watch->fd);
    free(watch->descriptors);
    watch->closed(watch->context);
    free(watch);
}

void watch_close(struct watch *watch, void (*closed)(void *context))
{
    watch->closed = closed;
    uv_close((uv_handle_t *)&watch->poll, on_closed);
}

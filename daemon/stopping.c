/* All sending, stopped and started by a person. A stop waits for nothing: sessions are cut off first, and the order is kept after. Where the store cannot take it,
 * who gave it is told so, and it is written down as soon as the store works again. */
#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/daemon.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct ordered {
    struct daemon *daemon;
    json_t *stop; /* {"order", "who"}; NULL: it is a start */
    stopping_done *done;
    void *context;
};

/* As it stands in the store. */
static void apply(struct daemon *daemon)
{
    daemon->stopping = queue_stopped(daemon->queue);
    if (daemon->stopping)
        delivery_stop(daemon->delivery);
    else if (!daemon->ending)
        delivery_start(daemon->delivery);
    daemon_tell(daemon, false);
}

/* The store refuses for now: what was stopped stays stopped, for as long as this daemon lives. */
static void keep(struct daemon *daemon, json_t *stop)
{
    daemon->stopping = true;
    delivery_stop(daemon->delivery);
    json_decref(daemon->unrecorded_stop);
    daemon->unrecorded_stop = json_incref(stop);
    daemon_tell(daemon, false);
}

static void on_ordered(void *context, int status, const char *message, json_t *result)
{
    struct ordered *ordered = context;
    bool refused = status == -ENOSPC || status == -EAGAIN;
    if (ordered->stop && refused) {
        keep(ordered->daemon, ordered->stop);
        json_t *told = json_pack("{s:s}", "unrecorded", message);
        ordered->done(ordered->context, 0, "", told);
        json_decref(told);
    } else {
        if (!status)
            apply(ordered->daemon);
        ordered->done(ordered->context, status, message, result);
    }
    json_decref(ordered->stop);
    free(ordered);
}

void stopping_order(struct daemon *daemon, const json_t *order, const char *who, stopping_done *done, void *context)
{
    bool stop = strcmp(json_string_value(json_object_get(order, "verb")), "stop") == 0;
    if (!stop && daemon->unrecorded_stop) {
        done(context, -EAGAIN, "the store cannot be written yet (`tocsin status`): all sending stays stopped", NULL);
        return;
    }
    if (stop) {
        daemon->stopping = true;
        delivery_stop(daemon->delivery);
    }
    struct ordered *ordered = mem_alloc(sizeof *ordered);
    *ordered = (struct ordered){ daemon, NULL, done, context };
    if (stop)
        ordered->stop = json_pack("{s:O, s:s}", "order", (json_t *)(uintptr_t)order, "who", who);
    queue_order(daemon->queue, order, who, daemon_now(), on_ordered, ordered);
}

static void on_recorded(void *context, int status, const char *message, json_t *result)
{
    struct daemon *daemon = context;
    (void)result;
    if (status) {
        log_error("the order to stop all sending is still not on disk: %s", message);
        return;
    }
    log_notice("the order to stop all sending is on disk now");
    stopping_free(daemon);
    apply(daemon);
}

void stopping_record(struct daemon *daemon)
{
    const json_t *stop = daemon->unrecorded_stop;
    if (stop)
        queue_order(daemon->queue, json_object_get(stop, "order"), json_string_value(json_object_get(stop, "who")),
                    daemon_now(), on_recorded, daemon);
}

void stopping_free(struct daemon *daemon)
{
    json_decref(daemon->unrecorded_stop);
    daemon->unrecorded_stop = NULL;
}

#include "daemon/base/outbox.h"

#include "daemon/base/mem.h"

#include <errno.h>
#include <stdlib.h>

struct outbox {
    uv_async_t wake;
    struct inbox *items;
    void (*deliver)(void *context, struct inbox_item *item);
    void *context;
};

static void drain(struct outbox *outbox)
{
    /* Wake-ups coalesce: one call may stand for many posts. */
    struct inbox_item *item = inbox_pop_all(outbox->items);
    while (item) {
        struct inbox_item *next = item->next;
        item->next = NULL;
        outbox->deliver(outbox->context, item);
        item = next;
    }
}

static void on_wake(uv_async_t *wake)
{
    drain(wake->data);
}

struct outbox *outbox_open(uv_loop_t *loop, void (*deliver)(void *context, struct inbox_item *item), void *context)
{
    struct outbox *outbox = mem_zero(1, sizeof *outbox);
    int status = uv_async_init(loop, &outbox->wake, on_wake);
    if (status) {
        free(outbox);
        errno = -status;
        return NULL;
    }
    outbox->wake.data = outbox;
    outbox->items = inbox_new(0);
    outbox->deliver = deliver;
    outbox->context = context;
    return outbox;
}

void outbox_post(struct outbox *outbox, struct inbox_item *item)
{
    inbox_push(outbox->items, item);
    uv_async_send(&outbox->wake);
}

static void on_closed(uv_handle_t *handle)
{
    struct outbox *outbox = handle->data;
    inbox_free(outbox->items);
    free(outbox);
}

void outbox_close(struct outbox *outbox)
{
    drain(outbox);
    uv_close((uv_handle_t *)&outbox->wake, on_closed);
}

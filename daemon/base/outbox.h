/* The one way out of a thread: a list that the loop thread drains, woken by uv_async.
 *
 * Together with inbox.h this is all that threads share. */
#ifndef TOCSIN_BASE_OUTBOX_H
#define TOCSIN_BASE_OUTBOX_H

#include "daemon/base/inbox.h"

#include <uv.h>

struct outbox;

/* A new way into LOOP: DELIVER is called on the loop thread once for each item, in the order they were posted, and owns it then.
 * Loop thread. NULL with errno set when the loop refuses. */
struct outbox *outbox_open(uv_loop_t *loop, void (*deliver)(void *context, struct inbox_item *item), void *context);

/* Hand ITEM over. Never waits, never fails. Any thread, until outbox_close(). */
void outbox_post(struct outbox *outbox, struct inbox_item *item);

/* Deliver what is there now, then close; frees itself when the loop has closed the handle. Loop thread, after the posting threads
 * have ended. */
void outbox_close(struct outbox *outbox);

#endif

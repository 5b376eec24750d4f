/* The one way into a thread: a bounded queue of items.
 *
 * Together with outbox.h this is all that threads share. An item is a struct whose first member is a
 * struct inbox_item; whoever pushes it gives it away. */
#ifndef TOCSIN_BASE_INBOX_H
#define TOCSIN_BASE_INBOX_H

#include <stdbool.h>
#include <stddef.h>

struct inbox_item {
    struct inbox_item *next;
};

struct inbox;

/* A new queue that holds at most LIMIT items (0: no limit). Any thread. */
struct inbox *inbox_new(size_t limit);

/* Append ITEM; waits while the queue is full, so never call it from the loop thread on a bounded queue. False when the queue is
 * closed: the item is still the caller's. */
bool inbox_push(struct inbox *inbox, struct inbox_item *item);

/* Append ITEM without waiting. False when the queue is full or closed: the item is still the caller's. */
bool inbox_try_push(struct inbox *inbox, struct inbox_item *item);

/* Take the oldest item; waits for one, at most TIMEOUT_MS milliseconds (-1: for ever). NULL on time-out, or when the queue is
 * closed and empty. */
struct inbox_item *inbox_pop(struct inbox *inbox, int timeout_ms);

/* Take everything there is, oldest first, linked by `next`; NULL when empty. Never waits. */
struct inbox_item *inbox_pop_all(struct inbox *inbox);

size_t inbox_length(struct inbox *inbox);
bool inbox_closed(struct inbox *inbox);

/* No more pushes; poppers get what is left and then NULL. */
void inbox_close(struct inbox *inbox);

/* After every thread is done with it. What is still queued is the caller's: take it first. */
void inbox_free(struct inbox *inbox);

#endif

#include "daemon/base/inbox.h"

#include "daemon/base/mem.h"
#include "daemon/base/pulse.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct inbox {
    pthread_mutex_t lock;
    pthread_cond_t filled, drained;
    struct inbox_item *first, **last;
    size_t length, limit;
    bool closed;
};

struct inbox *inbox_new(size_t limit)
{
    struct inbox *inbox = mem_zero(1, sizeof *inbox);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    /* Waits are measured on a clock that nobody sets. */
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&inbox->lock, NULL);
    pthread_cond_init(&inbox->filled, &attributes);
    pthread_cond_init(&inbox->drained, &attributes);
    pthread_condattr_destroy(&attributes);
    inbox->last = &inbox->first;
    inbox->limit = limit;
    return inbox;
}

static bool full(const struct inbox *inbox)
{
    return inbox->limit && inbox->length >= inbox->limit;
}

static bool append(struct inbox *inbox, struct inbox_item *item, bool wait)
{
    pthread_mutex_lock(&inbox->lock);
    while (wait && !inbox->closed && full(inbox))
        pthread_cond_wait(&inbox->drained, &inbox->lock);
    bool taken = !inbox->closed && !full(inbox);
    if (taken) {
        item->next = NULL;
        *inbox->last = item;
        inbox->last = &item->next;
        inbox->length++;
        pthread_cond_signal(&inbox->filled);
    }
    pthread_mutex_unlock(&inbox->lock);
    return taken;
}

bool inbox_push(struct inbox *inbox, struct inbox_item *item)
{
    return append(inbox, item, true);
}

bool inbox_try_push(struct inbox *inbox, struct inbox_item *item)
{
    return append(inbox, item, false);
}

static struct timespec deadline_in(int timeout_ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += timeout_ms / 1000;
    at.tv_nsec += (long)(timeout_ms % 1000) * 1000000L;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000L;
    }
    return at;
}

struct inbox_item *inbox_pop(struct inbox *inbox, int timeout_ms)
{
    struct timespec deadline = deadline_in(timeout_ms < 0 ? 0 : timeout_ms);
    pthread_mutex_lock(&inbox->lock);
    bool rests = !inbox->first && !inbox->closed;
    int64_t promised = rests ? pulse_rest() : 0;
    while (!inbox->first && !inbox->closed) {
        if (timeout_ms < 0)
            pthread_cond_wait(&inbox->filled, &inbox->lock);
        else if (pthread_cond_timedwait(&inbox->filled, &inbox->lock, &deadline) == ETIMEDOUT)
            break;
    }
    if (rests)
        pulse_resume(promised);
    struct inbox_item *item = inbox->first;
    if (item) {
        inbox->first = item->next;
        if (!inbox->first)
            inbox->last = &inbox->first;
        inbox->length--;
        item->next = NULL;
        pthread_cond_signal(&inbox->drained);
    }
    pthread_mutex_unlock(&inbox->lock);
    return item;
}

struct inbox_item *inbox_pop_all(struct inbox *inbox)
{
    pthread_mutex_lock(&inbox->lock);
    struct inbox_item *items = inbox->first;
    inbox->first = NULL;
    inbox->last = &inbox->first;
    inbox->length = 0;
    pthread_cond_broadcast(&inbox->drained);
    pthread_mutex_unlock(&inbox->lock);
    return items;
}

size_t inbox_length(struct inbox *inbox)
{
#ifdef TOCSIN_MUTANT_no_lock
    return inbox->length;
#else
    pthread_mutex_lock(&inbox->lock);
    size_t length = inbox->length;
    pthread_mutex_unlock(&inbox->lock);
    return length;
#endif
}

bool inbox_closed(struct inbox *inbox)
{
    pthread_mutex_lock(&inbox->lock);
    bool closed = inbox->closed;
    pthread_mutex_unlock(&inbox->lock);
    return closed;
}

void inbox_close(struct inbox *inbox)
{
    pthread_mutex_lock(&inbox->lock);
    inbox->closed = true;
    pthread_cond_broadcast(&inbox->filled);
    pthread_cond_broadcast(&inbox->drained);
    pthread_mutex_unlock(&inbox->lock);
}

void inbox_free(struct inbox *inbox)
{
    if (!inbox)
        return;
    pthread_cond_destroy(&inbox->filled);
    pthread_cond_destroy(&inbox->drained);
    pthread_mutex_destroy(&inbox->lock);
    free(inbox);
}

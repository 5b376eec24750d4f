/* One delivery thread: session after session, with a pause when the relay does not answer. */
#ifndef TOCSIN_DELIVERY_WORKER_H
#define TOCSIN_DELIVERY_WORKER_H

#include "daemon/base/error.h"
#include "daemon/base/inbox.h"
#include "daemon/base/outbox.h"
#include "daemon/delivery/halt.h"
#include "daemon/delivery/session.h"

#include <stdatomic.h>
#include <stdint.h>

/* What all threads of a room share; outlives them. */
struct worker_room {
    struct session_settings settings;
    struct inbox *jobs, *places;
    struct outbox *done;
    struct halt *halt;
    void *(*thread_state)(void *context);
    void (*thread_state_free)(void *thread_state);
    bool (*take)(void *context, struct delivery_job *job);
    void *context;
    atomic_uint *in_flight;
};

struct worker;

/* Start thread NUMBER, which is called so in top(1). It ends when the room's `jobs` are closed and empty. 0 or a negative errno with ERROR set. */
int worker_start(const struct worker_room *room, unsigned number, struct worker **out, struct error *error);

/* Cut its connection: at once, or when the limit of its present step was reached by NOW (clock_ms). */
void worker_cut(struct worker *worker);
void worker_check(struct worker *worker, int64_t now);

/* As pulse_overdue(). */
int64_t worker_overdue(const struct worker *worker);

/* Wait for its end, and free it. */
void worker_join(struct worker *worker);

#endif

/* Where a delivery thread gets its jobs and hands them back. One thread each. */
#ifndef TOCSIN_DELIVERY_DESK_H
#define TOCSIN_DELIVERY_DESK_H

#include "daemon/base/inbox.h"
#include "daemon/base/outbox.h"
#include "daemon/delivery/delivery.h"
#include "daemon/delivery/halt.h"

#include <stdatomic.h>

struct desk {
    struct inbox *jobs;
    struct inbox *places; /* one for each mail that may be out without its result on disk */
    struct outbox *done;
    struct halt *halt;
    void *thread_state;
    bool (*take)(void *context, struct delivery_job *job);
    void *context;
    atomic_uint *in_flight;
};

/* The next job, rendered and fit to be sent; waits at most WAIT_MS (-1: for ever). NULL: there is none, or no more to come. Jobs from
 * before a halt and jobs that cannot be rendered are finished on the way. */
struct delivery_job *desk_take(struct desk *desk, int wait_ms);

/* Was JOB recalled since it was submitted? Then it must not go out: it comes back as aborted. */
bool desk_recalled(const struct desk *desk, const struct delivery_job *job);

/* Wait for a place for JOB. False: there was a stop since EPOCH, or JOB was recalled. */
bool desk_admit(struct desk *desk, struct delivery_job *job, unsigned epoch);

/* JOB has its result: give it to its taker or to the loop thread. */
void desk_finish(struct desk *desk, struct delivery_job *job);

/* JOB was not begun: back to the queue, where the next session of any thread finds it. */
void desk_return(struct desk *desk, struct delivery_job *job);

#endif

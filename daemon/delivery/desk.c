#include "daemon/delivery/desk.h"

#include "daemon/delivery/outcome.h"
#include "daemon/delivery/text.h"

#define STOP_MS 100 /* a stop is noticed so soon */

bool desk_recalled(const struct desk *desk, const struct delivery_job *job)
{
    return job->recalls != halt_recalls(desk->halt);
}

bool desk_admit(struct desk *desk, struct delivery_job *job, unsigned epoch)
{
    while (!job->place && !halt_since(desk->halt, epoch) && !desk_recalled(desk, job))
        job->place = inbox_pop(desk->places, STOP_MS);
    return job->place && !desk_recalled(desk, job);
}

void desk_finish(struct desk *desk, struct delivery_job *job)
{
    if (desk->take && desk->take(desk->context, job))
        atomic_fetch_sub(desk->in_flight, 1);
    else
        outbox_post(desk->done, &job->item);
}

void desk_return(struct desk *desk, struct delivery_job *job)
{
    if (job->place)
        inbox_push(desk->places, job->place);
    job->place = NULL;
    if (!halt_since(desk->halt, job->period) && !desk_recalled(desk, job) && inbox_try_push(desk->jobs, &job->item))
        return;
    outcome_aborted(false, job);
    desk_finish(desk, job);
}

/* Render JOB, once: a job that was returned has its mail already. */
static bool prepare(struct desk *desk, struct delivery_job *job)
{
    if (job->rendered)
        return true;
    struct error error = { "" };
    if (job->render(job, desk->thread_state, &error)) {
        outcome_unrendered(error.text, job);
    } else if (!text_address_ok(job->envelope_from, true)) {
        outcome_unrendered("the envelope sender is no address", job);
    } else if (!text_address_ok(job->envelope_to, false)) {
        outcome_unrendered("the recipient is no address", job);
    } else {
        text_normalise(&job->message);
        job->rendered = true;
    }
    return job->rendered;
}

struct delivery_job *desk_take(struct desk *desk, int wait_ms)
{
    struct inbox_item *item;
    while ((item = inbox_pop(desk->jobs, wait_ms))) {
        struct delivery_job *job = (struct delivery_job *)item;
        if (halt_since(desk->halt, job->period) || desk_recalled(desk, job))
            outcome_aborted(false, job);
        else if (prepare(desk, job))
            return job;
        desk_finish(desk, job);
    }
    return NULL;
}

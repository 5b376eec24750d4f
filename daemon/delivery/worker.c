#include "daemon/delivery/worker.h"

#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/base/pulse.h"
#include "daemon/base/thread.h"
#include "daemon/delivery/desk.h"
#include "daemon/delivery/wire.h"

#include <stdio.h>
#include <stdlib.h>

/* Each session that fails costs the job in hand an attempt: a relay that is down for an hour must not burn those of the whole queue. */
#define PAUSE_FIRST_MS 1000
#define PAUSE_LONGEST_MS 30000

struct worker {
    const struct worker_room *room;
    unsigned number;
    struct wire *wire;
    pthread_t thread;
    struct pulse pulse;
    unsigned pause_ms; /* after the last session; 0: it went well */
};

/* The relay did not answer: wait before the next job is taken, longer each time. */
static void pause_after(struct worker *worker, unsigned epoch, const struct error *why)
{
    if (!worker->pause_ms)
        log_warning("delivery: %s; new attempts after a pause", why->text);
    worker->pause_ms = worker->pause_ms ? worker->pause_ms * 2 : PAUSE_FIRST_MS;
    if (worker->pause_ms > PAUSE_LONGEST_MS)
        worker->pause_ms = PAUSE_LONGEST_MS;
    /* After a stop and a start a person expects a try at once. */
    if (halt_sleep(worker->room->halt, epoch, worker->pause_ms))
        worker->pause_ms = 0;
}

static void deliver(struct worker *worker, struct desk *desk)
{
    struct delivery_job *job;
    while ((job = desk_take(desk, -1))) {
        struct error why = { "" };
        unsigned epoch = job->period;
        if (!session_run(&worker->room->settings, desk, worker->wire, job, &why)) {
            if (!halt_since(worker->room->halt, epoch))
                pause_after(worker, epoch, &why);
        } else {
            if (worker->pause_ms)
                log_notice("delivery: relay %s answers again", relay_name(worker->room->settings.relay));
            worker->pause_ms = 0;
        }
    }
}

static void *run(void *argument)
{
    struct worker *worker = argument;
    const struct worker_room *room = worker->room;
    char name[16]; /* pthread_setname_np(3) takes no more */
    snprintf(name, sizeof name, "session %u", worker->number);
    pthread_setname_np(pthread_self(), name);
    pulse_attach(&worker->pulse);
    struct desk desk = { .jobs = room->jobs,
                         .places = room->places,
                         .done = room->done,
                         .halt = room->halt,
                         .take = room->take,
                         .context = room->context,
                         .in_flight = room->in_flight };
    if (room->thread_state)
        desk.thread_state = room->thread_state(room->context);
    deliver(worker, &desk);
    if (room->thread_state_free)
        room->thread_state_free(desk.thread_state);
    return NULL;
}

int worker_start(const struct worker_room *room, unsigned number, struct worker **out, struct error *error)
{
    struct worker *worker = mem_zero(1, sizeof *worker);
    worker->room = room;
    worker->number = number;
    worker->wire = wire_new(room->halt);
    int status = thread_start(&worker->thread, run, worker, "a delivery thread", error);
    if (status) {
        wire_free(worker->wire);
        free(worker);
        return status;
    }
    *out = worker;
    return 0;
}

void worker_cut(struct worker *worker)
{
    wire_cut(worker->wire);
}

void worker_check(struct worker *worker, int64_t now)
{
    wire_check(worker->wire, now);
}

int64_t worker_overdue(const struct worker *worker)
{
    return pulse_overdue(&worker->pulse);
}

void worker_join(struct worker *worker)
{
    pthread_join(worker->thread, NULL);
    wire_free(worker->wire);
    free(worker);
}

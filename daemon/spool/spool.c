/* The spool's evented shell.
 *
 * What touches the disk is a job in libuv's pool (uv_queue_work), one at a time, in the order in which they were asked for. One at a time, because then the jobs
 * need no locks among themselves, a name that is free stays free, and however slow the disk, the spool occupies one of the pool's four
 * threads. The pool rather than a thread of our own, because the jobs are few and short: a handful of renames and fsyncs a file. (uv_fs_* would make a chain of a
 * dozen callbacks out of each, for nothing.) */
#include "daemon/spool/spool.h"

#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/spool/claim.h"
#include "daemon/spool/finish.h"
#include "daemon/spool/look.h"
#include "daemon/spool/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Reports come in bursts (created, written, written, …): one look for all of them. */
#define GATHER_MS 20
/* Reports of this many files, written at the same time, are known to be repeated. */
#define REPEATS_KNOWN 16

struct job;

/* What a job does: WORK in the pool, AFTER on the loop thread. To add one, add a row below. */
struct job_kind {
    void (*work)(struct spool *spool, struct job *job);
    void (*after)(struct spool *spool, struct job *job);
};

struct job {
    const struct job_kind *kind;
    struct job *next;
    char *id, *hidden, *profile, *name, *text;
    bool ok;
    spool_done *done;
    void *context;
    struct sights reports;
    /* What came of it. */
    int status;
    struct error error;
    struct claims claims;
    int64_t again;
};

struct watch {
    uv_fs_event_t handle;
    struct spool *spool;
    size_t place;
};

struct spool {
    uv_loop_t *loop;
    const struct config *config;
    spool_claimed *claimed;
    void *context;

    struct tree tree; /* the job's while one runs */
    struct sights sights; /* likewise */
    uv_work_t work;
    struct job *jobs, **last; /* the first one runs */
    struct job *retries; /* finishes that failed, for the next rescan */

    struct sights reports; /* what the kernel said since the last look */
    int64_t report_number;
    uv_timer_t timer;
    uint64_t next_look; /* when the timer is set for; loop time */
    bool running; /* the first job is in the pool */
    bool looking; /* a look is among the jobs */
    struct watch *watches;
    size_t watch_count;
    unsigned handles; /* open, or closing */
    bool closing;
};

static void start_first(struct spool *spool);

/* ---- Jobs ------------------------------------------------------------------------------------------------------------------------------- */

static void job_free(struct job *job)
{
    char *strings[] = { job->id, job->hidden, job->profile, job->name, job->text };
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        free(strings[i]);
    sights_free(&job->reports);
    claims_free(&job->claims);
    free(job);
}

static struct job *job_new(const struct job_kind *kind, spool_done *done, void *context)
{
    struct job *job = mem_zero(1, sizeof *job);
    job->kind = kind;
    job->done = done;
    job->context = context;
    return job;
}

static void enqueue(struct spool *spool, struct job *job)
{
    job->next = NULL;
    *spool->last = job;
    spool->last = &job->next;
    start_first(spool);
}

static void free_when_empty(struct spool *spool)
{
    if (!spool->closing || spool->handles || spool->jobs)
        return;
    while (spool->retries) {
        struct job *job = spool->retries;
        spool->retries = job->next;
        job_free(job);
    }
    tree_close(&spool->tree);
    sights_free(&spool->sights);
    sights_free(&spool->reports);
    free(spool->watches);
    free(spool);
}

static void on_work(uv_work_t *work)
{
    struct spool *spool = work->data;
    spool->jobs->kind->work(spool, spool->jobs);
}

/* After spool_close() what was asked for is still done on disk, but nobody is told: those who asked are going, too. */
static void on_work_done(uv_work_t *work, int status)
{
    struct spool *spool = work->data;
    struct job *job = spool->jobs;
    (void)status;
    spool->running = false;
    spool->jobs = job->next;
    if (!spool->jobs)
        spool->last = &spool->jobs;
    job->next = NULL;
    if (spool->closing)
        job_free(job);
    else
        job->kind->after(spool, job);
    start_first(spool);
    free_when_empty(spool);
}

static void start_first(struct spool *spool)
{
    if (!spool->jobs || spool->running)
        return;
    spool->running = true;
    spool->work.data = spool;
    int code = uv_queue_work(spool->loop, &spool->work, on_work, on_work_done);
    if (code) /* only for a wrong argument */
        log_error("spool: %s", uv_strerror(code));
}

static void offer(struct spool *spool, const struct claims *claims)
{
    for (size_t i = 0; i < claims->count && !spool->closing; i++) {
        log_info("spool: %s: taken as %s", claims->items[i].name, claims->items[i].id);
        spool->claimed(spool->context, &claims->items[i]);
    }
}

/* ---- Looking ------------------------------------------------------------------------------------------------------------------------------ */

static void on_timer(uv_timer_t *timer);

/* Look in WAIT milliseconds, or sooner if that was planned. */
static void plan(struct spool *spool, int64_t wait)
{
    uint64_t when = uv_now(spool->loop) + (uint64_t)(wait > 0 ? wait : 0);
    if (spool->closing || (uv_is_active((uv_handle_t *)&spool->timer) && spool->next_look <= when))
        return;
    spool->next_look = when;
    uv_timer_start(&spool->timer, on_timer, (uint64_t)(wait > 0 ? wait : 0), 0);
}

static int64_t clock_in(clockid_t clock, int64_t per_second)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * per_second + now.tv_nsec / (1000000000 / per_second);
}

static void work_look(struct spool *spool, struct job *job)
{
    sights_settle(&job->reports);
    job->again = claim_ready(&spool->tree, &spool->sights, &job->reports, clock_in(CLOCK_REALTIME, 1000000000),
                             clock_in(CLOCK_MONOTONIC, 1000), &job->claims);
}

static void after_look(struct spool *spool, struct job *job)
{
    spool->looking = false;
    plan(spool, spool->config->spool.rescan);
    if (job->again >= 0)
        plan(spool, job->again);
    offer(spool, &job->claims);
    job_free(job);
}

static void work_again(struct spool *spool, struct job *job)
{
    finish_tidy(&spool->tree);
    claim_again(&spool->tree, &job->claims);
}

static const struct job_kind look_job = { work_look, after_look };
static const struct job_kind again_job = { work_again, after_look };

static void enqueue_look(struct spool *spool)
{
    if (spool->looking || spool->closing)
        return;
    struct job *job = job_new(&look_job, NULL, NULL);
    job->reports = spool->reports;
    spool->reports = (struct sights){ 0 };
    spool->looking = true;
    enqueue(spool, job);
}

static void on_timer(uv_timer_t *timer)
{
    struct spool *spool = timer->data;
    while (spool->retries) {
        struct job *job = spool->retries;
        spool->retries = job->next;
        enqueue(spool, job);
    }
    if (spool->looking)
        plan(spool, GATHER_MS); /* the reports since it began are for the next one */
    else
        enqueue_look(spool);
}

/* A file that is being written is reported with each write. */
static bool is_repeated(const struct sights *reports, size_t place, const char *name, enum arrival arrival)
{
    for (size_t back = 1; back <= REPEATS_KNOWN && back <= reports->count; back++) {
        const struct sight *report = &reports->items[reports->count - back];
        if (report->place == place && strcmp(report->name, name) == 0)
            return report->arrival == arrival;
    }
    return false;
}

/* UV_RENAME: the name appeared (or went); UV_CHANGE: something was written, or an attribute was set. */
static void on_report(uv_fs_event_t *handle, const char *name, int events, int status)
{
    struct watch *watch = handle->data;
    struct spool *spool = watch->spool;
    enum arrival arrival = events & UV_CHANGE ? ARRIVAL_WRITTEN : ARRIVAL_NAMED;
    if (status || !name) {
        plan(spool, GATHER_MS);
        return;
    }
    if (tree_is_ignored(name) || is_repeated(&spool->reports, watch->place, name, arrival))
        return;
    struct sight *report = sights_add(&spool->reports, watch->place, name);
    report->since = ++spool->report_number;
    report->arrival = arrival;
    plan(spool, GATHER_MS);
}

/* ---- Submitting, finishing ------------------------------------------------------------------------------------------------------------------ */

static void work_submit(struct spool *spool, struct job *job)
{
    job->status =
        claim_hidden(&spool->tree, job->hidden, job->profile, job->name, job->text, &job->claims, &job->error);
}

static void after_submit(struct spool *spool, struct job *job)
{
    job->done(job->context, job->status, job->status ? job->error.text : job->claims.items[0].id);
    offer(spool, &job->claims);
    job_free(job);
}

static void work_finish(struct spool *spool, struct job *job)
{
    job->status = finish_claim(&spool->tree, job->id, job->ok, job->text, &job->error);
}

/* A full disk, a directory without permission: that passes, and the file must not stay behind. */
static void after_finish(struct spool *spool, struct job *job)
{
    if (job->status && job->status != -ENOENT && job->status != -EINVAL) {
        log_error("spool: %s: %s; to be tried again", job->id, job->error.text);
        job->next = spool->retries;
        spool->retries = job;
        plan(spool, spool->config->spool.rescan);
        return;
    }
    job->done(job->context, job->status, job->status ? job->error.text : "");
    job_free(job);
}

static void work_replace(struct spool *spool, struct job *job)
{
    job->status = finish_replace_result(&spool->tree, job->id, &job->error);
}

static void after_replace(struct spool *spool, struct job *job)
{
    (void)spool;
    job->done(job->context, job->status, job->status ? job->error.text : "");
    job_free(job);
}

static const struct job_kind submit_job = { work_submit, after_submit };
static const struct job_kind finish_job = { work_finish, after_finish };
static const struct job_kind replace_job = { work_replace, after_replace };

void spool_submit(struct spool *spool, const char *hidden, const char *profile, const char *name, const char *options,
                  spool_done *done, void *context)
{
    struct job *job = job_new(&submit_job, done, context);
    job->hidden = mem_string(hidden ? hidden : "");
    job->profile = mem_string(profile);
    job->name = mem_string(name ? name : "");
    job->text = mem_string(options);
    enqueue(spool, job);
}

void spool_finish(struct spool *spool, const char *id, bool ok, const char *why, spool_done *done, void *context)
{
    struct job *job = job_new(&finish_job, done, context);
    job->id = mem_string(id);
    job->ok = ok;
    job->text = mem_string(why);
    enqueue(spool, job);
}

void spool_replace_result(struct spool *spool, const char *id, spool_done *done, void *context)
{
    struct job *job = job_new(&replace_job, done, context);
    job->id = mem_string(id);
    enqueue(spool, job);
}

char *spool_scratch(const struct spool *spool, const char *id, const char *suffix)
{
    return mem_format("%s/processing/%s.%s", spool->config->paths.spool, id, suffix);
}

void spool_rescan(struct spool *spool)
{
    plan(spool, 0);
}

/* ---- Opening and closing ---------------------------------------------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
    struct spool *spool = handle->type == UV_TIMER ? handle->data : ((struct watch *)handle->data)->spool;
    spool->handles--;
    free_when_empty(spool);
}

/* Without the kernel's reports there are still the rescans. */
static void watch_places(struct spool *spool)
{
    spool->watches = mem_zero(spool->tree.place_count, sizeof *spool->watches);
    spool->watch_count = spool->tree.place_count;
    for (size_t i = 0; i < spool->watch_count; i++) {
        struct watch *watch = &spool->watches[i];
        watch->spool = spool;
        watch->place = i;
        uv_fs_event_init(spool->loop, &watch->handle);
        watch->handle.data = watch;
        spool->handles++;
        int code = uv_fs_event_start(&watch->handle, on_report, spool->tree.places[i].path, 0);
        if (code)
            log_warning("spool: %s cannot be watched (%s): looked through every spool.rescan",
                        spool->tree.places[i].path, uv_strerror(code));
    }
}

int spool_open(uv_loop_t *loop, const struct config *config, spool_claimed *claimed, void *context, struct spool **out,
               struct error *error)
{
    struct spool *spool = mem_zero(1, sizeof *spool);
    int code = tree_open(&spool->tree, config, error);
    if (code) {
        free(spool);
        return code;
    }
    spool->loop = loop;
    spool->config = config;
    spool->claimed = claimed;
    spool->context = context;
    spool->last = &spool->jobs;
    uv_timer_init(loop, &spool->timer);
    spool->timer.data = spool;
    spool->handles++;
    watch_places(spool);
    spool->looking = true;
    struct job *again = job_new(&again_job, NULL, NULL);
    again->again = 0; /* then a first look */
    enqueue(spool, again);
    *out = spool;
    return 0;
}

void spool_close(struct spool *spool)
{
    spool->closing = true;
    uv_close((uv_handle_t *)&spool->timer, on_closed);
    for (size_t i = 0; i < spool->watch_count; i++)
        uv_close((uv_handle_t *)&spool->watches[i].handle, on_closed);
}

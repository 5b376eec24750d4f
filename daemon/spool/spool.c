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
#include "daemon/spool/names.h"
#include "daemon/spool/tree.h"
#include "daemon/spool/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Reports come in bursts (created, written, written, …): one look for all of them. */
#define GATHER_MS 20
/* Files that are known to have been renamed in since the last look; of more it is found out that they are quiet. */
#define ARRIVALS_MAX 10000

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
    const struct config *config;
    bool ok;
    spool_done *done;
    void *context;
    struct sights arrivals;
    /* What came of it. */
    int status;
    struct error error;
    struct claims claims;
    int64_t again;
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

    struct claims left; /* by a dead daemon: to be offered first of all */
    struct sights arrivals; /* what was renamed in since the last look */
    uv_timer_t timer;
    uint64_t next_look; /* when the timer is set for; loop time */
    bool running; /* the first job is in the pool */
    bool looking; /* a look is among the jobs */
    struct watch *watch; /* NULL: the kernel refuses */
    unsigned handles; /* open, or closing */
    bool paused;
    bool closing;
};

static void start_first(struct spool *spool);

/* ---- Jobs ------------------------------------------------------------------------------------------------------------------------------- */

static void job_free(struct job *job)
{
    char *strings[] = { job->id, job->hidden, job->profile, job->name, job->text };
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        free(strings[i]);
    sights_free(&job->arrivals);
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
    tree_close(&spool->tree);
    claims_free(&spool->left);
    sights_free(&spool->sights);
    sights_free(&spool->arrivals);
    free(spool);
}

static void on_work(uv_work_t *work)
{
    struct spool *spool = work->data;
    spool->jobs->kind->work(spool, spool->jobs);
}

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

/* After spool_close() what was taken stays where it is: it is offered when the daemon starts again. */
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
    sights_settle(&job->arrivals);
    job->again = claim_ready(&spool->tree, &spool->sights, &job->arrivals, clock_in(CLOCK_REALTIME, 1000000000),
                             clock_in(CLOCK_MONOTONIC, 1000), &job->claims);
}

static void after_look(struct spool *spool, struct job *job)
{
    spool->looking = false;
    plan(spool, spool->config->spool.rescan);
    if (job->again >= 0)
        plan(spool, job->again);
    if (spool->tree.renewed && spool->watch && !spool->closing) {
        watch_renew(spool->watch);
        plan(spool, 0); /* at what came before the watch did */
    }
    spool->tree.renewed = false;
    offer(spool, &job->claims);
    job_free(job);
}

static const struct job_kind look_job = { work_look, after_look };

static void enqueue_look(struct spool *spool)
{
    if (spool->looking || spool->closing || spool->paused)
        return;
    struct job *job = job_new(&look_job, NULL, NULL);
    job->arrivals = spool->arrivals;
    spool->arrivals = (struct sights){ 0 };
    spool->looking = true;
    enqueue(spool, job);
}

static void on_timer(uv_timer_t *timer)
{
    struct spool *spool = timer->data;
    if (!spool->paused) {
        offer(spool, &spool->left);
        claims_free(&spool->left);
    }
    while (spool->retries) {
        struct job *job = spool->retries;
        spool->retries = job->next;
        enqueue(spool, job);
    }
    if (spool->looking)
        plan(spool, GATHER_MS); /* what has happened since it began is for the next one */
    else if (spool->paused)
        plan(spool, spool->config->spool.rescan); /* finishes that failed are tried again */
    else
        enqueue_look(spool);
}

static void on_event(void *context, size_t place, const char *moved_in)
{
    struct spool *spool = context;
    if (moved_in && spool->arrivals.count < ARRIVALS_MAX)
        sights_add(&spool->arrivals, place, moved_in);
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
    if (job->status && job->status != -ENOENT && job->status != -EINVAL && !spool->closing) {
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

static void work_reload(struct spool *spool, struct job *job)
{
    job->status = tree_reload(&spool->tree, job->config, &job->error);
}

static void after_reload(struct spool *spool, struct job *job)
{
    if (!job->status)
        spool->config = job->config;
    if (spool->watch && !spool->closing)
        watch_renew(spool->watch);
    spool->tree.renewed = false;
    plan(spool, 0); /* at what lay there already, and with the new times */
    job->done(job->context, job->status, job->status ? job->error.text : "");
    job_free(job);
}

static const struct job_kind reload_job = { work_reload, after_reload };
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
    job->text = mem_string(options ? options : "{}");
    enqueue(spool, job);
}

void spool_reload(struct spool *spool, const struct config *config, spool_done *done, void *context)
{
    struct job *job = job_new(&reload_job, done, context);
    job->config = config;
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

void spool_pause(struct spool *spool, bool paused)
{
    spool->paused = paused;
    plan(spool, 0);
}

void spool_rescan(struct spool *spool)
{
    plan(spool, 0);
}

/* ---- Opening and closing ---------------------------------------------------------------------------------------------------------------------- */

static void handle_closed(void *context)
{
    struct spool *spool = context;
    spool->handles--;
    free_when_empty(spool);
}

static void on_timer_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
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
    spool->watch = watch_open(loop, &spool->tree, on_event, spool);
    spool->handles = spool->watch ? 2 : 1;
    /* Here and not in the pool: as soon as this has returned others write scratch files in processing/, which must not be taken for leftovers. */
    claim_again(&spool->tree, &spool->left);
    finish_tidy(&spool->tree, &spool->left);
    plan(spool, 0);
    *out = spool;
    return 0;
}

void spool_close(struct spool *spool)
{
    spool->closing = true;
    while (spool->retries) {
        struct job *job = spool->retries;
        spool->retries = job->next;
        job->kind->after(spool, job);
    }
    uv_close((uv_handle_t *)&spool->timer, on_timer_closed);
    if (spool->watch)
        watch_close(spool->watch, handle_closed);
}

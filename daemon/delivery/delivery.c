#include "daemon/delivery/delivery.h"

#include "daemon/base/mem.h"
#include "daemon/delivery/clock.h"
#include "daemon/delivery/keywords.h"
#include "daemon/delivery/outcome.h"
#include "daemon/delivery/text.h"
#include "daemon/delivery/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHECK_MS 1000 /* how often the limits of the threads' steps are looked at */
#define SESSIONS_MAX 1024

struct delivery {
    struct worker_room room;
    struct worker **workers;
    struct inbox_item *places;
    unsigned count;
    char *helo;
    struct auth *auth;
    uv_timer_t checker;
    bool stopped;
    atomic_uint in_flight;
    void (*done)(void *context, struct delivery_job *job);
};

static void on_done(void *context, struct inbox_item *item)
{
    struct delivery *delivery = context;
    delivery->in_flight--;
    delivery->done(delivery->room.context, (struct delivery_job *)item);
}

static void on_check(uv_timer_t *timer)
{
    struct delivery *delivery = timer->data;
    int64_t now = clock_ms();
    for (unsigned i = 0; i < delivery->count; i++)
        worker_check(delivery->workers[i], now);
}

/* End the threads; what they hold comes back through the outbox. */
static void end_threads(struct delivery *delivery)
{
    inbox_close(delivery->room.jobs);
    for (unsigned i = 0; i < delivery->count; i++)
        worker_join(delivery->workers[i]);
    delivery->count = 0;
}

static void free_all(struct delivery *delivery)
{
    inbox_free(delivery->room.jobs);
    inbox_free(delivery->room.places);
    free(delivery->places);
    halt_free(delivery->room.halt);
    relay_close(delivery->room.settings.relay);
    tls_close(delivery->room.settings.tls);
    auth_free(delivery->auth);
    free(delivery->workers);
    free(delivery->helo);
    free(delivery);
}

static void on_closed(uv_handle_t *handle)
{
    free_all(handle->data);
}

static int check_options(const struct delivery_options *options, struct error *error)
{
    if (!options->sessions || options->sessions > SESSIONS_MAX)
        return error_set(error, -EINVAL, "delivery: %u sessions: expected 1 to %d", options->sessions, SESSIONS_MAX);
    if (!options->messages_per_session || !options->timeout_ms || !options->connect_timeout_ms)
        return error_set(error, -EINVAL, "delivery: a limit of 0");
    if (!text_helo_ok(options->helo))
        return error_set(error, -EINVAL, "delivery: `%s` is no host name for EHLO", options->helo ? options->helo : "");
    if (!auth_options_ok(options->security.user, options->security.password))
        return error_set(error, -EINVAL, "delivery: a login wants a user and a password of 1 to %d bytes",
                         AUTH_TEXT_MAX);
    int status = keywords_prepare();
    return status ? error_set(error, status, "libesmtp does not work here: %s", strerror(-status)) : 0;
}

static struct delivery *create(const struct delivery_options *options, struct relay *relay, struct tls *tls)
{
    struct delivery *delivery = mem_zero(1, sizeof *delivery);
    const struct delivery_security *security = &options->security;
    if (security->user && *security->user)
        delivery->auth = auth_new(security->user, security->password);
    delivery->helo = mem_string(options->helo);
    delivery->done = options->done;
    delivery->workers = mem_zero(options->sessions, sizeof *delivery->workers);
    delivery->room = (struct worker_room){
        .settings = { .relay = relay,
                      .helo = delivery->helo,
                      .tls = tls,
                      .auth = delivery->auth,
                      .messages = options->messages_per_session,
                      .timeout_ms = options->timeout_ms,
                      .connect_timeout_ms = options->connect_timeout_ms },
        .jobs = inbox_new(0),
        .places = inbox_new(0),
        .halt = halt_new(),
        .thread_state = options->thread_state,
        .thread_state_free = options->thread_state_free,
        .take = options->take,
        .context = options->context,
        .in_flight = &delivery->in_flight,
    };
    unsigned places = options->sessions * DELIVERY_PLACES;
    delivery->places = mem_zero(places, sizeof *delivery->places);
    for (unsigned i = 0; i < places; i++)
        inbox_push(delivery->room.places, &delivery->places[i]);
    return delivery;
}

static int start_threads(struct delivery *delivery, unsigned sessions, struct error *error)
{
    for (; delivery->count < sessions; delivery->count++) {
        int status = worker_start(&delivery->room, delivery->count + 1, &delivery->workers[delivery->count], error);
        if (status)
            return status;
    }
    return 0;
}

int delivery_open(uv_loop_t *loop, const struct delivery_options *options, struct delivery **out, struct error *error)
{
    struct relay *relay = NULL;
    struct tls *tls = NULL;
    int status = check_options(options, error);
    if (!status)
        status = relay_open(options->relay, &relay, error);
    if (!status)
        status = tls_open(&options->security, relay, &tls, error);
    if (status) {
        relay_close(relay);
        return status;
    }
    struct delivery *delivery = create(options, relay, tls);
    delivery->room.done = outbox_open(loop, on_done, delivery);
    if (!delivery->room.done) {
        status = error_set(error, -errno, "delivery: %s", strerror(errno));
        free_all(delivery);
        return status;
    }
    uv_timer_init(loop, &delivery->checker);
    delivery->checker.data = delivery;
    uv_timer_start(&delivery->checker, on_check, CHECK_MS, CHECK_MS);
    status = start_threads(delivery, options->sessions, error);
    if (status) {
        delivery_close(delivery);
        return status;
    }
    *out = delivery;
    return 0;
}

static void abort_job(struct delivery *delivery, struct delivery_job *job)
{
    outcome_aborted(false, job);
    outbox_post(delivery->room.done, &job->item);
}

void delivery_submit(struct delivery *delivery, struct delivery_job *job)
{
    job->rendered = job->sent = job->aborted = false;
    job->place = NULL;
    job->period = halt_epoch(delivery->room.halt);
    job->recalls = halt_recalls(delivery->room.halt);
    delivery->in_flight++;
    if (delivery->stopped)
        abort_job(delivery, job);
    else
        inbox_push(delivery->room.jobs, &job->item);
}

void delivery_settled(struct delivery *delivery, struct delivery_job *job)
{
    if (job->place)
        inbox_push(delivery->room.places, job->place);
    job->place = NULL;
}

unsigned delivery_in_flight(const struct delivery *delivery)
{
    return atomic_load(&delivery->in_flight);
}

void delivery_recall(struct delivery *delivery)
{
    halt_recall(delivery->room.halt);
    struct inbox_item *item = inbox_pop_all(delivery->room.jobs), *next;
    for (; item; item = next) {
        next = item->next;
        abort_job(delivery, (struct delivery_job *)item);
    }
}

void delivery_stop(struct delivery *delivery)
{
    if (delivery->stopped)
        return;
    delivery->stopped = true;
    /* First the word, then the wires: a thread that connects in between sees the one or the other. */
    halt_stop(delivery->room.halt);
    relay_wake(delivery->room.settings.relay);
    for (unsigned i = 0; i < delivery->count; i++)
        worker_cut(delivery->workers[i]);
    delivery_recall(delivery);
}

void delivery_start(struct delivery *delivery)
{
    if (!delivery->stopped)
        return;
    delivery->stopped = false;
    halt_start(delivery->room.halt);
}

const char *delivery_stuck(const struct delivery *delivery, int64_t patience)
{
    for (unsigned i = 0; i < delivery->count; i++)
        if (worker_overdue(delivery->workers[i]) > patience)
            return "a delivery thread";
    return NULL;
}

void delivery_close(struct delivery *delivery)
{
    if (!delivery)
        return;
    delivery_stop(delivery);
    end_threads(delivery);
    outbox_close(delivery->room.done);
    uv_close((uv_handle_t *)&delivery->checker, on_closed);
}

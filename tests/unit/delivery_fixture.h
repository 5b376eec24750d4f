/* What the tests of delivery share: a loop, the room, a scripted server (smtp_server.h), mails and what became of them. */
#ifndef TOCSIN_TESTS_DELIVERY_FIXTURE_H
#define TOCSIN_TESTS_DELIVERY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/base/log.h"
#include "daemon/delivery/delivery.h"
#include "tests/unit/smtp_server.h"

#include <errno.h>
#include <time.h>

#define TEXT                                                                                                           \
    "From: a@test.example\r\nTo: b@test.example\r\nDate: Mon, 10 Aug 2026 14:10:59 +0000\r\nMessage-ID: "              \
    "<1@test>\r\n\r\nHello\r\n"
#define GUARD_MS 20000

/* A job and what its render() puts into it. */
struct mail {
    struct delivery_job job;
    const char *from, *to, *text; /* `to` NULL: render() fails */
    size_t filler; /* so many bytes of further lines */
    unsigned done;
    double seconds; /* from the fixture's start to DONE */
};

struct fixture {
    uv_loop_t loop;
    uv_timer_t guard;
    struct server *server;
    struct delivery *delivery;
    struct timespec began;
    unsigned done;
    bool resubmit; /* deferred jobs go in again at once */
    unsigned patience; /* milliseconds for finish(); 0: the usual */
    bool unsettled; /* results do not get to the disk */
    bool guarded; /* the guard has bitten */
    pthread_mutex_t lock;
    int states; /* thread states made and not yet freed */
};

static inline double seconds_since(const struct timespec *then)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - then->tv_sec) + (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

struct thread_state {
    struct fixture *fixture;
    pthread_t thread;
};

static inline int render(struct delivery_job *job, void *thread_state, struct error *error)
{
    struct mail *mail = job->data;
    /* The state was made on this very thread. */
    assert_true(pthread_equal(((struct thread_state *)thread_state)->thread, pthread_self()));
    if (!mail->to)
        return error_set(error, -EINVAL, "no such\r\ntemplate");
    job->envelope_from = mem_string(mail->from ? mail->from : "bounce@sender.example");
    job->envelope_to = mem_string(mail->to);
    buf_add_string(&job->message, mail->text ? mail->text : TEXT);
    for (size_t i = 0; i < mail->filler; i += 64)
        buf_add_string(&job->message, "..............................................................\r\n");
    return 0;
}

static inline void on_done(void *context, struct delivery_job *job)
{
    struct fixture *f = context;
    struct mail *mail = job->data;
    assert_ptr_equal(job, &mail->job);
    if (!f->unsettled)
        delivery_settled(f->delivery, job);
    if (f->resubmit && job->verdict == VERDICT_DEFERRED) {
        free(job->envelope_from);
        free(job->envelope_to);
        buf_free(&job->message);
        delivery_submit(f->delivery, job);
        return;
    }
    mail->done++;
    mail->seconds = seconds_since(&f->began);
    f->done++;
    if (!delivery_in_flight(f->delivery))
        uv_stop(&f->loop);
}

static inline void on_guard(uv_timer_t *timer)
{
    ((struct fixture *)timer->data)->guarded = true;
    uv_stop(timer->loop);
}

static inline void *make_state(void *context)
{
    struct fixture *f = context;
    struct thread_state *state = mem_alloc(sizeof *state);
    *state = (struct thread_state){ .fixture = f, .thread = pthread_self() };
    pthread_mutex_lock(&f->lock);
    f->states++;
    pthread_mutex_unlock(&f->lock);
    return state;
}

static inline void free_state(void *thread_state)
{
    struct fixture *f = ((struct thread_state *)thread_state)->fixture;
    free(thread_state);
    pthread_mutex_lock(&f->lock);
    f->states--;
    pthread_mutex_unlock(&f->lock);
}

static inline struct delivery_options usual_options(struct fixture *f, const char *relay)
{
    return (struct delivery_options){ .relay = relay,
                                      .helo = "sender.example",
                                      .sessions = 1,
                                      .messages_per_session = 100,
                                      .timeout_ms = 5000,
                                      .connect_timeout_ms = 3000,
                                      .thread_state = make_state,
                                      .thread_state_free = free_state,
                                      .done = on_done,
                                      .context = f };
}

static inline struct fixture *begin_at(const char *relay, const struct delivery_options *changed)
{
    struct fixture *f = mem_zero(1, sizeof *f);
    struct error error = { "" };
    pthread_mutex_init(&f->lock, NULL);
    uv_loop_init(&f->loop);
    uv_timer_init(&f->loop, &f->guard);
    f->guard.data = f;
    struct delivery_options options = usual_options(f, relay);
    if (changed)
        options.security = changed->security;
    if (changed && changed->sessions)
        options.sessions = changed->sessions;
    if (changed && changed->messages_per_session)
        options.messages_per_session = changed->messages_per_session;
    if (changed && changed->timeout_ms)
        options.timeout_ms = changed->timeout_ms;
    if (changed && changed->connect_timeout_ms)
        options.connect_timeout_ms = changed->connect_timeout_ms;
    if (delivery_open(&f->loop, &options, &f->delivery, &error))
        fail_msg("%s", error.text);
    clock_gettime(CLOCK_MONOTONIC, &f->began);
    return f;
}

static inline struct fixture *begin(const struct server_script *script, const struct delivery_options *changed)
{
    struct server *server = server_start(script);
    if (!server)
        return NULL;
    struct fixture *f = begin_at(server->address, changed);
    f->server = server;
    return f;
}

static inline void submit(struct fixture *f, struct mail *mail)
{
    mail->job = (struct delivery_job){ .render = render, .data = mail };
    delivery_submit(f->delivery, &mail->job);
}

static inline void run_for(struct fixture *f, unsigned ms)
{
    f->guarded = false;
    uv_timer_start(&f->guard, on_guard, ms, 0);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    uv_timer_stop(&f->guard);
}

/* Run until every job is done. */
static inline void finish(struct fixture *f)
{
    if (delivery_in_flight(f->delivery))
        run_for(f, f->patience ? f->patience : GUARD_MS);
    assert_false(f->guarded);
    assert_int_equal(delivery_in_flight(f->delivery), 0);
}

static inline void send_all(struct fixture *f, struct mail *mails, size_t count)
{
    for (size_t i = 0; i < count; i++)
        submit(f, &mails[i]);
    finish(f);
}

static inline void free_mails(struct mail *mails, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(mails[i].done, 1);
        free(mails[i].job.envelope_from);
        free(mails[i].job.envelope_to);
        buf_free(&mails[i].job.message);
    }
}

static inline void end(struct fixture *f)
{
    delivery_close(f->delivery);
    uv_close((uv_handle_t *)&f->guard, NULL);
    /* A uv_stop() from the last DONE ends one run early. */
    while (uv_run(&f->loop, UV_RUN_DEFAULT))
        ;
    assert_int_equal(uv_loop_close(&f->loop), 0);
    assert_int_equal(f->states, 0);
    if (f->server)
        server_stop(f->server);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

/* Send one mail TO and expect this of it. */
static inline void expect_in(struct fixture *f, const char *from, const char *to, enum verdict verdict,
                             enum reply_stage stage, int code, bool sent)
{
    struct mail mail = { .from = from, .to = to };
    send_all(f, &mail, 1);
    if (mail.job.verdict != verdict || mail.job.reply.stage != stage || mail.job.reply.code != code ||
        mail.job.sent != sent)
        fail_msg("%s to %s: verdict %d stage %d code %d sent %d: %s", from ? from : "", to, mail.job.verdict,
                 mail.job.reply.stage, mail.job.reply.code, mail.job.sent, mail.job.reply_text);
    assert_ptr_equal(mail.job.reply.text, mail.job.reply_text);
    assert_true(mail.job.reply_text[0]);
    assert_true(mail.job.rendered);
    assert_false(mail.job.aborted);
    free_mails(&mail, 1);
}

static inline void expect(const char *from, const char *to, enum verdict verdict, enum reply_stage stage, int code,
                          bool sent)
{
    struct fixture *f = begin(NULL, &(struct delivery_options){ .timeout_ms = 1000 });
    expect_in(f, from, to, verdict, stage, code, sent);
    end(f);
}

#endif

/* Due notifications to delivery, outcomes to the store. */
#include "daemon/base/address.h"
#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/base/secret.h"
#include "daemon/base/wall.h"
#include "daemon/daemon.h"
#include "daemon/delivery/security.h"
#include "daemon/notify/notify.h"

#include <stdlib.h>
#include <string.h>

/* Jobs in hand for each session: enough that no session waits for a commit, few enough that a limit or a stop finds little under way. */
#define AHEAD 8
#define MOST_AHEAD 1024
/* Notifications a claim: loading more at once would hold up the commits that sessions wait for. */
#define CLAIM 64

struct job {
    struct delivery_job delivery;
    struct daemon *daemon;
    const struct token_keys *keys;
    struct notification *notification;
};

/* On a delivery thread. */
static int render(struct delivery_job *delivery, void *thread_state, struct error *error)
{
    struct job *job = (struct job *)delivery;
    int status =
        notify_render(job->notification, job->keys, thread_state, &delivery->envelope_from, &delivery->message, error);
    delivery->envelope_to = mem_string(job->notification->envelope_to);
    return status;
}

static void *new_cache(void *context)
{
    (void)context;
    return notify_cache_new();
}

static void free_cache(void *cache)
{
    notify_cache_free(cache);
}

static void free_job(struct job *job)
{
    notification_free(job->notification);
    free(job->delivery.envelope_from);
    free(job->delivery.envelope_to);
    buf_free(&job->delivery.message);
    free(job);
}

static const char *const stages[] = { "connect", "greeting", "auth", "mail", "rcpt", "data", "end" };

/* On the store thread. The result is on disk: another mail may go out. */
static void on_committed(void *context)
{
    struct job *job = context;
    delivery_settled(job->daemon->delivery, &job->delivery);
}

static void on_recorded(void *context, int status, const char *message)
{
    struct job *job = context;
    struct daemon *daemon = job->daemon;
    (void)status;
    (void)message;
    free_job(job);
    pump_wake(daemon);
    post_due(daemon);
}

static struct queue_attempt attempt_of(const struct delivery_job *delivery)
{
    static const enum queue_verdict verdicts[] = { [VERDICT_ACCEPTED] = QUEUE_ACCEPTED,
                                                   [VERDICT_DEFERRED] = QUEUE_DEFERRED,
                                                   [VERDICT_BOUNCED] = QUEUE_BOUNCED,
                                                   [VERDICT_ABOUT_US] = QUEUE_ABOUT_US };
    struct queue_attempt attempt = {
        .notification = delivery->id,
        .verdict = verdicts[delivery->verdict],
        .stage = stages[delivery->reply.stage],
        .reached = delivery->reply.stage >= REPLY_MAIL,
        .code = delivery->reply.code,
        .reason = reason_name(delivery->reason),
        .about_recipient = reason_about_recipient(delivery->reason),
        .text = delivery->reply_text,
    };
    /* A mail that cannot be rendered is our fault: it waits for a person, like any other refusal that is about us. */
    if (!delivery->rendered) {
        attempt.verdict = QUEUE_ABOUT_US;
        attempt.reason = NULL;
    }
    const int *enhanced = delivery->reply.enhanced;
    if (enhanced[0])
        snprintf(attempt.enhanced, sizeof attempt.enhanced, "%d.%d.%d", enhanced[0] % 10, enhanced[1] % 1000,
                 enhanced[2] % 1000);
    return attempt;
}

/* What nobody needs to act on is for those who debug: the store keeps every attempt. */
static void log_attempt(const struct job *job, const struct queue_attempt *attempt)
{
    static const char *const words[] = { [QUEUE_ACCEPTED] = "accepted",
                                         [QUEUE_DEFERRED] = "deferred",
                                         [QUEUE_BOUNCED] = "bounced",
                                         [QUEUE_ABOUT_US] = "refused because of us" };
    const struct log_about about = { .event = LOG_ATTEMPT,
                                     .campaign = job->notification->campaign,
                                     .notification = attempt->notification };
    if (!job->delivery.rendered)
        log_about(LOG_ERROR_LEVEL, &about, "notification T-%lld: cannot be rendered: %s",
                  (long long)attempt->notification, attempt->text);
    else
        log_about(attempt->verdict == QUEUE_ACCEPTED ? LOG_DEBUG_LEVEL : LOG_INFO_LEVEL, &about,
                  "notification T-%lld: %s (%s): %s", (long long)attempt->notification, words[attempt->verdict],
                  attempt->stage, attempt->text);
}

/* On a delivery thread: the result goes straight to the store, which sessions wait for. */
static bool record(void *context, struct delivery_job *delivery)
{
    struct daemon *daemon = context;
    if ((delivery->aborted && !delivery->sent) || proof_owns(delivery))
        return false;
    struct queue_attempt attempt = attempt_of(delivery);
    log_attempt((struct job *)delivery, &attempt);
    wall_hold();
    attempt.time = daemon_now();
    queue_record_attempt(daemon->queue, &attempt, on_committed, on_recorded, delivery);
    wall_release();
    return true;
}

/* Nothing was tried. */
static void on_done(void *context, struct delivery_job *delivery)
{
    struct daemon *daemon = context;
    if (proof_take_job(daemon, delivery))
        return;
    queue_release(daemon->queue, delivery->id, daemon_now(), daemon_now());
    delivery_settled(daemon->delivery, delivery);
    free_job((struct job *)delivery);
    pump_wake(daemon);
    post_due(daemon);
}

static void submit(struct daemon *daemon, struct notification *notification)
{
    int64_t now = daemon_now();
    int64_t wait = throttle_take(daemon->throttle, address_domain(notification->recipient), now);
    if (wait || daemon->stopping || daemon->ending) {
        queue_release(daemon->queue, notification->id, now, now + wait);
        notification_free(notification);
        return;
    }
    struct job *job = mem_zero(1, sizeof *job);
    job->delivery.id = notification->id;
    job->delivery.render = render;
    job->daemon = daemon;
    job->keys = daemon->keys;
    job->notification = notification;
    delivery_submit(daemon->delivery, &job->delivery);
}

static void on_due(void *context, struct notification **notifications, size_t count)
{
    struct daemon *daemon = context;
    daemon->pump.claiming_due = false;
    daemon->pump.more_due = count > 0;
    for (size_t i = 0; i < count; i++)
        submit(daemon, notifications[i]);
    post_due(daemon);
}

void post_due(struct daemon *daemon)
{
    struct pump *pump = &daemon->pump;
    unsigned most = (unsigned)daemon->config->delivery.sessions * AHEAD;
    if (most > MOST_AHEAD)
        most = MOST_AHEAD;
    unsigned busy = delivery_in_flight(daemon->delivery);
    if (daemon->ending || daemon->stopping || pump->claiming_due || !pump->more_due ||
        (busy + CLAIM > most && busy * 2 > most))
        return;
    int64_t wait;
    unsigned room = throttle_room(daemon->throttle, daemon_now(), most - busy < CLAIM ? most - busy : CLAIM, &wait);
    if (!room) {
        uint64_t due = uv_timer_get_due_in(&pump->timer);
        if (!uv_is_active((uv_handle_t *)&pump->timer) || due > (uint64_t)wait)
            pump_wake(daemon);
        return;
    }
    pump->claiming_due = true;
    queue_claim_due(daemon->queue, daemon_now(), room, on_due, daemon);
}

int post_open(struct daemon *daemon, struct error *error)
{
    const struct config *config = daemon->config;
    struct delivery_options options = {
        .relay = config->delivery.relay,
        .helo = config->return_path.helo,
        .sessions = (unsigned)config->delivery.sessions,
        .messages_per_session = (unsigned)config->delivery.messages_per_session,
        .timeout_ms = (unsigned)config->delivery.timeout,
        .connect_timeout_ms = (unsigned)config->delivery.connect_timeout,
        .thread_state = new_cache,
        .thread_state_free = free_cache,
        .take = record,
        .done = on_done,
        .context = daemon,
    };
    char password[AUTH_TEXT_MAX + 1] = "";
    daemon->throttle = throttle_new(config->delivery.rate, config->delivery.rate_per_domain);
    int status = security_load(config, &options.security, password, error);
    if (!status)
        status = delivery_open(daemon->loop, &options, &daemon->delivery, error);
    secret_wipe(password, sizeof password);
    return status;
}

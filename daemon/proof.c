/* Proofs of the bounce path: a mail to ourselves, or one that must bounce, by the sessions that all mail goes by. One try: whoever asked is waiting. */
#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/daemon.h"
#include "daemon/notify/notify.h"

#include <errno.h>
#include <stdlib.h>

struct proof {
    struct delivery_job delivery;
    struct daemon *daemon;
    struct config *config; /* its own: the daemon's may be exchanged while a delivery thread renders */
    int64_t id, time;
    char *recipient;
    void (*done)(void *context, int status, const char *message, int64_t id);
    void *context;
};

/* On a delivery thread. */
static int render(struct delivery_job *delivery, void *thread_state, struct error *error)
{
    const struct proof *proof = (struct proof *)delivery;
    (void)thread_state;
    return notify_proof(proof->config, proof->daemon->keys, proof->id, proof->time / 1000, proof->recipient,
                        &delivery->envelope_from, &delivery->envelope_to, &delivery->message, error);
}

static void free_proof(struct proof *proof)
{
    free(proof->delivery.envelope_from);
    free(proof->delivery.envelope_to);
    buf_free(&proof->delivery.message);
    free(proof->recipient);
    config_free(proof->config);
    free(proof);
}

static void on_begun(void *context, int status, const char *message, int64_t id)
{
    struct proof *proof = context;
    proof->id = id;
    if (proof->done)
        proof->done(proof->context, status, message, id);
    if (status || proof->daemon->ending) {
        free_proof(proof);
        return;
    }
    log_notice("proof %lld of the bounce path: a mail to %s", (long long)id,
               proof->recipient ? proof->recipient : "ourselves");
    delivery_submit(proof->daemon->delivery, &proof->delivery);
}

void proof_begin(struct daemon *daemon, const char *who, const char *recipient,
                 void (*done)(void *context, int status, const char *message, int64_t id), void *context)
{
    if (daemon->stopping) {
        if (done)
            done(context, -EAGAIN, "all sending is stopped: `tocsin start` first", 0);
        return;
    }
    struct proof *proof = mem_zero(1, sizeof *proof);
    proof->delivery.render = render;
    proof->daemon = daemon;
    proof->config = config_keep(daemon->config);
    proof->time = daemon_now();
    proof->recipient = mem_string(recipient);
    proof->done = done;
    proof->context = context;
    queue_proof_begin(daemon->queue, who, recipient, proof->time, on_begun, proof);
}

/* A proof that is not back by then is late; one that the relay deferred may be taken now. */
#define RENEW_MS (15 * 60000)

void proof_renew(struct daemon *daemon)
{
    int64_t now = daemon_now(), passed = now - daemon->proof_renewed;
    if (daemon->stopping || (daemon->proof_renewed && passed >= 0 && passed < RENEW_MS))
        return;
    daemon->proof_renewed = now;
    proof_begin(daemon, "tocsind", NULL, NULL, NULL);
}

static const char *answer_of(const struct delivery_job *delivery)
{
    if (delivery->aborted && !delivery->sent)
        return "stopped";
    if (!delivery->rendered)
        return "refused";
    return delivery->verdict == VERDICT_ACCEPTED   ? "accepted"
           : delivery->verdict == VERDICT_DEFERRED ? "deferred"
                                                   : "refused";
}

/* "250 2.0.0 Ok: queued as 1F2E"; a new string. */
static char *reply_of(const struct delivery_job *job)
{
    const int *enhanced = job->reply.enhanced;
    if (!job->reply.code)
        return mem_string(job->reply_text);
    if (!enhanced[0])
        return mem_format("%d %s", job->reply.code, job->reply_text);
    return mem_format("%d %d.%d.%d %s", job->reply.code, enhanced[0], enhanced[1], enhanced[2], job->reply_text);
}

bool proof_owns(const struct delivery_job *job)
{
    return job->render == render;
}

bool proof_take_job(struct daemon *daemon, struct delivery_job *job)
{
    struct proof *proof = (struct proof *)job;
    if (!proof_owns(job))
        return false;
    delivery_settled(daemon->delivery, job);
    /* Orders call back what no session has begun (delivery_recall): that is no reason to give it up. */
    if (job->aborted && !job->sent && !daemon->stopping && !daemon->ending) {
        free(job->envelope_from);
        free(job->envelope_to);
        job->envelope_from = job->envelope_to = NULL;
        buf_truncate(&job->message, 0);
        delivery_submit(daemon->delivery, job);
        return true;
    }
    const char *answer = answer_of(job);
    char *text = reply_of(job);
    log_notice("proof %lld: %s: %s", (long long)proof->id, answer, text);
    queue_proof_answered(daemon->queue, proof->id, answer, text, daemon_now());
    free(text);
    free_proof(proof);
    return true;
}

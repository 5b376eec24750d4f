/* What comes back: a message in, its meaning into the store. */
#include "daemon/base/crash.h"
#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/bounce/bounce.h"
#include "daemon/bounce/envelope.h"
#include "daemon/daemon.h"
#include "daemon/notify/notify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The token in ADDRESS, where ADDRESS is MAILBOX: 1 verified, 0 none there, negative: why it does not verify. */
static int verify(const struct daemon *daemon, enum token_purpose purpose, const char *address, int64_t *notification)
{
    size_t length;
    const char *token = mailboxes_token(daemon, purpose, address, &length);
    if (!token || !length)
        return 0;
    int status = token_verify(daemon->keys, purpose, token, length, daemon_now() / 1000, notification);
    return status ? status : 1;
}

/* A Message-ID of ours is <TOKEN@…>: candidates that are no address of the bounce mailbox may be that. */
static int verify_message_id(const struct daemon *daemon, const char *text, int64_t *notification)
{
    while (*text == '<' || *text == ' ')
        text++;
    size_t length = strcspn(text, "@");
    if (!text[length] || length >= TOKEN_SIZE)
        return 0;
    return token_verify(daemon->keys, TOKEN_BOUNCE, text, length, daemon_now() / 1000, notification) ? 0 : 1;
}

/* Which notification it speaks about. The envelope recipient is believed first; a token that does not verify there is remembered as a fault, but
 * what the message itself carries may still tell. */
static int64_t find_notification(const struct daemon *daemon, const char *recipient, const struct bounce *bounce,
                                 const char **fault)
{
    int64_t notification = 0;
    int status = recipient ? verify(daemon, TOKEN_BOUNCE, recipient, &notification) : 0;
    if (status == 1)
        return notification;
    if (status < 0) {
        /* Whoever wrote the envelope wrote the rest as well. */
        *fault = status == -ESTALE ? "stale" : "forged";
        return 0;
    }
    for (size_t i = 0; i < bounce->candidate_count; i++) {
        status = verify(daemon, TOKEN_BOUNCE, bounce->candidates[i], &notification);
        if (status == 1 || verify_message_id(daemon, bounce->candidates[i], &notification) == 1)
            return notification;
        if (status < 0)
            *fault = status == -ESTALE ? "stale" : "forged";
    }
    return 0;
}

/* The number of the proof that came back, or 0: its token stands where a notification's does. */
static int64_t find_proof(const struct daemon *daemon, const char *recipient, const struct bounce *bounce)
{
    int64_t proof = 0;
    if (recipient && verify(daemon, TOKEN_PROOF, recipient, &proof) == 1)
        return proof;
    for (size_t i = 0; i < bounce->candidate_count; i++)
        if (verify(daemon, TOKEN_PROOF, bounce->candidates[i], &proof) == 1)
            return proof;
    return 0;
}

static void fill_meaning(const struct bounce *bounce, struct queue_returned *returned)
{
    switch (bounce->class) {
    case BOUNCE_HARD:
    case BOUNCE_SOFT:
        returned->meaning = reason_about_us(bounce->reason) ? QUEUE_RETURNED_ABOUT_US : QUEUE_RETURNED_BOUNCE;
        break;
    case BOUNCE_DELIVERED:
        returned->meaning = QUEUE_RETURNED_DELIVERED;
        break;
    case BOUNCE_REPLY:
        returned->meaning = QUEUE_RETURNED_ANSWER;
        break;
    case BOUNCE_FEEDBACK:
        returned->meaning = QUEUE_RETURNED_COMPLAINT;
        break;
    case BOUNCE_OPTOUT:
        returned->meaning = QUEUE_RETURNED_OPT_OUT;
        break;
    default:
        /* A delay or a machine's answer moves nothing; what is not understood waits for a person (`tocsin log`). */
        returned->meaning = QUEUE_RETURNED_NOTHING;
        break;
    }
}

/* To the opt-out mailbox: whatever a person writes there means it. */
static void fill_opt_out(const struct daemon *daemon, const char *recipient, const struct bounce *bounce,
                         struct queue_returned *returned)
{
    int status = verify(daemon, TOKEN_OPT_OUT, recipient, &returned->notification);
    returned->meaning = QUEUE_RETURNED_NOTHING;
    if (status < 0) {
        returned->notification = 0;
        returned->token_fault = "forged";
        return;
    }
    if (bounce->class != BOUNCE_REPLY && bounce->class != BOUNCE_OPTOUT && bounce->class != BOUNCE_UNKNOWN)
        return; /* a machine's answer is nobody's wish */
    returned->class = bounce_class_name(BOUNCE_OPTOUT);
    if (status == 1 || bounce->from)
        returned->meaning = QUEUE_RETURNED_OPT_OUT;
    returned->opt_out_address = status == 1 ? NULL : bounce->from;
}

static bool is_opt_out_mailbox(const struct daemon *daemon, const char *recipient)
{
    size_t length;
    return recipient && mailboxes_token(daemon, TOKEN_OPT_OUT, recipient, &length);
}

bool returns_accepts(const struct daemon *daemon, const char *recipient)
{
    size_t length;
    return mailboxes_token(daemon, TOKEN_BOUNCE, recipient, &length) || is_opt_out_mailbox(daemon, recipient);
}

#define FAULTY_MS                                                                                                      \
    60000 /* between two lines about tokens that do not verify: strangers decide how many messages have one */

static bool told_lately(const struct daemon *daemon)
{
    uint64_t told = daemon->faulty_tokens.told;
    return told && uv_now(daemon->loop) - told < FAULTY_MS;
}

static void log_faulty(struct daemon *daemon, const char *fault, const char *recipient)
{
    static const struct log_about about = { .event = LOG_FORGED };
    if (told_lately(daemon)) {
        daemon->faulty_tokens.more++;
        return;
    }
    returns_tell_faulty(daemon, true);
    log_about(LOG_WARNING_LEVEL, &about, "bounce: %s token in a message to %s: refused and counted", fault,
              recipient ? recipient : "(unknown)");
    daemon->faulty_tokens.told = uv_now(daemon->loop);
}

void returns_tell_faulty(struct daemon *daemon, bool at_once)
{
    static const struct log_about about = { .event = LOG_FORGED };
    struct faulty_tokens *faulty = &daemon->faulty_tokens;
    if (!faulty->more || (!at_once && told_lately(daemon)))
        return;
    log_about(LOG_WARNING_LEVEL, &about,
              "bounce: forged or stale tokens in %lu more messages: refused and counted (`tocsin status` says "
              "how many in all)",
              faulty->more);
    *faulty = (struct faulty_tokens){ .told = uv_now(daemon->loop) };
}

static bool on_opt_out(void *context, const char *address)
{
    return is_opt_out_mailbox(context, address);
}

/* The opt-out mailbox that DATA came to, or NULL; where the envelope is not known, by what the mail system wrote into the header. A new string. */
static char *find_opt_out_mailbox(struct daemon *daemon, const char *recipient, const char *data, size_t length)
{
    if (!recipient)
        return envelope_recipient(data, length, on_opt_out, daemon);
    return is_opt_out_mailbox(daemon, recipient) ? mem_string(recipient) : NULL;
}

/* Fill in what BOUNCE says and which notification it speaks about. */
static void understand(const struct daemon *daemon, const char *recipient, const char *opt_out,
                       const struct bounce *bounce, struct queue_returned *returned)
{
    *returned = (struct queue_returned){
        .time = daemon_now(),
        .class = bounce_class_name(bounce->class),
        .reason = reason_name(bounce->reason),
        .about_recipient = reason_about_recipient(bounce->reason),
        .status = bounce->status[0] ? bounce->status : NULL,
        .reply = bounce->reply[0] ? bounce->reply : NULL,
        .diagnostic = bounce->diagnostic,
        .from = bounce->from,
    };
    if (opt_out) {
        fill_opt_out(daemon, opt_out, bounce, returned);
        return;
    }
    fill_meaning(bounce, returned);
    returned->notification = find_notification(daemon, recipient, bounce, &returned->token_fault);
    /* A verified token clears what an earlier candidate was suspected of. */
    if (returned->notification)
        returned->token_fault = NULL;
    else if (returned->meaning == QUEUE_RETURNED_OPT_OUT)
        returned->opt_out_address = bounce->from;
}

/* On its way into the store. The words are those of the tables of daemon/bounce/. */
struct recording {
    struct daemon *daemon;
    int64_t notification;
    const char *class, *reason;
    bool faulty; /* that was logged already */
    bool silences; /* somebody wants no more mail */
    queue_done *done;
    void *context;
};

static void log_returned(const struct recording *recording, const char *campaign)
{
    const struct log_about about = { .event = LOG_RETURNED,
                                     .campaign = campaign,
                                     .notification = recording->notification };
    if (!recording->notification)
        log_about(LOG_INFO_LEVEL, &about, "bounce: about no notification of ours: %s", recording->class);
    else
        log_about(LOG_INFO_LEVEL, &about, "bounce: T-%lld: %s%s%s", (long long)recording->notification,
                  recording->class, recording->reason ? ", " : "", recording->reason ? recording->reason : "");
}

/* Logged once it is on disk: where it is not taken, it comes again. */
static void on_returned(void *context, int status, const char *message, const char *campaign)
{
    struct recording *recording = context;
    if (!status && !recording->faulty)
        log_returned(recording, campaign);
    /* Nor does he get what was claimed before: whose final dot is not out yet is claimed anew. */
    if (!status && recording->silences && !recording->daemon->ending)
        delivery_recall(recording->daemon->delivery);
    recording->done(recording->context, status, message);
    free(recording);
}

static void record(struct daemon *daemon, struct queue_returned *returned, queue_done *done, void *context)
{
    char *settings = NULL;
    if (returned->meaning == QUEUE_RETURNED_OPT_OUT) {
        settings = notify_settings(daemon->config, &daemon->config->profiles[0], NULL);
        returned->receipt_settings = settings;
        returned->receipt_template = daemon->receipt_template;
    }
    crash_point("bounce-intake");
    struct recording *recording = mem_alloc(sizeof *recording);
    *recording = (struct recording){
        .daemon = daemon,
        .notification = returned->notification,
        .class = returned->class,
        .reason = returned->reason,
        .faulty = returned->token_fault != NULL,
        .silences = returned->meaning == QUEUE_RETURNED_OPT_OUT || returned->meaning == QUEUE_RETURNED_COMPLAINT,
        .done = done,
        .context = context,
    };
    queue_record_returned(daemon->queue, returned, on_returned, recording);
    free(settings);
}

void returns_take(struct daemon *daemon, const char *way, const char *sender, const char *recipient, const char *data,
                  size_t length, queue_done *done, void *context)
{
    struct bounce bounce;
    struct queue_returned returned;
    bounce_parse(data, length, sender, recipient, &bounce);
    char *opt_out = find_opt_out_mailbox(daemon, recipient, data, length);
    understand(daemon, recipient, opt_out, &bounce, &returned);
    int64_t proof = returned.notification ? 0 : find_proof(daemon, recipient, &bounce);
    if (proof) {
        log_notice("bounce: proof %lld came back by %s", (long long)proof, way);
        queue_proof_returned(daemon->queue, proof, returned.class, way, returned.time, done, context);
    } else {
        if (returned.token_fault)
            log_faulty(daemon, returned.token_fault, recipient);
        record(daemon, &returned, done, context);
    }
    free(opt_out);
    bounce_clear(&bounce);
    pump_wake(daemon);
}

/* ---- LMTP ----------------------------------------------------------------------------------------------------------------------------- */

static bool on_rcpt(void *context, const char *recipient)
{
    return returns_accepts(context, recipient);
}

static void on_recorded(void *context, int status, const char *message)
{
    struct lmtp_message *one = context;
    crash_point("bounce-committed");
    lmtp_answer(one, !status || status == -ENOSPC ? status : -EAGAIN, message);
}

static void on_message(void *context, struct lmtp_message *message, const char *sender, const char *recipient,
                       const char *data, size_t length)
{
    returns_take(context, "LMTP", sender, recipient, data, length, on_recorded, message);
}

/* ---- Maildir -------------------------------------------------------------------------------------------------------------------------- */

struct from_maildir {
    struct maildir *maildir;
    struct maildir_mail *mail;
};

static void on_mail_recorded(void *context, int status, const char *message)
{
    struct from_maildir *one = context;
    (void)message;
    crash_point("bounce-committed");
    maildir_answer(one->maildir, one->mail, status);
    free(one);
}

static void on_mail(void *context, struct maildir *maildir, struct maildir_mail *mail, const char *data, size_t length)
{
    struct from_maildir *one = mem_alloc(sizeof *one);
    *one = (struct from_maildir){ maildir, mail };
    returns_take(context, "the Maildir", NULL, NULL, data, length, on_mail_recorded, one);
}

/* ---- Opening and closing ---------------------------------------------------------------------------------------------------------------- */

int returns_open(struct daemon *daemon, struct error *error)
{
    static const struct lmtp_handler handler = { .accepts = on_rcpt, .message = on_message };
    const struct config *config = daemon->config;
    size_t most = (size_t)config->bounces.max_message;
    if (config->bounces.maildir[0])
        daemon->maildir =
            maildir_open(daemon->loop, config->bounces.maildir, config->spool.rescan, most, on_mail, daemon);
    struct error why = { "" };
    int status = lmtp_open(daemon->loop, config->bounces.lmtp_socket, config->bounces.lmtp_listen, most, &handler,
                           daemon, &daemon->lmtp, &why);
    const char *socket = config->bounces.lmtp_socket;
    bool its = *socket && strncmp(why.text, socket, strlen(socket)) == 0;
    return status ? error_set(error, status, "bounces.%s: %s", its ? "lmtp_socket" : "lmtp_listen", why.text) : 0;
}

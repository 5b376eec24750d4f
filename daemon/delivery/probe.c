#include "daemon/delivery/probe.h"

#include "daemon/delivery/connect.h"
#include "daemon/delivery/guard.h"
#include "daemon/delivery/halt.h"
#include "daemon/delivery/outcome.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct probe {
    const struct delivery_options *options;
    struct relay *relay;
    struct tls *tls;
    struct auth *auth;
    struct halt *halt;
    struct wire *wire;
    smtp_message_t message;
    struct guard guard;
    bool connected;
    struct delivery_job job; /* takes what came of it: verdict and words */
    struct error why;
};

static int dial(void *context)
{
    struct probe *probe = context;
    struct relay_addresses addresses;
    unsigned epoch = halt_epoch(probe->halt), limit = probe->options->connect_timeout_ms;
    int result = relay_resolve(probe->relay, probe->halt, epoch, limit, &addresses, &probe->why);
    if (!result)
        result = wire_dial(probe->wire, &addresses, relay_name(probe->relay), epoch, limit, &probe->why);
    probe->connected = result >= 0;
    if (probe->connected)
        guard_connected(&probe->guard);
    return result;
}

static const char *no_text(void **context, int *length, void *argument)
{
    (void)context;
    (void)argument;
    if (length)
        *length = 0;
    return NULL;
}

/* The answer to MAIL is the last that we want to know. */
static void on_event(smtp_session_t smtp, int event, void *argument, ...)
{
    struct probe *probe = argument;
    va_list arguments;
    (void)smtp;
    va_start(arguments, argument);
    guard_event(&probe->guard, event, arguments);
    va_end(arguments);
    if (event != SMTP_EV_MAILSTATUS)
        return;
    const smtp_status_t *status = smtp_reverse_path_status(probe->message);
    struct exchange exchange = {
        .mail = { status->code, { status->enh_class, status->enh_subject, status->enh_detail }, status->text }
    };
    /* As if the mail had gone the whole way, where nothing is wrong with its sender. */
    exchange.rcpt = exchange.end = exchange.mail;
    exchange.text_ended = true;
    outcome_of_exchange(&exchange, &probe->job);
    wire_cut(probe->wire);
}

static bool prepare(struct probe *probe, smtp_session_t smtp, const char *from)
{
    static const int limits[] = { Timeout_GREETING, Timeout_ENVELOPE };
    probe->message = smtp ? smtp_add_message(smtp) : NULL;
    if (!probe->message || !smtp_set_messagecb(probe->message, no_text, NULL) ||
        !smtp_set_server(smtp, "127.0.0.1:25") || !smtp_set_hostname(smtp, probe->options->helo) ||
        !smtp_set_reverse_path(probe->message, from) || !smtp_add_recipient(probe->message, "nobody@invalid"))
        return false;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        smtp_set_timeout(smtp, limits[i] | Timeout_OVERRIDE_RFC2822_MINIMUM, (long)probe->options->timeout_ms);
    smtp_set_eventcb(smtp, on_event, probe);
    return guard_begin(&probe->guard, smtp, probe->wire, probe->tls, probe->auth);
}

/* One connection. True: TLS did not work, and the next one would do without. */
static bool talk(struct probe *probe, const char *from)
{
    smtp_session_t smtp = smtp_create_session();
    bool again = false;
    probe->job = (struct delivery_job){ .verdict = VERDICT_DEFERRED };
    probe->why.text[0] = '\0';
    if (prepare(probe, smtp, from)) {
        connect_through(dial, probe);
        smtp_start_session(smtp);
        connect_through(NULL, NULL);
    } else {
        error_set(&probe->why, 0, "libesmtp: %s", strerror(ENOMEM));
    }
    again = guard_end(&probe->guard, false);
    wire_close(probe->wire);
    if (!probe->why.text[0])
        probe->why = probe->guard.why;
    if (smtp)
        smtp_destroy_session(smtp);
    if (!probe->job.reply_text[0]) {
        struct answer answer;
        answer_read(probe->guard.greeting.reply, &answer);
        outcome_of_session(probe->connected ? probe->guard.greeting.stage : REPLY_CONNECT, &answer, false,
                           probe->why.text, &probe->job);
    }
    return again;
}

static void write_facts(const struct probe *probe, const char *from, struct buf *out)
{
    const struct delivery_job *job = &probe->job;
    const struct guard *guard = &probe->guard;
    if (!probe->connected)
        return;
    buf_add_format(out, "relay %s answers\n", relay_name(probe->relay));
    if (guard->greeting.mail || guard->tls.secure) {
        char *way = tls_describe(&guard->tls);
        buf_add_format(out, "%s\n", way);
        free(way);
    }
    if (guard->greeting.mail && probe->auth)
        buf_add_format(out, "it accepts our login as %s\n", probe->options->security.user);
    if (guard->greeting.mail && job->verdict == VERDICT_ACCEPTED)
        buf_add_format(out, "it takes mail from %s\n", from);
}

static int judge(const struct probe *probe, struct error *error)
{
    const struct delivery_job *job = &probe->job;
    static const char *const stages[] = { "", "", "to our login", "to MAIL" };
    if (job->verdict == VERDICT_ACCEPTED)
        return 0;
    bool lasting = probe->guard.lasting && !job->reply.code;
    int status = job->verdict == VERDICT_DEFERRED && !lasting ? -EAGAIN : -EPROTO;
    if (!probe->connected)
        return error_set(error, status, "%s", job->reply_text);
    if (!job->reply.code)
        return error_set(error, status, "relay %s: %s", relay_name(probe->relay), job->reply_text);
    const char *stage = job->reply.stage <= REPLY_MAIL ? stages[job->reply.stage] : stages[REPLY_MAIL];
    return error_set(error, status, "relay %s says %s%s%d %s", relay_name(probe->relay), stage, *stage ? ": " : "",
                     job->reply.code, job->reply_text);
}

int probe_relay(const struct delivery_options *options, const char *from, struct buf *out, struct error *error)
{
    struct probe probe = { .options = options };
    const struct delivery_security *security = &options->security;
    int status = relay_open(options->relay, &probe.relay, error);
    if (!status)
        status = tls_open(security, probe.relay, &probe.tls, error);
    if (!status) {
        if (security->user && *security->user)
            probe.auth = auth_new(security->user, security->password);
        probe.halt = halt_new();
        probe.wire = wire_new(probe.halt);
        if (talk(&probe, from)) {
            buf_add_format(out, "TLS is offered, but does not work: %s\n", probe.guard.tls.why.text);
            talk(&probe, from);
        }
        write_facts(&probe, from, out);
        status = judge(&probe, error);
        wire_free(probe.wire);
        halt_free(probe.halt);
    }
    auth_free(probe.auth);
    tls_close(probe.tls);
    relay_close(probe.relay);
    return status;
}

#include "daemon/delivery/guard.h"

#include <openssl/err.h>
#include <string.h>

static void bar(struct guard *guard, const char *why)
{
    wire_cut(guard->wire);
    if (guard->barred)
        return;
    guard->barred = true;
    if (why)
        error_set(&guard->why, 0, "%s", why);
}

/* MAIL is in libesmtp's buffer and not yet written. */
static void before_mail(struct guard *guard)
{
    struct greeting *greeting = &guard->greeting;
    bool logged_in = !guard->login || greeting_authenticated(greeting);
    if (!tls_allows_mail(&guard->tls)) {
        bar(guard, guard->tls.why.text);
    } else if (!logged_in && greeting->stage == REPLY_AUTH) {
        bar(guard, NULL);
    } else if (!logged_in) {
        greeting->stage = REPLY_AUTH;
        guard->lasting = true;
        bar(guard, guard->trusted ? "it offers none of AUTH PLAIN, LOGIN and CRAM-MD5"
                                  : "it offers no AUTH CRAM-MD5, and without TLS the password is not given to PLAIN or "
                                    "LOGIN");
    } else {
        tls_log(&guard->tls);
    }
}

static void on_write(struct guard *guard, const char *bytes, size_t length)
{
    bool first_mail = !guard->greeting.over && length >= 5 && memcmp(bytes, "MAIL ", 5) == 0;
    tally_wrote(&guard->tally, bytes, length);
    if (first_mail)
        before_mail(guard);
    if (guard->barred)
        guard->greeting.over = true;
}

static void monitor(const char *bytes, int length, int writing, void *argument)
{
    struct guard *guard = argument;
    if (length <= 0)
        return;
    if (writing == SMTP_CB_READING) {
        tally_read(&guard->tally, bytes, (size_t)length);
        if (guard->tally.surplus)
            bar(guard, "it answered before it was asked");
    } else if (writing == SMTP_CB_WRITING) {
        /* What rendering a mail may have left behind would be taken for the connection's error (SSL_get_error(3)). */
        ERR_clear_error();
        on_write(guard, bytes, (size_t)length);
    }
    greeting_monitor(bytes, length, writing, &guard->greeting);
    guard->tls.tried = guard->greeting.starttls;
}

bool guard_begin(struct guard *guard, smtp_session_t smtp, struct wire *wire, struct tls *tls, const struct auth *auth)
{
    *guard = (struct guard){ .wire = wire, .smtp = smtp, .auth = auth };
    greeting_begin(&guard->greeting);
    tally_begin(&guard->tally);
    smtp_set_monitorcb(smtp, monitor, guard, 0);
    if (auth) {
        guard->login = auth_context(auth);
        if (!guard->login || !smtp_auth_set_context(smtp, guard->login))
            return false;
    }
    return tls_begin(&guard->tls, tls, smtp);
}

static void trust(struct guard *guard)
{
    guard->trusted = true;
    if (guard->login)
        auth_trust(guard->login);
}

void guard_connected(struct guard *guard)
{
    if (wire_local(guard->wire))
        trust(guard);
}

void guard_event(struct guard *guard, int event, va_list arguments)
{
    tls_event(&guard->tls, event, arguments);
    if (event == SMTP_EV_STARTTLS_OK && guard->tls.secure)
        trust(guard);
}

bool guard_end_text(struct guard *guard)
{
    if (guard->tally.due || wire_disturbed(guard->wire))
        bar(guard, NULL);
    if (guard->barred)
        return false;
    tally_expect(&guard->tally);
    return true;
}

bool guard_out_of_step(const struct guard *guard)
{
    return guard->barred;
}

bool guard_quiet(struct guard *guard)
{
    if (guard->tally.due || wire_disturbed(guard->wire))
        bar(guard, NULL);
    return !guard->barred;
}

/* A refusal of STARTTLS is all that there is to say about TLS. */
static void quote_refusal(struct guard *guard)
{
    const char *reply = guard->greeting.reply;
    if (guard->tls.tried && !guard->tls.secure && !guard->tls.why.text[0] && (*reply == '4' || *reply == '5'))
        error_set(&guard->tls.why, 0, "it says to STARTTLS: %.*s", (int)strcspn(reply, "\r\n"), reply);
}

bool guard_end(struct guard *guard, bool stopped)
{
    if (guard->login) {
        smtp_auth_set_context(guard->smtp, NULL);
        auth_destroy_context(guard->login);
    }
    guard->login = NULL;
    if (guard->auth)
        auth_redact(guard->auth, guard->greeting.reply);
    quote_refusal(guard);
    bool plain_next = tls_end(&guard->tls, stopped);
    if (!guard->why.text[0] && !guard->tls.secure)
        guard->why = guard->tls.why;
    guard->lasting = guard->lasting || (guard->tls.lasting && !guard->tls.secure);
    return plain_next;
}

#include "daemon/delivery/session.h"

#include "daemon/base/crash.h"
#include "daemon/delivery/clock.h"
#include "daemon/delivery/connect.h"
#include "daemon/delivery/guard.h"
#include "daemon/delivery/outcome.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

/* An open connection waits so long for more work: long enough that a trickle of mails shares one, short enough that no server minds. */
#define IDLE_MS 3000
#define QUIT_MS 2000 /* for the answer to QUIT, which tells us nothing */
#define GRACE_MS 1000 /* libesmtp's own time limits come first */
#define BYTES_PER_MS 16 /* a text that goes out more slowly is held up on purpose */
#define OPENING_WAITS 5 /* greeting, EHLO, STARTTLS, handshake, EHLO again */
#define LOGIN_WAITS 5 /* AUTH, by one mechanism after the other */
#define CODE_CLOSING 421 /* the server ends the connection, whatever it was asked (RFC 5321 §3.8) */

struct session;

/* A message in the session: the one under way, or the next in hand. */
struct turn {
    struct session *session;
    struct delivery_job *job; /* NULL: the seat is free */
    smtp_message_t message;
    smtp_recipient_t recipient;
    struct exchange exchange;
    bool text_given;
};

struct session {
    const struct session_settings *settings;
    struct desk *desk;
    struct wire *wire;
    unsigned epoch; /* that of its first job */
    smtp_session_t smtp;
    struct guard guard;
    bool connected, closing; /* closing: the server said so */
    bool withdrawn; /* we have cut it off */
    bool again; /* nothing was tried: TLS did not work, and the next session does without it */
    struct error why;
    struct turn seats[2];
    unsigned current; /* the seat of the message under way; the other is the next one's */
    unsigned begun, finished, answered; /* messages */
    int64_t step_began;
    int64_t moved; /* when the text last got on */
};

static struct turn *current_turn(struct session *session)
{
    return &session->seats[session->current];
}

/* A new step of the exchange begins, in which WAITS replies and the passage of BYTES are due. */
static void begin_step(struct session *session, unsigned waits, size_t bytes)
{
    session->step_began = clock_ms();
    wire_allow(session->wire, waits * session->settings->timeout_ms + (unsigned)(bytes / BYTES_PER_MS) + GRACE_MS);
}

static bool step_timed_out(const struct session *session)
{
    return session->connected && clock_ms() - session->step_began >= session->settings->timeout_ms;
}

/* A further piece of the text is about to be written. When libesmtp cannot write for a whole time limit it drops what is left of its
 * buffer and goes on with the next 2 kB (siobuf.c, raw_write): a server that woke up again would take a mail with a hole in it. */
static void on_data(struct session *session)
{
    int64_t now = clock_ms();
    if (session->moved && now - session->moved >= session->settings->timeout_ms)
        wire_cut(session->wire);
    session->moved = now;
}

/* Not a word more: a stop, or a recall of what would be sent next. */
static void withdraw(struct session *session)
{
    session->withdrawn = true;
    wire_cut(session->wire);
}

/* The final dot goes out after this. Until then nobody has the mail, so only here is it waited for that few enough mails are out without
 * their result on disk. Where the connection is gone by now, the server cannot have the mail. */
static void end_text(struct turn *turn)
{
    struct session *session = turn->session;
    wire_allow(session->wire, 0);
    if (!desk_admit(session->desk, turn->job, session->epoch))
        withdraw(session);
    if (!guard_end_text(&session->guard))
        return;
    turn->exchange.text_ended = true;
    begin_step(session, 1, 0);
}

/* The message callback of libesmtp: the text in one piece. LENGTH NULL: start at the beginning. */
static const char *give_text(void **context, int *length, void *argument)
{
    struct turn *turn = argument;
    (void)context;
    if (!length) {
        crash_point("before-smtp");
        turn->text_given = false;
        return NULL;
    }
    if (!turn->text_given) {
        turn->text_given = true;
        *length = (int)turn->job->message.length;
        return turn->job->message.data;
    }
    *length = 0;
    on_data(turn->session);
    if (!turn->exchange.text_ended)
        end_text(turn);
    /* libesmtp takes any other value for an error of ours and drops the connection without the dot (protocol.c, cmd_data2). */
    errno = 0;
    return NULL;
}

/* Add JOB to the libesmtp session as its last message. */
static bool board(struct session *session, struct turn *turn, struct delivery_job *job)
{
    *turn = (struct turn){ .session = session };
    turn->message = smtp_add_message(session->smtp);
    if (!turn->message || !smtp_set_messagecb(turn->message, give_text, turn) ||
        !smtp_set_reverse_path(turn->message, *job->envelope_from ? job->envelope_from : NULL))
        return false;
    /* Only with a recipient does libesmtp take notice of it. */
    turn->recipient = smtp_add_recipient(turn->message, job->envelope_to);
    if (!turn->recipient)
        return false;
    turn->job = job;
    session->begun++;
    return true;
}

/* Have another message ready behind the one under way, or behind the one that has just ended. WAIT: there is none under way, so wait
 * for work. */
static void take_next(struct session *session, bool wait)
{
    struct turn *turn = current_turn(session)->job ? &session->seats[!session->current] : current_turn(session);
    if (session->begun >= session->settings->messages || session->closing ||
        halt_since(session->desk->halt, session->epoch))
        return;
    if (wait)
        wire_allow(session->wire, 0);
    struct delivery_job *job = desk_take(session->desk, wait ? IDLE_MS : 0);
    if (!job)
        return;
    /* While we waited the connection may have been cut by a stop that is over. */
    if (halt_since(session->desk->halt, session->epoch) || !board(session, turn, job))
        desk_return(session->desk, job);
}

/* The message under way has its result; the one in hand, if any, is now under way. */
static void finish_current(struct session *session)
{
    struct turn *turn = current_turn(session);
    struct delivery_job *job = turn->job;
    turn->job = NULL;
    session->current = !session->current;
    session->finished++;
    if (job->reply.code == CODE_CLOSING)
        session->closing = true;
    else if (job->reply.code)
        session->answered++;
    if (job->verdict == VERDICT_ACCEPTED)
        crash_point("after-250");
    desk_finish(session->desk, job);
}

static struct answer read_status(const smtp_status_t *status)
{
    /* Without a text the reply was no reply: cut short, or no SMTP (protocol.c, read_smtp_response). */
    if (!status->text)
        return (struct answer){ .code = 0 };
    return (struct answer){ .code = status->code,
                            .enhanced = { status->enh_class, status->enh_subject, status->enh_detail },
                            .text = status->text };
}

/* The last chance to keep the session: what follows is either the next message or QUIT. */
static void go_on_or_quit(struct session *session)
{
    if (!guard_quiet(&session->guard))
        session->closing = true;
    if (!current_turn(session)->job) {
        take_next(session, true);
        guard_quiet(&session->guard); /* perhaps no longer, after the wait */
    }
    struct delivery_job *job = current_turn(session)->job;
    if (job && desk_recalled(session->desk, job))
        withdraw(session);
    else if (job)
        begin_step(session, 1, 0);
    else
        wire_allow(session->wire, QUIT_MS);
}

static void on_mail(struct session *session)
{
    struct turn *turn = current_turn(session);
    turn->exchange.mail = read_status(smtp_reverse_path_status(turn->message));
    if (turn->exchange.mail.code / 100 == 2) {
        /* Now, because DATA may be refused, and then libesmtp looks for the next message before it says so. */
        take_next(session, false);
        begin_step(session, 1, 0);
        return;
    }
    if (turn->exchange.mail.code == CODE_CLOSING && session->finished) {
        /* Nothing about this message: it goes on in another session. */
        session->closing = true;
        wire_allow(session->wire, QUIT_MS);
        return;
    }
    outcome_of_exchange(&turn->exchange, turn->job);
    finish_current(session);
    go_on_or_quit(session);
}

static void on_rcpt(struct session *session)
{
    struct turn *turn = current_turn(session);
    turn->exchange.rcpt = read_status(smtp_recipient_status(turn->recipient));
    begin_step(session, 2, turn->job->message.length);
    session->moved = 0;
}

static void on_sent(struct session *session)
{
    struct turn *turn = current_turn(session);
    turn->exchange.end = read_status(smtp_message_transfer_status(turn->message));
    bool text_ended = turn->exchange.text_ended;
    outcome_of_exchange(&turn->exchange, turn->job);
    finish_current(session);
    /* When DATA was refused it is too late for another message. */
    if (text_ended || current_turn(session)->job)
        go_on_or_quit(session);
    else
        wire_allow(session->wire, QUIT_MS);
}

static void on_event(smtp_session_t smtp, int event, void *argument, ...)
{
    struct session *session = argument;
    const struct turn *turn = current_turn(session);
    va_list arguments;
    (void)smtp;
    va_start(arguments, argument);
    guard_event(&session->guard, event, arguments);
    va_end(arguments);
    /* After a 421 libesmtp may go on talking. */
    if (!turn->job || (guard_out_of_step(&session->guard) && !turn->exchange.mail.code))
        return;
    if (event == SMTP_EV_MAILSTATUS)
        on_mail(session);
    else if (event == SMTP_EV_RCPTSTATUS)
        on_rcpt(session);
    else if (event == SMTP_EV_MESSAGEDATA)
        on_data(session);
    else if (event == SMTP_EV_MESSAGESENT)
        on_sent(session);
}

static int dial(void *context)
{
    struct session *session = context;
    const struct session_settings *settings = session->settings;
    struct relay_addresses addresses;
    int result = relay_resolve(settings->relay, session->desk->halt, session->epoch, settings->connect_timeout_ms,
                               &addresses, &session->why);
    if (!result)
        result = wire_dial(session->wire, &addresses, relay_name(settings->relay), session->epoch,
                           settings->connect_timeout_ms, &session->why);
    session->connected = result >= 0;
    if (session->connected) {
        begin_step(session, OPENING_WAITS + (settings->auth ? LOGIN_WAITS : 0), 0);
        guard_connected(&session->guard);
    }
    return result;
}

static bool prepare(struct session *session)
{
    static const int limits[] = { Timeout_GREETING, Timeout_ENVELOPE, Timeout_DATA, Timeout_TRANSFER, Timeout_DATA2 };
    smtp_session_t smtp = session->smtp;
    /* The address is a dummy that needs no resolver: dial() makes the connection. */
    if (!smtp || !smtp_set_server(smtp, "127.0.0.1:25") || !smtp_set_hostname(smtp, session->settings->helo))
        return false;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        smtp_set_timeout(smtp, limits[i] | Timeout_OVERRIDE_RFC2822_MINIMUM, (long)session->settings->timeout_ms);
    smtp_set_eventcb(smtp, on_event, session);
    return guard_begin(&session->guard, smtp, session->wire, session->settings->tls, session->settings->auth);
}

static bool is_ended_by_us(const struct session *session)
{
    return session->withdrawn || halt_since(session->desk->halt, session->epoch);
}

/* The session is over: what becomes of the message that was under way? */
static void settle_current(struct session *session)
{
    struct turn *turn = current_turn(session);
    struct delivery_job *job = turn->job;
    struct answer answer;
    if (!job)
        return;
    int mail = turn->exchange.mail.code;
    if (session->finished && (!mail || mail == CODE_CLOSING)) {
        /* It was not its turn yet, or the server had enough of this connection (it may have said so to the message before), not of this message. A
         * fresh connection decides; each ends a message at least, so that this ends. */
        desk_return(session->desk, job);
        turn->job = NULL;
        return;
    }
    if (session->guard.greeting.mail) {
        turn->exchange.timed_out = step_timed_out(session);
        outcome_of_exchange(&turn->exchange, job);
    } else {
        answer_read(session->guard.greeting.reply, &answer);
        outcome_of_session(session->connected ? session->guard.greeting.stage : REPLY_CONNECT, &answer,
                           step_timed_out(session), session->why.text, job);
    }
    if (!job->reply.code && is_ended_by_us(session))
        outcome_aborted(turn->exchange.text_ended, job);
    if (!session->answered && !session->why.text[0])
        error_set(&session->why, 0, "relay %s: %s", relay_name(session->settings->relay), job->reply_text);
    finish_current(session);
}

static void settle(struct session *session)
{
    /* A handshake that a stop has cut off says nothing about the relay. */
    session->again = guard_end(&session->guard, is_ended_by_us(session)) || session->withdrawn;
    if (session->guard.why.text[0] && !session->why.text[0])
        error_set(&session->why, 0, "relay %s: %s", relay_name(session->settings->relay), session->guard.why.text);
    if (!session->again)
        settle_current(session);
    for (unsigned i = 0; i < 2; i++) {
        if (session->seats[i].job)
            desk_return(session->desk, session->seats[i].job);
        session->seats[i].job = NULL;
    }
}

bool session_run(const struct session_settings *settings, struct desk *desk, struct wire *wire,
                 struct delivery_job *first, struct error *why)
{
    struct session session = { .settings = settings, .desk = desk, .wire = wire, .epoch = first->period };
    session.smtp = smtp_create_session();
    if (prepare(&session) && board(&session, current_turn(&session), first)) {
        connect_through(dial, &session);
        smtp_start_session(session.smtp);
        connect_through(NULL, NULL);
        wire_close(wire);
        settle(&session);
    } else {
        guard_end(&session.guard, true);
        error_set(&session.why, 0, "libesmtp: %s", strerror(ENOMEM));
        desk_return(desk, first);
    }
    if (session.smtp)
        smtp_destroy_session(session.smtp);
    *why = session.why;
    return session.answered > 0 || session.again;
}

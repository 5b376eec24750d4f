#include "daemon/bounce/lmtp_session.h"

#include "daemon/base/mem.h"
#include "daemon/bounce/lmtp_path.h"
#include "daemon/bounce/lmtp_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum phase {
    PHASE_COMMANDS,
    PHASE_TEXT,
    PHASE_WAITING, /* for the answers to a mail */
    PHASE_OVER,
};

struct answer {
    bool given;
    int status;
    char *text;
};

struct lmtp_session {
    struct lmtp_session_options options;
    enum phase phase;
    struct buf line; /* a command that has not ended yet */
    bool line_too_long;
    bool greeted; /* LHLO */
    unsigned errors;
    struct lmtp_text text;
    struct lmtp_mail *mail; /* from MAIL to the end of the text; NULL outside */
    struct lmtp_mail *complete; /* to be taken */
    struct answer answers[LMTP_RECIPIENTS_MAX];
    size_t answer_count, answered; /* answered: those already in the output */
    struct buf output;
};

void lmtp_mail_free(struct lmtp_mail *mail)
{
    if (!mail)
        return;
    free(mail->sender);
    for (size_t i = 0; i < mail->recipient_count; i++)
        free(mail->recipients[i]);
    buf_free(&mail->data);
    free(mail);
}

static void say(struct lmtp_session *session, const char *line)
{
    buf_add_string(&session->output, line);
    buf_add_string(&session->output, "\r\n");
}

static void complain(struct lmtp_session *session, const char *line)
{
    say(session, line);
    if (++session->errors < LMTP_ERRORS_MAX)
        return;
    say(session, "421 4.7.0 Too many errors");
    session->phase = PHASE_OVER;
}

static void reset(struct lmtp_session *session)
{
    lmtp_mail_free(session->mail);
    session->mail = NULL;
}

static void do_lhlo(struct lmtp_session *session, const char *argument)
{
    if (!*argument) {
        complain(session, "501 5.5.4 LHLO needs a name");
        return;
    }
    reset(session);
    session->greeted = true;
    buf_add_format(&session->output, "250-%s\r\n", session->options.name);
    say(session, "250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE\r\n250 ENHANCEDSTATUSCODES");
}

static void do_helo(struct lmtp_session *session, const char *argument)
{
    (void)argument;
    complain(session, "500 5.5.1 This is LMTP: say LHLO");
}

static void do_mail(struct lmtp_session *session, const char *argument)
{
    char path[LMTP_PATH_SIZE];
    if (!session->greeted) {
        complain(session, "503 5.5.1 LHLO first");
        return;
    }
    if (session->mail) {
        complain(session, "503 5.5.1 MAIL was given already");
        return;
    }
    const char *refusal = lmtp_path_parse(argument, "FROM:", path);
    if (refusal) {
        complain(session, refusal);
        return;
    }
    session->mail = mem_zero(1, sizeof *session->mail);
    session->mail->sender = mem_string(path);
    say(session, "250 2.1.0 Ok");
}

static void do_rcpt(struct lmtp_session *session, const char *argument)
{
    char path[LMTP_PATH_SIZE];
    struct lmtp_mail *mail = session->mail;
    if (!mail) {
        complain(session, "503 5.5.1 MAIL first");
        return;
    }
    const char *refusal = lmtp_path_parse(argument, "TO:", path);
    if (!refusal && !*path)
        refusal = "501 5.1.3 A recipient is needed";
    if (refusal)
        complain(session, refusal);
    else if (mail->recipient_count == LMTP_RECIPIENTS_MAX)
        say(session, "452 4.5.3 Too many recipients");
    else if (!session->options.accepts(session->options.context, path))
        say(session, "550 5.1.1 No such mailbox here");
    else {
        mail->recipients[mail->recipient_count++] = mem_string(path);
        say(session, "250 2.1.5 Ok");
    }
}

static void do_data(struct lmtp_session *session, const char *argument)
{
    if (*argument)
        complain(session, "501 5.5.4 DATA takes no argument");
    else if (!session->mail || !session->mail->recipient_count)
        complain(session, "503 5.5.1 No valid recipients"); /* RFC 2033 §4.2 */
    else {
        say(session, "354 End data with <CR><LF>.<CR><LF>");
        session->text = (struct lmtp_text){ LMTP_TEXT_LINE_START, session->options.max_message };
        session->phase = PHASE_TEXT;
    }
}

static void do_rset(struct lmtp_session *session, const char *argument)
{
    (void)argument;
    reset(session);
    say(session, "250 2.0.0 Ok");
}

static void do_noop(struct lmtp_session *session, const char *argument)
{
    (void)argument;
    say(session, "250 2.0.0 Ok");
}

static void do_vrfy(struct lmtp_session *session, const char *argument)
{
    if (*argument)
        say(session, "252 2.5.0 Send it and see");
    else
        complain(session, "501 5.5.4 VRFY needs an address");
}

static void do_quit(struct lmtp_session *session, const char *argument)
{
    (void)argument;
    say(session, "221 2.0.0 Bye");
    session->phase = PHASE_OVER;
}

static const struct command {
    const char *name;
    void (*run)(struct lmtp_session *session, const char *argument);
} commands[] = {
    { "LHLO", do_lhlo }, { "HELO", do_helo }, { "EHLO", do_helo }, { "MAIL", do_mail }, { "RCPT", do_rcpt },
    { "DATA", do_data }, { "RSET", do_rset }, { "NOOP", do_noop }, { "VRFY", do_vrfy }, { "QUIT", do_quit },
};

/* A NUL or another control character has no place in a command; TAB is taken for the blank that it was meant to be. */
static bool is_clean(char *line, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (line[i] == '\t')
            line[i] = ' ';
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
            return false;
    }
    return true;
}

static void run_line(struct lmtp_session *session, char *line, size_t length)
{
    while (length && (line[length - 1] == '\r' || line[length - 1] == ' ' || line[length - 1] == '\t'))
        line[--length] = '\0';
    if (!is_clean(line, length)) {
        complain(session, "500 5.5.2 Control characters in a command");
        return;
    }
    size_t word = strcspn(line, " ");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strlen(commands[i].name) == word && strncasecmp(commands[i].name, line, word) == 0) {
            commands[i].run(session, line + word + strspn(line + word, " "));
            return;
        }
    complain(session, "500 5.5.2 Command not known");
}

/* Take bytes up to the end of a line, and run it when it is there. */
static size_t feed_line(struct lmtp_session *session, const char *data, size_t length)
{
    const char *end = memchr(data, '\n', length);
    size_t taken = end ? (size_t)(end - data) : length;
    if (session->line.length + taken >= LMTP_LINE_MAX) {
        session->line_too_long = true;
        buf_truncate(&session->line, 0);
    }
    if (!session->line_too_long)
        buf_add(&session->line, data, taken);
    if (!end)
        return taken;
    if (session->line_too_long)
        complain(session, "500 5.5.2 Line too long");
    else
        run_line(session, session->line.data, session->line.length);
    session->line_too_long = false;
    buf_truncate(&session->line, 0);
    return taken + 1;
}

static size_t feed_text(struct lmtp_session *session, const char *data, size_t length)
{
    bool ended;
    size_t taken = lmtp_text_feed(&session->text, data, length, &session->mail->data, &ended);
    if (ended) {
        session->complete = session->mail;
        session->mail = NULL;
        session->answer_count = session->complete->recipient_count;
        session->answered = 0;
        memset(session->answers, 0, sizeof session->answers);
        session->phase = PHASE_WAITING;
    }
    return taken;
}

size_t lmtp_session_feed(struct lmtp_session *session, const char *data, size_t length)
{
    size_t taken = 0;
    while (taken < length && session->phase != PHASE_WAITING && session->phase != PHASE_OVER) {
        if (session->phase == PHASE_TEXT)
            taken += feed_text(session, data + taken, length - taken);
        else
            taken += feed_line(session, data + taken, length - taken);
    }
    return taken;
}

struct lmtp_mail *lmtp_session_take(struct lmtp_session *session)
{
    struct lmtp_mail *mail = session->complete;
    session->complete = NULL;
    return mail;
}

static void add_clean(struct buf *out, const char *text)
{
    for (size_t i = 0; i < 400 && text[i]; i++)
        buf_add_char(out, (unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i]);
}

static void say_answer(struct lmtp_session *session, const struct answer *answer)
{
    if (!answer->status)
        say(session, "250 2.0.0 Ok");
    else if (answer->status == -EAGAIN)
        say(session, "451 4.3.0 Come again later");
    else if (answer->status == -ENOSPC)
        say(session, "452 4.3.1 No space left");
    else {
        buf_add_string(&session->output, "550 5.7.1 ");
        add_clean(&session->output, answer->text && *answer->text ? answer->text : "Refused");
        buf_add_string(&session->output, "\r\n");
    }
}

void lmtp_session_answer(struct lmtp_session *session, size_t index, int status, const char *text)
{
    if (session->phase != PHASE_WAITING || index >= session->answer_count || session->answers[index].given)
        return;
    session->answers[index] = (struct answer){ true, status, mem_string(text) };
    while (session->answered < session->answer_count && session->answers[session->answered].given) {
        struct answer *answer = &session->answers[session->answered++];
        say_answer(session, answer);
        free(answer->text);
        answer->text = NULL;
    }
    if (session->answered == session->answer_count)
        session->phase = PHASE_COMMANDS;
}

bool lmtp_session_waits(const struct lmtp_session *session)
{
    return session->phase == PHASE_WAITING;
}

bool lmtp_session_over(const struct lmtp_session *session)
{
    return session->phase == PHASE_OVER;
}

struct buf *lmtp_session_output(struct lmtp_session *session)
{
    return &session->output;
}

struct lmtp_session *lmtp_session_new(const struct lmtp_session_options *options)
{
    struct lmtp_session *session = mem_zero(1, sizeof *session);
    session->options = *options;
    buf_add_format(&session->output, "220 %s LMTP Tocsin\r\n", options->name);
    return session;
}

void lmtp_session_free(struct lmtp_session *session)
{
    if (!session)
        return;
    reset(session);
    lmtp_mail_free(session->complete);
    for (size_t i = 0; i < LMTP_RECIPIENTS_MAX; i++)
        free(session->answers[i].text);
    buf_free(&session->line);
    buf_free(&session->output);
    free(session);
}

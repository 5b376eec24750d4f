#include "daemon/delivery/outcome.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a person reads when the server's own words are missing. */
static const struct {
    const char *lost, *timed_out;
} words[] = {
    [REPLY_CONNECT] = { "no connection to the relay", "the relay did not answer the connection in time" },
    [REPLY_GREETING] = { "connection lost before the server was ready", "no greeting in time" },
    [REPLY_AUTH] = { "connection lost while logging in", "no reply to AUTH in time" },
    [REPLY_MAIL] = { "connection lost after MAIL", "no reply to MAIL in time" },
    [REPLY_RCPT] = { "connection lost after RCPT", "no reply to RCPT in time" },
    [REPLY_DATA] = { "connection lost while sending the text", "the text was not taken in time" },
    [REPLY_END] = { "connection lost after the text was sent", "no reply to the text in time" },
};

/* libesmtp reads a code with strtol() and believes what it gets. */
static bool is_success(int code)
{
    return code >= 200 && code <= 299;
}

static bool is_refusal(int code)
{
    return code >= 400 && code <= 599;
}

/* Copy TEXT into OUT as one line: runs of blanks and line ends become one blank, control characters and 8-bit ones `?`. */
static void one_line(const char *text, char *out, size_t size)
{
    size_t used = 0;
    for (; *text && used + 1 < size; text++) {
        unsigned char byte = (unsigned char)*text;
        if (isspace(byte)) {
            if (used && out[used - 1] != ' ')
                out[used++] = ' ';
        } else {
            out[used++] = byte < ' ' || byte >= 0x7f ? '?' : (char)byte;
        }
    }
    while (used && out[used - 1] == ' ')
        used--;
    out[used] = '\0';
}

/* Read one to three digits (RFC 3463 §2) off the front of *TEXT. -1: there are none, or more. */
static int read_number(const char **text)
{
    size_t digits = strspn(*text, "0123456789");
    int number = digits >= 1 && digits <= 3 ? atoi(*text) : -1;
    *text += digits;
    return number;
}

/* Read `5.1.1 ` off the front of TEXT for a reply of CODE: servers that do not announce ENHANCEDSTATUSCODES send them all the same,
 * and then libesmtp leaves them in the text. Returns what follows. */
static const char *read_enhanced(const char *text, int code, int enhanced[3])
{
    const char *at = text;
    int numbers[3];
    for (int i = 0; i < 3; i++) {
        if (i && *at++ != '.')
            return text;
        numbers[i] = read_number(&at);
        if (numbers[i] < 0)
            return text;
    }
    if (numbers[0] != code / 100 || (*at && !isspace((unsigned char)*at)))
        return text;
    memcpy(enhanced, numbers, sizeof numbers);
    return at;
}

static void set_reply(struct delivery_job *job, enum reply_stage stage, const struct answer *answer,
                      const char *fallback)
{
    job->reply.stage = stage;
    job->reply.code = answer->code;
    memcpy(job->reply.enhanced, answer->enhanced, sizeof job->reply.enhanced);
    const char *text = answer->text ? answer->text : "";
    if (!job->reply.enhanced[0])
        text = read_enhanced(text, answer->code, job->reply.enhanced);
    one_line(text, job->reply_text, sizeof job->reply_text);
    job->reply.text = job->reply_text;
    job->reason = REASON_NONE;
    job->verdict = reply_judge(&job->reply, &job->reason);
    /* Only now, for our own words are not to be judged. */
    if (!job->reply_text[0])
        one_line(fallback, job->reply_text, sizeof job->reply_text);
}

/* A reply that is none (`354` to RCPT, `250` to DATA, a code of five digits) is as good as a lost connection. */
static void set_lost(struct delivery_job *job, enum reply_stage stage, bool timed_out, const struct answer *odd)
{
    const struct answer none = { .code = 0 };
    set_reply(job, stage, &none, timed_out ? words[stage].timed_out : words[stage].lost);
    if (odd && odd->code)
        snprintf(job->reply_text, sizeof job->reply_text, "unexpected reply %d", odd->code);
}

/* How far the exchange came: the first reply that is missing or no success. */
static enum reply_stage stage_of(const struct exchange *exchange, const struct answer **answer)
{
    *answer = &exchange->mail;
    if (!is_success(exchange->mail.code))
        return REPLY_MAIL;
    *answer = &exchange->rcpt;
    if (!is_success(exchange->rcpt.code))
        return REPLY_RCPT;
    *answer = &exchange->end;
    return exchange->text_ended ? REPLY_END : REPLY_DATA;
}

void outcome_of_exchange(const struct exchange *exchange, struct delivery_job *job)
{
    const struct answer *answer;
    enum reply_stage stage = stage_of(exchange, &answer);
    bool taken = stage == REPLY_END && is_success(answer->code);
    bool refused = is_refusal(answer->code);
    if (taken || refused)
        set_reply(job, stage, answer, taken ? "ok" : "no reason given");
    else
        set_lost(job, stage, exchange->timed_out, answer);
    job->sent = exchange->text_ended && !refused;
}

void outcome_of_session(enum reply_stage stage, const struct answer *answer, bool timed_out, const char *why,
                        struct delivery_job *job)
{
    if (is_refusal(answer->code))
        set_reply(job, stage, answer, "no reason given");
    else
        set_lost(job, stage, timed_out, is_success(answer->code) ? NULL : answer);
    if (*why && !job->reply.code)
        one_line(why, job->reply_text, sizeof job->reply_text);
    job->sent = false;
}

void outcome_aborted(bool text_ended, struct delivery_job *job)
{
    set_lost(job, text_ended ? REPLY_END : REPLY_CONNECT, false, NULL);
    snprintf(job->reply_text, sizeof job->reply_text, "stopped");
    job->verdict = VERDICT_DEFERRED;
    job->reason = REASON_NONE;
    job->aborted = true;
    job->sent = text_ended;
}

void outcome_unrendered(const char *why, struct delivery_job *job)
{
    set_lost(job, REPLY_CONNECT, false, NULL);
    one_line(why, job->reply_text, sizeof job->reply_text);
    /* Our fault: the recipient must not pay for it. */
    job->verdict = VERDICT_ABOUT_US;
    job->reason = REASON_SYSTEM;
    job->rendered = false;
}

void answer_read(const char *raw, struct answer *answer)
{
    *answer = (struct answer){ .code = 0 };
    if (strspn(raw, "0123456789") != 3 || !strchr(" -\r\n", raw[3]))
        return;
    answer->code = atoi(raw);
    /* The last line is the one that has the code without a hyphen; of a reply of many lines it says the most. */
    const char *line = raw;
    for (const char *next = strchr(line, '\n'); next && next[1]; next = strchr(line, '\n'))
        line = next + 1;
    answer->text = strlen(line) > 4 ? line + 4 : "";
}

/* What an SMTP server says to us: read over libesmtp's shoulder, then judged, at each stage of a session. */
#include "daemon/delivery/greeting.h"
#include "daemon/delivery/outcome.h"
#include "tests/fuzz/fuzz.h"

#include <libesmtp.h>

void fuzz_start(void)
{
}

static void check_job(const struct delivery_job *job)
{
    FUZZ_MUST(memchr(job->reply_text, '\0', sizeof job->reply_text));
    for (const char *c = job->reply_text; *c; c++)
        FUZZ_MUST(*c >= ' ' && *c < 0x7f);
    FUZZ_MUST(job->verdict <= VERDICT_ABOUT_US && job->reason < REASON_COUNT);
}

static void judge(const struct answer *answer)
{
    for (int stage = REPLY_CONNECT; stage <= REPLY_AUTH; stage++) {
        struct delivery_job job = { 0 };
        outcome_of_session((enum reply_stage)stage, answer, false, "", &job);
        check_job(&job);
    }
    static const struct answer good = { 250, { 2, 0, 0 }, "Ok" };
    const struct exchange exchanges[] = { { .mail = *answer },
                                          { .mail = good, .rcpt = *answer },
                                          { .mail = good, .rcpt = good, .end = *answer },
                                          { .mail = good, .rcpt = good, .end = *answer, .text_ended = true } };
    for (size_t i = 0; i < sizeof exchanges / sizeof *exchanges; i++) {
        struct delivery_job job = { 0 };
        outcome_of_exchange(&exchanges[i], &job);
        check_job(&job);
    }
}

/* In two reads, after an EHLO; libesmtp's buffer is writable. */
static void overhear(const char *data, size_t length)
{
    static const char ehlo[] = "EHLO tocsin.example\r\n";
    struct greeting greeting;
    size_t first = length / 2;
    char *copy = malloc(length + 1), said[sizeof ehlo];
    FUZZ_MUST(copy);
    if (length)
        memcpy(copy, data, length);
    memcpy(said, ehlo, sizeof ehlo);
    greeting_begin(&greeting);
    greeting_monitor(copy, (int)first, SMTP_CB_READING, &greeting);
    greeting_monitor(said, (int)sizeof ehlo - 1, SMTP_CB_WRITING, &greeting);
    greeting_monitor(copy + first, (int)(length - first), SMTP_CB_READING, &greeting);
    FUZZ_MUST(greeting.length < sizeof greeting.reply);
    free(copy);
}

void fuzz_one(const char *data, size_t length)
{
    char *raw = strndup(data, length);
    struct answer answer;
    overhear(data, length);
    answer_read(raw, &answer);
    judge(&answer);
    free(raw);
}

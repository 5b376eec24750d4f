/* From replies to results: daemon/delivery/outcome.c, and what greeting.c hears before the first MAIL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/delivery/greeting.h"
#include "daemon/delivery/outcome.h"

#include <stdio.h>
#include <string.h>

#include <libesmtp.h>

#define OK(number)                                                                                                     \
    {                                                                                                                  \
        .code = (number), .text = "ok"                                                                                 \
    }

/* One row: the codes of MAIL, RCPT and the end, whether the text had ended; what must come of it. */
struct row {
    int mail, rcpt, end;
    bool text_ended;
    enum verdict verdict;
    enum reply_stage stage;
    int code;
    bool sent;
};

static const struct row rows[] = {
    { 250, 250, 250, true, VERDICT_ACCEPTED, REPLY_END, 250, true },
    { 250, 251, 250, true, VERDICT_ACCEPTED, REPLY_END, 250, true },
    /* The recipient's reply decides, not the 554 to a DATA without recipients. */
    { 250, 450, 554, false, VERDICT_DEFERRED, REPLY_RCPT, 450, false },
    { 250, 450, 554, true, VERDICT_DEFERRED, REPLY_RCPT, 450, false },
    { 250, 550, 503, false, VERDICT_BOUNCED, REPLY_RCPT, 550, false },
    { 250, 550, 0, true, VERDICT_BOUNCED, REPLY_RCPT, 550, false },
    { 250, 421, 0, false, VERDICT_DEFERRED, REPLY_RCPT, 421, false },
    { 550, 0, 0, false, VERDICT_ABOUT_US, REPLY_MAIL, 550, false },
    { 530, 0, 0, false, VERDICT_ABOUT_US, REPLY_MAIL, 530, false },
    { 451, 0, 0, false, VERDICT_DEFERRED, REPLY_MAIL, 451, false },
    { 250, 250, 451, false, VERDICT_DEFERRED, REPLY_DATA, 451, false },
    { 250, 250, 552, true, VERDICT_BOUNCED, REPLY_END, 552, false },
    { 250, 250, 451, true, VERDICT_DEFERRED, REPLY_END, 451, false },
    /* Lost at each place. Only after the text's end may a retry be a duplicate. */
    { 0, 0, 0, false, VERDICT_DEFERRED, REPLY_MAIL, 0, false },
    { 250, 0, 0, false, VERDICT_DEFERRED, REPLY_RCPT, 0, false },
    { 250, 250, 0, false, VERDICT_DEFERRED, REPLY_DATA, 0, false },
    { 250, 250, 0, true, VERDICT_DEFERRED, REPLY_END, 0, true },
    /* Replies that are none. */
    { 354, 0, 0, false, VERDICT_DEFERRED, REPLY_MAIL, 0, false },
    { 250, 354, 554, false, VERDICT_DEFERRED, REPLY_RCPT, 0, false },
    { 250, 250, 250, false, VERDICT_DEFERRED, REPLY_DATA, 0, false },
    { 250, 250, 354, true, VERDICT_DEFERRED, REPLY_END, 0, true },
    { 250, 250, 99999, true, VERDICT_DEFERRED, REPLY_END, 0, true },
    { 250, 250, -5, true, VERDICT_DEFERRED, REPLY_END, 0, true },
    { 250, 600, 0, false, VERDICT_DEFERRED, REPLY_RCPT, 0, false },
};

static void test_exchanges(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct exchange exchange = {
            .mail = OK(row->mail), .rcpt = OK(row->rcpt), .end = OK(row->end), .text_ended = row->text_ended
        };
        struct delivery_job job = { .sent = true, .verdict = VERDICT_ABOUT_US };
        outcome_of_exchange(&exchange, &job);
        if (job.verdict != row->verdict || job.reply.stage != row->stage || job.reply.code != row->code ||
            job.sent != row->sent)
            fail_msg("row %zu: verdict %d stage %d code %d sent %d", i, job.verdict, job.reply.stage, job.reply.code,
                     job.sent);
        assert_ptr_equal(job.reply.text, job.reply_text);
        assert_true(job.reply_text[0]);
    }
}

static void text_becomes(int code, const int enhanced[3], const char *text, const char *expected, int subject)
{
    struct exchange exchange = { .mail = OK(250), .rcpt = { .code = code, .text = text } };
    struct delivery_job job = { .sent = false };
    if (enhanced)
        memcpy(exchange.rcpt.enhanced, enhanced, sizeof exchange.rcpt.enhanced);
    outcome_of_exchange(&exchange, &job);
    assert_string_equal(job.reply_text, expected);
    assert_int_equal(job.reply.enhanced[0], subject >= 0 ? code / 100 : 0);
    assert_int_equal(job.reply.enhanced[1], subject >= 0 ? subject : 0);
}

static void test_texts(void **state)
{
    (void)state;
    text_becomes(550, NULL, "No such user here\r\n", "No such user here", -1);
    text_becomes(550, (const int[]){ 5, 1, 1 }, "No\r\nsuch   user\r\n", "No such user", 1);
    /* A code that libesmtp left in the text, because the server had not announced it. */
    text_becomes(550, NULL, "5.2.1 disabled\r\n", "disabled", 2);
    text_becomes(450, NULL, "4.7.1\r\n", "no reason given", 7);
    /* Not codes. */
    text_becomes(550, NULL, "4.2.1 of another class", "4.2.1 of another class", -1);
    text_becomes(550, NULL, "5.2.1000 is too long", "5.2.1000 is too long", -1);
    text_becomes(550, NULL, "5.2.1x", "5.2.1x", -1);
    text_becomes(550, NULL, "5.-2.1 minus", "5.-2.1 minus", -1);
    text_becomes(550, NULL, " 5.2.1 blank", "5.2.1 blank", -1);
    text_becomes(550, NULL, "5. 2.1 blank", "5. 2.1 blank", -1);
    text_becomes(550, NULL, "", "no reason given", -1);
    text_becomes(550, NULL, NULL, "no reason given", -1);
    text_becomes(550, NULL, " \r\n\t ", "no reason given", -1);
    text_becomes(550, NULL, "a\033[31mred\177 \303\244", "a?[31mred? ??", -1);
}

static void test_long_text_is_cut(void **state)
{
    (void)state;
    static char text[5000];
    memset(text, 'x', sizeof text - 1);
    struct exchange exchange = { .mail = OK(250), .rcpt = { .code = 550, .text = text } };
    struct delivery_job job = { .sent = false };
    outcome_of_exchange(&exchange, &job);
    assert_int_equal(strlen(job.reply_text), sizeof job.reply_text - 1);
}

/* Our own words about a lost connection must not be taken for the server's. */
static void test_own_words_are_not_judged(void **state)
{
    (void)state;
    const struct answer none = { .code = 0 };
    struct delivery_job job = { .sent = false };
    outcome_of_session(REPLY_CONNECT, &none, false, "user unknown: mailbox full, relay denied", &job);
    assert_int_equal(job.verdict, VERDICT_DEFERRED);
    assert_int_equal(job.reason, REASON_NETWORK);
    assert_string_equal(job.reply_text, "user unknown: mailbox full, relay denied");
}

static void test_sessions(void **state)
{
    (void)state;
    struct delivery_job job = { .sent = true };
    outcome_of_session(REPLY_GREETING, &(struct answer){ .code = 554, .text = "5.7.1 go away" }, false, "", &job);
    assert_int_equal(job.verdict, VERDICT_ABOUT_US);
    assert_int_equal(job.reply.enhanced[1], 7);
    assert_string_equal(job.reply_text, "go away");
    assert_false(job.sent);
    outcome_of_session(REPLY_AUTH, &(struct answer){ .code = 535, .text = "bad password" }, false, "", &job);
    assert_int_equal(job.verdict, VERDICT_ABOUT_US);
    assert_int_equal(job.reply.stage, REPLY_AUTH);
    outcome_of_session(REPLY_GREETING, &(struct answer){ .code = 421, .text = "busy" }, false, "", &job);
    assert_int_equal(job.verdict, VERDICT_DEFERRED);
    /* The greeting was fine, and then nothing came. */
    outcome_of_session(REPLY_GREETING, &(struct answer){ .code = 220, .text = "hello" }, true, "", &job);
    assert_int_equal(job.reply.code, 0);
    assert_string_equal(job.reply_text, "no greeting in time");
    outcome_of_session(REPLY_GREETING, &(struct answer){ .code = 354, .text = "hello" }, false, "", &job);
    assert_string_equal(job.reply_text, "unexpected reply 354");
}

static void test_aborted_and_unrendered(void **state)
{
    (void)state;
    struct delivery_job job = { .rendered = true };
    outcome_aborted(true, &job);
    assert_true(job.aborted && job.sent);
    assert_int_equal(job.verdict, VERDICT_DEFERRED);
    assert_int_equal(job.reason, REASON_NONE);
    outcome_aborted(false, &job);
    assert_true(job.aborted && !job.sent);
    job = (struct delivery_job){ .rendered = true };
    outcome_unrendered("template\nbroken", &job);
    assert_false(job.rendered);
    assert_int_equal(job.verdict, VERDICT_ABOUT_US);
    assert_string_equal(job.reply_text, "template broken");
}

static void raw_becomes(const char *raw, int code, const char *text)
{
    struct answer answer;
    answer_read(raw, &answer);
    assert_int_equal(answer.code, code);
    if (code)
        assert_string_equal(answer.text, text);
}

static void test_raw_replies(void **state)
{
    (void)state;
    raw_becomes("554 5.7.1 no\r\n", 554, "5.7.1 no\r\n");
    raw_becomes("554-a\r\n554-b\r\n554 c\r\n", 554, "c\r\n");
    raw_becomes("554-a\r\n554-b", 554, "b");
    raw_becomes("554\r\n", 554, "\n");
    raw_becomes("554-a\r\n", 554, "a\r\n");
    raw_becomes("554-a\r\nx", 554, "");
    raw_becomes("5544 x\r\n", 0, NULL);
    raw_becomes("55 x\r\n", 0, NULL);
    raw_becomes("", 0, NULL);
    raw_becomes("SSH-2.0", 0, NULL);
    raw_becomes("554", 554, "");
}

static void hear(struct greeting *greeting, int writing, const char *text, char *seen, size_t piece)
{
    strcpy(seen, text);
    for (size_t length = strlen(text), at = 0; at < length; at += piece)
        greeting_monitor(seen + at, (int)(length - at < piece ? length - at : piece), writing, greeting);
}

/* However the reply is cut into packets. */
static void test_chunking_is_hidden(void **state)
{
    (void)state;
    static const char ehlo[] =
        "250-chunking.example greets C\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-SIZE 1 CHUNKING\r\n250 \tchunking\r\n";
    static const char hidden[] =
        "250-Xhunking.example greets C\r\n250-PIPELINING\r\n250-XHUNKING\r\n250-SIZE 1 CHUNKING\r\n250 \tXhunking\r\n";
    for (size_t piece = 1; piece < sizeof ehlo; piece++) {
        struct greeting greeting;
        char seen[256];
        greeting_begin(&greeting);
        hear(&greeting, SMTP_CB_READING, "220 CHUNKING\r\n", seen, piece);
        assert_string_equal(seen, "220 CHUNKING\r\n");
        hear(&greeting, SMTP_CB_WRITING, "EHLO CHUNKING\r\n", seen, 64);
        assert_string_equal(seen, "EHLO CHUNKING\r\n");
        hear(&greeting, SMTP_CB_READING, ehlo, seen, piece);
        assert_string_equal(seen, hidden);
        hear(&greeting, SMTP_CB_WRITING, "MAIL FROM:<>\r\n", seen, 64);
        assert_true(greeting.mail && greeting.over);
        hear(&greeting, SMTP_CB_READING, "250 CHUNKING\r\n", seen, piece);
        assert_string_equal(seen, "250 CHUNKING\r\n");
    }
}

static void test_last_reply_is_kept(void **state)
{
    (void)state;
    struct greeting greeting;
    char seen[4096], flood[3000];
    greeting_begin(&greeting);
    assert_int_equal(greeting.stage, REPLY_GREETING);
    hear(&greeting, SMTP_CB_READING, "220 hello\r\n", seen, 3);
    hear(&greeting, SMTP_CB_WRITING, "EHLO x\r\n", seen, 64);
    assert_string_equal(greeting.reply, "");
    hear(&greeting, SMTP_CB_WRITING, "AUTH PLAIN\r\n", seen, 64);
    assert_int_equal(greeting.stage, REPLY_AUTH);
    memset(flood, 'y', sizeof flood - 1);
    flood[sizeof flood - 1] = '\0';
    memcpy(flood, "535 ", 4);
    hear(&greeting, SMTP_CB_READING, flood, seen, 700);
    assert_int_equal(strlen(greeting.reply), sizeof greeting.reply - 1);
    hear(&greeting, SMTP_CB_WRITING, "QUIT\r\n", seen, 64);
    hear(&greeting, SMTP_CB_READING, "221 bye\r\n", seen, 64);
    assert_memory_equal(greeting.reply, "535 yyy", 7);
    assert_false(greeting.mail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exchanges),          cmocka_unit_test(test_texts),
        cmocka_unit_test(test_long_text_is_cut),   cmocka_unit_test(test_own_words_are_not_judged),
        cmocka_unit_test(test_sessions),           cmocka_unit_test(test_aborted_and_unrendered),
        cmocka_unit_test(test_raw_replies),        cmocka_unit_test(test_chunking_is_hidden),
        cmocka_unit_test(test_last_reply_is_kept),
    };
    return cmocka_run_group_tests_name("outcome", tests, NULL, NULL);
}

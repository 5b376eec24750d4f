/* A relay that does everything wrong, one row a fault: the right outcome for the right mail, nothing lost, nothing sent twice that was not said to
 * be possibly there. */
#include "tests/unit/delivery_fixture.h"

/* How a mail fares at a fault of its own (smtp_server.h); the connection's other mails must not notice. */
struct row {
    const char *from, *to; /* FROM NULL: an ordinary sender */
    enum verdict verdict;
    enum reply_stage stage;
    int code;
    bool sent; /* a retry may be a duplicate */
    const char *text; /* stands in reply_text */
};

#define TO(address) NULL, address
#define FROM(address) address, "y@test.example"

static const struct row rows[] = {
    /* Refused: MAIL's status alone knows; the recipient's code decides over DATA's; DATA's and the dot's are the message's. */
    { FROM("mail-550.a@test.example"), VERDICT_ABOUT_US, REPLY_MAIL, 550, false, "scripted" },
    { FROM("mail-530.a@test.example"), VERDICT_ABOUT_US, REPLY_MAIL, 530, false, "scripted" },
    { FROM("mail-451.a@test.example"), VERDICT_DEFERRED, REPLY_MAIL, 451, false, "scripted" },
    { TO("rcpt-550.a@test.example"), VERDICT_BOUNCED, REPLY_RCPT, 550, false, "scripted" },
    { TO("rcpt-450.a@test.example"), VERDICT_DEFERRED, REPLY_RCPT, 450, false, "scripted" },
    { TO("data-554.a@test.example"), VERDICT_BOUNCED, REPLY_DATA, 554, false, "scripted" },
    { TO("data-451.a@test.example"), VERDICT_DEFERRED, REPLY_DATA, 451, false, "scripted" },
    { TO("end-554.a@test.example"), VERDICT_BOUNCED, REPLY_END, 554, false, "scripted" },
    { TO("end-452.a@test.example"), VERDICT_DEFERRED, REPLY_END, 452, false, "scripted" },
    { TO("rcpt-many.a@test.example"), VERDICT_BOUNCED, REPLY_RCPT, 550, false, "The mailbox is not known here" },
    /* 421 anywhere. */
    { FROM("mail-421.a@test.example"), VERDICT_DEFERRED, REPLY_MAIL, 421, false, "scripted" },
    { TO("rcpt-421.a@test.example"), VERDICT_DEFERRED, REPLY_RCPT, 421, false, "scripted" },
    { TO("data-421.a@test.example"), VERDICT_DEFERRED, REPLY_DATA, 421, false, "scripted" },
    { TO("end-421.a@test.example"), VERDICT_DEFERRED, REPLY_END, 421, false, "scripted" },
    /* The same behind the reply that was due. */
    { FROM("mail-late.a@test.example"), VERDICT_DEFERRED, REPLY_RCPT, 421, false, "going down" },
    { TO("rcpt-late.a@test.example"), VERDICT_DEFERRED, REPLY_DATA, 421, false, "going down" },
    { TO("end-late.a@test.example"), VERDICT_ACCEPTED, REPLY_END, 250, true, "queued" },
    /* Hung up: only after the dot may the mail be there. */
    { FROM("mail-drop.a@test.example"), VERDICT_DEFERRED, REPLY_MAIL, 0, false, "connection lost after MAIL" },
    { TO("rcpt-drop.a@test.example"), VERDICT_DEFERRED, REPLY_RCPT, 0, false, "connection lost after RCPT" },
    { TO("data-drop.a@test.example"), VERDICT_DEFERRED, REPLY_DATA, 0, false, "connection lost while sending" },
    { TO("end-drop.a@test.example"), VERDICT_DEFERRED, REPLY_END, 0, true, "connection lost after the text" },
    /* Silence; libesmtp leaves the 354 standing for the one after the dot. */
    { FROM("mail-stall.a@test.example"), VERDICT_DEFERRED, REPLY_MAIL, 0, false, "no reply to MAIL in time" },
    { TO("rcpt-stall.a@test.example"), VERDICT_DEFERRED, REPLY_RCPT, 0, false, "no reply to RCPT in time" },
    { TO("data-stall.a@test.example"), VERDICT_DEFERRED, REPLY_DATA, 0, false, "the text was not taken in time" },
    { TO("end-stall.a@test.example"), VERDICT_DEFERRED, REPLY_END, 0, true, "no reply to the text in time" },
    /* A reply that goes on and on, each line in time. */
    { FROM("mail-trickle.a@test.example"), VERDICT_DEFERRED, REPLY_MAIL, 0, false, "no reply to MAIL in time" },
    { TO("rcpt-trickle.a@test.example"), VERDICT_DEFERRED, REPLY_RCPT, 0, false, "no reply to RCPT in time" },
    { TO("end-trickle.a@test.example"), VERDICT_DEFERRED, REPLY_END, 0, true, "no reply to the text in time" },
    /* No reply at all, or one to something else. */
    { FROM("mail-garbage.a@test.example"), VERDICT_DEFERRED, REPLY_MAIL, 0, false, "" },
    { FROM("mail-half.a@test.example"), VERDICT_DEFERRED, REPLY_MAIL, 0, false, "" },
    { FROM("mail-354.a@test.example"), VERDICT_DEFERRED, REPLY_MAIL, 0, false, "unexpected reply 354" },
    { TO("rcpt-garbage.a@test.example"), VERDICT_DEFERRED, REPLY_RCPT, 0, false, "" },
    { TO("rcpt-half.a@test.example"), VERDICT_DEFERRED, REPLY_RCPT, 0, false, "" },
    { TO("rcpt-354.a@test.example"), VERDICT_DEFERRED, REPLY_RCPT, 0, false, "unexpected reply 354" },
    { TO("data-garbage.a@test.example"), VERDICT_DEFERRED, REPLY_DATA, 0, false, "" },
    { TO("data-half.a@test.example"), VERDICT_DEFERRED, REPLY_DATA, 0, false, "" },
    { TO("data-250.a@test.example"), VERDICT_DEFERRED, REPLY_DATA, 0, false, "unexpected reply 250" },
    { TO("end-garbage.a@test.example"), VERDICT_DEFERRED, REPLY_END, 0, true, "" },
    { TO("end-half.a@test.example"), VERDICT_DEFERRED, REPLY_END, 0, true, "" },
    { TO("end-354.a@test.example"), VERDICT_DEFERRED, REPLY_END, 0, true, "unexpected reply 354" },
    /* A megabyte of reply: what libesmtp does not read of it must not answer the next mail. */
    { FROM("mail-long.a@test.example"), VERDICT_ABOUT_US, REPLY_MAIL, 550, false, "000" },
    { TO("rcpt-long.a@test.example"), VERDICT_BOUNCED, REPLY_RCPT, 550, false, "000" },
    { TO("data-long.a@test.example"), VERDICT_BOUNCED, REPLY_DATA, 550, false, "000" },
    { TO("end-long.a@test.example"), VERDICT_BOUNCED, REPLY_END, 550, false, "000" },
    /* Replies that nobody asked for. One that pretends that the text was taken before it was there must not be believed. */
    { FROM("mail-twice.a@test.example"), VERDICT_DEFERRED, REPLY_MAIL, 0, false, "" },
    { TO("rcpt-twice.a@test.example"), VERDICT_DEFERRED, REPLY_DATA, 0, false, "" },
    { TO("data-twice.a@test.example"), VERDICT_DEFERRED, REPLY_DATA, 0, false, "" },
    { TO("data-early.a@test.example"), VERDICT_DEFERRED, REPLY_DATA, 0, false, "" },
    { TO("end-twice.a@test.example"), VERDICT_ACCEPTED, REPLY_END, 250, true, "queued" },
};
#define ROWS (sizeof rows / sizeof *rows)
#define GOOD_EACH 3 /* mails without a fault around each row's */

static void look_at(const struct row *row, const struct mail *mail)
{
    const struct delivery_job *job = &mail->job;
    if (job->verdict != row->verdict || job->reply.stage != row->stage || job->reply.code != row->code ||
        job->sent != row->sent || !strstr(job->reply_text, row->text) || !job->reply_text[0] || job->aborted)
        fail_msg("%s to %s: verdict %d stage %d code %d sent %d aborted %d: %s", row->from ? row->from : "", row->to,
                 job->verdict, job->reply.stage, job->reply.code, job->sent, job->aborted, job->reply_text);
}

/* All at once through some sessions, with good mails before and behind each: the good ones all arrive, once. */
static void test_faults(void **state)
{
    (void)state;
    enum { ALL = ROWS * (1 + GOOD_EACH) };
    static struct mail mails[ALL];
    static char names[ALL][40];
    static unsigned seen[ALL];
    struct fixture *f = begin(NULL, &(struct delivery_options){ .sessions = 6, .timeout_ms = 2000 });
    for (unsigned i = 0; i < ALL; i++) {
        const struct row *row = &rows[i / (1 + GOOD_EACH)];
        bool faulty = i % (1 + GOOD_EACH) == 1;
        snprintf(names[i], sizeof names[i], "n%u@test.example", i);
        mails[i] = (struct mail){ .from = faulty ? row->from : NULL, .to = faulty ? row->to : names[i] };
        submit(f, &mails[i]);
    }
    f->patience = 60000;
    finish(f);
    for (unsigned i = 0; i < f->server->mails_count; i++)
        if (f->server->mails[i].to[0] == 'n')
            seen[atoi(f->server->mails[i].to + 1)]++;
    for (unsigned i = 0; i < ALL; i++) {
        bool faulty = i % (1 + GOOD_EACH) == 1;
        if (faulty)
            look_at(&rows[i / (1 + GOOD_EACH)], &mails[i]);
        else if (mails[i].job.verdict != VERDICT_ACCEPTED || seen[i] != 1)
            fail_msg("mail %u beside %s: verdict %d code %d, there %u times: %s", i, rows[i / (1 + GOOD_EACH)].to,
                     mails[i].job.verdict, mails[i].job.reply.code, seen[i], mails[i].job.reply_text);
    }
    free_mails(mails, ALL);
    end(f);
}

/* A server that says goodbye to the first mail of a connection speaks of the connection: the mail behind it, which libesmtp has in hand already, is none
 * the worse for it. */
static void test_goodbye(void **state)
{
    (void)state;
    static struct mail mails[2];
    mails[0] = (struct mail){ .to = "end-leave.a@test.example" };
    mails[1] = (struct mail){ .to = "good@test.example" };
    struct fixture *f = begin(NULL, &(struct delivery_options){ .sessions = 1, .timeout_ms = 2000 });
    submit(f, &mails[0]);
    submit(f, &mails[1]);
    finish(f);
    assert_int_equal(mails[0].job.verdict, VERDICT_DEFERRED);
    assert_int_equal(mails[0].job.reply.code, 421);
    assert_int_equal(mails[1].job.verdict, VERDICT_ACCEPTED);
    free_mails(mails, 2);
    end(f);
}

/* Faults of the whole connection. */
struct opening {
    struct server_script script;
    enum verdict verdict;
    enum reply_stage stage;
    int code;
    const char *text;
};

#define QUEUED VERDICT_ACCEPTED, REPLY_END, 250, "queued"
#define LOST(text) VERDICT_DEFERRED, REPLY_GREETING, 0, text

static const struct opening openings[] = {
    { { .greeting = "554-no\r\n554 5.7.1 you are on our list\r\n" },
      VERDICT_ABOUT_US,
      REPLY_GREETING,
      554,
      "our list" },
    { { .greeting = "421 4.3.2 busy\r\n" }, VERDICT_DEFERRED, REPLY_GREETING, 421, "busy" },
    { { .greeting = HANG_UP }, LOST("connection lost before the server was ready") },
    { { .greeting = SAY_NOTHING }, LOST("no greeting in time") },
    { { .greeting = "SSH-2.0-OpenSSH_9.2\r\n" }, LOST("connection lost before the server was ready") },
    { { .greeting = "220 test\r\n250 test\r\n" }, LOST("answered before it was asked") },
    { { .ehlo = "550 5.7.1 bad name\r\n" }, VERDICT_ABOUT_US, REPLY_GREETING, 550, "bad name" },
    { { .ehlo = "450 4.7.1 later\r\n" }, VERDICT_DEFERRED, REPLY_GREETING, 450, "later" },
    { { .ehlo = "421 4.3.2 bye\r\n" }, VERDICT_DEFERRED, REPLY_GREETING, 421, "bye" },
    { { .ehlo = HANG_UP }, LOST("connection lost before the server was ready") },
    { { .ehlo = SAY_NOTHING }, LOST("no greeting in time") },
    { { .ehlo = "250-test\r\n250 DSN\r\n250 2.1.0 ok\r\n" }, LOST("answered before it was asked") },
    { { .ehlo = "502 what\r\n", .helo = "504 5.5.2 no\r\n" }, VERDICT_ABOUT_US, REPLY_GREETING, 504, "no" },
    { { .ehlo = "502 what\r\n" }, QUEUED },
    { { .ehlo = "250 bare\r\n" }, QUEUED },
    { { .ehlo = "250-test\r\n250-CHUNKING\r\n250 BINARYMIME\r\n" }, QUEUED },
    { { .quit = SAY_NOTHING }, QUEUED },
    { { .quit = HANG_UP }, QUEUED },
    { { .quit = "221 bye\r\n250 2.0.0 queued\r\n554 5.7.1 after all not\r\n" }, QUEUED },
    { { .quit = "554 5.7.1 after all not\r\n" }, QUEUED },
};

static void test_openings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
        const struct opening *row = &openings[i];
        struct fixture *f =
            begin(&row->script, &(struct delivery_options){ .timeout_ms = 2000, .messages_per_session = 1 });
        struct mail mails[2] = { { .to = "y@test.example" }, { .to = "z@test.example" } };
        /* The second one's session begins when the first one's has ended. */
        send_all(f, mails, row->verdict == VERDICT_ACCEPTED ? 2 : 1);
        for (size_t j = 0; j < (row->verdict == VERDICT_ACCEPTED ? 2 : 1); j++) {
            const struct delivery_job *job = &mails[j].job;
            if (job->verdict != row->verdict || job->reply.stage != row->stage || job->reply.code != row->code ||
                !strstr(job->reply_text, row->text) || job->sent != (row->verdict == VERDICT_ACCEPTED))
                fail_msg("opening %zu, mail %zu: verdict %d stage %d code %d sent %d: %s", i, j, job->verdict,
                         job->reply.stage, job->reply.code, job->sent, job->reply_text);
            free_mails(&mails[j], 1);
        }
        assert_int_equal(f->server->mails_count, row->verdict == VERDICT_ACCEPTED ? 2 : 0);
        assert_false(f->server->bdat);
        end(f);
    }
}

int main(void)
{
    log_set_level(LOG_ERROR_LEVEL);
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_faults), cmocka_unit_test(test_goodbye),
                                        cmocka_unit_test(test_openings) };
    return cmocka_run_group_tests_name("delivery to a faulty relay", tests, NULL, NULL);
}

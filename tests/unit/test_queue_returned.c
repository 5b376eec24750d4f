/* What comes back after a server took a mail, or before anybody knows that it did. */
#include "tests/unit/queue_bench.h"

/* One target, its first mail accepted. */
static struct bench *one_accepted(int64_t *mail)
{
    struct bench *bench = bench_open();
    drop_targets(bench, "one.csv", "a.test");
    compose_all(bench);
    *mail = claim_one(bench, "abuse@a.test");
    attempt(bench, *mail, QUEUE_ACCEPTED, NULL);
    return bench;
}

static int64_t bounced_how(const struct bench *bench, int64_t mail)
{
    char number[32];
    snprintf(number, sizeof number, "%lld", (long long)mail);
    return look(bench, "SELECT bounced FROM notification WHERE id = ?1", number);
}

static void a_bounce_escalates(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    come_back(bench, mail, QUEUE_RETURNED_BOUNCE, "user_unknown");
    assert_mail(bench, mail, "bounced");
    assert_int_equal(bounced_how(bench, mail), 2);
    assert_case(bench, "a.test", "waiting");
    pass(bench, HOUR);
    claim_one(bench, "postmaster@a.test");
    bench_close(bench);
}

/* For the log: of which campaign the mail was that came back. */
static void whose_campaign_it_is(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    come_back(bench, mail, QUEUE_RETURNED_NOTHING, NULL);
    assert_string_equal(bench->campaign, "default-one");
    come_back(bench, 0, QUEUE_RETURNED_NOTHING, NULL);
    assert_string_equal(bench->campaign, "");
    /* The receipt of an opt-out is no campaign's. */
    come_back(bench, mail, QUEUE_RETURNED_OPT_OUT, NULL);
    turn(bench);
    come_back(bench, claim_one(bench, "abuse@a.test"), QUEUE_RETURNED_NOTHING, NULL);
    assert_string_equal(bench->campaign, "");
    bench_close(bench);
}

static void a_second_bounce_does_nothing(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    come_back(bench, mail, QUEUE_RETURNED_BOUNCE, "user_unknown");
    come_back(bench, mail, QUEUE_RETURNED_BOUNCE, "user_unknown");
    pass(bench, HOUR);
    int64_t second = claim_one(bench, "postmaster@a.test");
    come_back(bench, mail, QUEUE_RETURNED_BOUNCE, "user_unknown");
    assert_mail(bench, second, "leased");
    assert_case(bench, "a.test", "notified");
    assert_int_equal(look(bench, "SELECT bounced FROM contact WHERE address = ?1", "abuse@a.test"), 1);
    attempt(bench, second, QUEUE_ACCEPTED, NULL);
    pass(bench, 7 * DAY);
    assert_case(bench, "a.test", "delivered");
    bench_close(bench);
}

/* The report overtakes the commit of the session's outcome. */
static void a_bounce_that_overtakes(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "one.csv", "a.test");
    compose_all(bench);
    int64_t mail = claim_one(bench, "abuse@a.test");
    come_back(bench, mail, QUEUE_RETURNED_BOUNCE, "user_unknown");
    attempt(bench, mail, QUEUE_ACCEPTED, NULL);
    assert_mail(bench, mail, "bounced");
    assert_case(bench, "a.test", "waiting");
    assert_int_equal(read_as(bench, "notification", json_pack("{s:I}", "notification", (json_int_t)mail)), 0);
    assert_true(json_is_true(got(bench, "accepted")));
    assert_text(bench, "bounced", "later");
    pass(bench, HOUR);
    claim_one(bench, "postmaster@a.test");
    bench_close(bench);
}

/* After the window, and after the campaign's end: the case is corrected, and the campaign goes on. */
static void a_bounce_after_the_window(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    pass(bench, 7 * DAY);
    assert_case(bench, "a.test", "delivered");
    assert_campaign(bench, "default-one", "ended");
    come_back(bench, mail, QUEUE_RETURNED_BOUNCE, "user_unknown");
    assert_case(bench, "a.test", "waiting");
    assert_campaign(bench, "default-one", "running");
    assert_int_equal(look(bench, "SELECT open_cases FROM campaign WHERE name = ?1", "default-one"), 1);
    assert_int_equal(look(bench, "SELECT ended IS NULL FROM campaign WHERE name = ?1", "default-one"), 1);
    pass(bench, HOUR);
    int64_t second = claim_one(bench, "postmaster@a.test");
    attempt(bench, second, QUEUE_ACCEPTED, NULL);
    pass(bench, 7 * DAY);
    assert_case(bench, "a.test", "delivered");
    assert_campaign(bench, "default-one", "ended");
    assert_int_equal(look(bench, "SELECT open_cases FROM campaign WHERE name = ?1", "default-one"), 0);
    bench_close(bench);
}

static void a_bounce_after_the_campaigns_end(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    pass(bench, 7 * DAY);
    pass(bench, 30 * DAY);
    come_back(bench, mail, QUEUE_RETURNED_BOUNCE, "user_unknown");
    assert_mail(bench, mail, "bounced");
    assert_case(bench, "a.test", "expired");
    turn(bench);
    assert_campaign(bench, "default-one", "ended");
    bench_close(bench);
}

static void a_bounce_after_a_cancellation(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    assert_int_equal(order_about(bench, "cancel", "campaign", "default-one"), 0);
    turn(bench);
    assert_case(bench, "a.test", "notified");
    come_back(bench, mail, QUEUE_RETURNED_BOUNCE, "user_unknown");
    pass(bench, 2 * HOUR);
    assert_case(bench, "a.test", "cancelled");
    assert_int_equal(claim_due(bench, 10), 0);
    assert_campaign(bench, "default-one", "cancelled");
    bench_close(bench);
}

/* After a crash the mail stands in the queue again, although the relay had taken it. */
static void a_bounce_of_what_is_queued_again(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "one.csv", "a.test");
    compose_all(bench);
    int64_t mail = claim_one(bench, "abuse@a.test");
    reopen(bench);
    assert_mail(bench, mail, "queued");
    come_back(bench, mail, QUEUE_RETURNED_BOUNCE, "user_unknown");
    assert_mail(bench, mail, "bounced");
    assert_case(bench, "a.test", "waiting");
    pass(bench, HOUR);
    claim_one(bench, "postmaster@a.test");
    bench_close(bench);
}

/* The same, and the lease was given back, as after somebody's order: its people were told all the same, and are not told again. */
static void an_answer_to_what_was_given_back(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "one.csv", "a.test");
    compose_all(bench);
    int64_t mail = claim_one(bench, "abuse@a.test");
    queue_release(bench->queue, mail, bench->now, bench->now);
    wait_for_all(bench);
    come_back(bench, mail, QUEUE_RETURNED_ANSWER, NULL);
    assert_case(bench, "a.test", "answered");
    drop_targets(bench, "two.csv", "a.test");
    assert_int_equal(look(bench, "SELECT count(*) FROM \"case\" WHERE target = ?1", "a.test"), 1);
    bench_close(bench);
}

static void a_bounce_of_what_was_given_up(void **state)
{
    (void)state;
    struct bench *bench = bench_open_with((const char *[]){ "delivery.retry_for=1s", NULL });
    drop_targets(bench, "one.csv", "a.test");
    compose_all(bench);
    int64_t mail = claim_one(bench, "abuse@a.test");
    attempt(bench, mail, QUEUE_DEFERRED, NULL);
    pass(bench, HOUR);
    claim_one(bench, "abuse@a.test");
    attempt(bench, mail, QUEUE_DEFERRED, NULL);
    assert_mail(bench, mail, "given-up");
    int64_t before = look(bench, "SELECT position FROM \"case\" WHERE target = ?1", "a.test");
    come_back(bench, mail, QUEUE_RETURNED_BOUNCE, "user_unknown");
    assert_mail(bench, mail, "bounced");
    assert_int_equal(look(bench, "SELECT position FROM \"case\" WHERE target = ?1", "a.test"), before);
    assert_case(bench, "a.test", "waiting");
    bench_close(bench);
}

/* A bounce that gives no reason to think the mailbox dead. */
static void a_bounce_without_a_reason(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    struct queue_returned returned = {
        .notification = mail, .class = "hard", .meaning = QUEUE_RETURNED_BOUNCE, .about_recipient = false
    };
    come_back_as(bench, &returned);
    assert_mail(bench, mail, "bounced");
    assert_int_equal(
        look(bench, "SELECT bounced + (dead_since IS NOT NULL) FROM contact WHERE address = ?1", "abuse@a.test"), 0);
    bench_close(bench);
}

static void a_delay_moves_nothing(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    come_back(bench, mail, QUEUE_RETURNED_NOTHING, NULL);
    assert_mail(bench, mail, "accepted");
    assert_case(bench, "a.test", "notified");
    assert_int_equal(read_as(bench, "notification", json_pack("{s:I}", "notification", (json_int_t)mail)), 0);
    assert_text(bench, "returned.0.class", "delayed");
    bench_close(bench);
}

static void a_positive_report_ends_the_wait(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    come_back(bench, mail, QUEUE_RETURNED_DELIVERED, NULL);
    assert_mail(bench, mail, "delivered");
    assert_case(bench, "a.test", "delivered");
    turn(bench);
    assert_campaign(bench, "default-one", "ended");
    bench_close(bench);
}

/* It overtakes the session's outcome: the campaign ends all the same, and so does the mail. */
static void a_positive_report_that_overtakes(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "one.csv", "a.test");
    compose_all(bench);
    int64_t mail = claim_one(bench, "abuse@a.test");
    come_back(bench, mail, QUEUE_RETURNED_DELIVERED, NULL);
    assert_case(bench, "a.test", "delivered");
    turn(bench);
    assert_campaign(bench, "default-one", "ended");
    attempt(bench, mail, QUEUE_ACCEPTED, NULL);
    assert_mail(bench, mail, "delivered");
    assert_int_equal(look(bench, "SELECT attempts FROM notification WHERE accepted > ?1", "0"), 1);
    bench_close(bench);
}

static void an_answer(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    come_back(bench, mail, QUEUE_RETURNED_ANSWER, NULL);
    assert_mail(bench, mail, "delivered");
    assert_case(bench, "a.test", "answered");
    bench_close(bench);
}

static void an_answer_after_the_window(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    pass(bench, 8 * DAY);
    come_back(bench, mail, QUEUE_RETURNED_ANSWER, NULL);
    assert_case(bench, "a.test", "answered");
    turn(bench);
    assert_campaign(bench, "default-one", "ended");
    assert_int_equal(look(bench, "SELECT open_cases FROM campaign WHERE name = ?1", "default-one"), 0);
    bench_close(bench);
}

/* An alias expands to several people: one bounces, another answers. */
static void a_bounce_after_an_answer(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    come_back(bench, mail, QUEUE_RETURNED_ANSWER, NULL);
    come_back(bench, mail, QUEUE_RETURNED_BOUNCE, "user_unknown");
    assert_case(bench, "a.test", "answered");
    assert_mail(bench, mail, "delivered");
    assert_int_equal(look(bench, "SELECT dead_since IS NULL FROM contact WHERE address = ?1", "abuse@a.test"), 1);
    pass(bench, 2 * HOUR);
    assert_int_equal(claim_due(bench, 10), 0);
    bench_close(bench);
}

static void an_answer_after_a_bounce(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    come_back(bench, mail, QUEUE_RETURNED_BOUNCE, "user_unknown");
    come_back(bench, mail, QUEUE_RETURNED_ANSWER, NULL);
    assert_case(bench, "a.test", "answered");
    pass(bench, 2 * HOUR);
    assert_int_equal(claim_due(bench, 10), 0);
    assert_campaign(bench, "default-one", "ended");
    bench_close(bench);
}

/* The next contact's mail is composed, but has not gone out: it never does. */
static void an_answer_takes_back_the_next_mail(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    come_back(bench, mail, QUEUE_RETURNED_BOUNCE, "user_unknown");
    pass(bench, HOUR);
    come_back(bench, mail, QUEUE_RETURNED_ANSWER, NULL);
    assert_case(bench, "a.test", "answered");
    assert_int_equal(claim_due(bench, 10), 0);
    assert_mail(bench, mail + 1, "cancelled");
    turn(bench);
    assert_campaign(bench, "default-one", "ended");
    bench_close(bench);
}

/* It is deferred: not tried again. */
static void an_answer_takes_back_a_deferred_mail(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    come_back(bench, mail, QUEUE_RETURNED_BOUNCE, "user_unknown");
    pass(bench, HOUR);
    int64_t second = claim_one(bench, "postmaster@a.test");
    attempt(bench, second, QUEUE_DEFERRED, NULL);
    come_back(bench, mail, QUEUE_RETURNED_ANSWER, NULL);
    assert_mail(bench, second, "cancelled");
    pass(bench, HOUR);
    assert_int_equal(claim_due(bench, 10), 0);
    bench_close(bench);
}

/* A mail about several cases goes out for the sake of the others. */
static void an_answer_leaves_the_others_their_mail(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    bench->ladder = (const char *[]){ "owner:abuse@%", "hoster:abuse@hoster.test", NULL };
    drop_targets(bench, "two.csv", "a.test", "b.test");
    compose_all(bench);
    assert_int_equal(claim_due(bench, 10), 2);
    int64_t mail = to(bench, "abuse@a.test")->id;
    attempt(bench, mail, QUEUE_BOUNCED, "user_unknown");
    attempt(bench, to(bench, "abuse@b.test")->id, QUEUE_BOUNCED, "user_unknown");
    pass(bench, HOUR);
    come_back(bench, mail, QUEUE_RETURNED_ANSWER, NULL);
    assert_case(bench, "a.test", "answered");
    int64_t last = claim_one(bench, "abuse@hoster.test");
    assert_int_equal(bench->claimed[0]->case_count, 2);
    attempt(bench, last, QUEUE_ACCEPTED, NULL);
    pass(bench, 7 * DAY);
    assert_case(bench, "a.test", "answered");
    assert_case(bench, "b.test", "delivered");
    bench_close(bench);
}

/* The next contact's mail is with a server: nothing can call it back, but it ends with its window though its campaign has ended before. */
static void an_answer_while_the_next_mail_is_out(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    come_back(bench, mail, QUEUE_RETURNED_BOUNCE, "user_unknown");
    pass(bench, HOUR);
    int64_t second = claim_one(bench, "postmaster@a.test");
    attempt(bench, second, QUEUE_ACCEPTED, NULL);
    come_back(bench, mail, QUEUE_RETURNED_ANSWER, NULL);
    turn(bench);
    assert_campaign(bench, "default-one", "running");
    pass(bench, 7 * DAY);
    assert_mail(bench, second, "delivered");
    assert_case(bench, "a.test", "answered");
    assert_campaign(bench, "default-one", "ended");
    bench_close(bench);
}

/* The next contact's mail is in a session that fails in one way or another: it is not tried again, and what it says about its own contact holds. */
static void an_answer_while_the_next_mail_is_leased(void **state)
{
    (void)state;
    static const int verdicts[] = { QUEUE_DEFERRED, QUEUE_ABOUT_US, QUEUE_BOUNCED };
    static const char *const ends[] = { "cancelled", "cancelled", "bounced" };
    for (size_t i = 0; i < 3; i++) {
        int64_t mail;
        struct bench *bench = one_accepted(&mail);
        come_back(bench, mail, QUEUE_RETURNED_BOUNCE, "user_unknown");
        pass(bench, HOUR);
        int64_t second = claim_one(bench, "postmaster@a.test");
        come_back(bench, mail, QUEUE_RETURNED_ANSWER, NULL);
        attempt(bench, second, verdicts[i], "user_unknown");
        pass(bench, HOUR);
        assert_int_equal(claim_due(bench, 10), 0);
        assert_mail(bench, second, ends[i]);
        assert_case(bench, "a.test", "answered");
        turn(bench);
        assert_campaign(bench, "default-one", "ended");
        bench_close(bench);
    }
}

/* Another contact's answer does not make this one's bounce void. */
static void a_bounce_of_a_mail_that_nobody_answered(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    come_back(bench, mail, QUEUE_RETURNED_BOUNCE, "user_unknown");
    pass(bench, HOUR);
    int64_t second = claim_one(bench, "postmaster@a.test");
    attempt(bench, second, QUEUE_ACCEPTED, NULL);
    come_back(bench, mail, QUEUE_RETURNED_ANSWER, NULL);
    come_back(bench, second, QUEUE_RETURNED_BOUNCE, "user_unknown");
    assert_mail(bench, second, "bounced");
    assert_case(bench, "a.test", "answered");
    assert_int_equal(look(bench, "SELECT dead_since > 0 FROM contact WHERE address = ?1", "postmaster@a.test"), 1);
    bench_close(bench);
}

static void an_answer_after_the_ladders_end(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    bench->ladder = (const char *[]){ "owner:abuse@%", NULL };
    drop_targets(bench, "one.csv", "a.test");
    compose_all(bench);
    int64_t mail = claim_one(bench, "abuse@a.test");
    attempt(bench, mail, QUEUE_ACCEPTED, NULL);
    come_back(bench, mail, QUEUE_RETURNED_BOUNCE, "user_unknown");
    assert_case(bench, "a.test", "exhausted");
    turn(bench);
    come_back(bench, mail, QUEUE_RETURNED_ANSWER, NULL);
    assert_case(bench, "a.test", "answered");
    assert_campaign(bench, "default-one", "ended");
    bench_close(bench);
}

/* A server took it once: the clock never sends it again. */
static void sent_by_a_person_only(struct bench *bench, int64_t mail)
{
    pass(bench, HOUR);
    assert_int_equal(claim_due(bench, MANY), 0);
    assert_int_equal(order(bench, json_pack("{s:s, s:I}", "verb", "retry", "notification", (json_int_t)mail)), 0);
    pass(bench, 1);
    assert_int_equal(claim_one(bench, "abuse@a.test"), mail);
}

/* A report in the window: policy, a block list. The mail is held, the case is not told. */
static void a_later_refusal_about_us(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    come_back(bench, mail, QUEUE_RETURNED_ABOUT_US, "policy");
    assert_mail(bench, mail, "held");
    assert_case(bench, "a.test", "notified");
    sent_by_a_person_only(bench, mail);
    bench_close(bench);
}

/* And after the window: then the case was not delivered after all. */
static void a_refusal_about_us_after_the_window(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    pass(bench, 7 * DAY);
    assert_campaign(bench, "default-one", "ended");
    come_back(bench, mail, QUEUE_RETURNED_ABOUT_US, "policy");
    assert_mail(bench, mail, "held");
    assert_case(bench, "a.test", "notified");
    assert_campaign(bench, "default-one", "running");
    sent_by_a_person_only(bench, mail);
    bench_close(bench);
}

/* Where most of what the relay took comes back refused because of us, the brake holds although each mail was accepted first. */
static void later_refusals_brake(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_file(bench,
              &(struct drop){ .name = "one.csv", .targets = { "a.test", "b.test", "c.test", "d.test", "e.test" } });
    compose_all(bench);
    assert_int_equal(claim_due(bench, MANY), 5);
    int64_t mails[5];
    for (size_t i = 0; i < 5; i++)
        mails[i] = bench->claimed[i]->id;
    for (size_t i = 0; i < 5; i++)
        attempt(bench, mails[i], QUEUE_ACCEPTED, NULL);
    for (size_t i = 0; i < 4; i++)
        come_back(bench, mails[i], QUEUE_RETURNED_ABOUT_US, "policy");
    assert_campaign(bench, "default-one", "running");
    come_back(bench, mails[4], QUEUE_RETURNED_ABOUT_US, "policy");
    assert_campaign(bench, "default-one", "paused");
    bench_close(bench);
}

/* Two copies of one report are one refusal. */
static void a_refusal_counts_once(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    for (int i = 0; i < 6; i++)
        come_back(bench, mail, QUEUE_RETURNED_ABOUT_US, "policy");
    assert_campaign(bench, "default-one", "running");
    bench_close(bench);
}

/* Of no notification of ours: kept, counted, nothing moves. */
static void forged(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    struct queue_returned returned = { .class = "hard", .meaning = QUEUE_RETURNED_BOUNCE, .token_fault = "forged" };
    come_back_as(bench, &returned);
    returned.token_fault = "stale";
    come_back_as(bench, &returned);
    returned.notification = 4711;
    returned.token_fault = NULL;
    come_back_as(bench, &returned);
    assert_mail(bench, mail, "accepted");
    assert_int_equal(read_as(bench, "status", NULL), 0);
    assert_number(bench, "forged_bounces", 1);
    assert_number(bench, "stale_bounces", 1);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bounce_escalates),
        cmocka_unit_test(whose_campaign_it_is),
        cmocka_unit_test(a_second_bounce_does_nothing),
        cmocka_unit_test(a_bounce_that_overtakes),
        cmocka_unit_test(a_bounce_after_the_window),
        cmocka_unit_test(a_bounce_after_the_campaigns_end),
        cmocka_unit_test(a_bounce_after_a_cancellation),
        cmocka_unit_test(a_bounce_of_what_is_queued_again),
        cmocka_unit_test(an_answer_to_what_was_given_back),
        cmocka_unit_test(a_bounce_of_what_was_given_up),
        cmocka_unit_test(a_bounce_without_a_reason),
        cmocka_unit_test(a_delay_moves_nothing),
        cmocka_unit_test(a_positive_report_ends_the_wait),
        cmocka_unit_test(a_positive_report_that_overtakes),
        cmocka_unit_test(an_answer),
        cmocka_unit_test(an_answer_after_the_window),
        cmocka_unit_test(a_bounce_after_an_answer),
        cmocka_unit_test(an_answer_after_a_bounce),
        cmocka_unit_test(an_answer_takes_back_the_next_mail),
        cmocka_unit_test(an_answer_takes_back_a_deferred_mail),
        cmocka_unit_test(an_answer_leaves_the_others_their_mail),
        cmocka_unit_test(an_answer_while_the_next_mail_is_out),
        cmocka_unit_test(an_answer_while_the_next_mail_is_leased),
        cmocka_unit_test(a_bounce_of_a_mail_that_nobody_answered),
        cmocka_unit_test(an_answer_after_the_ladders_end),
        cmocka_unit_test(a_later_refusal_about_us),
        cmocka_unit_test(a_refusal_about_us_after_the_window),
        cmocka_unit_test(later_refusals_brake),
        cmocka_unit_test(a_refusal_counts_once),
        cmocka_unit_test(forged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

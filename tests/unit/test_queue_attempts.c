/* What an attempt brings: accepted, deferred, bounced, refused because of us. */
#include "tests/unit/queue_bench.h"

/* One target, its first mail leased. */
static struct bench *one_leased(const char *const *settings, int64_t *mail)
{
    struct bench *bench = bench_open_with(settings);
    drop_targets(bench, "one.csv", "a.test");
    compose_all(bench);
    *mail = claim_one(bench, "abuse@a.test");
    return bench;
}

static void a_lease_is_not_given_twice(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_leased(NULL, &mail);
    assert_mail(bench, mail, "leased");
    pass(bench, DAY);
    assert_int_equal(claim_due(bench, 10), 0);
    bench_close(bench);
}

static void a_lease_given_back(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_leased(NULL, &mail);
    queue_release(bench->queue, mail, bench->now, bench->now + MINUTE);
    wait_for_all(bench);
    assert_mail(bench, mail, "queued");
    assert_int_equal(claim_due(bench, 10), 0);
    assert_true(bench->turn.next <= bench->now + 30 * DAY);
    turn(bench);
    assert_int_equal(bench->turn.next, bench->now + MINUTE);
    bench->now += MINUTE;
    assert_int_equal(claim_one(bench, "abuse@a.test"), mail);
    assert_int_equal(bench->claimed[0]->attempts, 0);
    bench_close(bench);
}

/* What is claimed carries all that its mail is made of. */
static void what_is_claimed(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_leased(NULL, &mail);
    const struct notification *one = bench->claimed[0];
    assert_int_equal(one->kind, NOTIFICATION_WARNING);
    assert_string_equal(one->campaign, "default-one");
    assert_string_equal(one->envelope_to, "abuse@a.test");
    assert_string_equal(one->contact_kinds, "rfc2142-abuse");
    assert_string_equal(one->party, "owner");
    assert_string_equal(one->evidence, "guessed");
    assert_int_equal(one->date, bench->now / 1000);
    assert_int_equal(one->key_id, 7);
    assert_int_equal(one->renderer, NOTIFICATION_RENDERER);
    assert_string_equal(one->template_text, "Hello {{first.target}}\n");
    assert_string_equal(one->settings, "{\"sender\":{\"address\":\"team@tocsin.test\"}}");
    assert_int_equal(one->case_count, 1);
    assert_string_equal(one->cases[0].target, "a.test");
    assert_int_equal(one->cases[0].count, 1);
    assert_string_equal(one->cases[0].incidents[0].json, "{\"source.fqdn\":\"it\"}");
    bench_close(bench);
}

static void deferred_comes_back(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_leased(NULL, &mail);
    attempt(bench, mail, QUEUE_DEFERRED, "mailbox_full");
    assert_mail(bench, mail, "deferred");
    assert_case(bench, "a.test", "notified");
    pass(bench, 30 * MINUTE - SECOND);
    assert_int_equal(claim_due(bench, 10), 0);
    pass(bench, 7 * MINUTE);
    assert_int_equal(claim_one(bench, "abuse@a.test"), mail);
    assert_int_equal(bench->claimed[0]->attempts, 1);
    attempt(bench, mail, QUEUE_DEFERRED, NULL);
    pass(bench, HOUR - SECOND);
    assert_int_equal(claim_due(bench, 10), 0);
    pass(bench, 13 * MINUTE);
    assert_int_equal(claim_one(bench, "abuse@a.test"), mail);
    attempt(bench, mail, QUEUE_ACCEPTED, NULL);
    assert_mail(bench, mail, "accepted");
    bench_close(bench);
}

/* Deferred until retry_for is over, then the next contact is asked. */
static void given_up(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_leased(NULL, &mail);
    int64_t first = bench->now;
    attempt(bench, mail, QUEUE_DEFERRED, "network");
    unsigned tries = 1;
    while (bench->now < first + 5 * DAY) {
        pass(bench, 5 * HOUR);
        assert_int_equal(claim_one(bench, "abuse@a.test"), mail);
        attempt(bench, mail, QUEUE_DEFERRED, "network");
        tries++;
    }
    assert_int_equal(tries, 25);
    assert_mail(bench, mail, "given-up");
    assert_case(bench, "a.test", "waiting");
    pass(bench, HOUR);
    assert_true(claim_one(bench, "postmaster@a.test") != mail);
    bench_close(bench);
}

/* A relay that is down says nothing about the mail. */
static void relay_down_is_not_the_mails_fault(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_leased((const char *[]){ "campaigns.expire=60d", NULL }, &mail);
    for (int i = 0; i < 40; i++) {
        struct queue_attempt down = { .notification = mail,
                                      .time = bench->now,
                                      .verdict = QUEUE_DEFERRED,
                                      .stage = "connect",
                                      .reason = "network",
                                      .text = "Connection refused" };
        queue_record_attempt(bench->queue, &down, NULL, NULL, NULL);
        wait_for_all(bench);
        assert_mail(bench, mail, "deferred");
        pass(bench, 5 * HOUR);
        assert_int_equal(claim_one(bench, "abuse@a.test"), mail);
    }
    /* Its five days begin now. */
    attempt(bench, mail, QUEUE_DEFERRED, NULL);
    assert_mail(bench, mail, "deferred");
    pass(bench, 5 * DAY);
    claim_one(bench, "abuse@a.test");
    attempt(bench, mail, QUEUE_DEFERRED, NULL);
    assert_mail(bench, mail, "given-up");
    bench_close(bench);
}

/* Each rung in turn, and then nobody is left. */
static void bounced_to_the_end(void **state)
{
    (void)state;
    static const char *const rungs[] = { "abuse@a.test", "postmaster@a.test", "abuse@hoster.test" };
    int64_t mail;
    struct bench *bench = one_leased(NULL, &mail);
    for (int i = 0; i < 3; i++) {
        attempt(bench, mail, QUEUE_BOUNCED, "user_unknown");
        assert_mail(bench, mail, "bounced");
        assert_case(bench, "a.test", i < 2 ? "waiting" : "exhausted");
        pass(bench, HOUR);
        if (i < 2)
            mail = claim_one(bench, rungs[i + 1]);
    }
    assert_int_equal(claim_due(bench, 10), 0);
    assert_campaign(bench, "default-one", "ended");
    bench_close(bench);
}

/* What a bounce says about a mailbox is remembered; what it says about its fullness is not. */
static void the_dead_are_remembered(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_leased(NULL, &mail);
    attempt(bench, mail, QUEUE_BOUNCED, "user_unknown");
    pass(bench, HOUR);
    mail = claim_one(bench, "postmaster@a.test");
    attempt(bench, mail, QUEUE_BOUNCED, "mailbox_full");
    assert_int_equal(look(bench, "SELECT bounced FROM contact WHERE address = ?1", "postmaster@a.test"), 1);
    assert_int_equal(look(bench, "SELECT dead_since IS NULL FROM contact WHERE address = ?1", "postmaster@a.test"), 1);
    assert_int_equal(look(bench, "SELECT dead_since IS NULL FROM contact WHERE address = ?1", "abuse@a.test"), 0);
    /* Another feed about the same target: the dead rung is passed over, and says why. */
    drop_file(bench, &(struct drop){ .name = "two.csv", .profile = "other", .targets = { "a.test" } });
    resolve_all(bench);
    pass(bench, HOUR);
    claim_due(bench, 10);
    to(bench, "postmaster@a.test");
    assert_int_equal(read_as(bench, "campaign", json_pack("{s:s, s:b}", "campaign", "other-two", "cases", 1)), 0);
    assert_text(bench, "cases_list.0.rungs.0.state", "skipped");
    assert_text(bench, "cases_list.0.rungs.0.why", "known dead: user_unknown");
    bench_close(bench);
}

/* A mailbox that takes mail again is no longer dead. */
static void the_dead_may_return(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_leased(NULL, &mail);
    attempt(bench, mail, QUEUE_ACCEPTED, NULL);
    come_back(bench, mail, QUEUE_RETURNED_BOUNCE, "disabled");
    assert_int_equal(look(bench, "SELECT dead_since > 0 FROM contact WHERE address = ?1", "abuse@a.test"), 1);
    pass(bench, HOUR);
    int64_t second = claim_one(bench, "postmaster@a.test");
    attempt(bench, second, QUEUE_ACCEPTED, NULL);
    pass(bench, 7 * DAY);
    assert_int_equal(look(bench, "SELECT accepted FROM contact WHERE address = ?1", "postmaster@a.test"), 1);
    /* The first one's reader answers after all. */
    come_back(bench, mail, QUEUE_RETURNED_ANSWER, NULL);
    assert_int_equal(look(bench, "SELECT dead_since IS NULL FROM contact WHERE address = ?1", "abuse@a.test"), 1);
    bench_close(bench);
}

static void a_refusal_about_us_touches_nothing(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_leased(NULL, &mail);
    attempt(bench, mail, QUEUE_ABOUT_US, "relay");
    assert_mail(bench, mail, "held");
    assert_case(bench, "a.test", "notified");
    assert_int_equal(look(bench, "SELECT bounced FROM contact WHERE address = ?1", "abuse@a.test"), 0);
    assert_campaign(bench, "default-one", "running");
    /* It is tried again by itself, like what is deferred. */
    pass(bench, 30 * MINUTE - SECOND);
    assert_int_equal(claim_due(bench, 10), 0);
    pass(bench, 7 * MINUTE);
    assert_int_equal(claim_one(bench, "abuse@a.test"), mail);
    attempt(bench, mail, QUEUE_ACCEPTED, NULL);
    pass(bench, 7 * DAY);
    assert_case(bench, "a.test", "delivered");
    bench_close(bench);
}

static void the_brake(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "seven.csv", "a.test", "b.test", "c.test", "d.test", "e.test", "f.test", "g.test");
    compose_all(bench);
    assert_int_equal(claim_due(bench, 6), 6);
    for (int i = 0; i < 4; i++)
        attempt(bench, bench->claimed[i]->id, QUEUE_ABOUT_US, "policy");
    assert_campaign(bench, "default-seven", "running");
    /* One that is taken: the count begins anew. */
    attempt(bench, bench->claimed[4]->id, QUEUE_ACCEPTED, NULL);
    attempt(bench, bench->claimed[5]->id, QUEUE_ABOUT_US, "policy");
    assert_campaign(bench, "default-seven", "running");
    pass(bench, 40 * MINUTE);
    assert_int_equal(claim_due(bench, 10), 6);
    for (int i = 0; i < 4; i++)
        attempt(bench, bench->claimed[i]->id, QUEUE_ABOUT_US, "policy");
    assert_campaign(bench, "default-seven", "paused");
    assert_int_equal(read_as(bench, "campaign", json_pack("{s:s}", "campaign", "default-seven")), 0);
    assert_non_null(strstr(json_string_value(got(bench, "paused_why")), "what the server said"));
    /* What is under way may still end; nothing else goes out. */
    attempt(bench, bench->claimed[4]->id, QUEUE_ABOUT_US, "policy");
    attempt(bench, bench->claimed[5]->id, QUEUE_ACCEPTED, NULL);
    pass(bench, DAY);
    assert_int_equal(claim_due(bench, 10), 0);
    assert_int_equal(order_about(bench, "resume", "campaign", "default-seven"), 0);
    assert_campaign(bench, "default-seven", "running");
    assert_int_equal(claim_due(bench, 10), 5);
    /* The count has begun anew. */
    for (int i = 0; i < 4; i++)
        attempt(bench, bench->claimed[i]->id, QUEUE_ABOUT_US, "policy");
    assert_campaign(bench, "default-seven", "running");
    attempt(bench, bench->claimed[4]->id, QUEUE_ABOUT_US, "policy");
    assert_campaign(bench, "default-seven", "paused");
    assert_case(bench, "a.test", "notified");
    assert_case(bench, "g.test", "notified");
    assert_int_equal(look(bench, "SELECT count(*) FROM audit WHERE action = 'pause' AND who = ?1", "tocsind"), 2);
    bench_close(bench);
}

static void the_brake_is_off(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_leased((const char *[]){ "campaigns.brake=0", NULL }, &mail);
    for (int i = 0; i < 20; i++) {
        attempt(bench, mail, QUEUE_ABOUT_US, "policy");
        pass(bench, 5 * HOUR);
        assert_int_equal(claim_one(bench, "abuse@a.test"), mail);
    }
    assert_campaign(bench, "default-one", "running");
    bench_close(bench);
}

/* The brake is the campaign's own. */
static void another_campaign_goes_on(void **state)
{
    (void)state;
    struct bench *bench = bench_open_with((const char *[]){ "campaigns.brake=1", NULL });
    drop_targets(bench, "one.csv", "a.test");
    drop_targets(bench, "two.csv", "b.test", "c.test");
    compose_all(bench);
    assert_int_equal(claim_due(bench, 2), 2);
    attempt(bench, to(bench, "abuse@a.test")->id, QUEUE_ABOUT_US, "policy");
    assert_campaign(bench, "default-one", "paused");
    assert_campaign(bench, "default-two", "running");
    assert_int_equal(claim_due(bench, 10), 1);
    bench_close(bench);
}

static void retry_now(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_leased(NULL, &mail);
    assert_int_equal(order_about(bench, "retry", "campaign", "default-one"), -EINVAL);
    attempt(bench, mail, QUEUE_DEFERRED, NULL);
    assert_int_equal(claim_due(bench, 10), 0);
    assert_int_equal(order(bench, json_pack("{s:s, s:I}", "verb", "retry", "notification", (json_int_t)mail)), 0);
    assert_number(bench, "notifications", 1);
    assert_int_equal(claim_one(bench, "abuse@a.test"), mail);
    attempt(bench, mail, QUEUE_DEFERRED, NULL);
    assert_int_equal(order_about(bench, "retry", "campaign", "default-one"), 0);
    assert_int_equal(claim_one(bench, "abuse@a.test"), mail);
    assert_int_equal(order_about(bench, "retry", "campaign", "nonesuch"), -ENOENT);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lease_is_not_given_twice),
        cmocka_unit_test(a_lease_given_back),
        cmocka_unit_test(what_is_claimed),
        cmocka_unit_test(deferred_comes_back),
        cmocka_unit_test(given_up),
        cmocka_unit_test(relay_down_is_not_the_mails_fault),
        cmocka_unit_test(bounced_to_the_end),
        cmocka_unit_test(the_dead_are_remembered),
        cmocka_unit_test(the_dead_may_return),
        cmocka_unit_test(a_refusal_about_us_touches_nothing),
        cmocka_unit_test(the_brake),
        cmocka_unit_test(the_brake_is_off),
        cmocka_unit_test(another_campaign_goes_on),
        cmocka_unit_test(retry_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

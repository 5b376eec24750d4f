/* A person's orders, and what time does to a campaign. */
#include "tests/unit/queue_bench.h"

static const char *const hoster_only[] = { "hoster:abuse@hoster.test", NULL };

/* ---- The campaign's end --------------------------------------------------------------------------------------------------------------- */

/* Cases in every state when the end comes. */
static struct bench *one_in_each_state(int64_t *accepted, int64_t *leased, int64_t *deferred)
{
    struct bench *bench = bench_open();
    drop_file(bench, &(struct drop){ .name = "a.csv",
                                     .campaign = "bot",
                                     .targets = { "accepted.test", "leased.test", "deferred.test" } });
    compose_all(bench);
    assert_int_equal(claim_due(bench, 10), 3);
    *accepted = to(bench, "abuse@accepted.test")->id;
    *leased = to(bench, "abuse@leased.test")->id;
    *deferred = to(bench, "abuse@deferred.test")->id;
    attempt(bench, *accepted, QUEUE_ACCEPTED, NULL);
    attempt(bench, *deferred, QUEUE_DEFERRED, NULL);
    drop_file(bench, &(struct drop){ .name = "b.csv", .campaign = "bot", .targets = { "queued.test" } });
    compose_all(bench);
    drop_file(bench, &(struct drop){ .name = "c.csv", .campaign = "bot", .targets = { "waiting.test" } });
    resolve_all(bench);
    drop_file(bench, &(struct drop){ .name = "d.csv", .campaign = "bot", .targets = { "resolving.test" } });
    assert_int_equal(claim_targets(bench, 10), 1);
    drop_file(bench, &(struct drop){ .name = "e.csv", .campaign = "bot", .targets = { "new.test" } });
    return bench;
}

static void assert_all_end(struct bench *bench, const char *end)
{
    static const char *const targets[] = { "deferred.test", "queued.test", "waiting.test", "resolving.test",
                                           "new.test" };
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
        assert_case(bench, targets[i], end);
    assert_case(bench, "accepted.test", "notified");
    assert_case(bench, "leased.test", "notified");
    assert_int_equal(claim_due(bench, 10), 0);
    assert_int_equal(claim_targets(bench, 10), 0);
}

static void expired(void **state)
{
    (void)state;
    int64_t accepted, leased, deferred;
    struct bench *bench = one_in_each_state(&accepted, &leased, &deferred);
    pass(bench, 30 * DAY - 4 * HOUR); /* the window of the accepted one ends as well */
    assert_case(bench, "queued.test", "waiting");
    pass(bench, 4 * HOUR);
    assert_case(bench, "accepted.test", "delivered");
    assert_mail(bench, deferred, "cancelled");
    for (const char *const *at = (const char *const[]){ "deferred.test", "queued.test", "waiting.test", "new.test",
                                                        "resolving.test", NULL };
         *at; at++)
        assert_case(bench, *at, "expired");
    /* What was under way ends as it ends. */
    assert_campaign(bench, "bot", "running");
    attempt(bench, leased, QUEUE_DEFERRED, NULL);
    turn(bench);
    assert_case(bench, "leased.test", "expired");
    assert_campaign(bench, "bot", "ended");
    bench_close(bench);
}

static void cancelled(void **state)
{
    (void)state;
    int64_t accepted, leased, deferred;
    struct bench *bench = one_in_each_state(&accepted, &leased, &deferred);
    assert_int_equal(order_about(bench, "cancel", "campaign", "bot"), 0);
    turn(bench);
    assert_all_end(bench, "cancelled");
    /* What is under way ends as it ends, and what was accepted keeps its window. */
    attempt(bench, leased, QUEUE_BOUNCED, "user_unknown");
    turn(bench);
    assert_case(bench, "leased.test", "cancelled");
    pass(bench, 7 * DAY);
    assert_case(bench, "accepted.test", "delivered");
    assert_campaign(bench, "bot", "cancelled");
    assert_int_equal(look(bench, "SELECT ended IS NOT NULL AND open_cases = 0 FROM campaign WHERE name = ?1", "bot"),
                     1);
    assert_int_equal(order_about(bench, "cancel", "campaign", "bot"), -EINVAL);
    assert_int_equal(order_about(bench, "approve", "campaign", "bot"), -EINVAL);
    bench_close(bench);
}

/* An end that comes when nobody asks for anything: the clock knows of it. */
static void the_end_is_waited_for(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_file(bench, &(struct drop){ .name = "a.csv", .hold = true, .targets = { "a.test" } });
    compose_all(bench);
    turn(bench);
    int64_t expires = look(bench, "SELECT expires FROM campaign WHERE name = ?1", "default-a");
    assert_int_equal(bench->turn.next, expires);
    bench->now = expires;
    turn(bench);
    assert_case(bench, "a.test", "expired");
    assert_campaign(bench, "default-a", "ended");
    assert_true(bench->turn.next > expires);
    bench_close(bench);
}

static void a_paused_campaign_expires(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "a.csv", "a.test");
    compose_all(bench);
    order_about(bench, "pause", "campaign", "default-a");
    pass(bench, 31 * DAY);
    assert_case(bench, "a.test", "expired");
    assert_campaign(bench, "default-a", "ended");
    bench_close(bench);
}

/* A ladder that is found after the end. */
static void found_after_the_end(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "a.csv", "a.test");
    assert_int_equal(claim_targets(bench, 10), 1);
    bench->now += 31 * DAY;
    set_ladder(bench, bench->targets[0].id, "a.test", usual_ladder);
    assert_case(bench, "a.test", "expired");
    bench_close(bench);
}

/* A file whose rows still come in when its campaign is cancelled. */
static void cancelled_while_loading(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct dropped dropped =
        drop_file(bench, &(struct drop){ .name = "a.csv", .targets = { "a.test" }, .unfinished = true });
    order_about(bench, "cancel", "campaign", "default-a");
    turn(bench);
    struct incident incident = incident_of("b.test", 2);
    add_incident(bench, dropped.file, &incident);
    push_chunk(bench, dropped.file, 0);
    finish_file(bench, &dropped, 2, 0);
    turn(bench);
    assert_case(bench, "a.test", "cancelled");
    assert_case(bench, "b.test", "cancelled");
    assert_int_equal(claim_targets(bench, 10), 0);
    bench_close(bench);
}

/* An opt-out may suppress both an address and its domain: to remove the one is not all. */
static void a_domain_still_covers(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    static const char *const both[] = { "abuse@shop.test", "shop.test" };
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(order_about(bench, "suppress", "object", both[i]), 0);
    assert_int_equal(order_about(bench, "unsuppress", "object", "abuse@shop.test"), 0);
    assert_text(bench, "covered_by", "shop.test");
    assert_true(json_is_false(got(bench, "opt_out")));
    assert_int_equal(read_as(bench, "suppressed",
                             json_pack("{s:[s, s, s]}", "objects", "a.b@www.shop.test", "shop.test", "b@c.test")),
                     0);
    assert_length(bench, "suppressed", 2);
    assert_text(bench, "suppressed.0.object", "a.b@www.shop.test");
    assert_text(bench, "suppressed.0.by", "shop.test");
    assert_text(bench, "suppressed.1.why", "by a person");
    assert_int_equal(order_about(bench, "unsuppress", "object", "abuse@www.shop.test"), -ENOENT);
    assert_non_null(strstr(bench->message, "remove shop.test"));
    assert_int_equal(order_about(bench, "unsuppress", "object", "shop.test"), 0);
    assert_null(json_object_get(bench->result, "covered_by"));
    assert_int_equal(order_about(bench, "unsuppress", "object", "abuse@shop.test"), -ENOENT);
    assert_non_null(strstr(bench->message, "is not suppressed"));
    bench_close(bench);
}

/* ---- Pause and stop --------------------------------------------------------------------------------------------------------------------- */

static void paused(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "a.csv", "a.test", "b.test");
    assert_int_equal(order(bench, json_pack("{s:s, s:s, s:s}", "verb", "pause", "campaign", "default-a", "why",
                                            "a typo in the text")),
                     0);
    assert_int_equal(order_about(bench, "pause", "campaign", "default-a"), -EINVAL);
    /* Contacts are still looked for; nothing is composed, nothing goes out. */
    compose_all(bench);
    assert_case(bench, "a.test", "waiting");
    assert_int_equal(look(bench, "SELECT count(*) FROM notification WHERE ?1 = ''", ""), 0);
    assert_int_equal(read_as(bench, "status", NULL), 0);
    assert_text(bench, "campaigns.0.state", "paused");
    assert_text(bench, "campaigns.0.paused_why", "a typo in the text");
    assert_int_equal(order_about(bench, "resume", "campaign", "default-a"), 0);
    assert_int_equal(order_about(bench, "resume", "campaign", "default-a"), -EINVAL);
    turn(bench);
    assert_int_equal(claim_due(bench, 10), 2);
    assert_int_equal(read_as(bench, "status", NULL), 0);
    assert_true(json_is_null(got(bench, "campaigns.0.paused_why")));
    bench_close(bench);
}

static void stopped_until_started(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    assert_false(queue_stopped(bench->queue));
    assert_int_equal(order(bench, json_pack("{s:s}", "verb", "stop")), 0);
    assert_true(queue_stopped(bench->queue));
    reopen(bench);
    assert_true(queue_stopped(bench->queue));
    assert_int_equal(read_as(bench, "status", NULL), 0);
    assert_true(json_is_true(got(bench, "stopped")));
    assert_int_equal(order(bench, json_pack("{s:s}", "verb", "start")), 0);
    assert_false(queue_stopped(bench->queue));
    reopen(bench);
    assert_false(queue_stopped(bench->queue));
    bench_close(bench);
}

static void no_such_mail(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    static const char *const verbs[] = { "retry", "cancel-notification" };
    drop_targets(bench, "a.csv", "a.test");
    compose_all(bench);
    attempt(bench, claim_one(bench, "abuse@a.test"), QUEUE_ACCEPTED, NULL);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(order(bench, json_pack("{s:s, s:i}", "verb", verbs[i], "notification", 77)), -EINVAL);
        assert_string_equal(bench->message, "there is no notification T-77");
        assert_int_equal(order(bench, json_pack("{s:s, s:i}", "verb", verbs[i], "notification", 1)), -EINVAL);
        assert_non_null(strstr(bench->message, "T-1 cannot be "));
    }
    bench_close(bench);
}

static void no_such_order(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    assert_int_equal(order(bench, json_pack("{s:s}", "verb", "dance")), -ENOSYS);
    assert_int_equal(order(bench, json_object()), -ENOSYS);
    assert_int_equal(order(bench, json_pack("{s:i}", "verb", 1)), -ENOSYS);
    assert_int_equal(order(bench, json_pack("{s:s}", "verb", "pause")), -ENOENT);
    /* The house's own campaign is nobody's to order about. */
    assert_int_equal(order_about(bench, "cancel", "campaign", ""), -ENOENT);
    assert_int_equal(order_about(bench, "suppress", "object", ""), -EINVAL);
    bench_close(bench);
}

static void cancel_one_mail(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    bench->ladder = hoster_only;
    drop_targets(bench, "a.csv", "a.test", "b.test");
    compose_all(bench);
    int64_t mail = claim_one(bench, "abuse@hoster.test");
    attempt(bench, mail, QUEUE_DEFERRED, NULL);
    assert_int_equal(
        order(bench, json_pack("{s:s, s:I}", "verb", "cancel-notification", "notification", (json_int_t)mail)), 0);
    assert_mail(bench, mail, "cancelled");
    assert_case(bench, "a.test", "cancelled");
    assert_case(bench, "b.test", "cancelled");
    turn(bench);
    assert_campaign(bench, "default-a", "ended");
    bench_close(bench);
}

/* ---- Shares ------------------------------------------------------------------------------------------------------------------------------- */

static unsigned claimed_of(const struct bench *bench, const char *campaign)
{
    unsigned count = 0;
    for (size_t i = 0; i < bench->claimed_count; i++)
        count += strcmp(bench->claimed[i]->campaign, campaign) == 0;
    return count;
}

static void drop_many(struct bench *bench, const char *name, unsigned count)
{
    struct dropped dropped = begin_file(bench, &(struct drop){ .name = name });
    for (unsigned long line = 1; line <= count; line++) {
        char target[64];
        snprintf(target, sizeof target, "%s%lu.test", name, line);
        struct incident incident = incident_of(target, line);
        add_incident(bench, dropped.file, &incident);
    }
    push_chunk(bench, dropped.file, 0);
    finish_file(bench, &dropped, count, 0);
}

static void two_campaigns_share(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_many(bench, "a", 60);
    drop_many(bench, "b", 60);
    assert_int_equal(claim_targets(bench, 10), 10);
    unsigned first = 0;
    for (size_t i = 0; i < 10; i++)
        first += bench->targets[i].target[0] == 'a';
    assert_int_equal(first, 5);
    for (size_t i = 0; i < 10; i++)
        set_ladder(bench, bench->targets[i].id, bench->targets[i].target, usual_ladder);
    compose_all(bench);
    assert_int_equal(claim_due(bench, 21), 21);
    assert_int_equal(claimed_of(bench, "default-a"), 11);
    assert_int_equal(claimed_of(bench, "default-b"), 10);
    bench_close(bench);
}

/* What one has no use for, the next gets. */
static void a_small_campaign_leaves_the_rest(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "a.csv", "a.test");
    drop_many(bench, "b", 60);
    compose_all(bench);
    assert_int_equal(claim_due(bench, 20), 20);
    assert_int_equal(claimed_of(bench, "default-b"), 19);
    bench_close(bench);
}

/* A long queue does not keep deferred mails waiting past their time, nor do they keep it. */
static void deferred_ones_have_their_share(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_many(bench, "a", 60);
    compose_all(bench);
    assert_int_equal(claim_due(bench, 20), 20);
    for (size_t i = 0; i < 20; i++)
        attempt(bench, bench->claimed[i]->id, QUEUE_DEFERRED, NULL);
    pass(bench, HOUR);
    assert_int_equal(claim_due(bench, 20), 20);
    unsigned again = 0;
    for (size_t i = 0; i < 20; i++)
        again += bench->claimed[i]->attempts > 0;
    assert_int_equal(again, 10);
    assert_int_equal(claim_due(bench, 60), 40);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expired),
        cmocka_unit_test(cancelled),
        cmocka_unit_test(the_end_is_waited_for),
        cmocka_unit_test(a_paused_campaign_expires),
        cmocka_unit_test(found_after_the_end),
        cmocka_unit_test(cancelled_while_loading),
        cmocka_unit_test(a_domain_still_covers),
        cmocka_unit_test(paused),
        cmocka_unit_test(stopped_until_started),
        cmocka_unit_test(no_such_mail),
        cmocka_unit_test(no_such_order),
        cmocka_unit_test(cancel_one_mail),
        cmocka_unit_test(two_campaigns_share),
        cmocka_unit_test(a_small_campaign_leaves_the_rest),
        cmocka_unit_test(deferred_ones_have_their_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

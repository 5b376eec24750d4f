/* Proofs of the bounce path: what approving asks for. */
#include "tests/unit/queue_bench.h"

struct begun {
    int64_t id;
};

static void on_proof(void *context, int status, const char *message, int64_t id)
{
    struct begun *begun = context;
    (void)message;
    assert_int_equal(status, 0);
    begun->id = id;
}

static int64_t begin(struct bench *bench, const char *recipient)
{
    struct begun begun = { 0 };
    queue_proof_begin(bench->queue, "root", recipient, bench->now, on_proof, &begun);
    wait_for_all(bench);
    assert_true(begun.id > 0);
    return begun.id;
}

static void comes_back(struct bench *bench, int64_t id)
{
    bench->status = 1;
    queue_proof_returned(bench->queue, id, "autoreply", "LMTP", bench->now, on_done, bench);
    wait_for_all(bench);
    assert_int_equal(bench->status, 0);
}

/* A campaign that waits for approval. */
static struct bench *waiting(const char *bounce_proof, const char *redirect_to)
{
    const char *const settings[] = { bounce_proof, NULL };
    struct bench *bench = bench_open_with(settings);
    drop_file(bench,
              &(struct drop){ .name = "one.csv", .targets = { "a.test" }, .hold = true, .redirect_to = redirect_to });
    resolve_all(bench);
    turn(bench);
    return bench;
}

static int approve(struct bench *bench)
{
    return order_about(bench, "approve", "campaign", "default-one");
}

static void approving_asks_for_a_proof(void **state)
{
    (void)state;
    struct bench *bench = waiting("campaigns.bounce_proof=1d", NULL);
    assert_int_equal(approve(bench), -EPERM);
    assert_non_null(strstr(bench->message, "never"));
    assert_int_equal(claim_due(bench, MANY), 0);
    int64_t id = begin(bench, NULL);
    queue_proof_answered(bench->queue, id, "accepted", "250 Ok", bench->now);
    assert_int_equal(approve(bench), -EPERM); /* that it was sent is not enough */
    comes_back(bench, id);
    assert_int_equal(approve(bench), 0);
    turn(bench);
    assert_int_equal(claim_due(bench, MANY), 1);
    bench_close(bench);
}

static void an_old_proof_is_none(void **state)
{
    (void)state;
    struct bench *bench = waiting("campaigns.bounce_proof=1d", NULL);
    int64_t id = begin(bench, NULL);
    comes_back(bench, id);
    bench->now += DAY + HOUR;
    assert_int_equal(approve(bench), -EPERM);
    assert_non_null(strstr(bench->message, "25 hours ago"));
    comes_back(bench, id); /* once more: an old one is not made young by it */
    assert_int_equal(approve(bench), -EPERM);
    comes_back(bench, begin(bench, "nobody@b.test"));
    assert_int_equal(approve(bench), 0);
    bench_close(bench);
}

/* A clock that was a year ahead, and was put right. */
static void a_proof_of_the_future_is_none(void **state)
{
    (void)state;
    struct bench *bench = waiting("campaigns.bounce_proof=1d", NULL);
    bench->now += 400 * DAY;
    comes_back(bench, begin(bench, NULL));
    bench->now -= 400 * DAY;
    assert_int_equal(approve(bench), -EPERM);
    assert_non_null(strstr(bench->message, "never"));
    /* The daemon has seen it happen: it knows how old the proof is. */
    queue_clock_set(bench->queue, bench->now, -400 * DAY);
    wait_for_all(bench);
    bench->now += HOUR;
    assert_int_equal(approve(bench), 0);
    bench->now += DAY;
    drop_file(bench, &(struct drop){ .name = "two.csv", .targets = { "b.test" }, .hold = true });
    assert_int_equal(order_about(bench, "approve", "campaign", "default-two"), -EPERM);
    assert_non_null(strstr(bench->message, "25 hours ago"));
    bench_close(bench);
}

static void set_back_while_no_daemon_ran(void **state)
{
    (void)state;
    static const char *const settings[] = { "campaigns.bounce_proof=1d", NULL };
    struct bench *bench = bench_open_with(settings);
    int64_t now = bench->now;
    bench->now += 400 * DAY;
    turn(bench);
    comes_back(bench, begin(bench, NULL));
    reopen(bench);
    bench->now = now + MINUTE;
    drop_file(bench, &(struct drop){ .name = "one.csv", .targets = { "a.test" }, .hold = true });
    assert_int_equal(approve(bench), -EPERM);
    bench->now += 400 * DAY;
    assert_int_equal(approve(bench), -EPERM);
    comes_back(bench, begin(bench, NULL));
    assert_int_equal(approve(bench), 0);
    bench_close(bench);
}

static void a_person_may_go_without(void **state)
{
    (void)state;
    struct bench *bench = waiting("campaigns.bounce_proof=1d", NULL);
    assert_int_equal(
        order(bench, json_pack("{s:s, s:s, s:b}", "verb", "approve", "campaign", "default-one", "without_proof", 1)),
        0);
    assert_int_equal(read_as(bench, "audit", json_object()), 0);
    const json_t *audit = json_object_get(bench->result, "audit");
    const json_t *last = json_array_get(audit, json_array_size(audit) - 1);
    assert_non_null(strstr(json_string_value(json_object_get(last, "detail")), "without a proof"));
    bench_close(bench);
}

static void it_can_be_switched_off(void **state)
{
    (void)state;
    struct bench *bench = waiting("campaigns.bounce_proof=0", NULL);
    assert_int_equal(approve(bench), 0);
    bench_close(bench);
}

/* Its mails all come to us, bounces or not. */
static void a_redirected_campaign_needs_none(void **state)
{
    (void)state;
    struct bench *bench = waiting("campaigns.bounce_proof=1d", "me@tocsin.test");
    assert_int_equal(approve(bench), 0);
    bench_close(bench);
}

/* ---- Campaigns that begin by themselves ------------------------------------------------------------------------------------------------- */

static struct bench *small(bool hold_another)
{
    static const char *const settings[] = { "campaigns.bounce_proof=1d", NULL };
    struct bench *bench = bench_open_with(settings);
    struct dropped dropped =
        drop_file(bench, &(struct drop){ .name = "one.csv", .campaign = "c", .targets = { "a.test" } });
    assert_true(dropped.summary.unproved);
    assert_false(dropped.summary.held);
    if (hold_another)
        drop_file(bench, &(struct drop){ .name = "two.csv", .campaign = "c", .targets = { "b.test" }, .hold = true });
    resolve_all(bench);
    pass(bench, HOUR);
    assert_true(bench->turn.wants_proof);
    assert_int_equal(claim_due(bench, MANY), 0);
    return bench;
}

static void a_small_one_waits_for_it_too(void **state)
{
    (void)state;
    struct bench *bench = small(false);
    bench->now -= HOUR; /* a file goes by the time of the wall */
    comes_back(bench, begin(bench, NULL));
    bench->now += HOUR;
    turn(bench);
    assert_false(bench->turn.wants_proof);
    assert_int_equal(claim_due(bench, MANY), 1);
    /* The next one finds the proof, and waits for nothing. */
    struct dropped dropped =
        drop_file(bench, &(struct drop){ .name = "two.csv", .campaign = "c", .targets = { "b.test" } });
    assert_false(dropped.summary.unproved);
    bench_close(bench);
}

static void what_a_person_must_see_stays(void **state)
{
    (void)state;
    struct bench *bench = small(true);
    comes_back(bench, begin(bench, NULL));
    pass(bench, HOUR);
    assert_int_equal(claim_due(bench, MANY), 0);
    assert_int_equal(order_about(bench, "approve", "campaign", "c"), 0);
    pass(bench, HOUR);
    assert_int_equal(claim_due(bench, MANY), 2);
    bench_close(bench);
}

/* The daemon died between the two steps of a file's end. */
static void finished_twice(void **state)
{
    (void)state;
    static const char *const settings[] = { "campaigns.bounce_proof=1d", NULL };
    struct bench *bench = bench_open_with(settings);
    struct drop drop = { .name = "one.csv", .targets = { "a.test" }, .claim = "it", .hash = "of it" };
    drop_file(bench, &drop);
    struct sql *sql;
    struct error error;
    stop_queue(bench);
    assert_int_equal(sql_open(bench->store, SQL_WRITE, &sql, &error), 0);
    assert_int_equal(sql_run(sql, "UPDATE feed_file SET state = 1 WHERE hold = 2", ""), 1);
    sql_close(sql);
    assert_int_equal(try_open(bench, bench->config, &bench->queue), 0);
    comes_back(bench, begin(bench, NULL));
    struct dropped dropped = drop_file(bench, &drop);
    assert_false(dropped.summary.held);
    assert_false(dropped.summary.unproved);
    compose_all(bench);
    assert_int_equal(claim_due(bench, MANY), 1);
    bench_close(bench);
}

static void status_has_the_last_that_worked_and_the_last(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    int64_t first = begin(bench, NULL), second = begin(bench, NULL);
    comes_back(bench, first);
    assert_int_equal(read_as(bench, "status", json_object()), 0);
    assert_length(bench, "proofs", 2);
    assert_number(bench, "proofs.0.id", first);
    assert_number(bench, "proofs.1.id", second);
    bench->now += MINUTE;
    comes_back(bench, second);
    assert_int_equal(read_as(bench, "status", json_object()), 0);
    assert_length(bench, "proofs", 1);
    assert_number(bench, "proofs.0.id", second);
    assert_text(bench, "proofs.0.way", "LMTP");
    bench_close(bench);
}

/* Provoked, but refused in the session: no bounce will come, and nothing is amiss. */
static void one_refused_at_once_is_not_missed(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    int64_t first = begin(bench, NULL), second = begin(bench, "nobody@b.test");
    comes_back(bench, first);
    queue_proof_answered(bench->queue, second, "refused", "550 No such user", bench->now);
    wait_for_all(bench);
    assert_int_equal(read_as(bench, "status", json_object()), 0);
    assert_length(bench, "proofs", 1);
    assert_number(bench, "proofs.0.id", first);
    int64_t third = begin(bench, NULL);
    queue_proof_answered(bench->queue, third, "refused", "554 Go away", bench->now);
    wait_for_all(bench);
    assert_int_equal(read_as(bench, "status", json_object()), 0);
    assert_number(bench, "proofs.1.id", third);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(approving_asks_for_a_proof),
        cmocka_unit_test(an_old_proof_is_none),
        cmocka_unit_test(a_proof_of_the_future_is_none),
        cmocka_unit_test(set_back_while_no_daemon_ran),
        cmocka_unit_test(a_person_may_go_without),
        cmocka_unit_test(it_can_be_switched_off),
        cmocka_unit_test(a_redirected_campaign_needs_none),
        cmocka_unit_test(a_small_one_waits_for_it_too),
        cmocka_unit_test(what_a_person_must_see_stays),
        cmocka_unit_test(finished_twice),
        cmocka_unit_test(status_has_the_last_that_worked_and_the_last),
        cmocka_unit_test(one_refused_at_once_is_not_missed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The bounce window's clock stands still while no daemon runs, while bounces cannot come in, and while they do not come back. */
#include "tests/unit/queue_bench.h"

static void on_proof(void *context, int status, const char *message, int64_t id)
{
    (void)status;
    (void)message;
    *(int64_t *)context = id;
}

static int64_t send_proof(struct bench *bench, const char *answer)
{
    int64_t id = 0;
    queue_proof_begin(bench->queue, "root", NULL, bench->now, on_proof, &id);
    wait_for_all(bench);
    queue_proof_answered(bench->queue, id, answer, "250 Ok", bench->now);
    wait_for_all(bench);
    return id;
}

static struct bench *one_accepted_with(int64_t *mail, const char *const *settings)
{
    struct bench *bench = bench_open_with(settings);
    /* So that nothing waits for one. */
    queue_proof_returned(bench->queue, send_proof(bench, "accepted"), "autoreply", "LMTP", bench->now, on_done, bench);
    drop_targets(bench, "one.csv", "a.test");
    compose_all(bench);
    *mail = claim_one(bench, "abuse@a.test");
    attempt(bench, *mail, QUEUE_ACCEPTED, NULL);
    return bench;
}

static struct bench *one_accepted(int64_t *mail)
{
    return one_accepted_with(mail, NULL);
}

/* No daemon ran for LENGTH, until now. */
static void be_down_for(struct bench *bench, int64_t length)
{
    struct sql *sql;
    struct error error;
    turn(bench);
    stop_queue(bench);
    assert_int_equal(sql_open(bench->store, SQL_WRITE, &sql, &error), 0);
    assert_int_equal(
        sql_run(sql, "UPDATE setting SET value = ?1 WHERE name = 'running'", "i", (int64_t)time(NULL) * 1000 - length),
        1);
    sql_close(sql);
    assert_int_equal(try_open(bench, bench->config, &bench->queue), 0);
}

static void a_long_outage_puts_windows_off(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    be_down_for(bench, 5 * DAY);
    turn(bench);
    pass(bench, 8 * DAY);
    assert_mail(bench, mail, "accepted");
    assert_case(bench, "a.test", "notified");
    pass(bench, 5 * DAY);
    assert_mail(bench, mail, "delivered");
    assert_case(bench, "a.test", "delivered");
    bench_close(bench);
}

static void an_outage_counts_once(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    be_down_for(bench, 5 * DAY);
    turn(bench);
    turn(bench);
    reopen(bench);
    turn(bench);
    pass(bench, 12 * DAY + HOUR);
    assert_mail(bench, mail, "delivered");
    bench_close(bench);
}

static void a_restart_is_no_outage(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    be_down_for(bench, MINUTE);
    turn(bench);
    pass(bench, 7 * DAY);
    assert_mail(bench, mail, "delivered");
    bench_close(bench);
}

/* Time that a running daemon sees pass is what the window is made of. */
static void a_quiet_week_is_no_outage(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    turn(bench);
    pass(bench, 7 * DAY);
    assert_mail(bench, mail, "delivered");
    bench_close(bench);
}

/* ---- The intake ------------------------------------------------------------------------------------------------------------------------ */

static void intake(struct bench *bench, bool works)
{
    queue_note_intake(bench->queue, works ? 0 : bench->now, works ? NULL : "the Maildir is gone", bench->now);
    wait_for_all(bench);
}

static void no_window_ends_without_an_intake(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    pass(bench, 2 * DAY);
    intake(bench, false);
    pass(bench, 20 * DAY);
    assert_mail(bench, mail, "accepted");
    assert_int_equal(read_as(bench, "status", json_object()), 0);
    assert_text(bench, "standstill.why", "the Maildir is gone");
    intake(bench, true);
    turn(bench);
    assert_mail(bench, mail, "accepted");
    assert_int_equal(read_as(bench, "status", json_object()), 0);
    assert_true(json_is_null(got(bench, "standstill")));
    pass(bench, 5 * DAY - HOUR);
    assert_mail(bench, mail, "accepted");
    pass(bench, HOUR);
    assert_mail(bench, mail, "delivered");
    bench_close(bench);
}

/* A mail that was accepted while bounces could not come in has lost less of its window. */
static void accepted_meanwhile(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = bench_open();
    intake(bench, false);
    pass(bench, 2 * DAY);
    drop_targets(bench, "one.csv", "a.test");
    compose_all(bench);
    mail = claim_one(bench, "abuse@a.test");
    attempt(bench, mail, QUEUE_ACCEPTED, NULL);
    pass(bench, DAY);
    intake(bench, true);
    pass(bench, 7 * DAY - HOUR);
    assert_mail(bench, mail, "accepted");
    pass(bench, HOUR);
    assert_mail(bench, mail, "delivered");
    bench_close(bench);
}

/* A bounce that finds nobody for a minute is brought again. */
static void a_minute_of_trouble_is_none(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    intake(bench, false);
    pass(bench, MINUTE);
    intake(bench, true);
    pass(bench, 7 * DAY - MINUTE);
    assert_mail(bench, mail, "delivered");
    bench_close(bench);
}

/* The daemon ended in trouble, and the next one finds it mended: what passed counts once. */
static void trouble_across_an_outage(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    int64_t accepted = bench->now;
    intake(bench, false);
    be_down_for(bench, 5 * DAY);
    turn(bench);
    pass(bench, DAY);
    intake(bench, true);
    int64_t stood = bench->now - accepted;
    assert_int_equal(look(bench, "SELECT due - accepted FROM notification WHERE state = 5", NULL), 7 * DAY + stood);
    bench_close(bench);
}

/* ---- Proofs ------------------------------------------------------------------------------------------------------------------------------ */

static const char *const with_proofs[] = { "campaigns.bounce_proof=7d", NULL };

static void a_proof_that_does_not_come_back(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted_with(&mail, with_proofs);
    pass(bench, DAY);
    int64_t proof = send_proof(bench, "accepted");
    pass(bench, 9 * DAY);
    assert_mail(bench, mail, "accepted");
    queue_proof_returned(bench->queue, proof, "autoreply", "LMTP", bench->now, on_done, bench);
    turn(bench);
    pass(bench, 6 * DAY - HOUR);
    assert_mail(bench, mail, "accepted");
    pass(bench, HOUR);
    assert_mail(bench, mail, "delivered");
    bench_close(bench);
}

static void a_bounce_shows_as_much(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted_with(&mail, with_proofs);
    send_proof(bench, "accepted");
    pass(bench, MINUTE);
    come_back(bench, mail, QUEUE_RETURNED_NOTHING, NULL);
    pass(bench, 7 * DAY);
    assert_mail(bench, mail, "delivered");
    bench_close(bench);
}

/* Times of a clock that was ahead hide nothing that does not come back now. */
static void what_came_back_in_the_future(void **state)
{
    (void)state;
    for (int bounce = 0; bounce < 2; bounce++) {
        int64_t mail;
        struct bench *bench = one_accepted_with(&mail, with_proofs);
        bench->now += 400 * DAY;
        if (bounce)
            come_back(bench, mail, QUEUE_RETURNED_NOTHING, NULL);
        else
            queue_proof_returned(bench->queue, send_proof(bench, "accepted"), "autoreply", "LMTP", bench->now, on_done,
                                 bench);
        wait_for_all(bench);
        bench->now -= 400 * DAY;
        pass(bench, DAY);
        send_proof(bench, "accepted");
        pass(bench, 9 * DAY);
        assert_mail(bench, mail, "accepted");
        bench_close(bench);
    }
}

/* The clock is set while a proof is on its way: what came back before it was sent still did. */
static void what_came_back_before_the_clock_was_set(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted_with(&mail, with_proofs);
    pass(bench, DAY);
    come_back(bench, mail, QUEUE_RETURNED_NOTHING, NULL);
    pass(bench, MINUTE);
    send_proof(bench, "accepted");
    queue_clock_set(bench->queue, bench->now, -10 * MINUTE);
    wait_for_all(bench);
    bench->now -= 10 * MINUTE;
    pass(bench, 9 * DAY);
    assert_mail(bench, mail, "accepted");
    bench_close(bench);
}

/* The relay did not take it: that says nothing about what comes back. */
static void a_proof_that_did_not_go_out(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted_with(&mail, with_proofs);
    send_proof(bench, "deferred");
    pass(bench, 7 * DAY);
    assert_mail(bench, mail, "delivered");
    bench_close(bench);
}

static void whoever_asks_for_no_proof_minds_none(void **state)
{
    (void)state;
    int64_t mail;
    struct bench *bench = one_accepted(&mail);
    send_proof(bench, "accepted");
    pass(bench, 7 * DAY);
    assert_mail(bench, mail, "delivered");
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_outage_puts_windows_off),   cmocka_unit_test(an_outage_counts_once),
        cmocka_unit_test(a_restart_is_no_outage),           cmocka_unit_test(a_quiet_week_is_no_outage),
        cmocka_unit_test(no_window_ends_without_an_intake), cmocka_unit_test(accepted_meanwhile),
        cmocka_unit_test(a_minute_of_trouble_is_none),      cmocka_unit_test(trouble_across_an_outage),
        cmocka_unit_test(a_proof_that_does_not_come_back),  cmocka_unit_test(a_bounce_shows_as_much),
        cmocka_unit_test(what_came_back_in_the_future),     cmocka_unit_test(what_came_back_before_the_clock_was_set),
        cmocka_unit_test(a_proof_that_did_not_go_out),      cmocka_unit_test(whoever_asks_for_no_proof_minds_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The bounce window's clock stands still while no daemon runs. */
#include "tests/unit/queue_bench.h"

static struct bench *one_accepted(int64_t *mail)
{
    struct bench *bench = bench_open();
    drop_targets(bench, "one.csv", "a.test");
    compose_all(bench);
    *mail = claim_one(bench, "abuse@a.test");
    attempt(bench, *mail, QUEUE_ACCEPTED, NULL);
    return bench;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_outage_puts_windows_off),
        cmocka_unit_test(an_outage_counts_once),
        cmocka_unit_test(a_restart_is_no_outage),
        cmocka_unit_test(a_quiet_week_is_no_outage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

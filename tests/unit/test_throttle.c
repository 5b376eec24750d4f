/* Token buckets: a minute's worth at once, the rate over the hour, nothing taken by a mail that has to wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/delivery/throttle.h"

#include <stdio.h>

#define START INT64_C(1795435200000)
#define HOUR INT64_C(3600000)

/* Mails to DOMAIN that may begin from START on, for TIME, where each waits as long as it is told to. */
static unsigned sent_in(struct throttle *throttle, const char *domain, int64_t time)
{
    unsigned sent = 0;
    for (int64_t now = START; now < START + time;) {
        int64_t wait = throttle_take(throttle, domain, now);
        sent += wait == 0;
        now += wait;
        assert_true(sent < 100000);
    }
    return sent;
}

static void no_limit(void **state)
{
    (void)state;
    struct throttle *throttle = throttle_new(0, 0);
    int64_t wait = 1;
    assert_int_equal(throttle_room(throttle, START, 500, &wait), 500);
    assert_int_equal(wait, 0);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(throttle_take(throttle, "a.test", START), 0);
    throttle_free(throttle);
}

static void a_minutes_worth_at_once(void **state)
{
    (void)state;
    struct throttle *throttle = throttle_new(3600, 0);
    int64_t wait;
    assert_int_equal(throttle_room(throttle, START, 1000, &wait), 60);
    for (int i = 0; i < 60; i++)
        assert_int_equal(throttle_take(throttle, "a.test", START), 0);
    wait = throttle_take(throttle, "b.test", START);
    assert_in_range(wait, 900, 1001);
    assert_int_equal(throttle_take(throttle, "b.test", START + wait), 0);
    throttle_free(throttle);
}

static void room_says_when(void **state)
{
    (void)state;
    struct throttle *throttle = throttle_new(60, 0); /* one a minute */
    int64_t wait = -1;
    assert_int_equal(throttle_room(throttle, START, 10, &wait), 1);
    assert_int_equal(wait, 0);
    assert_int_equal(throttle_take(throttle, "a.test", START), 0);
    assert_int_equal(throttle_room(throttle, START, 10, &wait), 0);
    assert_in_range(wait, 59000, 60001);
    assert_int_equal(throttle_room(throttle, START + wait, 10, &wait), 1);
    assert_int_equal(throttle_room(throttle, START + HOUR, 0, &wait), 0);
    throttle_free(throttle);
}

/* The hour's limit, and the minute's worth that stood in the bucket before. */
static void the_rate_over_hours(void **state)
{
    (void)state;
    struct throttle *throttle = throttle_new(600, 0);
    assert_in_range(sent_in(throttle, "a.test", 10 * HOUR), 5990, 6011);
    throttle_free(throttle);
    throttle = throttle_new(0, 30);
    assert_in_range(sent_in(throttle, "a.test", 10 * HOUR), 299, 302);
    throttle_free(throttle);
}

static void each_domain_has_its_own(void **state)
{
    (void)state;
    struct throttle *throttle = throttle_new(0, 60);
    assert_int_equal(throttle_take(throttle, "a.test", START), 0);
    assert_true(throttle_take(throttle, "a.test", START) > 0);
    assert_int_equal(throttle_take(throttle, "b.test", START), 0);
    assert_true(throttle_take(throttle, "a.test", START + 30000) > 0);
    assert_int_equal(throttle_take(throttle, "a.test", START + 60001), 0);
    throttle_free(throttle);
}

/* A mail that waits for its domain costs the others nothing. */
static void a_refused_mail_takes_nothing(void **state)
{
    (void)state;
    struct throttle *throttle = throttle_new(120, 60);
    assert_int_equal(throttle_take(throttle, "a.test", START), 0);
    for (int i = 0; i < 100; i++)
        assert_true(throttle_take(throttle, "a.test", START) > 0);
    assert_int_equal(throttle_take(throttle, "b.test", START), 0);
    /* And one that waits for all costs its domain nothing. */
    assert_true(throttle_take(throttle, "c.test", START) > 0);
    assert_int_equal(throttle_take(throttle, "c.test", START + 30001), 0);
    throttle_free(throttle);
}

static void a_clock_set_back(void **state)
{
    (void)state;
    struct throttle *throttle = throttle_new(60, 60);
    assert_int_equal(throttle_take(throttle, "a.test", START), 0);
    /* A minute for each of the two limits, and no more. */
    int64_t now = START - 10 * HOUR, wait;
    while ((wait = throttle_take(throttle, "a.test", now)))
        now += wait;
    assert_in_range(now - (START - 10 * HOUR), 1, 120002);
    throttle_free(throttle);
}

/* More domains than are remembered: none waits without a reason, and memory stays flat. */
static void many_domains(void **state)
{
    (void)state;
    struct throttle *throttle = throttle_new(0, 60);
    char domain[32];
    for (int i = 0; i < 20000; i++) {
        snprintf(domain, sizeof domain, "d%d.test", i);
        assert_int_equal(throttle_take(throttle, domain, START), 0);
    }
    throttle_free(throttle);
    throttle_free(NULL);
}

/* A limit that comes, tightens and goes counts from then on; none gives more at once than its own minute's worth. */
static void limits_change(void **state)
{
    (void)state;
    struct throttle *throttle = throttle_new(0, 0);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(throttle_take(throttle, "a.test", START), 0);
    throttle_change(throttle, 120, 0);
    assert_int_equal(throttle_take(throttle, "a.test", START), 0);
    assert_int_equal(throttle_take(throttle, "a.test", START), 0);
    assert_int_not_equal(throttle_take(throttle, "a.test", START), 0);
    throttle_change(throttle, 6000, 60);
    assert_int_equal(throttle_take(throttle, "a.test", START + HOUR), 0);
    assert_int_not_equal(throttle_take(throttle, "a.test", START + HOUR), 0);
    throttle_change(throttle, 60, 0);
    assert_int_equal(throttle_take(throttle, "a.test", START + HOUR), 0);
    assert_int_not_equal(throttle_take(throttle, "a.test", START + HOUR), 0);
    throttle_change(throttle, 0, 0);
    assert_int_equal(throttle_take(throttle, "a.test", START + HOUR), 0);
    throttle_free(throttle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_limit),
        cmocka_unit_test(a_minutes_worth_at_once),
        cmocka_unit_test(room_says_when),
        cmocka_unit_test(the_rate_over_hours),
        cmocka_unit_test(each_domain_has_its_own),
        cmocka_unit_test(a_refused_mail_takes_nothing),
        cmocka_unit_test(a_clock_set_back),
        cmocka_unit_test(many_domains),
        cmocka_unit_test(limits_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

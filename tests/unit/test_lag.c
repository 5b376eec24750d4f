#include "daemon/base/lag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void nothing_yet(void **state)
{
    (void)state;
    struct lag lag = { 0 };
    assert_int_equal(lag_percentile(&lag, 500), 0);
    assert_int_equal(lag_percentile(&lag, 999), 0);
}

static void percentiles_lie_in_their_buckets(void **state)
{
    (void)state;
    struct lag lag = { 0 };
    for (int i = 0; i < 985; i++)
        lag_add(&lag, 50, 20000);
    for (int i = 0; i < 10; i++)
        lag_add(&lag, 4000, 20000);
    for (int i = 0; i < 5; i++)
        lag_add(&lag, 12000, 20000);
    assert_int_equal(lag.total, 1000);
    assert_in_range(lag_percentile(&lag, 500), 1, 100);
    assert_in_range(lag_percentile(&lag, 990), 2000, 5000);
    assert_in_range(lag_percentile(&lag, 999), 10000, 12000);
    assert_int_equal(lag_percentile(&lag, 1000), 12000);
    assert_int_equal(lag.longest, 12000);
}

/* Served at once, it is in the first bucket; the clocks may differ by a hair. */
static void early_is_on_time(void **state)
{
    (void)state;
    struct lag lag = { 0 };
    lag_add(&lag, -300, 20000);
    assert_int_equal(lag.total, 1);
    assert_int_equal(lag.longest, 0);
}

/* A second of silence: fifty timers would have been late, not one. */
static void a_long_stretch_counts_for_all_that_waited(void **state)
{
    (void)state;
    struct lag lag = { 0 };
    for (int i = 0; i < 50; i++)
        lag_add(&lag, 80, 20000);
    lag_add(&lag, 1000000, 20000);
    assert_int_equal(lag.total, 100);
    assert_in_range(lag_percentile(&lag, 750), 400000, 600000);
    assert_int_equal(lag.longest, 1000000);
    lag_add(&lag, 9000000, 20000);
    assert_in_range(lag_percentile(&lag, 999), 5000000, 9000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_yet),
        cmocka_unit_test(percentiles_lie_in_their_buckets),
        cmocka_unit_test(early_is_on_time),
        cmocka_unit_test(a_long_stretch_counts_for_all_that_waited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Back-off: doubling, a ceiling, and jitter that spreads but never surprises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "queue/retry.h"

#include <limits.h>

#define MINUTE INT64_C(60000)

static void assert_between(int64_t value, int64_t least, int64_t most)
{
    if (value < least || value > most)
        fail_msg("%lld is not between %lld and %lld", (long long)value, (long long)least, (long long)most);
}

static void doubles_up_to_the_longest(void **state)
{
    (void)state;
    static const int64_t plain[] = { 30, 60, 120, 240, 240, 240 };
    for (unsigned attempt = 1; attempt <= 6; attempt++)
        for (uint64_t seed = 0; seed < 100; seed++) {
            int64_t wait = plain[attempt - 1] * MINUTE;
            assert_between(retry_wait(30 * MINUTE, 240 * MINUTE, attempt, seed), wait, wait + wait / 5);
        }
}

static void no_attempt_is_the_first(void **state)
{
    (void)state;
    assert_between(retry_wait(30 * MINUTE, 240 * MINUTE, 0, 1), 30 * MINUTE, 36 * MINUTE);
}

static void any_number_of_attempts(void **state)
{
    (void)state;
    assert_between(retry_wait(10, 14400000, UINT_MAX, 1), 14400000, 17280000);
    assert_between(retry_wait(1, INT64_C(7) * 86400000, 64, 1), INT64_C(7) * 86400000, INT64_C(9) * 86400000);
}

static void first_above_the_longest(void **state)
{
    (void)state;
    assert_between(retry_wait(60 * MINUTE, 30 * MINUTE, 1, 9), 30 * MINUTE, 36 * MINUTE);
}

static void never_at_once(void **state)
{
    (void)state;
    assert_true(retry_wait(0, 1000, 1, 1) >= 1);
    assert_true(retry_wait(-5, 1000, 1, 1) >= 1);
}

static void the_same_again(void **state)
{
    (void)state;
    assert_int_equal(retry_wait(30 * MINUTE, 240 * MINUTE, 3, 77), retry_wait(30 * MINUTE, 240 * MINUTE, 3, 77));
}

/* What was deferred in one moment comes back over a fifth of the wait: no tenth of it holds more than its share by much. */
static void neighbours_part(void **state)
{
    (void)state;
    unsigned tenths[10] = { 0 };
    int64_t first = 100 * MINUTE;
    for (uint64_t seed = 1; seed <= 10000; seed++) {
        int64_t more = retry_wait(first, first, 1, seed) - first;
        assert_between(more, 0, first / 5);
        tenths[more * 10 / (first / 5 + 1)]++;
    }
    for (int i = 0; i < 10; i++)
        assert_between(tenths[i], 850, 1150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_up_to_the_longest),
        cmocka_unit_test(no_attempt_is_the_first),
        cmocka_unit_test(any_number_of_attempts),
        cmocka_unit_test(first_above_the_longest),
        cmocka_unit_test(never_at_once),
        cmocka_unit_test(the_same_again),
        cmocka_unit_test(neighbours_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

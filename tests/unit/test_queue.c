/* A case's way from its file to its end: the ladder, composition, delivery. */
#include "tests/unit/queue_bench.h"

static void a_case_goes_all_the_way(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct dropped dropped = drop_targets(bench, "victims.csv", "a.test");
    assert_int_equal(dropped.verdict, QUEUE_FILE_LOAD);
    assert_int_equal(dropped.status, 0);
    assert_string_equal(dropped.campaign, "default-victims");
    assert_case(bench, "a.test", "new");
    assert_int_equal(claim_targets(bench, 10), 1);
    assert_case(bench, "a.test", "resolving");
    set_ladder(bench, bench->targets[0].id, "a.test", usual_ladder);
    assert_case(bench, "a.test", "waiting");
    pass(bench, HOUR - SECOND);
    assert_int_equal(claim_due(bench, 10), 0);
    pass(bench, SECOND);
    int64_t mail = claim_one(bench, "abuse@a.test");
    assert_case(bench, "a.test", "notified");
    attempt(bench, mail, QUEUE_ACCEPTED, NULL);
    assert_mail(bench, mail, "accepted");
    pass(bench, 7 * DAY - SECOND);
    assert_case(bench, "a.test", "notified");
    pass(bench, SECOND);
    assert_case(bench, "a.test", "delivered");
    assert_mail(bench, mail, "delivered");
    assert_campaign(bench, "default-victims", "ended");
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_goes_all_the_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A case's way from its file to its end: the ladder, composition, delivery. */
#include "tests/unit/queue_bench.h"

#include <signal.h>
#include <sys/resource.h>

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

/* No file grows from now on. Returns what was allowed before. */
static struct rlimit fill_the_disk(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 0, limit.rlim_max });
    return limit;
}

/* Order what a full store refuses, and do not wait. */
static void order_in_vain(struct bench *bench)
{
    json_t *lost = json_pack("{s:s, s:s}", "verb", "suppress", "object", "lost.test");
    queue_order(bench->queue, lost, "root", bench->now, on_result, bench);
    json_decref(lost);
    bench->status = 0;
}

/* A full disk does not keep the daemon from ending; who waits for a commit is told that there was none. */
static void a_store_that_fails_does_not_hold_up_the_end(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct rlimit limit = fill_the_disk();
    order_in_vain(bench);
    time_t before = time(NULL);
    stop_queue(bench);
    setrlimit(RLIMIT_FSIZE, &limit);
    assert_in_range(time(NULL) - before, 0, 8);
    assert_int_equal(bench->status, -EAGAIN);
    if (try_open(bench, bench->config, &bench->queue))
        fail_msg("%s", bench->message);
    assert_int_equal(order_about(bench, "suppress", "object", "lost.test"), 0);
    bench_close(bench);
}

/* What cannot be asked for again, and came while all that had failed was refused, is done once the disk has room again. */
static void a_store_that_works_again_does_what_waited(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct rlimit limit = fill_the_disk();
    order_in_vain(bench);
    wait_for_all(bench);
    assert_int_equal(bench->status, -EAGAIN);
    queue_turn(bench->queue, bench->now, on_turn, bench);
    setrlimit(RLIMIT_FSIZE, &limit);
    for (time_t before = time(NULL); queue_pending(bench->queue) && time(NULL) - before < 10; usleep(1000))
        uv_run(&bench->loop, UV_RUN_NOWAIT);
    assert_int_equal(queue_pending(bench->queue), 0);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_goes_all_the_way),
        cmocka_unit_test(a_store_that_fails_does_not_hold_up_the_end),
        cmocka_unit_test(a_store_that_works_again_does_what_waited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

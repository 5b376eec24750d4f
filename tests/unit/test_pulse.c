#include "daemon/base/inbox.h"
#include "daemon/base/pulse.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define HOUR ((int64_t)3600 * 1000)

static void a_promise_holds_over_a_rest(void **state)
{
    (void)state;
    struct pulse pulse = { 0 };
    pulse_beat(0); /* of nobody */
    assert_int_equal(pulse_overdue(&pulse), 0);
    pulse_attach(&pulse);
    pulse_beat(HOUR);
    assert_int_equal(pulse_overdue(&pulse), 0);
    int64_t due = pulse.due, promised = pulse_rest();
    assert_int_equal(pulse.due, 0);
    pulse_resume(promised);
    assert_int_equal(pulse.due, due);
    pulse_beat(-HOUR);
    assert_in_range(pulse_overdue(&pulse), HOUR, HOUR + 60000);
    promised = pulse_rest();
    assert_int_equal(pulse_overdue(&pulse), 0);
    pulse_resume(promised); /* what is over is over: it has just been heard of */
    assert_in_range(pulse_overdue(&pulse), 0, 60000);
    pulse_attach(NULL);
}

static void *wait_for_work(void *argument)
{
    struct inbox *inbox = ((void **)argument)[0];
    struct pulse *pulse = ((void **)argument)[1];
    pulse_attach(pulse);
    pulse_beat(-HOUR);
    inbox_pop(inbox, -1);
    return NULL;
}

/* Whoever waits at his inbox is well, however long he waits. */
static void waiting_for_work_is_rest(void **state)
{
    (void)state;
    struct pulse pulse = { .due = 1 }; /* until it rests */
    struct inbox *inbox = inbox_new(0);
    pthread_t thread;
    void *arguments[] = { inbox, &pulse };
    pthread_create(&thread, NULL, wait_for_work, arguments);

    for (int tries = 0; tries < 10000 && pulse.due; tries++)
        usleep(1000);
    assert_int_equal(pulse.due, 0);
    inbox_close(inbox);
    pthread_join(thread, NULL);
    assert_int_not_equal(pulse.due, 0);
    assert_in_range(pulse_overdue(&pulse), 0, 60000);
    inbox_free(inbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_promise_holds_over_a_rest),
        cmocka_unit_test(waiting_for_work_is_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

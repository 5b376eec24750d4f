/* Where a case and a notification may go: each step that matters, and each that must not be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "queue/states.h"

#include <string.h>

/* What follows a state, in the words of ARCHITECTURE.md. */
struct row {
    const char *from, *to;
};

static const struct row case_steps[] = {
    { "new", "resolving opted-out expired cancelled" },
    { "resolving", "new waiting exhausted opted-out expired cancelled" },
    { "waiting", "notified escalated answered exhausted opted-out expired cancelled" },
    { "notified", "delivered answered escalated opted-out expired cancelled" },
    { "escalated", "waiting exhausted opted-out expired cancelled" },
    /* A late bounce, a late answer, a refusal about us whose report came late. */
    { "delivered", "escalated answered opted-out notified" },
    { "answered", "opted-out" },
    { "exhausted", "answered opted-out" },
    { "opted-out", "" },
    { "expired", "answered opted-out" },
    { "cancelled", "answered opted-out" },
};

static const struct row notification_steps[] = {
    { "held", "queued delivered bounced cancelled" },
    { "queued", "leased delivered bounced held cancelled" },
    { "leased", "queued deferred accepted delivered bounced held given-up cancelled" },
    { "deferred", "leased delivered bounced held given-up cancelled" },
    { "accepted", "delivered bounced held" },
    { "delivered", "bounced held" },
    { "bounced", "" },
    { "given-up", "bounced" },
    { "cancelled", "" },
};

static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; *at; at += strcspn(at, " "), at += *at == ' ')
        if (strcspn(at, " ") == length && strncmp(at, word, length) == 0)
            return true;
    return false;
}

static const char *case_name(int state)
{
    return case_state_name((enum case_state)state);
}

static bool case_step(int from, int to)
{
    return case_may((enum case_state)from, (enum case_state)to);
}

static const char *notification_name(int state)
{
    return notification_state_name((enum notification_state)state);
}

static bool notification_step(int from, int to)
{
    return notification_may((enum notification_state)from, (enum notification_state)to);
}

static void check_all(const struct row *rows, int states, const char *(*name)(int), bool (*may)(int, int))
{
    for (int from = 1; from < states; from++) {
        assert_string_equal(name(from), rows[from - 1].from);
        for (int to = 1; to < states; to++)
            if (may(from, to) != has_word(rows[from - 1].to, name(to)))
                fail_msg("%s to %s: %s", name(from), name(to), may(from, to) ? "allowed" : "forbidden");
        assert_false(may(0, from));
        assert_false(may(from, 0));
    }
    assert_false(may(states, 1));
    assert_false(may(-1, 1));
}

static void every_step_of_a_case(void **state)
{
    (void)state;
    check_all(case_steps, CASE_STATES, case_name, case_step);
}

static void every_step_of_a_notification(void **state)
{
    (void)state;
    check_all(notification_steps, NOTIFICATION_STATES, notification_name, notification_step);
}

/* Stores on disk hold the numbers. */
static void numbers_are_for_ever(void **state)
{
    (void)state;
    assert_int_equal(CASE_NEW, 1);
    assert_int_equal(CASE_WAITING, 3);
    assert_int_equal(CASE_DELIVERED, 6);
    assert_int_equal(CASE_CANCELLED, 11);
    assert_int_equal(NOTIFICATION_HELD, 1);
    assert_int_equal(NOTIFICATION_LEASED, 3);
    assert_int_equal(NOTIFICATION_CANCELLED, 9);
    assert_int_equal(CAMPAIGN_RUNNING, 1);
    assert_int_equal(CAMPAIGN_ENDED, 4);
    assert_int_equal(FILE_LOADED, 2);
    assert_string_equal(campaign_state_name(CAMPAIGN_PAUSED), "paused");
    assert_string_equal(campaign_state_name(CAMPAIGN_ENDED), "ended");
    assert_string_equal(file_state_name(FILE_LOADING), "loading");
    assert_string_equal(file_state_name(FILE_FAILED), "failed");
}

static void six_ends(void **state)
{
    (void)state;
    for (int i = 1; i < CASE_STATES; i++)
        assert_int_equal(case_ended((enum case_state)i),
                         has_word("delivered answered exhausted opted-out expired cancelled", case_name(i)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_of_a_case),
        cmocka_unit_test(every_step_of_a_notification),
        cmocka_unit_test(numbers_are_for_ever),
        cmocka_unit_test(six_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

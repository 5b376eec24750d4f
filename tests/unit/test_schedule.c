/* Times of mails by the clock of whoever gets them, over every oddity that clocks have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/base/timestamp.h"
#include "queue/schedule.h"
#include "queue/zones.h"

#include <glib.h>
#include <string.h>

struct row {
    const char *country, *now, *expected; /* times in UTC */
};

static int64_t time_of(const char *text)
{
    int64_t seconds = 0;
    assert_int_equal(timestamp_parse(text, strlen(text), &seconds), 0);
    return seconds * 1000;
}

typedef int64_t when(const struct schedule *schedule, const char *country, int64_t now);

static void expect_all(when *function, const struct schedule *schedule, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char got[TIMESTAMP_ISO_SIZE];
        timestamp_iso(function(schedule, rows[i].country, time_of(rows[i].now)) / 1000, got);
        if (strncmp(got, rows[i].expected, strlen(rows[i].expected)) != 0)
            fail_msg("%s, from %s on: %s, not %s", rows[i].country, rows[i].now, got, rows[i].expected);
    }
}

#define EXPECT(function, schedule, rows) expect_all(function, schedule, rows, sizeof(rows) / sizeof *(rows))

static void at_once_is_now(void **state)
{
    (void)state;
    struct schedule schedule = schedule_of(NULL);
    assert_false(schedule_waits(&schedule));
    assert_int_equal(schedule_next(&schedule, "de", 12345678), 12345678);
    assert_int_equal(schedule_open(&schedule, "de", 12345678), 12345678);
}

static void full_hours_are_those_of_the_country(void **state)
{
    (void)state;
    const struct schedule schedule = { .round = SCHEDULE_HOURLY, .zone = "UTC" };
    static const struct row rows[] = {
        { "de", "2026-05-04T10:00:00Z", "2026-05-04T10:00:00" },
        { "de", "2026-05-04T10:00:01Z", "2026-05-04T11:00:00" },
        { "np", "2026-05-04T10:00:00Z", "2026-05-04T10:15:00" }, /* 15:45 in Kathmandu */
        { "in", "2026-05-04T10:00:00Z", "2026-05-04T10:30:00" },
        { "", "2026-12-31T23:30:00Z", "2027-01-01T00:00:00" },
        { "zz", "2026-05-04T10:59:59Z", "2026-05-04T11:00:00" },
    };
    EXPECT(schedule_next, &schedule, rows);
}

static void daily(void **state)
{
    (void)state;
    const struct schedule schedule = { .round = SCHEDULE_DAILY, .minute = 540, .zone = "Asia/Tokyo" };
    static const struct row rows[] = {
        { "de", "2026-05-04T06:59:59Z", "2026-05-04T07:00:00" },
        { "de", "2026-05-04T07:00:00Z", "2026-05-04T07:00:00" },
        { "de", "2026-05-04T07:00:01Z", "2026-05-05T07:00:00" },
        /* The clock is put forward on 29 March, and back on 25 October 2026. */
        { "de", "2026-03-28T08:00:01Z", "2026-03-29T07:00:00" },
        { "DE", "2026-10-24T07:00:01Z", "2026-10-25T08:00:00" },
        { "us", "2026-03-07T14:00:01Z", "2026-03-08T13:00:00" },
        { "np", "2026-12-31T03:15:01Z", "2027-01-01T03:15:00" },
        { "nz", "2026-12-31T20:00:01Z", "2027-01-01T20:00:00" },
        { "ki", "2026-02-28T00:00:00Z", "2026-02-28T21:00:00" },
        { "", "2026-05-04T00:00:01Z", "2026-05-05T00:00:00" }, /* the sender's zone */
    };
    EXPECT(schedule_next, &schedule, rows);
}

/* 02:30 is not there on one day of the year, and is there twice on another. */
static void an_hour_that_is_left_out(void **state)
{
    (void)state;
    const struct schedule schedule = { .round = SCHEDULE_DAILY, .minute = 150, .zone = "UTC" };
    static const struct row rows[] = {
        { "de", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00" },
        { "de", "2026-03-29T01:31:00Z", "2026-03-30T00:30:00" },
        { "de", "2026-10-24T12:00:00Z", "2026-10-25T01:30:00" },
        { "de", "2026-10-25T00:30:01Z", "2026-10-25T01:30:00" },
        { "de", "2026-10-25T01:30:01Z", "2026-10-26T01:30:00" },
    };
    EXPECT(schedule_next, &schedule, rows);
}

static void business_hours(void **state)
{
    (void)state;
    const struct schedule schedule = { .from = 9, .to = 17, .zone = "UTC" };
    assert_true(schedule_waits(&schedule));
    static const struct row rows[] = {
        /* 4 May 2026 is a Monday. */
        { "de", "2026-05-04T06:59:00Z", "2026-05-04T07:00:00" },
        { "de", "2026-05-04T12:34:56Z", "2026-05-04T12:34:56" },
        { "de", "2026-05-04T15:00:00Z", "2026-05-05T07:00:00" },
        { "de", "2026-05-08T14:59:59Z", "2026-05-08T14:59:59" },
        { "de", "2026-05-08T15:00:00Z", "2026-05-11T07:00:00" },
        { "de", "2026-05-10T22:30:00Z", "2026-05-11T07:00:00" }, /* Monday there, Sunday in UTC */
        { "jp", "2026-05-10T23:59:59Z", "2026-05-11T00:00:00" },
        { "us", "2026-05-08T20:59:59Z", "2026-05-08T20:59:59" },
        { "us", "2026-05-08T21:00:00Z", "2026-05-11T13:00:00" },
        { "de", "2027-01-01T18:00:00Z", "2027-01-04T08:00:00" },
        { "de", "2026-03-27T16:00:00Z", "2026-03-30T07:00:00" }, /* the clock is put forward at the week-end */
        { "", "2026-05-09T12:00:00Z", "2026-05-11T09:00:00" },
    };
    EXPECT(schedule_next, &schedule, rows);
    EXPECT(schedule_open, &schedule, rows);
    const struct schedule all_day = { .from = 0, .to = 24, .zone = "UTC" };
    static const struct row week[] = {
        { "de", "2026-05-08T21:59:59Z", "2026-05-08T21:59:59" },
        { "de", "2026-05-08T22:00:00Z", "2026-05-10T22:00:00" },
    };
    EXPECT(schedule_next, &all_day, week);
}

static void both_together(void **state)
{
    (void)state;
    const struct schedule daily_open = { .round = SCHEDULE_DAILY, .minute = 630, .from = 9, .to = 17, .zone = "UTC" };
    static const struct row rows[] = {
        { "de", "2026-05-08T08:30:00Z", "2026-05-08T08:30:00" },
        { "de", "2026-05-08T08:30:01Z", "2026-05-11T08:30:00" }, /* Monday's 10:30, not Monday's 9:00 */
        { "de", "2026-05-09T00:00:00Z", "2026-05-11T08:30:00" },
    };
    EXPECT(schedule_next, &daily_open, rows);
    /* Its round has come, and the daemon was down. */
    static const struct row late[] = {
        { "de", "2026-05-08T12:00:00Z", "2026-05-08T12:00:00" },
        { "de", "2026-05-08T20:00:00Z", "2026-05-11T07:00:00" },
    };
    EXPECT(schedule_open, &daily_open, late);
    const struct schedule hourly_open = { .round = SCHEDULE_HOURLY, .from = 9, .to = 17, .zone = "UTC" };
    static const struct row hours[] = {
        { "de", "2026-05-08T14:00:01Z", "2026-05-11T07:00:00" }, /* 17:00 is too late */
        { "de", "2026-05-08T13:00:01Z", "2026-05-08T14:00:00" },
    };
    EXPECT(schedule_next, &hourly_open, hours);
}

/* The last mail was taken some seconds or hours after it fell due: the next is tomorrow's all the same. */
static void a_day_apart_is_the_next_round(void **state)
{
    (void)state;
    const struct schedule schedule = { .round = SCHEDULE_DAILY, .minute = 540, .zone = "UTC" };
    static const struct row rows[] = {
        { "de", "2026-05-05T07:00:09Z", "2026-05-05T07:00:00" },
        { "de", "2026-05-05T12:00:00Z", "2026-05-05T07:00:00" },
        { "de", "2026-05-05T19:00:01Z", "2026-05-06T07:00:00" },
    };
    EXPECT(schedule_apart, &schedule, rows);
    const struct schedule open = { .from = 9, .to = 17, .zone = "UTC" };
    static const struct row hours[] = { { "de", "2026-05-05T12:00:00Z", "2026-05-05T12:00:00" } };
    EXPECT(schedule_apart, &open, hours);
}

/* Never before what was asked, never later than the longest week-end, and always when it may be. */
static void in_every_country(void **state)
{
    (void)state;
    const struct schedule schedule = { .round = SCHEDULE_DAILY, .minute = 540, .from = 9, .to = 17, .zone = "UTC" };
    unsigned known = 0;
    char country[3] = "";
    for (country[0] = 'a'; country[0] <= 'z'; country[0]++)
        for (country[1] = 'a'; country[1] <= 'z'; country[1]++) {
            const char *name = zone_of_country(country);
            GTimeZone *zone = name ? g_time_zone_new_identifier(name) : NULL;
            if (name && !zone)
                fail_msg("%s: tzdata has no zone %s", country, name);
            known += name != NULL;
            for (int64_t now = time_of("2026-01-01T00:10:00Z"); zone && now < time_of("2027-01-02T00:00:00Z");
                 now += INT64_C(29) * 3600 * 1000) {
                int64_t next = schedule_next(&schedule, country, now);
                assert_in_range(next - now, 0, INT64_C(73) * 3600 * 1000);
                assert_int_equal(schedule_next(&schedule, country, next), next);
                assert_int_equal(schedule_open(&schedule, country, next), next);
            }
            if (zone)
                g_time_zone_unref(zone);
        }
    assert_true(known > 240);
}

static void where_a_domain_is(void **state)
{
    (void)state;
    char country[3];
    assert_true(zone_country_of_domain("shop.bakery.de", country));
    assert_string_equal(country, "de");
    assert_true(zone_country_of_domain("a.co.uk", country));
    assert_string_equal(zone_of_country(country), "Europe/London");
    assert_true(zone_country_of_domain("a.eu", country));
    static const char *const nowhere[] = {
        "a.com", "a.io", "a.me", "a.tv", "192.0.2.1", "de", "", "a.zz", "a.xn--p1ai"
    };
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++)
        assert_false(zone_country_of_domain(nowhere[i], country));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_once_is_now),
        cmocka_unit_test(full_hours_are_those_of_the_country),
        cmocka_unit_test(daily),
        cmocka_unit_test(an_hour_that_is_left_out),
        cmocka_unit_test(business_hours),
        cmocka_unit_test(both_together),
        cmocka_unit_test(a_day_apart_is_the_next_round),
        cmocka_unit_test(in_every_country),
        cmocka_unit_test(where_a_domain_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

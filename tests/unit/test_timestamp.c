#include "daemon/base/timestamp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define NOON 1786371059 /* 2026-08-10T14:10:59Z */

static void test_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t expected;
    } rows[] = {
        { "2026-08-10T14:10:59Z", NOON },
        { "2026-08-10t14:10:59z", NOON },
        { "2026-08-10T14:10:59+00:00", NOON },
        { "2026-08-10T16:10:59+02:00", NOON },
        { "2026-08-10T16:10:59+0200", NOON },
        { "2026-08-10T16:10:59+02", NOON },
        { "2026-08-10T08:40:59-05:30", NOON },
        { "2026-08-10T14:10:59.123456Z", NOON },
        { "2026-08-10 14:10:59,123", NOON },
        { "2026-08-10 14:10:59", NOON },
        { "  2026-08-10 14:10:59 \r\n", NOON },
        { "2026-08-10 14:10:59 UTC", NOON },
        { "2026-08-10 14:10:59 GMT+02:00", NOON - 7200 },
        { "2026-08-10 16:10:59 CEST", NOON },
        { "2026-08-10 14:10", NOON - 59 },
        { "2026/08/10 14:10:59", NOON },
        { "2026-8-1 4:10:59", NOON - 9 * 86400 - 10 * 3600 },
        { "20260810T141059Z", NOON },
        { "20260810141059", NOON },
        { "2026-08-10", NOON - 51059 },
        { "20260810", NOON - 51059 },
        { "10.08.2026 14:10:59", NOON },
        { "10/Aug/2026:14:10:59 +0000", NOON },
        { "10/Aug/2026:16:10:59 +0200", NOON },
        { "10-Aug-2026 14:10:59", NOON },
        { "Mon, 10 Aug 2026 14:10:59 +0000", NOON },
        { "Mon, 10 Aug 2026 16:10:59 +0200 (CEST)", NOON },
        { "Monday, 10 August 2026 10:10:59 EDT", NOON },
        { "10 Aug 2026 14:10:59 GMT", NOON },
        { "Mon Aug 10 14:10:59 2026", NOON },
        { "Mon Aug 10 14:10:59 UTC 2026", NOON },
        { "Aug 10 14:10:59 2026 GMT", NOON },
        { "Aug  9, 2026", NOON - 51059 - 86400 },
        { "08/10/2026 02:10:59 PM", NOON },
        { "08/10/2026 12:10:59 am", NOON - 14 * 3600 },
        { "8/10/2026 2:10 PM", NOON - 59 },
        { "2026-08-10 12:10:59 PM", NOON - 7200 },
        { "1786371059", NOON },
        { "1786371059.75", NOON },
        { "1786371059123", NOON },
        { "1786371059123456", NOON },
        { "2024-02-29T00:00:00Z", 1709164800 },
        { "2000-02-29", 951782400 },
        { "2016-12-31T23:59:60Z", 1483228800 },
        { "9999-12-31T23:59:59Z", 253402300799 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t time = -1;
        if (timestamp_parse(rows[i].text, strlen(rows[i].text), &time) || time != rows[i].expected)
            fail_msg("'%s' gave %lld", rows[i].text, (long long)time);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        " ",
        "yesterday",
        "2026-02-30",
        "2026-02-29",
        "2026-13-01",
        "2026-00-01",
        "2026-01-00",
        "2026-01-32",
        "1900-01-01",
        "2026-08-10T24:00:00Z",
        "2026-08-10T14:60:00Z",
        "2026-08-10T14:10:61Z",
        "2026-08-10T14",
        "2026-08-10T14:10:59+2",
        "2026-08-10T14:10:59+020",
        "2026-08-10T14:10:59+02:0",
        "2026-08-10T14:10:59+99:00",
        "2026-08-10T14:10:59.Z",
        "2026-08-10T14:10:59Zulu",
        "2026-08-10T14:10:59 XYZ",
        "2026-08-10T14:10:59Z trailing",
        "2026-08-10T",
        "2026-08-10,",
        "08/10/2026 13:10:59 PM",
        "08/10/2026 00:10:59 AM",
        "13/13/2026",
        "31/02/2026",
        "Aug 10 14:10:59",
        "10 Foo 2026",
        "0",
        "443",
        "12345678901",
        "178637105912345678901234567890",
        "-1786371059",
        "1786371059x",
        "99999999",
        "NaN",
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t time;
        if (timestamp_parse(rows[i], strlen(rows[i]), &time) != -EINVAL)
            fail_msg("'%s' was taken", rows[i]);
    }
}

/* Other writings of 2026-08-10T14:10:59 UTC. */
static void test_more_forms(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "20260810T141059Z",
        "20260810141059",
        "2026.08.10 14:10:59",
        "2026-Aug-10 14:10:59",
        "10.08.2026 14:10:59",
        "10. August 2026 14:10:59",
        "10 ao\xc3\xbbt 2026 14:10:59",
        "10 agosto 2026 14:10:59",
        "Montag, 10. August 2026 14:10:59",
        "Monday, August 10, 2026 2:10:59 PM",
        "Mon Aug 10 14:10:59 2026",
        "Mon Aug 10 16:10:59 CEST 2026",
        "2026-08-10 16:10:59 MESZ",
        "2026-08-10 16:10:59 UTC+2",
        "2026-08-10 23:10:59 JST",
        "1786371059.25",
        "1786371059,25",
        "1786371059123",
        "1786371059123456",
        "1786371059123456789",
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t time;
        if (timestamp_parse(rows[i], strlen(rows[i]), &time) || time != 1786371059)
            fail_msg("'%s' was read as another time", rows[i]);
    }
}

static void test_order(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int either, day_first, month_first; /* days of 2026: 221 is 2026-08-10, 280 is 2026-10-08; -1: either */
        enum timestamp_order order;
    } rows[] = {
        { "10/08/2026", -1, 221, 280, TIMESTAMP_EITHER_FIRST },
        { "10-08-2026", -1, 221, 280, TIMESTAMP_EITHER_FIRST },
        { "8/10/2026", -1, 280, 221, TIMESTAMP_EITHER_FIRST },
        { "08/10/2026 02:10 PM", 221, 280, 221, TIMESTAMP_EITHER_FIRST },
        { "08/08/2026", 219, 219, 219, TIMESTAMP_EITHER_FIRST },
        { "25/08/2026", 236, 236, 236, TIMESTAMP_DAY_FIRST },
        { "25/08/2026 14:10:59", 236, 236, 236, TIMESTAMP_DAY_FIRST },
        { "08/25/2026", 236, 236, 236, TIMESTAMP_MONTH_FIRST },
        { "08-25-2026", 236, 236, 236, TIMESTAMP_MONTH_FIRST },
        { "2026-08-25", 236, 236, 236, TIMESTAMP_EITHER_FIRST },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const int expected[] = { rows[i].either, rows[i].day_first, rows[i].month_first };
        size_t length = strlen(rows[i].text);
        for (int order = 0; order < 3; order++) {
            int64_t time = 0;
            int code = timestamp_parse_ordered(rows[i].text, length, (enum timestamp_order)order, 0, &time);
            assert_int_equal(code, expected[order] < 0 ? -EDOM : 0);
            if (!code)
                assert_int_equal((time - 1767225600) / 86400, expected[order]);
        }
        assert_int_equal(timestamp_order(rows[i].text, length), rows[i].order);
    }
}

static void test_parse_stops_at_length(void **state)
{
    (void)state;
    int64_t time = 0;
    assert_int_equal(timestamp_parse("2026-08-10T14:10:59Zgarbage", 20, &time), 0);
    assert_int_equal(time, NOON);
    assert_int_equal(timestamp_parse("2026-08-10\0T14:10", 17, &time), -EINVAL);
}

static void test_print(void **state)
{
    (void)state;
    char iso[TIMESTAMP_ISO_SIZE], mail[TIMESTAMP_MAIL_SIZE];
    timestamp_iso(NOON, iso);
    assert_string_equal(iso, "2026-08-10T14:10:59+00:00");
    timestamp_mail(NOON, mail);
    assert_string_equal(mail, "Mon, 10 Aug 2026 14:10:59 +0000");
    timestamp_iso(0, iso);
    assert_string_equal(iso, "1970-01-01T00:00:00+00:00");
    timestamp_mail(0, mail);
    assert_string_equal(mail, "Thu, 01 Jan 1970 00:00:00 +0000");
    timestamp_iso(-1, iso);
    assert_string_equal(iso, "1969-12-31T23:59:59+00:00");
    timestamp_iso(INT64_MAX, iso);
    assert_string_equal(iso, "9999-12-31T23:59:59+00:00");
    timestamp_mail(INT64_MIN, mail);
    assert_string_equal(mail, "Mon, 01 Jan 0001 00:00:00 +0000");
}

/* Every day from 1970 to 2106 against the C library's calendar, there and back. */
static void test_calendar(void **state)
{
    (void)state;
    for (int64_t day = 0; day < 50000; day++) {
        time_t when = (time_t)(day * 86400 + day % 86400);
        struct tm tm;
        char expected[64], iso[TIMESTAMP_ISO_SIZE];
        int64_t back;
        gmtime_r(&when, &tm);
        strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S+00:00", &tm);
        timestamp_iso(when, iso);
        assert_string_equal(iso, expected);
        assert_int_equal(timestamp_parse(iso, strlen(iso), &back), 0);
        assert_int_equal(back, when);
        char mail[TIMESTAMP_MAIL_SIZE];
        timestamp_mail(when, mail);
        strftime(expected, sizeof expected, "%a, %d %b %Y %H:%M:%S +0000", &tm);
        assert_string_equal(mail, expected);
        assert_int_equal(timestamp_parse(mail, strlen(mail), &back), 0);
        assert_int_equal(back, when);
    }
}

/* RFC 3164's times: the last year in which they are not in the future. */
static void test_without_a_year(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seen;
        const char *expected; /* NULL: refused */
    } rows[] = {
        { "Aug 10 14:10:59", NOON, "2026-08-10T14:10:59+00:00" },
        { "Aug  9 14:10:59", NOON, "2026-08-09T14:10:59+00:00" },
        { "Aug 12 14:10:59", NOON, "2025-08-12T14:10:59+00:00" },
        { "Dec 31 23:59:59", NOON, "2025-12-31T23:59:59+00:00" },
        { "Aug 10 20:00:00", NOON, "2026-08-10T20:00:00+00:00" }, /* some clocks show that already */
        { "Aug 10 20:00:00 UTC", NOON, "2025-08-10T20:00:00+00:00" },
        { "Aug 10 16:10:59.123 +0200", NOON, "2026-08-10T14:10:59+00:00" },
        { "Feb 29 10:00:00", NOON, "2024-02-29T10:00:00+00:00" },
        { "Jan  1 05:00:00", 1798750800, "2027-01-01T05:00:00+00:00" }, /* 2026-12-31T21:00:00Z */
        { "Aug 10 14:10:59", 0, NULL },
        { "Aug 10", NOON, NULL },
        { "Feb 30 10:00:00", NOON, NULL },
        { "Feb 30 2026", NOON, NULL },
        { "Aug 10 25:00:00", NOON, NULL },
        { "Aug 10 14:10:59 bastion", NOON, NULL },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t time;
        char iso[TIMESTAMP_ISO_SIZE];
        int code =
            timestamp_parse_ordered(rows[i].text, strlen(rows[i].text), TIMESTAMP_EITHER_FIRST, rows[i].seen, &time);
        if (code != (rows[i].expected ? 0 : -EINVAL))
            fail_msg("%s: %d", rows[i].text, code);
        if (code)
            continue;
        timestamp_iso(time, iso);
        assert_string_equal(iso, rows[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_year), cmocka_unit_test(test_forms),
        cmocka_unit_test(test_refused),        cmocka_unit_test(test_more_forms),
        cmocka_unit_test(test_order),          cmocka_unit_test(test_parse_stops_at_length),
        cmocka_unit_test(test_print),          cmocka_unit_test(test_calendar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

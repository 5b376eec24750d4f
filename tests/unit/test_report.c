/* report: intervals, figures, renderings. Golden files in tests/unit/report/; run from the top of the tree. */
#include "daemon/report/report.h"
#include "daemon/report/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN "tests/unit/report/"

static json_t *counts(void)
{
    json_error_t error;
    json_t *read = json_load_file(GOLDEN "counts.json", 0, &error);
    if (!read)
        fail_msg("%s (run from the top of the tree)", error.text);
    return read;
}

static char *golden(const char *name)
{
    struct buf text = BUF_EMPTY;
    char path[200];
    snprintf(path, sizeof path, GOLDEN "%s", name);
    FILE *stream = fopen(path, "r");
    if (!stream)
        fail_msg("no %s", path);
    for (int byte; (byte = getc(stream)) != EOF;)
        buf_add_char(&text, (char)byte);
    fclose(stream);
    return buf_take(&text);
}

/* With TOCSIN_GOLDEN set, write the golden file instead: then look at it. */
static void compare(const char *name, const char *made)
{
    if (getenv("TOCSIN_GOLDEN")) {
        char path[200];
        snprintf(path, sizeof path, GOLDEN "%s", name);
        FILE *stream = fopen(path, "w");
        assert_non_null(stream);
        fputs(made, stream);
        fclose(stream);
    }
    char *wanted = golden(name);
    assert_string_equal(made, wanted);
    free(wanted);
}

static void assert_near(double a, double b)
{
    if (!(fabs(a - b) < 0.0005))
        fail_msg("%.6f is not %.6f", a, b);
}

/* Newcombe, Statistics in Medicine 17 (1998), table I; the last two by hand. */
static void test_wilson(void **state)
{
    static const struct {
        long hits, n;
        double low, high;
    } cases[] = {
        { 81, 263, 0.2553, 0.3662 }, { 15, 148, 0.0624, 0.1605 }, { 0, 20, 0.0, 0.1611 }, { 1, 29, 0.0061, 0.1718 },
        { 29, 29, 0.8830, 1.0 },     { 5, 10, 0.2366, 0.7634 },   { 1, 1, 0.2065, 1.0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct interval interval = report_wilson(cases[i].hits, cases[i].n);
        assert_near(interval.low, cases[i].low);
        assert_near(interval.high, cases[i].high);
    }
}

static void test_wilson_at_the_edges(void **state)
{
    (void)state;
    struct interval none = report_wilson(0, 0);
    assert_true(none.low == 0 && none.high == 1);
    assert_true(report_wilson(0, 1000000).low == 0);
    assert_true(report_wilson(1000000, 1000000).high == 1);
    struct interval over = report_wilson(12, 10), all = report_wilson(10, 10);
    assert_true(over.low == all.low && over.high == 1);
    struct interval under = report_wilson(-1, 10);
    assert_true(under.low == 0 && under.high < 0.31);
    for (long hits = 0; hits <= 50; hits++) {
        struct interval interval = report_wilson(hits, 50);
        assert_true(interval.low >= 0 && interval.high <= 1);
        assert_true(interval.low <= (double)hits / 50 && (double)hits / 50 <= interval.high);
        struct interval mirror = report_wilson(50 - hits, 50);
        assert_near(interval.low, 1 - mirror.high);
    }
}

static void test_figures(void **state)
{
    (void)state;
    json_t *given = counts(), *figures = report_figures(given);
    json_t *abuse = json_array_get(json_object_get(figures, "kinds"), 1);
    assert_int_equal(json_integer_value(json_object_get(abuse, "bounced")), 573);
    assert_int_equal(json_integer_value(json_object_get(abuse, "known")), 1000);
    assert_near(json_real_value(json_object_get(abuse, "rate")), 0.573);
    assert_near(json_real_value(json_array_get(json_object_get(abuse, "interval"), 0)), 0.5421);
    assert_near(json_real_value(json_array_get(json_object_get(abuse, "interval"), 1)), 0.6033);
    json_t *none = json_array_get(json_object_get(figures, "kinds"), 4);
    assert_true(json_is_null(json_object_get(none, "rate")));
    json_t *totals = json_object_get(figures, "totals");
    assert_int_equal(json_integer_value(json_object_get(totals, "mails")), 2074);
    assert_int_equal(json_integer_value(json_object_get(totals, "bounced")), 1109);
    assert_near(json_real_value(json_object_get(figures, "told_share")), 0.931);
    assert_near(json_real_value(json_object_get(figures, "mails_per_told")), 2074.0 / 931);
    assert_null(json_object_get(given, "totals"));
    assert_null(json_object_get(json_array_get(json_object_get(given, "kinds"), 0), "rate"));
    json_decref(figures);
    json_decref(given);
}

static void test_golden_files(void **state)
{
    (void)state;
    json_t *given = counts(), *figures = report_figures(given);
    struct buf text = BUF_EMPTY, csv = BUF_EMPTY;
    report_text(figures, &text);
    compare("report.txt", text.data);
    report_csv(figures, &csv);
    compare("report.csv", csv.data);
    char *json = json_dumps(figures, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_REAL_PRECISION(6));
    compare("figures.json", json);
    free(json);
    buf_free(&text);
    buf_free(&csv);
    json_decref(figures);
    json_decref(given);
}

/* A campaign that has just begun, and one about which the store says nothing at all: no NaN, no crash. */
static void test_nothing_yet(void **state)
{
    static const char *const inputs[] = {
        "{}",
        "{\"campaign\":\"x\",\"state\":\"running\",\"started\":null,\"ended\":null,\"cases\":0,\"kinds\":[],\"ends\":{}"
        ","
        "\"reasons\":{},\"funnel\":[],\"mails\":0,\"told\":0}",
        "{\"campaign\":\"x\",\"cases\":5,\"kinds\":[{\"kind\":\"rfc2142-abuse\",\"mails\":5,\"pending\":5}],"
        "\"ends\":{\"open\":5},\"mails\":5,\"told\":0}",
        "{\"campaign\":7,\"cases\":\"many\",\"kinds\":{\"a\":1},\"ends\":[1],\"funnel\":{},\"told\":[]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        json_t *given = json_loads(inputs[i], 0, NULL), *figures = report_figures(given);
        struct buf text = BUF_EMPTY, csv = BUF_EMPTY;
        assert_non_null(given);
        report_text(figures, &text);
        report_csv(figures, &csv);
        assert_null(strcasestr(text.data, "nan"));
        assert_null(strcasestr(csv.data, "nan"));
        assert_null(strstr(text.data, "inf"));
        assert_non_null(strstr(text.data, "abuse@ bounced: nothing known yet"));
        assert_true(json_is_null(json_object_get(figures, "mails_per_told")));
        buf_free(&text);
        buf_free(&csv);
        json_decref(figures);
        json_decref(given);
    }
}

/* More bounces than mails cannot be; if the store says so all the same, no rate is above one. */
static void test_counts_that_contradict(void **state)
{
    (void)state;
    json_t *given = json_loads("{\"cases\":1,\"told\":3,\"kinds\":[{\"kind\":\"soa\",\"mails\":1,\"bounced_session\":2,"
                               "\"pending\":0},{\"kind\":\"soa\",\"mails\":1,\"pending\":4}]}",
                               0, NULL);
    json_t *figures = report_figures(given), *kinds = json_object_get(figures, "kinds");
    assert_true(json_number_value(json_object_get(json_array_get(kinds, 0), "rate")) == 1);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(kinds, 1), "known")), 0);
    assert_true(json_number_value(json_object_get(figures, "told_share")) == 1);
    json_decref(figures);
    json_decref(given);
}

/* Campaigns are named from outside. */
static void test_hostile_names(void **state)
{
    static const struct {
        const char *name, *csv;
    } cases[] = {
        { "=cmd|' /C calc'!A0", "campaign,,campaign,\"'=cmd|' /C calc'!A0\"\r\n" },
        { "@SUM(1)", "campaign,,campaign,\"'@SUM(1)\"\r\n" },
        { "a,\"b\"", "campaign,,campaign,\"a,\"\"b\"\"\"\r\n" },
        { "two\r\nlines", "campaign,,campaign,\"two\r\nlines\"\r\n" },
        { "plain", "campaign,,campaign,plain\r\n" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *given = json_pack("{ss}", "campaign", cases[i].name), *figures = report_figures(given);
        struct buf csv = BUF_EMPTY;
        report_csv(figures, &csv);
        assert_non_null(strstr(csv.data, cases[i].csv));
        buf_free(&csv);
        json_decref(figures);
        json_decref(given);
    }
    json_t *given = json_pack("{ss}", "campaign", "\033]0;owned\007\nabuse@ bounced: 0%");
    struct buf text = BUF_EMPTY;
    report_text(given, &text);
    assert_null(strchr(text.data, '\033'));
    assert_null(strstr(text.data, "\nabuse@ bounced: 0%"));
    buf_free(&text);
    json_decref(given);
}

static void test_table_widths(void **state)
{
    static const char *const heads[] = { "name", "n", NULL };
    (void)state;
    struct table *table = table_new(heads);
    table_add(table, "é–");
    table_add_format(table, "%d", 12345);
    table_add(table, "\tlonger");
    table_add(table, "1");
    struct buf out = BUF_EMPTY;
    table_render(table, &out);
    assert_string_equal(out.data, "  name         n\n"
                                  "  é–       12345\n"
                                  "  ?longer      1\n");
    buf_free(&out);
    table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wilson),        cmocka_unit_test(test_wilson_at_the_edges),
        cmocka_unit_test(test_figures),       cmocka_unit_test(test_golden_files),
        cmocka_unit_test(test_nothing_yet),   cmocka_unit_test(test_counts_that_contradict),
        cmocka_unit_test(test_hostile_names), cmocka_unit_test(test_table_widths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

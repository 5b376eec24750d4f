/* What a mail carries besides its text, and the few lines that stand for many incidents there. */
#include "daemon/base/mem.h"
#include "daemon/notify/parts.h"
#include "tests/unit/json_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define SENDER                                                                                                         \
    "{\"sender\":{\"name\":\"Ada\",\"address\":\"ada@tocsin.example\",\"reply_to\":\"ada@tocsin.example\"},"           \
    "\"bounce\":\"bounce@tocsin.example\",\"opt_out\":\"optout@tocsin.example\""
#define RELAY "{\"classification.type\":\"open-relay\",\"source.ip\":\"192.0.2.7\"}"
#define SPAM(day) "{\"classification.type\":\"spam\",\"time.source\":\"2026-11-" day "T08:00:00+00:00\"}"

/* A mail about two cases: the first has one incident, the second two. */
struct bench {
    struct notification_incident incidents[3];
    struct notification_case cases[2];
    struct notification notification;
    struct settings settings;
    struct rows rows;
    struct scratch scratch;
    struct attachments attachments;
};

static void open_bench(struct bench *bench, const char *settings)
{
    static const char *const rows[] = { RELAY, SPAM("21"), SPAM("20") };
    struct error error;
    *bench = (struct bench){ .scratch = { .arena = ARENA_EMPTY } };
    for (size_t i = 0; i < 3; i++)
        bench->incidents[i] = (struct notification_incident){ .id = (int64_t)i, .json = mem_string(rows[i]) };
    bench->cases[0] =
        (struct notification_case){ .target = mem_string("a.example"), .incidents = bench->incidents, .count = 1 };
    bench->cases[1] =
        (struct notification_case){ .target = mem_string("b.example"), .incidents = bench->incidents + 1, .count = 2 };
    bench->notification =
        (struct notification){ .id = 7, .date = INT64_C(1795435200), .cases = bench->cases, .case_count = 2 };
    assert_int_equal(settings_read(settings, &bench->settings, &error), 0);
    assert_int_equal(rows_read(&bench->notification, &bench->rows, &error), 0);
    assert_int_equal(attach(&bench->attachments, &bench->notification, &bench->settings, &bench->rows, "token",
                            &bench->scratch, &error),
                     0);
}

static void close_bench(struct bench *bench)
{
    for (size_t i = 0; i < 3; i++)
        free(bench->incidents[i].json);
    free(bench->cases[0].target);
    free(bench->cases[1].target);
    rows_clear(&bench->rows);
    settings_clear(&bench->settings);
    arena_free(&bench->scratch.arena);
    buf_free(&bench->scratch.csv);
    buf_free(&bench->scratch.xarf);
    buf_free(&bench->scratch.zip);
}

static void test_files(void **state)
{
    (void)state;
    static const struct {
        const char *settings, *first, *second;
        bool zipped;
    } table[] = {
        { SENDER "}", "T-7.csv", NULL, false }, /* frozen before there was a choice */
        { SENDER ",\"attachments\":[]}", NULL, NULL, false },
        { SENDER ",\"attachments\":[\"csv\"],\"zip_above\":100000}", "T-7.csv", NULL, false },
        { SENDER ",\"attachments\":[\"xarf\"]}", "T-7.xarf.json", NULL, false },
        { SENDER ",\"attachments\":[\"xarf\",\"csv\"]}", "T-7.csv", "T-7.xarf.json", false },
        { SENDER ",\"attachments\":[\"csv\",\"xarf\"],\"zip_above\":100}", "T-7.zip", NULL, true },
        { SENDER ",\"attachments\":[],\"zip_above\":1}", NULL, NULL, false },
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct bench bench;
        open_bench(&bench, table[i].settings);
        const struct attachments *got = &bench.attachments;
        assert_int_equal(got->count, (table[i].first != NULL) + (table[i].second != NULL));
        assert_int_equal(got->zipped, table[i].zipped);
        if (table[i].first)
            assert_string_equal(got->files[0].name, table[i].first);
        if (table[i].second)
            assert_string_equal(got->files[1].name, table[i].second);
        close_bench(&bench);
    }
}

/* What the template sees of it, as JSON. */
static json_t *model_of(struct bench *bench)
{
    struct value model = model_build(&bench->scratch.arena, WORDS_EN, &bench->notification, &bench->settings,
                                     &bench->rows, &bench->attachments, "optout@tocsin.example");
    return json_of_value(&model);
}

static void test_names_in_the_text(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, SENDER ",\"attachments\":[\"csv\",\"xarf\"]}");
    json_t *model = model_of(&bench);
    assert_string_equal(json_string_value(json_object_get(model, "attachment")), "T-7.csv");
    assert_string_equal(json_string_value(json_object_get(model, "attachment_reports")), "T-7.xarf.json");
    assert_true(json_is_false(json_object_get(model, "attachment_is_zip")));
    json_decref(model);
    close_bench(&bench);

    open_bench(&bench, SENDER ",\"attachments\":[\"xarf\"]}");
    model = model_of(&bench);
    assert_true(json_is_null(json_object_get(model, "attachment")));
    assert_true(json_is_false(json_object_get(model, "has_attachment")));
    json_decref(model);
    close_bench(&bench);
}

/* With more incidents than the text is to list, the kinds of them, the most frequent first. */
static void test_summary(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, SENDER ",\"rows_in_text\":3}");
    json_t *model = model_of(&bench);
    assert_true(json_is_false(json_object_get(model, "summary")));
    json_decref(model);
    close_bench(&bench);

    open_bench(&bench, SENDER ",\"rows_in_text\":2}");
    model = model_of(&bench);
    json_t *want = json_loads(
        "{\"other_count\":false,\"kinds\":["
        "{\"type_text\":\"unsolicited mail (spam)\",\"incident_count\":2,\"case_count\":1,"
        "\"first_seen\":\"2026-11-20 08:00:00 UTC\",\"last_seen\":\"2026-11-21 08:00:00 UTC\"},"
        "{\"type_text\":\"a mail server that forwards mail for strangers (open relay)\",\"incident_count\":1,"
        "\"case_count\":1,\"first_seen\":null,\"last_seen\":null}]}",
        0, NULL);
    assert_true(json_equal(json_object_get(model, "summary"), want));
    json_decref(want);
    json_decref(model);
    close_bench(&bench);
}

/* More kinds than there are lines are counted together. */
static void test_many_kinds(void **state)
{
    (void)state;
    static const char *const types[] = { "backdoor",
                                         "blocklist",
                                         "brute-force",
                                         "burglary",
                                         "compromised",
                                         "copyright",
                                         "data-leak",
                                         "data-loss",
                                         "ddos",
                                         "defacement",
                                         "dos",
                                         "dropzone",
                                         "exploit",
                                         "fraud",
                                         "harmful-speech",
                                         "ids-alert",
                                         "information-disclosure",
                                         "malware",
                                         "masquerade",
                                         "outage",
                                         "phishing",
                                         "proxy" };
    enum { COUNT = sizeof types / sizeof *types };
    json_t *items[COUNT];
    struct notification_case one = { .count = COUNT };
    const struct notification notification = { .cases = &one, .case_count = 1 };
    struct summary summary;
    for (size_t i = 0; i < COUNT; i++)
        items[i] = json_pack("{s:s}", "classification.type", types[i]);
    summary_make(&summary, WORDS_EN, &notification, &(struct rows){ .items = items, .count = COUNT });
    assert_int_equal(summary.count, SUMMARY_LINES);
    assert_int_equal(summary.others, COUNT - SUMMARY_LINES);
    for (size_t i = 0; i < COUNT; i++)
        json_decref(items[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_files), cmocka_unit_test(test_names_in_the_text),
                                        cmocka_unit_test(test_summary), cmocka_unit_test(test_many_kinds) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

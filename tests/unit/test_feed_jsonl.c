#include "tests/unit/feed_case.h"

static void test_flat_and_nested(void **state)
{
    (void)state;
    static const char expected[] =
        "1 bakery.example {\"source.fqdn\":\"www.bakery.example\",\"source.ip\":\"192.0.2.7\","
        "\"source.port\":443,\"time.source\":\"2026-08-10T14:10:59+00:00\","
        "\"classification.type\":\"phishing\",\"source.asn\":64500,\"extra.kit.name\":\"x\"}\n(jsonl)";
    feed_case_check(NULL,
                    "{\"extra.kit.name\": \"x\", \"source.asn\": \"AS64500\", \"classification.type\": \"phishing\","
                    "\"time.source\": 1786371059, \"source.port\": 443, \"source.ip\": \"192.0.2.7\","
                    "\"source.fqdn\": \"WWW.Bakery.Example\"}\n",
                    expected);
    feed_case_check(
        NULL,
        "{\"source\": {\"fqdn\": \"www.bakery.example\", \"ip\": \"192.0.2.7\", \"port\": \"443\", \"asn\": 64500},"
        "\"time\": {\"source\": \"2026-08-10T16:10:59+02:00\"}, \"classification\": {\"type\": \"phishing\"},"
        "\"extra\": {\"kit\": {\"name\": \"x\"}}}",
        expected);
}

static void test_common_names(void **state)
{
    (void)state;
    feed_case_check(
        NULL,
        "{\"url\":\"http://192.0.2.7/x\",\"isotime\":\"2026-08-10T14:10:59Z\",\"Brand Name\":\"B\",\"raw\":\"eHg=\"}\n",
        "1 192.0.2.7 {\"source.ip\":\"192.0.2.7\",\"source.url\":\"http://192.0.2.7/x\","
        "\"time.source\":\"2026-08-10T14:10:59+00:00\",\"extra.brand_name\":\"B\"}\n(jsonl)");
}

static void test_mapping(void **state)
{
    (void)state;
    static const struct feed_column columns[] = { { "asset.name", "source.fqdn" },
                                                  { "secret", "" },
                                                  { "mood", "extra.feeling" } };
    const struct feed_options options = { .columns = columns, .column_count = COUNT(columns), .default_type = "scan" };
    feed_case_check(
        &options, "{\"asset\":{\"name\":\"a.example\"},\"secret\":\"x\",\"mood\":\"good\",\"ip\":\"192.0.2.1\"}\n",
        "1 a.example {\"source.fqdn\":\"a.example\",\"classification.type\":\"scan\",\"extra.feeling\":\"good\","
        "\"extra.ip\":\"192.0.2.1\"}\n(jsonl)");
}

static void test_values(void **state)
{
    (void)state;
    feed_case_check(
        NULL,
        "{\"source.fqdn\":\"a.example\",\"t\":true,\"f\":false,\"n\":null,\"i\":-9007199254740993,\"r\":1.5,"
        "\"l\":[\"x\",2,false],\"o\":[{\"k\":1}],\"e\":[],\"s\":\"\\u00fc\\n\\\"\"}\n",
        "1 a.example {\"source.fqdn\":\"a.example\",\"extra.t\":\"true\",\"extra.f\":\"false\","
        "\"extra.i\":\"-9007199254740993\",\"extra.r\":\"1.5\",\"extra.l\":\"x, 2, false\","
        "\"extra.o\":\"[{\\\"k\\\":1}]\",\"extra.s\":\"ü\\n\\\"\"}\n(jsonl)");
}

static void test_bad_rows_cost_themselves(void **state)
{
    (void)state;
    feed_case_check(NULL,
                    "{\"source.fqdn\":\"a.example\"}\n"
                    "{\"source.fqdn\":\"a.example\"\n"
                    "\"a.example\"\n"
                    "[]\n"
                    "null\n"
                    "{\"source.fqdn\":\"a.example\",\"source.fqdn\":\"b.example\"}\n"
                    "{\"source.fqdn\":\"a.example\",\"source\":{\"fqdn\":\"b.example\"}}\n"
                    "{\"source.fqdn\":\"bad domain\",\"source.ip\":null}\n"
                    "{\"source.fqdn\":\"a.exam\\u0000ple\"}\n"
                    "{\"source.fqdn\":\"a.example\\r\\nBcc: x\"}\n"
                    "{\"classification.type\":\"phishing\"}\n"
                    "{\"source.fqdn\":\"a.example\"} x\n"
                    "  \r\n"
                    "{}\n"
                    "{\"source.fqdn\":\"z.example\"}",
                    "1 a.example {\"source.fqdn\":\"a.example\"}\n"
                    "2! no JSON: '}' expected near end of file at character 26 [{\"source.fqdn\":\"a.example\"]\n"
                    "3 a.example {\"source.fqdn\":\"a.example\"}\n"
                    "4! no JSON object [[]]\n"
                    "5! no JSON object [null]\n"
                    "6! no JSON: duplicate object key at character 40 "
                    "[{\"source.fqdn\":\"a.example\",\"source.fqdn\":\"b.example\"}]\n"
                    "7! a field is given twice [{\"source.fqdn\":\"a.example\",\"source\":{\"fqdn\":\"b.example\"}}]\n"
                    "8! no valid domain: 'bad domain' [{\"source.fqdn\":\"bad domain\",\"source.ip\":null}]\n"
                    "9! no JSON: \\u0000 is not allowed without JSON_ALLOW_NUL at character 32 "
                    "[{\"source.fqdn\":\"a.exam\\u0000ple\"}]\n"
                    "10! no valid domain: 'a.example??Bcc: x' [{\"source.fqdn\":\"a.example\\r\\nBcc: x\"}]\n"
                    "11! names no domain, address or URL [{\"classification.type\":\"phishing\"}]\n"
                    "12! no JSON: end of file expected at character 29 [{\"source.fqdn\":\"a.example\"} x]\n"
                    "14! names no domain, address or URL [{}]\n"
                    "15 z.example {\"source.fqdn\":\"z.example\"}\n"
                    "(jsonl)");
}

static void test_limits(void **state)
{
    (void)state;
    struct buf data = BUF_EMPTY;
    buf_add_string(&data, "{\"source.fqdn\":\"a.example\",\"x\":\"");
    for (int i = 0; i < 110000; i++)
        buf_add_string(&data, "0123456789");
    buf_add_string(&data, "\"}\n{\"source.fqdn\":\"b.example\",\"x\":");
    for (int i = 0; i < 100000; i++)
        buf_add_char(&data, '[');
    buf_add_string(&data, "\n{\"source.fqdn\":\"c.example\"");
    for (int i = 0; i < 600; i++)
        buf_add_format(&data, ",\"m%d\":1", i);
    buf_add_string(&data, "}\n");
    for (int i = 0; i < 20; i++)
        buf_add_string(&data, "{\"d\":");
    buf_add_string(&data, "1");
    for (int i = 0; i < 20; i++)
        buf_add_string(&data, "}");
    buf_add_string(&data, "\n{\"");
    for (int i = 0; i < 300; i++)
        buf_add_char(&data, 'n');
    buf_add_string(&data, "\":1}\n{\"source.fqdn\":\"z.example\"}\n");
    char *text = feed_case_read(NULL, data.data, data.length, 10000);
    assert_int_equal(strncmp(text, "1! a line longer than 1024 KiB [", 32), 0);
    assert_non_null(strstr(text, "\n2! no JSON: maximum parsing depth reached"));
    assert_non_null(strstr(text, "\n3! more members than any row needs ["));
    assert_non_null(strstr(text, "\n4! nested too deeply ["));
    assert_non_null(strstr(text, "\n5! a member's name is too long ["));
    assert_non_null(strstr(text, "\n6 z.example {"));
    free(text);
    buf_free(&data);
}

static void test_latin1(void **state)
{
    (void)state;
    feed_case_check(NULL,
                    "{\"source.fqdn\":\"b\xe4"
                    "ck.example\",\"n\":\"f\xfcr\"}\n",
                    "1 xn--bck-qla.example {\"source.fqdn\":\"xn--bck-qla.example\",\"extra.n\":\"für\"}\n(jsonl)");
}

static void test_first_line_may_be_bad(void **state)
{
    (void)state;
    feed_case_check(
        NULL, "oops\n{\"source.fqdn\":\"a.example\"}\n",
        "1! no JSON: invalid token at character 4 [oops]\n2 a.example {\"source.fqdn\":\"a.example\"}\n(jsonl)");
}

static void test_cuts(void **state)
{
    (void)state;
    static const char pieces[] = "{\"source.fqdn\":\"a.example\",\"n\":\"x\"}\r\n"
                                 "{\"broken\n"
                                 "nul\0\n"
                                 "{\"source.ip\":\"192.0.2.1\",\"n\":\"f\xfcr\"}\n\n";
    struct buf data = BUF_EMPTY;
    buf_add_string(&data, "\xef\xbb\xbf");
    for (int i = 0; i < 300; i++)
        buf_add(&data, pieces, sizeof pieces - 1);
    feed_case_check_cuts(NULL, data.data, data.length);
    for (size_t length = 0; length < 200; length++)
        feed_case_check_cuts(NULL, data.data, length);
    buf_free(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flat_and_nested),
        cmocka_unit_test(test_common_names),
        cmocka_unit_test(test_mapping),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_bad_rows_cost_themselves),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_latin1),
        cmocka_unit_test(test_first_line_may_be_bad),
        cmocka_unit_test(test_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

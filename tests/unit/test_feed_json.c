#include "tests/unit/feed_case.h"

static void test_layouts(void **state)
{
    (void)state;
    static const char *const same[] = {
        "[{\"ip\":\"192.0.2.1\"},{\"ip\":\"192.0.2.2\"}]",
        "[{\"ip\":\"192.0.2.1\"},{\"ip\":\"192.0.2.2\"},]\n",
        " [ {\"ip\" : \"192.0.2.1\"} {\"ip\":\"192.0.2.2\"} ] ",
        "{\"ip\":\"192.0.2.1\"}{\"ip\":\"192.0.2.2\"}",
        "[{\"ip\":\"192.0.2.1\"}][{\"ip\":\"192.0.2.2\"}]",
        "[{\"ip\":\"192.0.2.1\",\"n\":{\"x\":[]}},{\"ip\":\"192.0.2.2\",\"n\":null}]",
    };
    for (size_t i = 0; i < COUNT(same); i++)
        feed_case_check(NULL, same[i],
                        "1 192.0.2.1 {\"source.ip\":\"192.0.2.1\"}\n"
                        "1 192.0.2.2 {\"source.ip\":\"192.0.2.2\"}\n(json)");
    feed_case_check(
        NULL,
        "\n[\n  {\n    \"ip\": \"192.0.2.1\",\n    \"n\": \"a]}\\\"{[\\\\\"\n  },\r\n  {\n    \"ip\": \"192.0.2.2\"\n"
        "  }\n]\n",
        "3 192.0.2.1 {\"source.ip\":\"192.0.2.1\",\"extra.n\":\"a]}\\\"{[\\\\\"}\n"
        "7 192.0.2.2 {\"source.ip\":\"192.0.2.2\"}\n(json)");
    feed_case_check(NULL, "{\n \"source\": {\n  \"fqdn\": \"a.example\"\n }\n}\n{\n \"domain\": \"b.example\"\n}\n",
                    "1 a.example {\"source.fqdn\":\"a.example\"}\n6 b.example {\"source.fqdn\":\"b.example\"}\n(json)");
    feed_case_check(NULL, "[]", "(json)");
}

static void test_broken_elements_cost_themselves(void **state)
{
    (void)state;
    feed_case_check(
        NULL,
        "[\n  {\"ip\": \"192.0.2.1\"},\n  {\"ip\" \"192.0.2.2\"},\n  17, nothing, \"x\",\n  [1, 2],\n"
        "  {\"ip\": \"192.0.2.3\", \"ip\": \"192.0.2.4\"},\n  {},\n  {\"ip\": \"192.0.2.5\"}\n]\n",
        "2 192.0.2.1 {\"source.ip\":\"192.0.2.1\"}\n"
        "3! no JSON: ':' expected at character 17 [{\"ip\" \"192.0.2.2\"}]\n"
        "4! no JSON object [17]\n"
        "4! no JSON: invalid token at character 7 [nothing]\n"
        "4! no valid domain: 'x' [\"x\"]\n"
        "5! no JSON object [[1, 2]]\n"
        "6! no JSON: duplicate object key at character 24 [{\"ip\": \"192.0.2.3\", \"ip\": \"192.0.2.4\"}]\n"
        "7! names no domain, address or URL [{}]\n"
        "8 192.0.2.5 {\"source.ip\":\"192.0.2.5\"}\n(json)");
    feed_case_check(
        NULL, "[\n {\n  \"ip\": \"192.0.2.1\",\n  \"n\": tru\n }\n]",
        "2! no JSON: invalid token at character 10 of line 4 [{\n  \"ip\": \"192.0.2.1\",\n  \"n\": tru\n }]\n(json)");
}

/* An open quote or bracket takes with it no more than its own element, where lines tell where the next begins. */
static void test_the_next_element_is_found_again(void **state)
{
    (void)state;
    feed_case_check(
        NULL,
        "[\n  {\n    \"ip\": \"192.0.2.1\n  },\n  {\n    \"ip\": \"192.0.2.2\"\n  },\n  {\n    \"ip\": "
        "[\"192.0.2.3\"\n  },\n"
        "  {\n    \"ip\": \"192.0.2.4\",\n  {\n    \"ip\": \"192.0.2.5\"\n  }\n]\n",
        "2! no JSON: a string goes on over the end of its line [{\n    \"ip\": \"192.0.2.1]\n"
        "5 192.0.2.2 {\"source.ip\":\"192.0.2.2\"}\n"
        "8! no JSON: brackets that do not belong together [{\n    \"ip\": [\"192.0.2.3\"]\n"
        "11! no JSON: brackets that do not belong together [{\n    \"ip\": \"192.0.2.4\",\n  {\n    \"ip\": "
        "\"192.0.2.5\"\n  }]\n"
        "13 192.0.2.5 {\"source.ip\":\"192.0.2.5\"}\n(json)");
    feed_case_check(NULL, "[\n{\"ip\":\"192.0.2.1\"},\n{\"ip\":\"192.0.2.2,\n{\"ip\":\"192.0.2.3\"}\n]",
                    "2 192.0.2.1 {\"source.ip\":\"192.0.2.1\"}\n"
                    "3! no JSON: a string goes on over the end of its line [{\"ip\":\"192.0.2.2,]\n"
                    "4 192.0.2.3 {\"source.ip\":\"192.0.2.3\"}\n(json)");
    feed_case_check(
        NULL, "[\n {\n  \"ip\": \"192.0.2.1\n },\n \"x\",\n {\n  \"ip\": \"192.0.2.2\"\n }\n]",
        "2! no JSON: a string goes on over the end of its line [{\n  \"ip\": \"192.0.2.1]\n!! line 2: the record that "
        "begins there is broken, and where the next one begins cannot be told");
}

/* Where they do not, an inner object must not be taken for an element. */
static void test_what_cannot_be_told_apart_ends_the_file(void **state)
{
    (void)state;
    feed_case_check(NULL, "[{\"ip\":\"192.0.2.1\"},{\"ip\":[\"192.0.2.2\"},{\"ip\":\"192.0.2.3\"}]",
                    "1 192.0.2.1 {\"source.ip\":\"192.0.2.1\"}\n"
                    "1! no JSON: brackets that do not belong together [{\"ip\":[\"192.0.2.2\"]\n"
                    "!! line 1: the record that begins there is broken, and where the next one begins cannot be told");
    feed_case_check(NULL, "[\n{\n\"ip\":\"192.0.2.1\",\n\"x\":[\"},\n\"n\":\n{\n\"ip\":\"192.0.2.9\"\n}\n]}]",
                    "2! no JSON: a string goes on over the end of its line [{\n\"ip\":\"192.0.2.1\",\n\"x\":[\"},]\n"
                    "!! line 2: the record that begins there is broken, and where the next one begins cannot be told");
}

static void test_cut_off(void **state)
{
    (void)state;
    feed_case_check(NULL, "[\n  {\"ip\": \"192.0.2.1\"},\n  {\"ip\": \"192.",
                    "2 192.0.2.1 {\"source.ip\":\"192.0.2.1\"}\n"
                    "3! no JSON: the file ends inside of it [{\"ip\": \"192.]\n"
                    "!! the file ends inside the record that begins on line 3: it was cut off");
    feed_case_check(NULL, "[{\"ip\": \"192.0.2.1\"},",
                    "1 192.0.2.1 {\"source.ip\":\"192.0.2.1\"}\n"
                    "!! the file ends inside the array that begins on line 1: it was cut off");
    feed_case_check(NULL, "[{\"ip\": \"192.0.2.1\"},{\"ip\"",
                    "1 192.0.2.1 {\"source.ip\":\"192.0.2.1\"}\n"
                    "1! no JSON: the file ends inside of it [{\"ip\"]\n"
                    "!! the file ends inside the record that begins on line 1: it was cut off");
    feed_case_check(NULL, "{\n  \"ip\": \"192.0.2.1\",\n",
                    "1! no JSON: the file ends inside of it [{\n  \"ip\": \"192.0.2.1\",]\n"
                    "!! the file ends inside the record that begins on line 1: it was cut off");
}

static void add_many(struct buf *data, const char *text, size_t count)
{
    while (count--)
        buf_add_string(data, text);
}

static void test_limits(void **state)
{
    (void)state;
    struct buf data = BUF_EMPTY;
    buf_add_string(&data, "[{\"ip\":\"192.0.2.1\",\"n\":\"");
    add_many(&data, "0123456789", 200000);
    buf_add_string(&data, "\"},\n{\"n\":");
    add_many(&data, "[", 100);
    add_many(&data, "]", 100);
    buf_add_string(&data, ",\"s\":\"]\"},\n{\"domains\":[\"a.example\"");
    add_many(&data, ",\"b.example\"", 1000);
    buf_add_string(&data, "]},\n{\"ip\":\"192.0.2.2\"}]");
    char *text = feed_case_read(NULL, data.data, data.length, 10000);
    assert_int_equal(strncmp(text, "1! longer than 1024 KiB [{\"ip\":\"192.0.2.1\",\"n\":\"0123", 52), 0);
    assert_non_null(strstr(text, "\n2! nested too deeply [{\"n\":[["));
    assert_non_null(strstr(text, "\n3! names more domains or addresses than one row may ["));
    assert_non_null(strstr(text, "\n4 192.0.2.2 {"));
    free(text);
    feed_case_check_cuts(NULL, data.data, data.length);
    buf_free(&data);
}

static void test_inner_names(void **state)
{
    (void)state;
    feed_case_check(
        NULL,
        "[{\"id\": 7, \"time\": \"2026-08-10T14:10:59Z\", \"reporter\": {\"ip\": \"192.0.2.99\"},"
        " \"host\": {\"ip\": \"192.0.2.1\", \"port\": 25, \"note\": \"x\"}}]",
        "1 192.0.2.1 {\"source.ip\":\"192.0.2.1\",\"source.port\":25,\"time.source\":\"2026-08-10T14:10:59+00:00\","
        "\"event_description.text\":\"x\",\"extra.id\":\"7\",\"extra.reporter.ip\":\"192.0.2.99\"}\n(json)");
    feed_case_check(NULL, "[{\"ip\": \"192.0.2.1\", \"http\": {\"url\": \"http://a.example/\"}}]",
                    "1 192.0.2.1 {\"source.ip\":\"192.0.2.1\",\"extra.http.url\":\"http://a.example/\"}\n(json)");
    feed_case_check(NULL, "[{\"machine\": {\"ip\": \"192.0.2.1\", \"seen\": \"2026-08-10T14:10:59Z\"}}]",
                    "1 192.0.2.1 {\"source.ip\":\"192.0.2.1\",\"time.source\":\"2026-08-10T14:10:59+00:00\"}\n(json)");
    feed_case_check(NULL, "[{\"reporter\": {\"ip\": \"192.0.2.99\"}}]",
                    "1! names no domain, address or URL [{\"reporter\": {\"ip\": \"192.0.2.99\"}}]\n(json)");
}

static void test_wrapped_lists(void **state)
{
    (void)state;
    feed_case_check(
        NULL,
        "{\n \"meta\": {\"count\": 2},\n \"data\": [\n  {\"ip\": \"192.0.2.1\"},\n  {\"ip\": \"x\"},\n  7\n ]\n}\n",
        "1 192.0.2.1 {\"source.ip\":\"192.0.2.1\"}\n1! no valid address: 'x' [{\"ip\":\"x\"}]\n"
        "1! no JSON object [7]\n(json)");
}

static void test_lists_of_names(void **state)
{
    (void)state;
    feed_case_check(
        NULL,
        "[{\"domains\": [\"a.example\", \"b.example\", \"\", \"bad name\"], \"ip\": 3221225985, \"ip_str\": "
        "\"192.0.2.1\"}]",
        "1 a.example {\"source.fqdn\":\"a.example\",\"source.ip\":\"192.0.2.1\",\"extra.ip\":\"3221225985\"}\n"
        "1 b.example {\"source.fqdn\":\"b.example\",\"source.ip\":\"192.0.2.1\",\"extra.ip\":\"3221225985\"}\n"
        "1 192.0.2.1 {\"source.ip\":\"192.0.2.1\",\"extra.ip\":\"3221225985\"}\n"
        "1 192.0.2.1 {\"source.ip\":\"192.0.2.1\",\"extra.ip\":\"3221225985\",\"extra.source.fqdn\":\"bad "
        "name\"}\n(json)");
}

static void test_lists_of_texts(void **state)
{
    (void)state;
    feed_case_check(
        NULL, "[\"a.example\", \"192.0.2.1\",\n\"hxxp://b[.]example/x\", \"192.0.2.0/24\", \"\"]",
        "1 a.example {\"source.fqdn\":\"a.example\"}\n1 192.0.2.1 {\"source.ip\":\"192.0.2.1\"}\n"
        "2 b.example {\"source.fqdn\":\"b.example\",\"source.url\":\"http://b.example/x\"}\n"
        "2 192.0.2.0 {\"source.network\":\"192.0.2.0/24\"}\n2! names no domain, address or URL [\"\"]\n(json)");
}

static void test_formats_by_name(void **state)
{
    (void)state;
    const struct feed_options json = { .format = "json" }, n6 = { .format = "n6" };
    feed_case_check(&json, "{\"ip\":\"192.0.2.1\"\n{\"ip\":\"192.0.2.2\"}\n{\"ip\":\"192.0.2.3\"}\n",
                    "1! no JSON: the line ends inside of it [{\"ip\":\"192.0.2.1\"]\n"
                    "2 192.0.2.2 {\"source.ip\":\"192.0.2.2\"}\n3 192.0.2.3 {\"source.ip\":\"192.0.2.3\"}\n(json)");
    feed_case_check(&n6, "[{\"ip\":\"192.0.2.1\"}]",
                    "1! not of the kind that the profile's format names [{\"ip\":\"192.0.2.1\"}]\n(n6)");
}

static void test_refused_whole(void **state)
{
    (void)state;
    feed_case_check(NULL, "{\"type\": \"bundle\", \"id\": \"x\", \"objects\": [{\"type\": \"indicator\"}]}",
                    "!! it is STIX: convert it to CSV or JSON Lines: one line for each domain, address or URL");
    feed_case_check(NULL, "{\n \"Event\": {\n  \"threat_level_id\": \"1\", \"Attribute\": []\n }\n}",
                    "!! it is a MISP event: export it as CSV, or convert it to JSON Lines: one line for each domain, "
                    "address or URL");
}

static void test_mapping(void **state)
{
    (void)state;
    static const struct feed_column columns[] = { { "asset.name", "source.fqdn" }, { "mood", "extra.feeling" } };
    const struct feed_options options = { .columns = columns, .column_count = COUNT(columns) };
    feed_case_check(
        &options, "[{\"asset\": {\"name\": \"a.example\"}, \"mood\": \"good\", \"ip\": \"192.0.2.1\"}]",
        "1 a.example {\"source.fqdn\":\"a.example\",\"extra.feeling\":\"good\",\"extra.ip\":\"192.0.2.1\"}\n(json)");
}

static void test_cuts(void **state)
{
    (void)state;
    static const char *const documents[] = {
        "\xef\xbb\xbf[{\"ip\":\"192.0.2.1\"},{\"n\":\"\\\"]}\\\\\"},17,{\"ip\":\"192.0.2.2\",\"n\":\"f\xfcr\"}]",
        "[\n {\n  \"ip\": \"192.0.2.1\n },\n {\n  \"ip\": [1}\n },\n {\n  \"ip\": \"192.0.2.2\"\n }\n]\n{\n \"ip\": "
        "\"192.0.2.3\"\n}\n",
        "{\n {\n {\n \"x\": [\n {\n {\"ip\": \"192.0.2.1\"}\n",
        "[{\"ip\":\"192.0.2.1\"},{\"ip\":[}]",
    };
    for (size_t i = 0; i < COUNT(documents); i++)
        for (size_t length = 0; length <= strlen(documents[i]); length++)
            feed_case_check_cuts(NULL, documents[i], length);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_broken_elements_cost_themselves),
        cmocka_unit_test(test_the_next_element_is_found_again),
        cmocka_unit_test(test_what_cannot_be_told_apart_ends_the_file),
        cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_inner_names),
        cmocka_unit_test(test_wrapped_lists),
        cmocka_unit_test(test_lists_of_names),
        cmocka_unit_test(test_lists_of_texts),
        cmocka_unit_test(test_formats_by_name),
        cmocka_unit_test(test_refused_whole),
        cmocka_unit_test(test_mapping),
        cmocka_unit_test(test_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

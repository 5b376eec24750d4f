/* config: files that mean harm, or that somebody broke. */
#include "config/config.h"
#include "config/parse.h"
#include "daemon/base/buf.h"
#include "tests/unit/config_complaint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse_size(char *text, size_t length, char **first)
{
    struct config *config;
    struct config_errors errors;
    int code = config_parse("f", text, length, NULL, 0, &config, &errors);
    *first = errors.count ? strdup(errors.items[0]) : NULL;
    config_errors_free(&errors);
    if (code == 0)
        config_free(config);
    return code;
}

/* PART over and over, a megabyte of it. */
static char *megabyte(const char *head, const char *part)
{
    struct buf text = BUF_EMPTY;
    buf_add_string(&text, head);
    while (text.length + strlen(part) < CONFIG_FILE_MAX)
        buf_add_string(&text, part);
    return buf_take(&text);
}

/* None of these may take long or much memory; each is one complaint that says what it is. */
static void test_hostile_files(void **state)
{
    static const struct {
        const char *head, *part, *wanted;
    } cases[] = {
        { "", "[", "nested too deeply" },
        { "", "{a: ", "nested too deeply" },
        { "", "- ", "nested too deeply" },
        { "", "? ", "nested too deeply" },
        { "", "a: 1\n", "too many values; allowed: 300000" },
        { "", "longer-key: 1\n", "more than 1000 entries" },
        { "a: [", "bcdef, ", "not YAML" },
        { "", "- x\n", "a list where a mapping should stand" },
        { "contacts:\n  mailboxes:\n", "    - x\n", "contacts.mailboxes: too many" },
        { "sender:\n  name: ", "x", "sender.name: \"xxxxxxx" },
        { "", "x", "one value where a mapping should stand" },
        { "", "#\n", NULL },
        { "", "\n", NULL },
        { "contacts: { overrides:\n [", "[bcdef],", "not YAML" },
        { "", "a: &a [*a, *a]\n", "more than 1000 entries" },
        { "", "%TAG ! x\n", "not YAML" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = megabyte(cases[i].head, cases[i].part), *first;
        int code = parse_size(text, strlen(text), &first);
        if (cases[i].wanted ? !first || !strstr(first, cases[i].wanted) : code != 0)
            fail_msg("%s%s…: %s", cases[i].head, cases[i].part, first ? first : "no complaint");
        assert_true(!first || strlen(first) < 1800);
        free(first);
        free(text);
    }
    char *text = megabyte("", "#"), *first;
    text = realloc(text, CONFIG_FILE_MAX + 2);
    memset(text, '#', CONFIG_FILE_MAX + 1);
    assert_int_equal(parse_size(text, CONFIG_FILE_MAX + 1, &first), -EINVAL);
    assert_string_equal(first, "f: larger than 1M, which is all that is read");
    free(first);
    assert_int_equal(parse_size(text, CONFIG_FILE_MAX, &first), 0);
    free(text);
}

/* Aliases are not followed, so nothing grows; and there is an end to complaints. */
static void test_a_billion_laughs(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    buf_add_string(&text, "profiles:\n  a0: &a0 {type: x}\n");
    for (int i = 1; i < 490; i++)
        buf_add_format(&text, "  a%d: &a%d [*a%d, *a%d]\n", i, i, i - 1, i - 1);
    for (int i = 0; i < 100; i++)
        buf_add_format(&text, "key%d: 1\n", i);
    struct config *config;
    struct config_errors errors;
    assert_int_equal(config_parse("f", text.data, text.length, NULL, 0, &config, &errors), -EINVAL);
    assert_int_equal(errors.count, 501);
    assert_string_equal(errors.items[0], "f:2:7: profiles.a0: an anchor (&…); allowed: the value alone");
    assert_string_equal(errors.items[500], "f: and 90 more complaints");
    config_errors_free(&errors);
    buf_free(&text);
}

/* Every cut of a file, and every byte of it changed: read or refused, never worse (run under ASan). */
static void test_mangled(void **state)
{
    static const char text[] = "sender: {name: \"A \\u00e9\", about: >\n  folded\n  text\n}\n"
                               "contacts:\n  overrides:\n    - {domain: a.example, contacts: [a@b.example]}\n"
                               "profiles: {x: {columns: {1: source.ip}}}\nlog: {level: info} # end\n";
    (void)state;
    char copy[sizeof text], *first;
    for (size_t length = 0; length < sizeof text; length++) {
        memcpy(copy, text, sizeof text);
        parse_size(copy, length, &first);
        free(first);
    }
    static const char bytes[] = "\0\n\t:-[]{}&*!|>'\"%@`#,?\x80\xff\x7f"
                                "a1";
    for (size_t at = 0; at < sizeof text - 1; at++)
        for (size_t i = 0; i < sizeof bytes - 1; i++) {
            memcpy(copy, text, sizeof text);
            copy[at] = bytes[i];
            int code = parse_size(copy, sizeof text - 1, &first);
            assert_true(code == 0 ? !first : first != NULL);
            free(first);
        }
}

/* Odd but right YAML. */
static void test_yaml_that_is_fine(void **state)
{
    static const char *const texts[] = {
        "",
        "# nothing\n",
        "---\n",
        "---\n...\n",
        "\xef\xbb\xbflog: {level: debug}\n",
        "log:\r\n  level: debug\r\n",
        "{log: {level: debug}}",
        "\"log\": {'level': \"de\\x62ug\"}",
        "log:\n",
        "log: {}\n",
        "log: ~\n",
        "profiles:\n  x:\n",
        "sender:\n  about: |\n    one line\n",
        "%YAML 1.1\n---\nlog: {level: debug}\n",
        "contacts: {mailboxes: }\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *got = complaint(texts[i], NULL);
        if (got)
            fail_msg("%s: %s", texts[i], got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_files),
        cmocka_unit_test(test_a_billion_laughs),
        cmocka_unit_test(test_mangled),
        cmocka_unit_test(test_yaml_that_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "daemon/base/address.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define LOCAL_64 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz01"

static void test_taken(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } rows[] = {
        { "abuse@bakery.example", "abuse@bakery.example" },
        { "Abuse@Bakery.Example.", "abuse@bakery.example" },
        { " <abuse@bakery.example> \r\n", "abuse@bakery.example" },
        { "mailto:abuse@bakery.example", "abuse@bakery.example" },
        { "MAILTO:abuse@bakery.example", "abuse@bakery.example" },
        { "abuse+tag@bakery.example", "abuse+tag@bakery.example" },
        { "o'brien@bakery.example", "o'brien@bakery.example" },
        { "first.last@bakery.example", "first.last@bakery.example" },
        { "abuse@bäckerei.example", "abuse@xn--bckerei-5wa.example" },
        { LOCAL_64 "@bakery.example", LOCAL_64 "@bakery.example" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[ADDRESS_MAX_LENGTH + 1];
        if (address_normalise(rows[i].text, strlen(rows[i].text), out))
            fail_msg("'%s' was refused", rows[i].text);
        assert_string_equal(out, rows[i].expected);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "@",
        "abuse",
        "abuse@",
        "@bakery.example",
        "abuse@localhost",
        "abuse@192.0.2.7",
        "abuse@[192.0.2.7]",
        ".abuse@bakery.example",
        "abuse.@bakery.example",
        "a..b@bakery.example",
        "a b@bakery.example",
        "a@b@bakery.example",
        "\"a b\"@bakery.example",
        "\"abuse\"@bakery.example",
        "abuse@bakery.example>",
        "<abuse@bakery.example",
        "abuse@bakery.example\r\nBcc: x@y.example",
        "abuse\r\nRCPT@bakery.example",
        "abuse\t@bakery.example",
        "abuse@bakery.example,other@bakery.example",
        "ab\xc3\xbcse@bakery.example",
        "a\x7f@bakery.example",
        LOCAL_64 "x@bakery.example",
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[ADDRESS_MAX_LENGTH + 1];
        if (address_normalise(rows[i], strlen(rows[i]), out) != -EINVAL)
            fail_msg("'%s' was taken", rows[i]);
    }
}

static void test_nul_and_length(void **state)
{
    (void)state;
    char out[ADDRESS_MAX_LENGTH + 1], text[400];
    assert_int_equal(address_normalise("ab\0use@bakery.example", 21, out), -EINVAL);
    assert_int_equal(address_normalise("abuse@bakery\0.example", 21, out), -EINVAL);
    assert_int_equal(address_normalise("abuse@bakery.examples", 20, out), 0);
    assert_string_equal(out, "abuse@bakery.example");
    memcpy(text, "abuse@", 6);
    for (size_t i = 6; i < sizeof text; i++)
        text[i] = (i - 6) % 60 == 59 ? '.' : 'a';
    assert_int_equal(address_normalise(text, 254, out), 0);
    assert_int_equal(strlen(out), 254);
    assert_int_equal(address_normalise(text, 255, out), -EINVAL);
}

static void test_domain(void **state)
{
    (void)state;
    assert_string_equal(address_domain("abuse@bakery.example"), "bakery.example");
    assert_string_equal(address_domain("nothing"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_nul_and_length),
        cmocka_unit_test(test_domain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

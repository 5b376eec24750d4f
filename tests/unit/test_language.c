/* Which language somebody reads, as far as anything tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/base/buf.h"
#include "daemon/base/language.h"

#include <string.h>

static void test_tags(void **state)
{
    (void)state;
    static const char *const rows[][2] = { { "DE", "de" },
                                           { "de-at", "de-AT" },
                                           { "ZH-hans-cn", "zh-Hans-CN" },
                                           { "es-419", "es-419" },
                                           { "de-ch-1901", "de-CH-1901" } };
    char out[LANGUAGE_SIZE];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(language_is_tag(rows[i][0], strlen(rows[i][0])));
        language_write(rows[i][0], strlen(rows[i][0]), out);
        assert_string_equal(out, rows[i][1]);
    }
    static const char *const none[] = { "", "-", "de-", "-de", "d e", "deutschland", "d\xC3\xA4", "de--AT" };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(language_is_tag(none[i], strlen(none[i])));
}

static void test_domains(void **state)
{
    (void)state;
    static const struct {
        const char *domain, *language;
    } rows[] = {
        { "baeckerei.de", "de" },   { "x.AT", "de-AT" },    { "a.b.fr", "fr" },      { "tienda.com.mx", "es-MX" },
        { "shop.co.uk", "en-GB" },  { "x.xn--p1ai", "ru" }, { "shop.com", NULL },    { "x.ch", NULL },
        { "x.be", NULL },           { "x.ca", NULL },       { "start.up.io", NULL }, { "brand.co", NULL },
        { "get.me", NULL },         { "localhost", NULL },  { "192.0.2.1", NULL },   { "2001:db8::1", NULL },
        { "bakery.example", NULL }, { "", NULL },           { ".", NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *found = language_of_domain(rows[i].domain);
        if (rows[i].language)
            assert_string_equal(found, rows[i].language);
        else
            assert_null(found);
    }
    assert_string_equal(language_of_country("CO"), "es-CO");
    assert_null(language_of_country("CH"));
    assert_null(language_of_country("zz"));
}

static void test_order(void **state)
{
    (void)state;
    static const struct {
        struct language_clues clues;
        const char *order;
    } rows[] = {
        { { NULL, NULL, NULL, NULL, NULL }, "en" },
        { { NULL, NULL, NULL, NULL, "de" }, "de en" },
        { { NULL, NULL, "x.at", NULL, "fr" }, "de-AT de fr en" },
        { { NULL, NULL, "x.com", "mx", "en" }, "es-MX es en" },
        { { NULL, "pt-BR", "x.de", "fr", NULL }, "pt-BR pt de fr en" },
        /* Those that were named are equal (RFC 9116): what else is known decides. */
        { { NULL, "en, fr , de", "x.ch", NULL, "fr" }, "fr en de" },
        { { NULL, "en,de-CH,fr", "x.de", NULL, NULL }, "de-CH de en fr" },
        { { NULL, "en-GB", NULL, NULL, "de" }, "en-GB en de" },
        { { "es", "de", "x.at", NULL, "fr" }, "es de de-AT fr en" },
        /* What is no tag is nothing. */
        { { NULL, ",, ;de, f\xC3\xBC, fr,", NULL, NULL, "x y" }, "fr en" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char list[LANGUAGES_MAX][LANGUAGE_SIZE];
        struct buf text = BUF_EMPTY;
        size_t count = language_order(&rows[i].clues, list);
        for (size_t at = 0; at < count; at++)
            buf_add_format(&text, "%s%s", at ? " " : "", list[at]);
        assert_string_equal(text.data, rows[i].order);
        buf_free(&text);
    }
}

/* Whoever names a hundred languages gets English in the end, too. */
static void test_many(void **state)
{
    (void)state;
    char list[LANGUAGES_MAX][LANGUAGE_SIZE], many[600] = "";
    for (int i = 0; i < 100; i++) {
        char tag[] = { (char)('a' + i % 26), (char)('a' + i / 26), 'x', ',', '\0' };
        strcat(many, tag);
    }
    const struct language_clues clues = { .named = many };
    assert_int_equal(language_order(&clues, list), LANGUAGES_MAX);
    assert_string_equal(list[LANGUAGES_MAX - 1], "en");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_domains),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

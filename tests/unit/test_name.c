#include "daemon/base/name.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define LABEL_63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"

struct pair {
    const char *text, *expected; /* NULL: refused, or nothing found */
};

static void check_normalised(const struct pair *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char out[NAME_MAX_LENGTH + 1] = "";
        int code = name_normalise(rows[i].text, strlen(rows[i].text), out);
        if (code != (rows[i].expected ? 0 : -EINVAL))
            fail_msg("'%s': code %d, '%s'", rows[i].text, code, out);
        if (rows[i].expected)
            assert_string_equal(out, rows[i].expected);
    }
}

static void test_ascii(void **state)
{
    (void)state;
    static const struct pair rows[] = {
        { "bakery.example", "bakery.example" },
        { "WWW.Bakery.Example.", "www.bakery.example" },
        { "bakery[.]example", "bakery.example" },
        { "www[.]bakery(.)example", "www.bakery.example" },
        { "bakery[dot]example", "bakery.example" },
        { "bakery[DOT]example[.]", "bakery.example" },
        { "xn--bckerei-5wa.example", "xn--bckerei-5wa.example" },
        { "a--b.example", "a--b.example" },
        { "1.2.3.4.example", "1.2.3.4.example" },
        { "_dmarc.bakery.example", "_dmarc.bakery.example" },
        { "my_host.bakery.example", "my_host.bakery.example" },
        { LABEL_63 ".example", LABEL_63 ".example" },
        { "", NULL },
        { ".", NULL },
        { "localhost", NULL },
        { "com", NULL },
        { "com.", NULL },
        { "bakery..example", NULL },
        { ".bakery.example", NULL },
        { "bakery.example..", NULL },
        { "-bakery.example", NULL },
        { "bakery-.example", NULL },
        { "bakery.example-", NULL },
        { "my_shop.example", NULL },
        { "bakery.exa_mple", NULL },
        { LABEL_63 "x.example", NULL },
        { "192.0.2.7", NULL },
        { "192.0.2[.]7", NULL },
        { "bakery.123", NULL },
        { "1.0x7f", NULL },
        { "2001:db8::1", NULL },
        { "bakery example", NULL },
        { "bakery.example ", NULL },
        { "bakery.example/path", NULL },
        { "bakery.example:80", NULL },
        { "*.bakery.example", NULL },
        { "user@bakery.example", NULL },
        { "bakery.example\n", NULL },
        { "bakery[.example", NULL },
        { "http://bakery.example", NULL },
    };
    check_normalised(rows, COUNT(rows));
}

static void test_international(void **state)
{
    (void)state;
    static const struct pair rows[] = {
        { "bäckerei.example", "xn--bckerei-5wa.example" },
        { "BÄCKEREI.example.", "xn--bckerei-5wa.example" },
        { "ba\xcc\x88"
          "ckerei.example",
          "xn--bckerei-5wa.example" }, /* a with a combining mark: NFC */
        { "bäckerei[.]example", "xn--bckerei-5wa.example" },
        { "straße.example", "xn--strae-oqa.example" }, /* IDNA 2008 keeps ß, 2003 made it ss */
        { "例え。テスト", "xn--r8jz45g.xn--zckzah" }, /* the ideographic full stop is a dot */
        { "пример.испытание", "xn--e1afmkfd.xn--80akhbyknj4f" },
        { "☃.example", NULL }, /* symbols are not letters in IDNA 2008 */
        { "\xe4"
          "ckerei.example",
          NULL }, /* Latin-1, not UTF-8 */
        { "ä", NULL },
        { "a\xe2\x80\xae"
          "b.example",
          NULL }, /* right-to-left override */
        { "ä b.example", NULL },
    };
    check_normalised(rows, COUNT(rows));
}

static void test_lengths(void **state)
{
    (void)state;
    char out[NAME_MAX_LENGTH + 1], text[300];
    /* 4 labels of 62 and a dot each, then a last one: 253 characters at most. */
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 63 == 62 ? '.' : 'a';
    assert_int_equal(name_normalise(text, 253, out), 0);
    assert_int_equal(name_normalise(text, 251, out), 0);
    text[252] = 'b';
    text[251] = '.';
    assert_int_equal(name_normalise(text, 253, out), 0);
    assert_int_equal(strlen(out), 253);
    text[253] = '.';
    assert_int_equal(name_normalise(text, 254, out), 0);
    text[253] = 'c';
    assert_int_equal(name_normalise(text, 254, out), -EINVAL);
    assert_int_equal(name_normalise("bakery.example\0.net", 19, out), -EINVAL);
    assert_int_equal(name_normalise("bakery.examples", 14, out), 0);
    assert_string_equal(out, "bakery.example");
    char *long_text = malloc(5000);
    memset(long_text, '[', 5000);
    assert_int_equal(name_normalise(long_text, 5000, out), -EINVAL);
    free(long_text);
}

static void check_found(const char *(*find)(const char *), const struct pair *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *found = find(rows[i].text);
        if (!rows[i].expected) {
            if (found)
                fail_msg("'%s' gave '%s'", rows[i].text, found);
            continue;
        }
        assert_non_null(found);
        assert_string_equal(found, rows[i].expected);
        assert_ptr_equal(found, rows[i].text + strlen(rows[i].text) - strlen(found));
    }
}

static void test_registrable(void **state)
{
    (void)state;
    static const struct pair rows[] = {
        { "bakery.com", "bakery.com" },
        { "www.shop.bakery.com", "bakery.com" },
        { "www.bakery.co.uk", "bakery.co.uk" },
        { "co.uk", NULL },
        { "com", NULL },
        { "www.bakery.unknowntld", "bakery.unknowntld" },
        { "shop.blogspot.com", "shop.blogspot.com" },
        { "www.shop.blogspot.com", "shop.blogspot.com" },
        { "blogspot.com", NULL },
        { "www.xn--bckerei-5wa.de", "xn--bckerei-5wa.de" },
        { "www.city.kawasaki.jp", "city.kawasaki.jp" }, /* an exception of the list */
        { "www.shop.foo.kawasaki.jp", "shop.foo.kawasaki.jp" }, /* and its wildcard */
        { "example.xn--55qx5d.cn", "example.xn--55qx5d.cn" },
    };
    check_found(name_registrable, rows, COUNT(rows));
}

static void test_platform(void **state)
{
    (void)state;
    static const struct pair rows[] = {
        { "shop.blogspot.com", "blogspot.com" },
        { "www.shop.blogspot.com", "blogspot.com" },
        { "shop.github.io", "github.io" },
        { "bakery.com", NULL },
        { "www.bakery.co.uk", NULL },
        { "blogspot.com", NULL },
        { "bakery.unknowntld", NULL },
    };
    check_found(name_platform, rows, COUNT(rows));
}

static void test_within(void **state)
{
    (void)state;
    assert_true(name_within("bakery.example", "bakery.example"));
    assert_true(name_within("www.bakery.example", "bakery.example"));
    assert_false(name_within("mybakery.example", "bakery.example"));
    assert_false(name_within("bakery.example", "www.bakery.example"));
    assert_false(name_within("bakery.example", ""));
}

static void test_display(void **state)
{
    (void)state;
    static const struct pair rows[] = {
        { "www.bakery.example", "www.bakery.example" },
        { "xn--bckerei-5wa.example", "bäckerei.example" },
        { "xn--e1afmkfd.xn--80akhbyknj4f", "пример.испытание" },
        { "xn--a-ecp.ru", "xn--a-ecp.ru" },
        { "xn--99999999.example", "xn--99999999.example" }, /* no punycode */
        { "xn--n3h.example", "xn--n3h.example" }, /* the snowman: IDNA 2008 would not have made it */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = name_display(rows[i].text);
        assert_string_equal(text, rows[i].expected);
        free(text);
    }
}

static void test_own_list(void **state)
{
    (void)state;
    char path[] = "/tmp/tocsin-test-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    static const char list[] = "// ===BEGIN ICANN DOMAINS===\ncom\nodd.example\n// ===END ICANN DOMAINS===\n";
    assert_int_equal(write(file, list, sizeof list - 1), (ssize_t)sizeof list - 1);
    close(file);
    assert_int_equal(name_load_suffixes(path), 0);
    assert_string_equal(name_registrable("www.bakery.odd.example"), "bakery.odd.example");
    unlink(path);
    assert_int_equal(name_load_suffixes(path), -ENOENT);
    assert_string_equal(name_registrable("www.bakery.odd.example"), "bakery.odd.example"); /* the old one stays */
    assert_int_equal(name_load_suffixes(NULL), 0);
    assert_string_equal(name_registrable("www.bakery.odd.example"), "odd.example");
}

static void *look_up(void *found)
{
    *(const char **)found = name_registrable("www.bakery.co.uk");
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    pthread_t threads[8];
    const char *found[8] = { NULL };
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, look_up, &found[i]), 0);
    for (size_t i = 0; i < COUNT(threads); i++) {
        pthread_join(threads[i], NULL);
        assert_non_null(found[i]);
        assert_string_equal(found[i], "bakery.co.uk");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads), /* first: the list is read by whoever comes first */
        cmocka_unit_test(test_ascii),       cmocka_unit_test(test_international), cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_registrable), cmocka_unit_test(test_platform),      cmocka_unit_test(test_within),
        cmocka_unit_test(test_display),     cmocka_unit_test(test_own_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

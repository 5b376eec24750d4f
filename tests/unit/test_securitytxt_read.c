#include "daemon/contact/securitytxt_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define NOW 1790000000 /* in September 2026 */
#define END "Expires: 2027-01-01T00:00:00Z\n"

static struct securitytxt file;

/* From a copy of exactly that size, so that ASan sees every step beyond it. */
static void read_bytes(const char *text, size_t length)
{
    char *copy = malloc(length ? length : 1);
    assert_non_null(copy);
    memcpy(copy, text, length);
    securitytxt_clear(&file);
    securitytxt_read(copy, length, NOW, &file);
    free(copy);
}

static int teardown(void **state)
{
    (void)state;
    securitytxt_clear(&file);
    return 0;
}

/* The contacts with blanks between them, what is no mailbox in brackets. */
static const char *contacts(void)
{
    static char text[4096];
    text[0] = '\0';
    for (size_t i = 0; i < file.contact_count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), file.contacts[i].mailbox ? "%s%s" : "%s(%s)",
                 i ? " " : "", file.contacts[i].value);
    return text;
}

static const char *errors(void)
{
    static char text[8192];
    text[0] = '\0';
    for (size_t i = 0; i < file.error_count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%zu: %s", i ? "; " : "", file.errors[i].line,
                 file.errors[i].text);
    return text;
}

static void test_a_good_one(void **state)
{
    (void)state;
    static const char text[] = "# Tell us\n"
                               "\n"
                               "Contact: mailto:Security@Shop.Example\n"
                               "Contact: https://shop.example/report?x=1\n"
                               "Contact: tel:+49-30-1234567\n"
                               "Expires: 2027-01-01T01:00:00+01:00\n"
                               "Encryption: openpgp4fpr:5f2de5521c63a801ab59ccb603d49de44b29100f\n"
                               "Preferred-Languages: en, DE-at\n"
                               "Canonical: https://shop.example/.well-known/security.txt\n"
                               "Policy: https://shop.example/policy\n"
                               "Bug-Bounty: http and anything else of an extension\n";
    read_bytes(text, sizeof text - 1);
    assert_string_equal(errors(), "");
    assert_true(file.valid);
    assert_string_equal(contacts(), "security@shop.example (https://shop.example/report?x=1) (tel:+49-30-1234567)");
    assert_true(file.has_expires);
    assert_int_equal(file.expires, 1798761600);
    assert_string_equal(file.languages, "en,de-AT");
    assert_string_equal(file.encryption, "openpgp4fpr:5f2de5521c63a801ab59ccb603d49de44b29100f");
    assert_string_equal(file.canonical, "https://shop.example/.well-known/security.txt");
}

static const struct {
    const char *text, *contacts, *errors;
} rows[] = {
    /* mailto: (RFC 6068) */
    { "Contact: mailto:a@b.example?subject=Hello%20you&cc=c@d.example\n" END, "a@b.example", "" },
    { "Contact: mailto:a%40b.example\n" END, "a@b.example", "" },
    { "Contact: mailto:no%2Dreply%2bsec@b.example\n" END, "no-reply+sec@b.example", "" },
    { "Contact: mailto:a@b.example,c@d.example\n" END, "a@b.example c@d.example", "" },
    { "Contact: MAILTO:a@B\xc3\xbc"
      "cher.example\n" END,
      "a@xn--bcher-kva.example", "" },
    { "Contact: mailto:a@b.example%0D%0ABcc:%20c@d.example\n" END, "",
      "1: Contact: not an address that can be written to" },
    { "Contact: mailto:a%00@b.example\n" END, "", "1: Contact: not an address that can be written to" },
    { "Contact: mailto:\n" END, "", "1: Contact: not an address that can be written to" },
    { "Contact: mailto://a@b.example\n" END, "a@b.example", "1: Contact: mailto:// instead of mailto:" },
    { "Contact: a@b.example\n" END, "a@b.example", "1: Contact: not a URI such as mailto:security@example.com" },
    { "Contact: ask at the desk\n" END, "", "1: Contact: not a URI such as mailto:security@example.com" },
    { "Contact: mailto:a@b.example\nContact: mailto:A@b.example\n" END, "a@b.example", "" },
    { "Contact: http://b.example/\n" END, "(http://b.example/)", "1: Contact: http: where https: has to be" },
    /* Expires */
    { "Contact: mailto:a@b.example\n", "a@b.example", "0: no Expires; there has to be exactly one" },
    { "Contact: mailto:a@b.example\nExpires: 2026-09-01T00:00:00Z\n", "a@b.example", "2: Expires: it has passed" },
    { "Contact: mailto:a@b.example\n" END END, "a@b.example", "3: Expires: a second one; there has to be exactly one" },
    { "Contact: mailto:a@b.example\nExpires: soon\n", "a@b.example",
      "2: Expires: not a time such as 2026-12-31T23:00:00Z" },
    { "Contact: mailto:a@b.example\nExpires: Thu, 31 Dec 2026 18:37:07 +0000\n", "a@b.example",
      "2: Expires: not written as RFC 3339 has it, such as 2026-12-31T23:00:00Z" },
    { "Contact: mailto:a@b.example\nExpires: 2026-12-31\n", "a@b.example",
      "2: Expires: not written as RFC 3339 has it, such as 2026-12-31T23:00:00Z" },
    { "Contact: mailto:a@b.example\nexpires: 2026-12-31t18:37:07.25z\n", "a@b.example", "" },
    /* Lines */
    { "contact: mailto:a@b.example\r\nEXPIRES: 2027-01-01T00:00:00Z\r\n", "a@b.example", "" },
    { "\xef\xbb\xbf"
      "Contact: mailto:a@b.example\n" END,
      "a@b.example", "" },
    { "Contact: mailto:a@b.example\t \nExpires: 2027-01-01T00:00:00Z", "a@b.example", "" },
    { "Contact:mailto:a@b.example\n" END, "a@b.example", "1: Contact: no blank behind the colon" },
    { "Contact : mailto:a@b.example\n" END, "a@b.example", "1: Contact: blanks around the field's name" },
    { "Contact: mailto:a@b.example\nhello\n" END, "a@b.example", "2: neither a comment nor a field" },
    { "# caf\xe9\nContact: mailto:a@b.example\n" END, "a@b.example", "1: not UTF-8: the line is not read" },
    { "# \xed\xa0\x80\nContact: mailto:a@b.example\n" END, "a@b.example", "1: not UTF-8: the line is not read" },
    { "Contact: mailto:a\x1b@b.example\n" END, "",
      "1: a control character: the line is not read; "
      "0: no Contact; there has to be one at least" },
    { "", "", "0: no Contact; there has to be one at least; 0: no Expires; there has to be exactly one" },
    { "Contact: mailto:a@b.example\nPreferred-Languages: en\nPreferred-Languages: de\n" END, "a@b.example",
      "3: Preferred-Languages: a second one; there may be one at most" },
    { "Contact: mailto:a@b.example\nPreferred-Languages: English please\n" END, "a@b.example",
      "2: Preferred-Languages: not language tags such as `en, pt-BR`" },
    { "Contact: mailto:a@b.example\nCanonical: b.example\n" END, "a@b.example", "2: Canonical: not a URI" },
    /* What is no security.txt */
    { "<!DOCTYPE html>\nContact: mailto:a@b.example\n" END, "", "0: a web page, not a security.txt" },
    { "\n\n  <html>\nContact: mailto:a@b.example\n" END, "", "0: a web page, not a security.txt" },
    { "# template\n<HTML lang=en>\nContact: mailto:a@b.example\n" END, "", "0: a web page, not a security.txt" },
    { "<?xml version=\"1.0\"?>\n", "", "0: a web page, not a security.txt" },
    /* The wrapper */
    { "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n- Contact: mailto:a@b.example\n- -----not ours-----\n" END
      "-----BEGIN PGP SIGNATURE-----\n\nContact: mailto:c@d.example\n-----END PGP SIGNATURE-----\n",
      "a@b.example", "5: neither a comment nor a field" },
    { "\n-----BEGIN PGP SIGNED MESSAGE----- \r\n\r\nContact: mailto:a@b.example\r\n" END
      "-----BEGIN PGP SIGNATURE-----\r\n\r\nabc\r\n-----END PGP SIGNATURE-----\r\n",
      "a@b.example", "" },
    { "-----BEGIN PGP SIGNED MESSAGE-----\n\nContact: mailto:a@b.example\n" END, "a@b.example",
      "0: the signed text has no signature: it may be cut" },
    { "-----BEGIN PGP SIGNED MESSAGE-----\n\nContact: mailto:a@b.example\n" END
      "-----BEGIN PGP SIGNATURE-----\nabc\n-----END PGP SIGNATURE-----\nContact: mailto:c@d.example\n",
      "a@b.example", "8: there is something behind the signature: not read" },
    { "Contact: mailto:c@d.example\n-----BEGIN PGP SIGNED MESSAGE-----\nContact: mailto:a@b.example\n" END
      "-----BEGIN PGP SIGNATURE-----\nabc\n-----END PGP SIGNATURE-----\n",
      "c@d.example a@b.example",
      "2: there are fields before the signed text; 3: no empty line behind the headers of the signed text" },
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        read_bytes(rows[i].text, strlen(rows[i].text));
        assert_string_equal(contacts(), rows[i].contacts);
        assert_string_equal(errors(), rows[i].errors);
        assert_int_equal(file.valid, !*rows[i].errors);
    }
}

static void test_expired(void **state)
{
    (void)state;
    static const char two[] = "Contact: mailto:a@b.example\n" END "Expires: 2020-01-01T00:00:00Z\n";
    read_bytes(two, sizeof two - 1);
    assert_true(file.expired);
    assert_int_equal(file.expires, 1577836800); /* the earlier one */
    assert_false(file.valid);
}

static void test_nul(void **state)
{
    (void)state;
    static const char text[] = "Contact: mailto:a@b.example\n\0" END;
    read_bytes(text, sizeof text - 1);
    assert_string_equal(errors(), "0: not a text");
    assert_int_equal(file.contact_count, 0);
}

static char *repeat(const char *line, size_t times, size_t *length)
{
    size_t one = strlen(line);
    char *text = malloc(one * times + 1);
    assert_non_null(text);
    for (size_t i = 0; i < times; i++)
        memcpy(text + i * one, line, one);
    *length = one * times;
    return text;
}

static void test_limits(void **state)
{
    (void)state;
    size_t length;
    char *text = repeat("Contact: nobody at all\n", 10000, &length);
    read_bytes(text, length);
    assert_int_equal(file.error_count, SECURITYTXT_MAX_ERRORS);
    assert_false(file.valid);
    free(text);

    text = repeat("x", 3000, &length); /* one line */
    read_bytes(text, length);
    assert_string_equal(errors(), "1: longer than 2048 bytes: not read; 0: no Contact; there has to be one at least; "
                                  "0: no Expires; there has to be exactly one");
    free(text);

    static char many[200 * 40];
    for (size_t i = 0; i < 200; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many), "Contact: mailto:a%zu@b.example\n", i);
    read_bytes(many, strlen(many));
    assert_int_equal(file.contact_count, SECURITYTXT_MAX_CONTACTS);
    assert_string_equal(file.contacts[31].value, "a31@b.example");

    text = repeat("# a comment of some 32 bytes ...\n", SECURITYTXT_MAX_SIZE / 32, &length);
    read_bytes(text, length);
    assert_non_null(strstr(errors(), "0: larger than 65536 bytes"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_a_good_one, teardown), cmocka_unit_test_teardown(test_rows, teardown),
        cmocka_unit_test_teardown(test_expired, teardown),    cmocka_unit_test_teardown(test_nul, teardown),
        cmocka_unit_test_teardown(test_limits, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

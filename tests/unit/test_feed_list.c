#include "tests/unit/feed_case.h"

#include "daemon/feed/common_name.h"
#include "daemon/feed/field.h"

#include <ctype.h>

static void test_domains(void **state)
{
    (void)state;
    feed_case_check(NULL,
                    "# a researcher's list\n; another way to say so\n// and another\n\n"
                    "bakery.example\n  WWW.Bakery.Example.\t\r\nmail[.]bakery[.]example   # note\nb\xc3\xa4"
                    "ckerei.example\nb\xe4"
                    "ckerei.example\nbakery.example:8443\nbakery.example",
                    "5 bakery.example {\"source.fqdn\":\"bakery.example\"}\n"
                    "6 bakery.example {\"source.fqdn\":\"www.bakery.example\"}\n"
                    "7 bakery.example {\"source.fqdn\":\"mail.bakery.example\"}\n"
                    "8 xn--bckerei-5wa.example {\"source.fqdn\":\"xn--bckerei-5wa.example\"}\n"
                    "9 xn--bckerei-5wa.example {\"source.fqdn\":\"xn--bckerei-5wa.example\"}\n"
                    "10 bakery.example {\"source.fqdn\":\"bakery.example\",\"source.port\":8443}\n"
                    "11 bakery.example {\"source.fqdn\":\"bakery.example\"}\n(list)");
}

static void test_addresses(void **state)
{
    (void)state;
    feed_case_check(NULL,
                    "[2001:db8::9]:443\n192.0.2.7\n192.0.2[.]8\n2001:DB8::1\n192.0.2.9:22\n192.0.2.0/28\n192.0.2.77 # "
                    "seen\n192.0.2.1/28\n300.1.2.3\n",
                    "1 2001:db8::9 {\"source.ip\":\"2001:db8::9\",\"source.port\":443}\n"
                    "2 192.0.2.7 {\"source.ip\":\"192.0.2.7\"}\n"
                    "3 192.0.2.8 {\"source.ip\":\"192.0.2.8\"}\n"
                    "4 2001:db8::1 {\"source.ip\":\"2001:db8::1\"}\n"
                    "5 192.0.2.9 {\"source.ip\":\"192.0.2.9\",\"source.port\":22}\n"
                    "6 192.0.2.0 {\"source.network\":\"192.0.2.0/28\"}\n"
                    "7 192.0.2.77 {\"source.ip\":\"192.0.2.77\"}\n"
                    "8 192.0.2.1 {\"source.ip\":\"192.0.2.1\",\"source.url\":\"http://192.0.2.1/28\"}\n"
                    "9! neither a domain, an address nor a URL: '300.1.2.3' [300.1.2.3]\n(list)");
}

static void test_urls(void **state)
{
    (void)state;
    feed_case_check(
        NULL,
        "https://Shop.Bakery.Example/.git/config?x=31#top\n"
        "hxxps://shop[.]bakery[.]example/[.]git\n"
        "hxxp[:]//192.0.2[.]7:8080/x\n"
        "HXXP://[2001:db8::1]/\n"
        "shop.bakery.example/wp-login.php\n"
        "ftp://user:secret@bakery.example:21/x\n"
        "http://bakery.example\n"
        "http://bakery.example:/x\n"
        "http://bakery..example/x\n"
        "http://localhost/x\n"
        "http://bakery.example/a b\n"
        "http:///x\n"
        "http://co.uk/x\n",
        "1 bakery.example "
        "{\"source.fqdn\":\"shop.bakery.example\",\"source.url\":\"https://shop.bakery.example/.git/"
        "config?x=31#top\"}\n"
        "2 bakery.example "
        "{\"source.fqdn\":\"shop.bakery.example\",\"source.url\":\"https://shop.bakery.example/.git\"}\n"
        "3 192.0.2.7 {\"source.ip\":\"192.0.2.7\",\"source.port\":8080,\"source.url\":\"http://192.0.2.7:8080/x\"}\n"
        "4 2001:db8::1 {\"source.ip\":\"2001:db8::1\",\"source.url\":\"http://[2001:db8::1]/\"}\n"
        "5 bakery.example "
        "{\"source.fqdn\":\"shop.bakery.example\",\"source.url\":\"http://shop.bakery.example/wp-login.php\"}\n"
        "6 bakery.example "
        "{\"source.fqdn\":\"bakery.example\",\"source.port\":21,\"source.url\":\"ftp://user:secret@bakery.example:21/"
        "x\"}\n"
        "7 bakery.example {\"source.fqdn\":\"bakery.example\",\"source.url\":\"http://bakery.example\"}\n"
        "8 bakery.example {\"source.fqdn\":\"bakery.example\",\"source.url\":\"http://bakery.example/x\"}\n"
        "9! neither a domain, an address nor a URL: 'http://bakery..example/x' [http://bakery..example/x]\n"
        "10! neither a domain, an address nor a URL: 'http://localhost/x' [http://localhost/x]\n"
        "11! neither a domain, an address nor a URL: 'http://bakery.example/a b' [http://bakery.example/a b]\n"
        "12! neither a domain, an address nor a URL: 'http:///x' [http:///x]\n"
        "13! nobody's domain but a public suffix: 'co.uk' [http://co.uk/x]\n(list)");
}

static void test_bad_lines(void **state)
{
    (void)state;
    const struct feed_options options = { .default_type = "scan", .format = "list" };
    feed_case_check(&options, "localhost\ncom\n-\na b\nabuse@bakery.example\n\xff\xff\x1b[31m\nco.uk\nbakery.example\n",
                    "1! neither a domain, an address nor a URL: 'localhost' [localhost]\n"
                    "2! neither a domain, an address nor a URL: 'com' [com]\n"
                    "3! neither a domain, an address nor a URL: '-' [-]\n"
                    "4! neither a domain, an address nor a URL: 'a b' [a b]\n"
                    "5! neither a domain, an address nor a URL: 'abuse@bakery.example' [abuse@bakery.example]\n"
                    "6! neither a domain, an address nor a URL: 'ÿÿ?[31m' [\xff\xff\x1b[31m]\n"
                    "7! nobody's domain but a public suffix: 'co.uk' [co.uk]\n"
                    "8 bakery.example {\"source.fqdn\":\"bakery.example\",\"classification.type\":\"scan\"}\n(list)");
}

/* In the dress of blocklists, hosts files and texts. */
static void test_dressed(void **state)
{
    (void)state;
    feed_case_check(NULL,
                    "! list\n||a.example^\n*.b.example\n.c.example\n- d.example\n\"e.example\",\n<http://f.example/x>\n"
                    "0.0.0.0 g.example\n127.0.0.1\th.example # x\n192.0.2.7   i.example j.example\n"
                    "192.0.2.8 seen twice\n192.0.2.0/28 ; all of it\n0.0.0.0 localhost\n",
                    "2 a.example {\"source.fqdn\":\"a.example\"}\n"
                    "3 b.example {\"source.fqdn\":\"b.example\"}\n"
                    "4 c.example {\"source.fqdn\":\"c.example\"}\n"
                    "5 d.example {\"source.fqdn\":\"d.example\"}\n"
                    "6 e.example {\"source.fqdn\":\"e.example\"}\n"
                    "7 f.example {\"source.fqdn\":\"f.example\",\"source.url\":\"http://f.example/x\"}\n"
                    "8 g.example {\"source.fqdn\":\"g.example\"}\n"
                    "9 h.example {\"source.fqdn\":\"h.example\"}\n"
                    "10 i.example {\"source.fqdn\":\"i.example\",\"source.ip\":\"192.0.2.7\"}\n"
                    "11 192.0.2.8 {\"source.ip\":\"192.0.2.8\",\"event_description.text\":\"seen twice\"}\n"
                    "12 192.0.2.0 {\"source.network\":\"192.0.2.0/28\"}\n"
                    "13! neither a domain, an address nor a URL: '0.0.0.0 localhost' [0.0.0.0 localhost]\n(list)");
}

static void test_only_comments(void **state)
{
    (void)state;
    feed_case_check(NULL, "# nothing today\n", "(list)");
}

static void test_long_line(void **state)
{
    (void)state;
    struct buf data = BUF_EMPTY;
    buf_add_string(&data, "a.example\nhttp://b.example/");
    for (int i = 0; i < 7000; i++)
        buf_add_string(&data, "0123456789");
    buf_add_string(&data, "\nc.example\n");
    char *text = feed_case_read(NULL, data.data, data.length, 1000);
    assert_non_null(strstr(text, "\n2! a line longer than 64 KiB [http://b.example/0"));
    assert_non_null(strstr(text, "\n3 c.example {"));
    free(text);
    buf_free(&data);
}

static void test_cuts(void **state)
{
    (void)state;
    static const char pieces[] = "a.example\r\nhxxp://b[.]example/x # y\n\n192.0.2.0/28\nbad one\nnul\0\nb\xe4"
                                 "ck.example\n";
    struct buf data = BUF_EMPTY;
    for (int i = 0; i < 500; i++)
        buf_add(&data, pieces, sizeof pieces - 1);
    feed_case_check_cuts(NULL, data.data, data.length);
    for (size_t length = 0; length < 120; length++)
        feed_case_check_cuts(NULL, data.data, length);
    buf_free(&data);
}

/* Both tables of field.c are searched by bsearch(): each row must be found where it stands. */
static void test_field_tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < field_count(); i++)
        assert_int_equal(field_find(field_name((int)i)), i);
    assert_int_equal(field_find("source.fqdn."), FIELD_EXTRA);
    static const struct feed_options none = { 0 };
    for (size_t i = 0; i < common_name_count(); i++) {
        struct claim claim = field_claim(&none, common_name_at(i), 1);
        if (claim.field < 0)
            fail_msg("'%s' leads nowhere", common_name_at(i));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_domains),   cmocka_unit_test(test_addresses), cmocka_unit_test(test_urls),
        cmocka_unit_test(test_bad_lines), cmocka_unit_test(test_dressed),   cmocka_unit_test(test_only_comments),
        cmocka_unit_test(test_long_line), cmocka_unit_test(test_cuts),      cmocka_unit_test(test_field_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "daemon/base/ip.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

static void test_parse_and_format(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected; /* NULL: refused */
    } rows[] = {
        { "192.0.2.7", "192.0.2.7" },
        { "0.0.0.0", "0.0.0.0" },
        { "255.255.255.255", "255.255.255.255" },
        { "192.0.2[.]7", "192.0.2.7" },
        { "192[.]0[.]2[.]7", "192.0.2.7" },
        { "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
        { "2001:db8::0:1:0:0:1", "2001:db8::1:0:0:1" },
        { "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" }, /* RFC 5952 §4.2.2: one zero group is not shortened */
        { "::", "::" },
        { "::1", "::1" },
        { "::ffff:192.0.2.7", "192.0.2.7" },
        { "::ffff:c000:207", "192.0.2.7" },
        { "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
        { "", NULL },
        { "1", NULL },
        { "192.0.2", NULL },
        { "192.0.2.", NULL },
        { "192.0.2.7.", NULL },
        { "192.0.2.256", NULL },
        { "192.0.2.1000", NULL },
        { "192.0.02.7", NULL },
        { "192.0.2.00", NULL },
        { "192.0.2.7 ", NULL },
        { "192.0.2.7/32", NULL },
        { "192.0.2.7:80", NULL },
        { "0xc0.0.2.7", NULL },
        { "192,0,2,7", NULL },
        { "[2001:db8::1]", NULL },
        { "fe80::1%eth0", NULL },
        { "2001:db8::1::2", NULL },
        { "1:2:3:4:5:6:7", NULL },
        { "1:2:3:4:5:6:7:8:9", NULL },
        { "::ffff:192.0.02.7", NULL },
        { "bakery.example", NULL },
        { "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", NULL },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ip ip;
        char text[IP_TEXT_SIZE];
        int code = ip_parse(rows[i].text, strlen(rows[i].text), &ip);
        if (!rows[i].expected) {
            assert_int_equal(code, -EINVAL);
            continue;
        }
        assert_int_equal(code, 0);
        ip_format(&ip, text);
        assert_string_equal(text, rows[i].expected);
    }
}

static void test_parse_stops_at_length(void **state)
{
    (void)state;
    struct ip ip;
    char text[IP_TEXT_SIZE];
    assert_int_equal(ip_parse("192.0.2.71", 9, &ip), 0);
    ip_format(&ip, text);
    assert_string_equal(text, "192.0.2.7");
    assert_int_equal(ip_parse("2001:db8::1\0002", 13, &ip), -EINVAL);
}

static void test_networks(void **state)
{
    (void)state;
    static const struct {
        const char *network, *inside, *outside;
    } rows[] = {
        { "192.0.2.0/24", "192.0.2.255", "192.0.3.0" },
        { "192.0.2.0/25", "192.0.2.127", "192.0.2.128" },
        { "0.0.0.0/0", "203.0.113.9", "2001:db8::1" },
        { "192.0.2.7", "192.0.2.7", "192.0.2.6" },
        { "192.0.2.7/32", "192.0.2.7", "192.0.2.6" },
        { "2001:db8::/32", "2001:db8:ffff::1", "2001:db9::" },
        { "2001:db8:8000::/33", "2001:db8:8000::", "2001:db8:7fff::" },
        { "2001:db8::1", "2001:db8::1", "2001:db8::2" },
        { "::/0", "2001:db8::1", "192.0.2.7" },
        { "::ffff:192.0.2.0/120", "192.0.2.9", "192.0.3.9" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ip_network network;
        struct ip ip;
        assert_int_equal(ip_network_parse(rows[i].network, &network), 0);
        assert_int_equal(ip_parse(rows[i].inside, strlen(rows[i].inside), &ip), 0);
        assert_true(ip_network_contains(&network, &ip));
        assert_int_equal(ip_parse(rows[i].outside, strlen(rows[i].outside), &ip), 0);
        assert_false(ip_network_contains(&network, &ip));
    }
}

static void test_networks_refused(void **state)
{
    (void)state;
    static const char *const rows[] = { "",
                                        "/24",
                                        "192.0.2.0/",
                                        "192.0.2.0/33",
                                        "192.0.2.1/24",
                                        "192.0.2.0/ 24",
                                        "192.0.2.0/024",
                                        "192.0.2.0/24/8",
                                        "192.0.2.0/-1",
                                        "2001:db8::1/64",
                                        "2001:db8::/129",
                                        "192.0.2.0/255.255.255.0",
                                        "::ffff:0.0.0.0/95" };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ip_network network;
        assert_int_equal(ip_network_parse(rows[i], &network), -EINVAL);
    }
}

static bool is_public(const char *text)
{
    struct ip ip;
    assert_int_equal(ip_parse(text, strlen(text), &ip), 0);
    return ip_is_public(&ip);
}

static void test_public(void **state)
{
    (void)state;
    static const char *const yes[] = {
        "8.8.8.8",    "192.0.2.1",   "198.51.100.1",    "203.0.113.1",  "9.255.255.255",    "11.0.0.0",
        "172.15.0.1", "172.32.0.1",  "100.63.255.255",  "100.128.0.0",  "198.17.255.255",   "198.20.0.0",
        "223.0.0.1",  "2001:db8::1", "2606:4700::1111", "2a00:1450::1", "64:ff9b::808:808", "2002:808:808::1",
    };
    static const char *const no[] = {
        "0.0.0.0",
        "10.1.2.3",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "100.127.255.255",
        "192.0.0.1",
        "192.88.99.1",
        "198.18.0.1",
        "198.19.255.255",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::2",
        "fe80::1",
        "febf::1",
        "fc00::1",
        "fdff::1",
        "ff02::1",
        "2001::1",
        "2001:1ff::1",
        "100::1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2002:a01:203::1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "fec0::1",
    };
    for (size_t i = 0; i < COUNT(yes); i++)
        assert_true(is_public(yes[i]));
    for (size_t i = 0; i < COUNT(no); i++)
        assert_false(is_public(no[i]));
}

/* A struct ip that came from a socket, not from ip_parse(), may hold the mapped form. */
static void test_public_mapped_struct(void **state)
{
    (void)state;
    struct ip ip = { .bytes = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 }, .v6 = true };
    assert_false(ip_is_public(&ip));
    ip.bytes[12] = 8;
    assert_true(ip_is_public(&ip));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_and_format), cmocka_unit_test(test_parse_stops_at_length),
        cmocka_unit_test(test_networks),         cmocka_unit_test(test_networks_refused),
        cmocka_unit_test(test_public),           cmocka_unit_test(test_public_mapped_struct),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

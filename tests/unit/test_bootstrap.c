#include "daemon/contact/bootstrap.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* JSON in short: a `'` is a `"`. SERVICES as in the file. */
static int parse(struct bootstrap *bootstrap, enum bootstrap_kind kind, const char *services, struct error *error)
{
    char text[2048];
    snprintf(text, sizeof text, "{'version':'1.0','services':[%s]}", services);
    for (char *c = text; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    return bootstrap_parse(bootstrap, kind, "file.json", text, strlen(text), error);
}

static const char *base_of(const struct bootstrap_service *service)
{
    return service ? service->bases[0] : "";
}

static const char *base_of_ip(const struct bootstrap *bootstrap, const char *text)
{
    struct ip ip;
    assert_int_equal(ip_parse(text, strlen(text), &ip), 0);
    return base_of(bootstrap_ip(bootstrap, &ip));
}

static void domains(void **state)
{
    (void)state;
    struct bootstrap *bootstrap = bootstrap_new();
    struct error error;
    assert_string_equal(base_of(bootstrap_domain(bootstrap, "shop.example")), "");
    assert_int_equal(
        parse(bootstrap, BOOTSTRAP_DNS,
              "[['EXAMPLE'],['http://a.example/','https://a.example/rdap']],[['co.example'],['https://b.example/']]",
              &error),
        0);
    const struct bootstrap_service *service = bootstrap_domain(bootstrap, "www.shop.example");
    assert_non_null(service);
    assert_int_equal(service->count, 2);
    assert_string_equal(service->bases[0], "https://a.example/rdap/");
    assert_string_equal(service->bases[1], "http://a.example/");
    assert_string_equal(base_of(bootstrap_domain(bootstrap, "shop.co.example")), "https://b.example/");
    assert_string_equal(base_of(bootstrap_domain(bootstrap, "xco.example")), "https://a.example/rdap/");
    assert_string_equal(base_of(bootstrap_domain(bootstrap, "example.test")), "");
    assert_string_equal(base_of(bootstrap_domain(bootstrap, "")), "");
    bootstrap_free(bootstrap);
}

static void networks(void **state)
{
    (void)state;
    struct bootstrap *bootstrap = bootstrap_new();
    struct error error;
    assert_int_equal(parse(bootstrap, BOOTSTRAP_IPV4,
                           "[['198.0.0.0/8','192.0.2.0/24'],['https://a.example/']],[['198.51.100.0/22','0.0.0.0/"
                           "0'],['https://b.example/']]",
                           &error),
                     0);
    assert_int_equal(parse(bootstrap, BOOTSTRAP_IPV6,
                           "[['2001:db8::/32'],['https://c.example/']],[['2001:db8:8000::/33'],['https://d.example/']]",
                           &error),
                     0);
    assert_string_equal(base_of_ip(bootstrap, "198.51.99.255"), "https://a.example/");
    assert_string_equal(base_of_ip(bootstrap, "198.51.103.255"), "https://b.example/");
    assert_string_equal(base_of_ip(bootstrap, "192.0.2.0"), "https://a.example/");
    assert_string_equal(base_of_ip(bootstrap, "203.0.113.9"), "https://b.example/");
    assert_string_equal(base_of_ip(bootstrap, "2001:db8:7fff::1"), "https://c.example/");
    assert_string_equal(base_of_ip(bootstrap, "2001:db8:ffff::1"), "https://d.example/");
    assert_string_equal(base_of_ip(bootstrap, "2001:db9::1"), "");
    bootstrap_free(bootstrap);
}

static void numbers(void **state)
{
    (void)state;
    struct bootstrap *bootstrap = bootstrap_new();
    struct error error;
    assert_int_equal(parse(bootstrap, BOOTSTRAP_ASN,
                           "[['64500-64511','4294967295'],['https://a.example/']],[['64496'],['https://b.example/']]",
                           &error),
                     0);
    assert_string_equal(base_of(bootstrap_asn(bootstrap, 64495)), "");
    assert_string_equal(base_of(bootstrap_asn(bootstrap, 64496)), "https://b.example/");
    assert_string_equal(base_of(bootstrap_asn(bootstrap, 64497)), "");
    assert_string_equal(base_of(bootstrap_asn(bootstrap, 64500)), "https://a.example/");
    assert_string_equal(base_of(bootstrap_asn(bootstrap, 64511)), "https://a.example/");
    assert_string_equal(base_of(bootstrap_asn(bootstrap, UINT32_MAX)), "https://a.example/");
    bootstrap_free(bootstrap);
}

#define URL "['https://b.example/']"

static const struct {
    enum bootstrap_kind kind;
    const char *services, *reason;
} refused[] = {
    { BOOTSTRAP_DNS, "", "names no server" },
    { BOOTSTRAP_DNS, "[[]," URL "]", "names no server" },
    { BOOTSTRAP_DNS, "7", "service 1 is no list" },
    { BOOTSTRAP_DNS, "[['a']," URL "],[['b'],[]]", "service 2 is no list" },
    { BOOTSTRAP_DNS, "[['a'],['ftp://b.example/']]", "http or https" },
    { BOOTSTRAP_DNS, "[['a'],['https://']]", "http or https" },
    { BOOTSTRAP_DNS, "[['a'],['https://b.example/ x']]", "http or https" },
    { BOOTSTRAP_DNS, "[['a'],[7]]", "http or https" },
    { BOOTSTRAP_DNS, "[['a','b c']," URL "]", "'b c' is no domain" },
    { BOOTSTRAP_DNS, "[['']," URL "]", "is no domain" },
    { BOOTSTRAP_DNS, "[['.a']," URL "]", "is no domain" },
    { BOOTSTRAP_DNS, "[['a']," URL "],[['A']," URL "]", "another one" },
    { BOOTSTRAP_IPV4, "[['192.0.2.1/24']," URL "]", "is no IPv4 network" },
    { BOOTSTRAP_IPV4, "[['2001:db8::/32']," URL "]", "is no IPv4 network" },
    { BOOTSTRAP_IPV4, "[['192.0.2.0/24','192.0.2.0/24']," URL "]", "another one" },
    { BOOTSTRAP_IPV6, "[['192.0.2.0/24']," URL "]", "is no IPv6 network" },
    { BOOTSTRAP_ASN, "[['64511-64500']," URL "]", "is no range" },
    { BOOTSTRAP_ASN, "[['4294967296']," URL "]", "is no range" },
    { BOOTSTRAP_ASN, "[['64500-']," URL "]", "is no range" },
    { BOOTSTRAP_ASN, "[['AS64500']," URL "]", "is no range" },
    { BOOTSTRAP_ASN, "[['64500-64510','64510-64511']," URL "]", "another one" },
};

/* It says why, and what was known stays. */
static void a_bad_file_changes_nothing(void **state)
{
    (void)state;
    static const char *const files[] = { "", "[]", "{\"version\":\"2.0\",\"services\":[]}", "{\"version\":\"1.0\"}",
                                         "<html>" };
    struct bootstrap *bootstrap = bootstrap_new();
    struct error error;
    assert_int_equal(parse(bootstrap, BOOTSTRAP_DNS, "[['example'],['https://a.example/']]", &error), 0);
    for (size_t i = 0; i < COUNT(refused); i++) {
        assert_int_equal(parse(bootstrap, refused[i].kind, refused[i].services, &error), -EINVAL);
        if (!strstr(error.text, refused[i].reason) || strncmp(error.text, "file.json", 9) != 0)
            fail_msg("row %zu: %s", i, error.text);
    }
    for (size_t i = 0; i < COUNT(files); i++)
        assert_int_equal(bootstrap_parse(bootstrap, BOOTSTRAP_DNS, "file.json", files[i], strlen(files[i]), &error),
                         -EINVAL);
    assert_int_equal(bootstrap_load(bootstrap, BOOTSTRAP_DNS, "/nonexistent/dns.json", &error), -ENOENT);
    assert_string_equal(base_of(bootstrap_domain(bootstrap, "shop.example")), "https://a.example/");
    bootstrap_free(bootstrap);
}

static void the_shipped_snapshot(void **state)
{
    (void)state;
    struct bootstrap *bootstrap = bootstrap_new();
    for (enum bootstrap_kind kind = 0; kind < BOOTSTRAP_KINDS; kind++) {
        char path[128];
        struct error error = { "" };
        snprintf(path, sizeof path, "daemon/contact/data/%s", bootstrap_file_name(kind));
        if (bootstrap_load(bootstrap, kind, path, &error))
            fail_msg("%s", error.text);
    }
    assert_string_equal(base_of(bootstrap_domain(bootstrap, "shop.com")), "https://rdap.verisign.com/com/v1/");
    assert_string_equal(base_of_ip(bootstrap, "192.0.2.7"), "https://rdap.arin.net/registry/");
    assert_string_equal(base_of_ip(bootstrap, "2001:db8::7"), "https://rdap.apnic.net/");
    assert_string_equal(base_of(bootstrap_asn(bootstrap, 196608)), "https://rdap.db.ripe.net/");
    assert_string_equal(base_of_ip(bootstrap, "10.0.0.1"), "");
    bootstrap_free(bootstrap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(domains),
        cmocka_unit_test(networks),
        cmocka_unit_test(numbers),
        cmocka_unit_test(a_bad_file_changes_nothing),
        cmocka_unit_test(the_shipped_snapshot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

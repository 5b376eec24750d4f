/* The sources that need only DNS, run on evidence made by hand: overrides, and the mailboxes of RFC 2142. */
#include "daemon/contact/source.h"

#include "tests/unit/evidence_case.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static char *owner[] = { "Owner@Shop.example", "second@shop.example" };
static char *hoster[] = { "noc@hoster.example" };
static char *platform[] = { "abuse@platform.example" };
static char *mailboxes[] = { "abuse", "security" };
static struct config_override overrides[4];

static void network(struct config_override *override, const char *text)
{
    assert_int_equal(ip_network_parse(text, &override->network), 0);
    override->has_network = true;
}

static int setup(void **state)
{
    (void)state;
    memset(&config, 0, sizeof config);
    memset(overrides, 0, sizeof overrides);
    config.contacts.mailboxes = (struct config_list){ mailboxes, COUNT(mailboxes) };
    config.contacts.overrides = overrides;
    config.contacts.override_count = COUNT(overrides);
    overrides[0] = (struct config_override){ .domain = (char *)"shop.example", .contacts = { owner, 2 } };
    overrides[1] = (struct config_override){ .suffix = (char *)"pages.example",
                                             .contacts = { platform, 1 },
                                             .party = PARTY_HOSTER };
    overrides[2] = (struct config_override){ .contacts = { hoster, 1 }, .party = PARTY_HOSTER };
    overrides[3] = (struct config_override){ .contacts = { hoster, 1 }, .party = PARTY_HOSTER };
    network(&overrides[2], "192.0.2.0/24");
    network(&overrides[3], "2001:db8::/32");
    return 0;
}

static void test_domain(void **state)
{
    (void)state;
    about("shop.example", NULL, "198.51.100.1");
    expect(override_propose, "owner@shop.example second@shop.example");
    assert_true(candidates.items[0].first);
    assert_int_equal(candidates.items[0].party, PARTY_OWNER);
    assert_string_equal(candidates.items[0].evidence, "override for domain shop.example in the configuration");
    about("shop.example", "www.shop.example", NULL);
    expect(override_propose, "owner@shop.example second@shop.example");
    assert_int_equal(candidates.items[0].distance, 1);
    about("workshop.example", NULL, NULL);
    expect(override_propose, "");
}

static void test_suffix(void **state)
{
    (void)state;
    about("bakery.pages.example", NULL, NULL);
    expect(override_propose, "abuse@platform.example");
    assert_string_equal(candidates.items[0].evidence, "override for names below pages.example in the configuration");
    assert_int_equal(candidates.items[0].party, PARTY_HOSTER);
    assert_false(candidates.items[0].first);
    unsigned far = candidates.items[0].distance;
    overrides[1].suffix = (char *)".bakery.pages.example";
    about("bakery.pages.example", "www.bakery.pages.example", NULL);
    expect(override_propose, "abuse@platform.example");
    assert_true(candidates.items[0].distance < far);
    overrides[1].suffix = (char *)"pages.example";
    about("pages.example", NULL, NULL);
    expect(override_propose, "");
    about("mypages.example", NULL, NULL);
    expect(override_propose, "");
}

static void test_network_of_the_incident(void **state)
{
    (void)state;
    static const char *const addresses[] = { "192.0.2.7", "2001:db8::7" };
    for (size_t i = 0; i < COUNT(addresses); i++) {
        about(addresses[i], NULL, NULL);
        expect(override_propose, "noc@hoster.example");
        expect_missing("MX hoster.example"); /* for an address nothing is asked but whether the contact takes mail */
    }
    assert_string_equal(candidates.items[0].evidence,
                        "override for network 2001:db8::/32 in the configuration; the incident names 2001:db8::7");
    about("198.51.100.7", NULL, NULL);
    expect(override_propose, "");
    expect_missing("");
}

static void test_network_of_the_host(void **state)
{
    (void)state;
    about("bare.example", "www.bare.example", "198.51.100.7");
    expect(override_propose, "");
    expect_missing("A www.bare.example, AAAA www.bare.example");
    about("bare.example", "www.bare.example", "198.51.100.7");
    known("www.bare.example", DNS_A, "192.0.2.9");
    known("www.bare.example", DNS_AAAA, "-");
    expect(override_propose, "noc@hoster.example");
    assert_string_equal(
        candidates.items[0].evidence,
        "override for network 192.0.2.0/24 in the configuration; www.bare.example has the address 192.0.2.9");
    assert_false(evidence.doubtful);
}

static void test_addresses_only_where_they_matter(void **state)
{
    (void)state;
    config.contacts.override_count = 2;
    about("bare.example", NULL, NULL);
    expect(override_propose, "");
    expect_missing("");
    config.contacts.override_count = 4;
    about("bare.example", NULL, "192.0.2.1"); /* the incident's own address settles one of them */
    expect(override_propose, "noc@hoster.example");
    expect_missing("MX hoster.example, AAAA bare.example");
}

static void test_address_that_dns_will_not_say(void **state)
{
    (void)state;
    about("bare.example", NULL, NULL);
    known("bare.example", DNS_A, "?");
    known("bare.example", DNS_AAAA, "-");
    expect(override_propose, "");
    assert_true(evidence.doubtful);
}

static void test_contact_that_takes_no_mail(void **state)
{
    (void)state;
    about("192.0.2.7", NULL, NULL);
    known("hoster.example", DNS_MX, ".");
    expect(override_propose, "noc@hoster.example");
    assert_true(candidates.items[0].accepts < 0.5);
    assert_string_equal(candidates.note, "hoster.example takes no mail: it has a null MX (RFC 7505): the override "
                                         "noc@hoster.example is kept all the same");
    about("192.0.2.7", NULL, NULL);
    known("hoster.example", DNS_MX, "?");
    expect(override_propose, "noc@hoster.example"); /* nothing that matters hangs on it */
    assert_null(candidates.note);
    assert_false(evidence.doubtful);
}

static void test_mailboxes_wait_for_dns(void **state)
{
    (void)state;
    about("shop.example", "mail.shop.example", NULL);
    expect(rfc2142_propose, "");
    expect_missing("MX mail.shop.example, MX shop.example");
    about("shop.example", NULL, NULL);
    known("shop.example", DNS_MX, "-");
    expect(rfc2142_propose, "");
    expect_missing("A shop.example, AAAA shop.example");
}

static void test_mailboxes_of_host_and_domain(void **state)
{
    (void)state;
    about("shop.example", "mail.shop.example", NULL);
    known("mail.shop.example", DNS_MX, "mx.example");
    known("shop.example", DNS_MX, "mx.example");
    expect(rfc2142_propose, "abuse@mail.shop.example security@mail.shop.example abuse@shop.example "
                            "security@shop.example");
    assert_int_equal(candidates.items[0].distance, 0);
    assert_int_equal(candidates.items[2].distance, 1);
    assert_string_equal(candidates.items[3].kind, "rfc2142-security");
    assert_null(candidates.note);
}

static void test_host_without_mx_has_no_mailboxes(void **state)
{
    (void)state;
    static const char *const answers[] = { "-", "!", "." };
    for (size_t i = 0; i < COUNT(answers); i++) {
        about("shop.example", "www.shop.example", NULL);
        known("www.shop.example", DNS_MX, answers[i]);
        known("shop.example", DNS_MX, "mx.example");
        expect(rfc2142_propose, "abuse@shop.example security@shop.example");
        assert_non_null(strstr(candidates.note, "www.shop.example"));
        expect_missing("");
    }
}

static void test_mailboxes_that_dns_will_not_say(void **state)
{
    (void)state;
    static const struct {
        const char *host, *target, *expected;
    } rows[] = {
        { "?", "mx.example", "abuse@shop.example security@shop.example" },
        { "mx.example", "?", "abuse@mail.shop.example security@mail.shop.example" },
        { "?", "?", "" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        about("shop.example", "mail.shop.example", NULL);
        known("mail.shop.example", DNS_MX, rows[i].host);
        known("shop.example", DNS_MX, rows[i].target);
        expect(rfc2142_propose, rows[i].expected);
        assert_true(evidence.doubtful);
    }
}

static void test_platform_is_the_hoster(void **state)
{
    (void)state;
    about("shop.blogspot.com", NULL, NULL);
    known("shop.blogspot.com", DNS_MX, "!");
    known("blogspot.com", DNS_MX, "mx.example");
    expect(rfc2142_propose, "abuse@blogspot.com security@blogspot.com");
    assert_int_equal(candidates.items[0].party, PARTY_HOSTER);
}

static void test_no_mailboxes_of_an_address(void **state)
{
    (void)state;
    about("192.0.2.7", NULL, "192.0.2.7");
    expect(rfc2142_propose, "");
    expect_missing("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_domain, setup, teardown),
        cmocka_unit_test_setup_teardown(test_suffix, setup, teardown),
        cmocka_unit_test_setup_teardown(test_network_of_the_incident, setup, teardown),
        cmocka_unit_test_setup_teardown(test_network_of_the_host, setup, teardown),
        cmocka_unit_test_setup_teardown(test_addresses_only_where_they_matter, setup, teardown),
        cmocka_unit_test_setup_teardown(test_address_that_dns_will_not_say, setup, teardown),
        cmocka_unit_test_setup_teardown(test_contact_that_takes_no_mail, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mailboxes_wait_for_dns, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mailboxes_of_host_and_domain, setup, teardown),
        cmocka_unit_test_setup_teardown(test_host_without_mx_has_no_mailboxes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mailboxes_that_dns_will_not_say, setup, teardown),
        cmocka_unit_test_setup_teardown(test_platform_is_the_hoster, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_mailboxes_of_an_address, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

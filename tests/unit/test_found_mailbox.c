/* The sources that find mailboxes in the DNS itself, run on evidence made by hand: SOA records, and databases of contacts. */
#include "tests/unit/evidence_case.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static char *order[] = { (char *)"soa" };

static int setup(void **state)
{
    (void)state;
    memset(&config, 0, sizeof config);
    config.contacts.order = (struct config_list){ order, 1 };
    return 0;
}

/* What DNS says of NAME is PACKET. */
static void known_packet(const char *name, enum dns_type type, const struct dns_builder *packet)
{
    evidence_dns(&evidence, name, type);
    evidence_answer(&evidence, evidence.asked_count - 1, dns_packet_parse(packet->data, packet->length, name, type));
}

/* NAME's SOA, of ZONE: its own, or the one above it. */
static void known_soa(const char *name, const char *zone, const char *rname)
{
    struct dns_builder packet;
    dns_begin(&packet, 1, 0, name, DNS_SOA);
    dns_soa_of(&packet, strcmp(name, zone) == 0 ? SECTION_ANSWER : SECTION_AUTHORITY, zone, 60, rname, 60);
    known_packet(name, DNS_SOA, &packet);
}

static void known_txt(const char *name, const char *text)
{
    struct dns_builder packet;
    dns_begin(&packet, 1, 0, name, DNS_TXT);
    dns_txt(&packet, name, 60, text);
    known_packet(name, DNS_TXT, &packet);
}

static void test_soa_of_the_owner(void **state)
{
    (void)state;
    about("shop.example", "www.shop.example", NULL);
    expect(soa_propose, "");
    expect_missing("SOA shop.example");
    about("shop.example", "www.shop.example", NULL);
    known_soa("shop.example", "shop.example", "Host\\.master.shop.example");
    expect(soa_propose, "");
    expect_missing("MX shop.example");
}

static void test_whose_soa(void **state)
{
    (void)state;
    static const struct {
        const char *target, *zone, *rname, *domain, *address;
        enum party party;
        const char *evidence;
    } rows[] = {
        { "shop.example", "shop.example", "host\\.master.shop.example", "shop.example", "host.master@shop.example",
          PARTY_OWNER, "SOA record of shop.example; shop.example has its mail at mx.example" },
        { "shop.example", "shop.example", "hostmaster.it.shop.example", "it.shop.example", "hostmaster@it.shop.example",
          PARTY_OWNER, "SOA record of shop.example; it.shop.example has its mail at mx.example" },
        { "shop.example", "shop.example", "dns.hoster.example", "hoster.example", "dns@hoster.example", PARTY_HOSTER,
          "SOA record of shop.example, which is not within shop.example: taken for who runs its DNS; hoster.example "
          "has its mail at mx.example" },
        { "shop.example", "shop.example", "dns.workshop.example", "workshop.example", "dns@workshop.example",
          PARTY_HOSTER, NULL },
        { "shop.blogspot.com", "blogspot.com", "dns-admin.blogspot.com", "blogspot.com", "dns-admin@blogspot.com",
          PARTY_HOSTER, NULL },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        about(rows[i].target, NULL, NULL);
        known_soa(rows[i].target, rows[i].zone, rows[i].rname);
        known(rows[i].domain, DNS_MX, "mx.example");
        expect(soa_propose, rows[i].address);
        expect_missing("");
        assert_string_equal(candidates.items[0].kind, "soa");
        assert_int_equal(candidates.items[0].party, rows[i].party);
        if (rows[i].evidence)
            assert_string_equal(candidates.items[0].evidence, rows[i].evidence);
    }
}

static void test_soa_that_leads_nowhere(void **state)
{
    (void)state;
    static const struct {
        const char *target, *zone, *rname, *note;
    } rows[] = {
        { "shop.example", "shop.example", "nobody.lab.invalid", "its domain is a placeholder" },
        { "shop.example", "shop.example", "nobody.shop.example", "it is a placeholder" },
        { "shop.example", "shop.example", "root", "names no mailbox" },
        { "shop.example", "shop.example", "root.localhost", "names no mailbox" },
        { "shop.example", "shop.example", "dns.cloudflare.com", "in every zone" },
        { "shop.example", "shop.example", "dns.ripe.net", "registry's own" },
        { "shop.example", "example", "hostmaster.registry.example", NULL },
        { "shop.co.uk", "co.uk", "hostmaster.nic.uk", NULL },
        { "shop.example", "", "nstld.verisign-grs.com", NULL },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        about(rows[i].target, NULL, NULL);
        known_soa(rows[i].target, rows[i].zone, rows[i].rname);
        expect(soa_propose, "");
        expect_missing("");
        if (rows[i].note)
            assert_non_null(strstr(candidates.note, rows[i].note));
        else
            assert_null(candidates.note);
    }
}

static void test_soa_whose_domain_takes_no_mail(void **state)
{
    (void)state;
    about("shop.example", NULL, NULL);
    known_soa("shop.example", "shop.example", "dns.hoster.example");
    known("hoster.example", DNS_MX, ".");
    expect(soa_propose, "");
    assert_string_equal(candidates.note, "SOA record of shop.example: dns@hoster.example is not tried: hoster.example "
                                         "takes no mail: it has a null MX (RFC 7505)");
    assert_false(evidence.doubtful);
    about("shop.example", NULL, NULL);
    known_soa("shop.example", "shop.example", "dns.hoster.example");
    known("hoster.example", DNS_MX, "?");
    expect(soa_propose, "");
    assert_true(evidence.doubtful);
}

static void test_soa_that_is_not_asked_for(void **state)
{
    (void)state;
    about("192.0.2.7", NULL, NULL);
    expect(soa_propose, "");
    config.contacts.order.count = 0;
    about("shop.example", NULL, NULL);
    expect(soa_propose, "");
    expect_missing("");
    config.contacts.order.count = 1;
    about("shop.example", NULL, NULL);
    known("shop.example", DNS_SOA, "?");
    expect(soa_propose, "");
    assert_false(evidence.doubtful); /* a last resort does not hold a ladder up */
    assert_non_null(strstr(candidates.note, "could not be looked up"));
}

static void test_database_by_domain(void **state)
{
    (void)state;
    about("shop.example", "www.shop.example", "192.0.2.7");
    expect(contact_db_propose, "");
    expect_missing("");
    config.contacts.database_domain = (char *)"db.example";
    expect(contact_db_propose, "");
    expect_missing("TXT shop.example.db.example");
    about("shop.example", "www.shop.example", NULL);
    known_txt("shop.example.db.example", "Abuse@Hoster.example cert@hoster.example|nonsense noc@hoster.example");
    known("hoster.example", DNS_MX, "mx.example");
    expect(contact_db_propose, "abuse@hoster.example cert@hoster.example noc@hoster.example");
    assert_string_equal(candidates.items[2].kind, "contactdb-domain");
    assert_int_equal(candidates.items[2].party, PARTY_OWNER);
    assert_string_equal(candidates.items[2].evidence,
                        "contact database db.example, for shop.example; hoster.example has its mail at mx.example");
    about("shop.example", NULL, NULL);
    known_txt("shop.example.db.example", "a@h.example b@h.example c@h.example d@h.example e@h.example");
    known("h.example", DNS_MX, "mx.example");
    expect(contact_db_propose, "a@h.example b@h.example c@h.example d@h.example");
}

static void test_database_by_address(void **state)
{
    (void)state;
    config.contacts.database_ip = (char *)"abuse.db.example";
    about("shop.example", NULL, "192.0.2.7");
    expect(contact_db_propose, "");
    expect_missing("TXT 7.2.0.192.abuse.db.example");
    about("2001:db8::7", NULL, NULL);
    expect(contact_db_propose, "");
    expect_missing("TXT 7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.abuse.db.example");
    about("10.0.0.1", NULL, NULL);
    expect(contact_db_propose, "");
    expect_missing("");
    about("shop.example", "www.shop.example", NULL);
    known("www.shop.example", DNS_A, "192.0.2.9");
    known("www.shop.example", DNS_AAAA, "-");
    known_txt("9.2.0.192.abuse.db.example", "abuse@hoster.example");
    known("hoster.example", DNS_MX, "mx.example");
    expect(contact_db_propose, "abuse@hoster.example");
    assert_string_equal(candidates.items[0].kind, "contactdb-ip");
    assert_int_equal(candidates.items[0].party, PARTY_HOSTER);
}

static void test_database_that_does_not_answer(void **state)
{
    (void)state;
    config.contacts.database_domain = (char *)"db.example";
    about("shop.example", NULL, NULL);
    known("shop.example.db.example", DNS_TXT, "?");
    expect(contact_db_propose, "");
    assert_false(evidence.doubtful);
    assert_string_equal(candidates.note, "the contact database db.example did not answer for shop.example (why)");
    about("shop.example", NULL, NULL);
    known("shop.example.db.example", DNS_TXT, "!");
    expect(contact_db_propose, "");
    assert_null(candidates.note);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_soa_of_the_owner, setup, teardown),
        cmocka_unit_test_setup_teardown(test_whose_soa, setup, teardown),
        cmocka_unit_test_setup_teardown(test_soa_that_leads_nowhere, setup, teardown),
        cmocka_unit_test_setup_teardown(test_soa_whose_domain_takes_no_mail, setup, teardown),
        cmocka_unit_test_setup_teardown(test_soa_that_is_not_asked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(test_database_by_domain, setup, teardown),
        cmocka_unit_test_setup_teardown(test_database_by_address, setup, teardown),
        cmocka_unit_test_setup_teardown(test_database_that_does_not_answer, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

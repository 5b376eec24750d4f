#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/base/buf.h"
#include "daemon/base/mem.h"
#include "daemon/contact/whois_read.h"
#include "daemon/contact/whois_words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct registration registration;

static int teardown(void **state)
{
    (void)state;
    registration_clear(&registration);
    return 0;
}

/* From a copy of exactly that size, so that ASan sees every step beyond it. */
static int read_bytes(const char *text, size_t length)
{
    char *copy = mem_alloc(length ? length : 1);
    memcpy(copy, text, length);
    registration_clear(&registration);
    int code = whois_read(copy, length, &registration);
    free(copy);
    return code;
}

static void join(struct buf *out, const struct registration_contact *items, size_t count, bool roles)
{
    buf_add_string(out, "");
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(out, ' ');
        if (roles)
            buf_add_format(out, "%s=", items[i].role);
        buf_add_string(out, items[i].address);
    }
}

static void expect_abuse(const char *text, const char *abuse)
{
    struct buf got = BUF_EMPTY;
    read_bytes(text, strlen(text));
    join(&got, registration.abuse, registration.abuse_count, false);
    assert_string_equal(got.data, abuse);
    buf_free(&got);
}

static void expect_others(const char *others)
{
    struct buf got = BUF_EMPTY;
    join(&got, registration.contacts, registration.contact_count, true);
    assert_string_equal(got.data, others);
    buf_free(&got);
}

static void expect_range(const char *first, const char *last)
{
    char text[IP_TEXT_SIZE];
    assert_true(registration.has_range);
    ip_format(&registration.first, text);
    assert_string_equal(text, first);
    ip_format(&registration.last, text);
    assert_string_equal(text, last);
}

static void expect_status(const char *text, enum registration_status status)
{
    int code = read_bytes(text, strlen(text));
    assert_int_equal(registration.status, status);
    assert_int_equal(code, status == REGISTRATION_FOUND ? 0 : -ENODATA);
}

/* --- networks --- */

static void test_the_servers_own_statement(void **state)
{
    (void)state;
    expect_abuse("% This is the Example Database query service.\n"
                 "\n"
                 "% Information related to '192.0.2.0 - 192.0.2.255'\n"
                 "\n"
                 "% Abuse contact for '192.0.2.0 - 192.0.2.255' is 'abuse@hoster.example'\n"
                 "\n"
                 "inetnum:        192.0.2.0 - 192.0.2.255\n"
                 "netname:        HOSTER-NET\n"
                 "descr:          Hoster Ltd\n"
                 "country:        nl\n"
                 "org:            ORG-HL1-EXAMPLE\n"
                 "admin-c:        AB1-EXAMPLE\n"
                 "remarks:        Please send abuse notification to cert@hoster.example\n"
                 "mnt-by:         HOSTER-MNT\n"
                 "notify:         watch@hoster.example\n"
                 "changed:        clerk@hoster.example 20200101\n"
                 "source:         EXAMPLE # Filtered\n"
                 "\n"
                 "organisation:   ORG-HL1-EXAMPLE\n"
                 "org-name:       Hoster Limited\n"
                 "abuse-c:        AR1-EXAMPLE\n"
                 "abuse-mailbox:  old@hoster.example\n"
                 "\n"
                 "person:         Ann Body\n"
                 "e-mail:         ann@hoster.example\n"
                 "nic-hdl:        AB1-EXAMPLE\n",
                 "abuse@hoster.example");
    expect_others("abuse=cert@hoster.example abuse=old@hoster.example administrative=ann@hoster.example");
    expect_range("192.0.2.0", "192.0.2.255");
    assert_string_equal(registration.organisation, "Hoster Limited");
    assert_string_equal(registration.country, "NL");
    assert_string_equal(registration.handle, "192.0.2.0 - 192.0.2.255");
}

static void test_no_abuse_contact_is_an_answer(void **state)
{
    (void)state;
    expect_abuse(
        "% No abuse contact registered for 192.0.2.0 - 192.0.2.255\n\n"
        "inetnum: 192.0.2.0 - 192.0.2.255\nadmin-c: A1\n\nperson: Ann\ne-mail: ann@school.example\nnic-hdl: A1\n",
        "");
    assert_int_equal(registration.status, REGISTRATION_FOUND);
    expect_others("administrative=ann@school.example");
}

static void test_abuse_c_leads_to_an_object(void **state)
{
    (void)state;
    /* To one with an abuse-mailbox, whose e-mail is for something else. */
    expect_abuse("inet6num: 2001:db8::/32\norg: ORG-1\n\norganisation: ORG-1\norg-name: Hoster\nabuse-c: AR1\n"
                 "e-mail: info@hoster.example\n\n"
                 "role: Desk\nnic-hdl: AR1\ne-mail: desk@hoster.example\nabuse-mailbox: report@hoster.example\n",
                 "report@hoster.example");
    expect_range("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff");
    /* To a mailbox: the shape of South America. */
    expect_abuse(
        "inetnum:     198.51.100/24\r\nstatus:      allocated\r\nowner:       Telecom Ejemplo S.A.\r\n"
        "country:     UY\r\nowner-c:     OWN\r\ntech-c:      TEC\r\nabuse-c:     abu\r\ninetrev:     198.51.100/24\r\n"
        "\r\nnic-hdl:     ABU\r\nperson:      Seguridad\r\ne-mail:      seguridad@telecom.example\r\n"
        "\r\nnic-hdl:     OWN\r\nperson:      Duena\r\ne-mail:      owner@telecom.example\r\n"
        "\r\nnic-hdl:     TEC\r\nperson:      Tecnico\r\ne-mail:      noc@telecom.example\r\n",
        "seguridad@telecom.example");
    expect_others("registrant=owner@telecom.example technical=noc@telecom.example");
    expect_range("198.51.100.0", "198.51.100.255");
    assert_string_equal(registration.organisation, "Telecom Ejemplo S.A.");
    expect_abuse("inetnum: 203.0.113.0/24\naut-num: AS64500\nabuse-c: SEG1\nowner: Rede\n\nnic-hdl-br: SEG1\n"
                 "person: Time\ne-mail: seg@rede.example\n\nnic-hdl-br: XYZ\nperson: Outro\ne-mail: x@rede.example\n",
                 "seg@rede.example");
    /* One object may be all of them. */
    expect_abuse(
        "inetnum: 198.51.100.0/24\nowner-c: AIL\ntech-c: AIL\nabuse-c: AIL\n\nnic-hdl: AIL\ne-mail: all@isp.example\n",
        "all@isp.example");
}

static void test_incident_response_teams(void **state)
{
    (void)state;
    expect_abuse("inetnum: 203.0.113.0 - 203.0.113.255\nmnt-irt: IRT-ISP\n\n"
                 "irt: IRT-ISP\ne-mail: noc@isp.example\nabuse-mailbox: irt@isp.example\nirt-nfy: nfy@isp.example\n\n"
                 "role: ISP admin\ne-mail: admin@isp.example\nnic-hdl: IA1\n",
                 "irt@isp.example");
    expect_abuse("inetnum: 203.0.113.0 - 203.0.113.255\nmnt-irt: IRT-ISP\n\nirt: IRT-ISP\ne-mail: team@isp.example\n",
                 "team@isp.example");
    expect_abuse(
        "inetnum: 203.0.113.0 - 203.0.113.255\n\nrole: ISP Abuse Desk\ne-mail: desk@isp.example\nnic-hdl: X1\n",
        "desk@isp.example");
}

static void test_the_narrowest_network_wins(void **state)
{
    (void)state;
    expect_abuse(
        "# start\n\nNetRange:       198.18.0.0 - 198.19.255.255\nCIDR:           198.18.0.0/15\n"
        "NetHandle:      NET-198-18-0-0-1\nNetType:        Direct Allocation\n\nOrgName:        Carrier Inc.\n"
        "Country:        US\n\nOrgAbuseHandle: AB1\nOrgAbuseName:   Abuse\nOrgAbusePhone:  +1-555-0100\n"
        "OrgAbuseEmail:  abuse@carrier.example\n\n# end\n\n# start\n\n"
        "NetRange:       198.18.4.0 - 198.18.4.255\nNetHandle:      NET-198-18-4-0-1\nNetType:        Reallocated\n\n"
        "OrgName:        Shop Hosting\nCountry:        CA\n\nOrgTechEmail:   tech@shop.example\n"
        "OrgNOCEmail:    noc@shop.example\nOrgAbuseEmail:  abuse@shop.example\nRAbuseEmail:    net@shop.example\n# "
        "end\n",
        "net@shop.example abuse@shop.example");
    expect_others("abuse=abuse@carrier.example technical=tech@shop.example noc=noc@shop.example");
    expect_range("198.18.4.0", "198.18.4.255");
    assert_string_equal(registration.handle, "NET-198-18-4-0-1");
    assert_string_equal(registration.organisation, "Shop Hosting");
    assert_string_equal(registration.country, "CA");
    /* A customer has no desk of its own: its carrier's. */
    expect_abuse(
        "NetRange: 198.18.0.0 - 198.19.255.255\nOrgName: Carrier Inc.\nOrgAbuseEmail: abuse@carrier.example\n\n"
        "NetRange: 198.18.4.0 - 198.18.4.7\nCustName: Bakery\nAddress: Mill Lane\n",
        "abuse@carrier.example");
    assert_string_equal(registration.organisation, "Bakery");
    expect_range("198.18.4.0", "198.18.4.7");
    expect_abuse("Carrier Inc. CARRIER (NET-198-18-0-0-1) 198.18.0.0 - 198.19.255.255\n"
                 "Bakery BAKERY (NET-198-18-4-0-1) 198.18.4.0 - 198.18.4.7\n",
                 "");
    assert_string_equal(registration.handle, "NET-198-18-4-0-1");
    expect_range("198.18.4.0", "198.18.4.7");
}

static void test_a_registry_is_never_whom_to_tell(void **state)
{
    (void)state;
    expect_abuse("NetRange: 198.18.0.0 - 198.19.255.255\nOrgName: RIPE Network Coordination Centre\n"
                 "ReferralServer: whois://whois.registry.example:43\nOrgAbuseEmail: abuse@ripe.net\n",
                 "");
    assert_string_equal(registration.referral, "whois.registry.example");
    expect_abuse("% Abuse contact for '203.0.113.0 - 203.0.113.255' is 'irt@nic.or.kr'\n\n"
                 "inetnum: 203.0.113.0 - 203.0.113.255\nmnt-irt: IRT-K\n\nirt: IRT-K\nabuse-mailbox: irt@nic.or.kr\n\n"
                 "person: IP Manager\ne-mail: abuse@isp.example\n",
                 "abuse@isp.example");
    expect_abuse("%% Registry Abuse Contact Email: abuse@nic.example\nRegistry Abuse Contact Email: abuse@nic.example\n"
                 "Domain Name: shop.example\nRegistrar: R\n",
                 "");
}

static void test_the_whole_internet_is_no_range(void **state)
{
    (void)state;
    expect_abuse("inetnum: 0.0.0.0 - 255.255.255.255\nnetname: IANA-BLK\nabuse-mailbox: bitbucket@ripe.net\n", "");
    assert_false(registration.has_range);
    expect_abuse("inet6num: ::/0\nnetname: ALL\n", "");
    assert_false(registration.has_range);
}

static void test_national_registries_of_networks(void **state)
{
    (void)state;
    expect_abuse("[ JPNIC database provides information regarding IP address and ASN. Its use  ]\n"
                 "[ is restricted to network administration purposes. For further information, ]\n\n"
                 "Network Information: [ネットワーク情報]\n"
                 "a. [IPネットワークアドレス]     198.51.100.0/24\n"
                 "b. [ネットワーク名]             REI-NET\n"
                 "f. [組織名]                     例示株式会社\n"
                 "m. [管理者連絡窓口]             AB0123JP\n"
                 "o. [Abuse]                      abuse@rei.example\n"
                 "y. [通知アドレス]               notify@rei.example\n",
                 "abuse@rei.example");
    expect_range("198.51.100.0", "198.51.100.255");
    assert_string_equal(registration.organisation, "例示株式会社");
    expect_abuse(
        "query : 203.0.113.1\n\n# KOREAN(UTF8)\n\n[ 네트워크 할당 정보 ]\n"
        "IPv4주소           : 203.0.113.0 - 203.0.113.255 (/24)\n기관명             : 보기주식회사\n\n"
        "# ENGLISH\n\n[ Network Information ]\nIPv4 Address       : 203.0.113.0 - 203.0.113.255 (/24)\n"
        "Organization Name  : Bogi Co.\n\n[ Admin Contact Information ]\nName               : IP Manager\n"
        "E-Mail             : ip@bogi.example\n\n[ Network Abuse Contact Information ]\n"
        "Name               : Desk\nPhone              : +82-2-555\nE-Mail             : spamdesk@bogi.example\n\n"
        "[ Tech Contact Information ]\nE-Mail             : tech@bogi.example\n",
        "spamdesk@bogi.example");
    expect_others("administrative=ip@bogi.example technical=tech@bogi.example");
    expect_abuse("   Netname: EXAMPLE-TW\n   Netblock: 203.0.113.0/24\n\n   Administrator contact:\n"
                 "      net-adm@isp.example\n\n   Abuse contact:\n      spam@isp.example\n",
                 "spam@isp.example");
    expect_abuse(
        "inetnum: 203.0.113.0 - 203.0.113.255\nremarks: Send Spam & Abuse Reports\nremarks: to desk@isp.example\n",
        "desk@isp.example");
}

static void test_rwhois(void **state)
{
    (void)state;
    expect_abuse("%rwhois V-1.5:003fff:00 rwhois.isp.example (by Example)\n"
                 "network:Class-Name:network\nnetwork:Auth-Area:198.51.100.0/24\nnetwork:ID:NET-1.198.51.100.0/29\n"
                 "network:IP-Network:198.51.100.0/29\nnetwork:Organization;I:Bakery\nnetwork:Country-Code:US\n"
                 "network:Tech-Contact;I:noc@isp.example\nnetwork:Abuse-Contact;I:abuse@isp.example\n%ok\n",
                 "abuse@isp.example");
    expect_others("technical=noc@isp.example");
    expect_range("198.51.100.0", "198.51.100.7");
    assert_string_equal(registration.organisation, "Bakery");
    expect_abuse("NetRange: 198.51.100.0 - 198.51.100.255\nReferralServer: rwhois://rwhois.isp.example:4321\n", "");
    assert_null(registration.referral);
}

/* --- sentences --- */

static void test_sentences_in_remarks(void **state)
{
    (void)state;
    static const char begin[] = "inetnum: 192.0.2.0 - 192.0.2.255\n";
    static const struct {
        const char *remarks, *abuse;
    } cases[] = {
        { "remarks: Please report abuse to abuse@a.example.\n", "abuse@a.example" },
        { "remarks: For abuse please contact desk@a.example (24/7)\n", "desk@a.example" },
        { "remarks: trouble: Spam: mailto:spam@a.example\n", "spam@a.example" },
        { "remarks: ************\nremarks: * Abuse issues:\nremarks: *   <desk@a.example>\n", "desk@a.example" },
        { "Comment: Complaints can also be sent to the abuse desk\nComment: (desk@a.example)\n", "desk@a.example" },
        { "remarks: abuse: a@a.example, peering: b@a.example\n", "a@a.example" },
        { "remarks: a@a.example for abuse, b@a.example for peering\n", "a@a.example" },
        { "remarks: Report spam to a@a.example or b@a.example\n", "a@a.example b@a.example" },
        { "remarks: Bei Missbrauch wenden Sie sich an a@a.example\n", "a@a.example" },
        { "remarks: abuse@a.example\n", "abuse@a.example" },
        { "remarks: Please do not send abuse reports to a@a.example\n", "" },
        { "remarks: Operational issues noc@a.example\n", "" },
        { "remarks: Abuse: see our pages\nremarks: Peering: peering@a.example\n", "" },
        { "remarks: Security incidents: cert@cert.example\n", "" },
        { "% Mail abuse issues should also be addressed to abuse@nic.example\n", "" },
        { "descr: Bakery\ndescr: Abuse reports to a@a.example\n", "a@a.example" },
        { "remarks: All reports of attacks\n         should be sent to a@a.example\n", "a@a.example" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = mem_format("%s%s", begin, cases[i].remarks);
        expect_abuse(text, cases[i].abuse);
        free(text);
    }
}

static void test_sentences_of_registrars(void **state)
{
    (void)state;
    expect_abuse("Domain Name: shop.example\nRegistrar: R\n\nTo report abuse of this domain, please write "
                 "to\nabuse@registrar.example.\n",
                 "abuse@registrar.example");
    expect_abuse(
        "Domain Name: shop.example\nRegistrar: R\n\nYou agree not to use this data to allow, enable or support the\n"
        "transmission of unsolicited mail (spam). Abuse of this service is monitored.\nQuestions: "
        "help@registrar.example\n",
        "");
}

/* --- domains --- */

static void test_labelled_fields(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "Registrar Abuse Contact Email: Desk@R.example",
        "Registrar Abuse Contact Email:desk@r.example",
        "   Registrar Abuse Email......: desk@r.example",
        "Registrar Abuse Contact Email : <desk@r.example>",
        "registrar abuse-email:\tdesk@r.example",
        "[Registrar Abuse Contact Email]   desk@r.example",
        "[Abuse]  desk@r.example",
        "Abuse-Mailbox: mailto:desk@r.example",
        "registrar_abuse_contact_email = desk@r.example",
        "AbuseContactEmail: desk@r.example",
        "Missbrauchskontakt: desk@r.example",
        "Contacto de abuso: desk@r.example",
        "Correo para abusos....: desk@r.example",
        "E-mail abuse: desk@r.example",
        "Adresse mail abus: desk@r.example",
        "Misbruik contact: desk@r.example",
        "Почта для жалоб: desk@r.example",
        "滥用 邮箱：desk@r.example",
        "Abuse Contact: +1.5550100, desk@r.example",
        "Registrar Abuse Contact Email: desk AT r DOT example",
        "Registrar Abuse Contact Email: desk(at)r(dot)example",
        "Registrar Abuse Contact Email: desk [at] r.example",
        "Registrar Abuse Contact Email: desk @ r.example",
        "Please report abuse to: desk@r.example",
        "* Abuse: desk@r.example",
        "Abuse Contact Information: desk@r.example",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char *text =
            mem_format("Domain Name: SHOP.EXAMPLE\nRegistrar: R\n%s\nRegistrant Email: owner@shop.example\n", lines[i]);
        expect_abuse(text, "desk@r.example");
        expect_others("registrant=owner@shop.example");
        free(text);
    }
}

static void test_what_is_no_address(void **state)
{
    (void)state;
    static const char *const values[] = {
        "",
        "REDACTED FOR PRIVACY",
        "Please query the RDDS service of the Registrar of Record",
        "https://registrar.example/abuse",
        "look at registrar.example",
        "+1.5550100",
        "de**@registrar.example",
        "desk@reg***.example",
        "abuse@",
        "@registrar.example",
        "none",
        "abuse@host_name.example.",
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char *text = mem_format("Domain Name: SHOP.EXAMPLE\nRegistrar: R\nRegistrar Abuse Contact Email: %s\n"
                                "Registrar Abuse Contact Phone: +1.5550100\nRegistrar Email: info@registrar.example\n",
                                values[i]);
        expect_abuse(text, "");
        expect_others("registrar=info@registrar.example");
        free(text);
    }
}

static void test_blocks(void **state)
{
    (void)state;
    expect_abuse(
        "Domain name: shop.example\nStatus:      active\n\nRegistrar:\n   R Ltd\n   Mill Lane\n   info@r.example\n\n"
        "Abuse Contact:\n   +31.5550100\n   abuse@r.example\n\nDNSSEC:      no\nCreation Date: 2001-01-01\n",
        "abuse@r.example");
    expect_others("registrar=info@r.example");
    expect_abuse("Domain: shop.example\nAbuse Contact\n    Name:  Desk\n    Phone: +1\n    Email: desk@r.example\n"
                 "Technical Contact\n    Email: tech@r.example\n",
                 "desk@r.example");
    expect_others("technical=tech@r.example");
    expect_abuse(
        "** Domain Name: shop.example\n\n** Registrant:\n   Somebody\n   owner@shop.example\n\n** Abuse Contact:\n"
        "   Desk\n   desk@r.example\n\n** Technical Contact:\nNIC Handle\t\t: x1\nE-Mail\t\t: tech@r.example\n",
        "desk@r.example");
    expect_others("registrant=owner@shop.example technical=tech@r.example");
    expect_abuse(
        "[Domain]\nDomain: shop.example\nStatus: active\n\n[Holder]\nType: Legal person\nEmail: owner@shop.example\n\n"
        "[Abuse]\nEmail: desk@r.example\n\n[Tech]\nType: Natural person\nEmail: tech@r.example\n",
        "desk@r.example");
    expect_abuse("Domain: shop.example\nRegistrar: R\nAbuse Contact:\ndesk@r.example\n\nother@r.example\n",
                 "desk@r.example");
    expect_abuse(
        "=== Abuse Contact ===\nEmail: desk@r.example\n\n=== Admin Contact ===\nEmail: adm@r.example\nRegistrar: R\n",
        "desk@r.example");
    /* An empty field is no heading for those beside it. */
    expect_abuse("Domain Name: shop.example\nRegistrar Abuse Contact Email:\nRegistrar Abuse Contact Phone:\n"
                 "Registrant Email: owner@shop.example\n",
                 "");
}

static void test_roles_of_contacts(void **state)
{
    (void)state;
    expect_abuse(
        "Domain Name: shop.example\nRegistrant Email: a@x.example\nAdmin Email: b@x.example\nTech Email: c@x.example\n"
        "Billing Email: d@x.example\nSponsoring Registrar Customer Service Email: e@x.example\n"
        "Reseller Email: f@x.example\nSecurity Contact Email: g@x.example\ne-mail: h@x.example\n",
        "");
    expect_others("registrant=a@x.example administrative=b@x.example technical=c@x.example billing=d@x.example "
                  "registrar=e@x.example reseller=f@x.example security=g@x.example contact=h@x.example");
}

static void test_facts_of_domains(void **state)
{
    (void)state;
    expect_abuse("   Domain Name: SHOP.EXAMPLE\r\n   Registry Domain ID: 1234_DOMAIN-EX\r\n"
                 "   Registrar WHOIS Server: Whois.Registrar.example\r\n   Registrar: R Inc.\r\n"
                 "   Registrar Abuse Contact Email: abuse@registrar.example\r\n"
                 "Registrant Organization: B\xe4"
                 "ckerei GmbH\r\nRegistrant Country: de\r\n",
                 "abuse@registrar.example");
    assert_string_equal(registration.handle, "1234_DOMAIN-EX");
    assert_string_equal(registration.referral, "whois.registrar.example");
    assert_string_equal(registration.organisation, "Bäckerei GmbH");
    assert_string_equal(registration.country, "DE");
    expect_abuse(
        "domain: EXAMPLE\n\norganisation: Example Registry\n\ncontact: administrative\ne-mail: a@registry.example\n\n"
        "refer: whois.nic.example\n",
        "");
    assert_string_equal(registration.referral, "whois.nic.example");
    expect_abuse("Domain: shop.example\nRegistrar: R\nWhois Server: https://whois.r.example/\n", "");
    assert_null(registration.referral);
}

/* --- answers without an object, and what is none --- */

static void test_statuses(void **state)
{
    (void)state;
    static const char *const none[] = {
        "%ERROR:101: no entries found\n%\n% No entries found in source EXAMPLE.\n",
        ("No match for \"SHOP.EXAMPLE\".\r\n>>> Last update of whois database: 2020-01-01T00:00:00Z <<<\r\n\r\n"
         "NOTICE: excessive querying is blocked, and access denied.\n"),
        "Domain: shop.example\nStatus: free\n",
        "Domain Name: shop.example\nDomain Status: No Object Found\n",
        "The queried object does not exist: previous registration\n",
        "No Data Found\n",
        "% terms: queries beyond the quota are denied\n\n% nothing found\n",
        "shop.example is available for registration\n",
        "El dominio shop.example no se encuentra registrado: no existe\n",
    };
    static const char *const refused[] = {
        "%ERROR:201: access denied for 192.0.2.1\n%\n% Queries from your IP address have passed the daily limit.\n",
        "WHOIS LIMIT EXCEEDED - SEE WWW.REGISTRY.EXAMPLE/WHOIS FOR DETAILS\n",
        "% Query rate limit exceeded\n",
        "Your connection limit exceeded. Please slow down and try again later.\n",
        "Error for \"shop.example\".\n\nthe WHOIS query quota for 192.0.2.1 has been exceeded\n",
        "% Error: 55000000002 Connection refused; access control limit reached.\n",
    };
    static const char *const unreadable[] = { "", "\n\n", "<!DOCTYPE html><html><body>not found</body></html>",
                                              "\x00\xff\x80", "OK\n" };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        expect_status(none[i], REGISTRATION_NONE);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        expect_status(refused[i], REGISTRATION_REFUSED);
    for (size_t i = 0; i < sizeof unreadable / sizeof unreadable[0]; i++)
        expect_status(unreadable[i], REGISTRATION_UNREADABLE);
    expect_status("Domain Name: shop.example\nStatus: ACTIVE\n", REGISTRATION_FOUND);
    /* With less in it than usual, but an object. */
    expect_status("% Query rate limit exceeded. Reduced information.\n\ndomain: shop.example\nowner: Shop\n",
                  REGISTRATION_FOUND);
}

static void test_more_than_there_is_room_for(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    for (int i = 0; i < 400; i++)
        buf_add_format(&text,
                       "inetnum: 198.18.%d.0/24\nabuse-c: H%d\nabuse-mailbox: a%d@isp.example\n\nnic-hdl: H%d\n\n",
                       i % 256, i, i, i);
    assert_int_equal(read_bytes(text.data, text.length), 0);
    assert_true(registration.abuse_count + registration.contact_count <= 2 * REGISTRATION_MAX_CONTACTS);
    assert_true(registration.abuse_count > 0);
    buf_truncate(&text, 0);
    for (int i = 0; i < 100000; i++)
        buf_add_string(&text, "a@");
    read_bytes(text.data, text.length);
    assert_int_equal(registration.abuse_count, 0);
    buf_free(&text);
}

static void test_every_beginning_of_an_answer(void **state)
{
    (void)state;
    static const char text[] =
        "\xef\xbb\xbf% Abuse contact for '192.0.2.0/24' is 'a@x.example'\r\rinetnum: 192.0.2/24\r\n"
        "a. [K] b\nnetwork:Abuse;I:c@x.example\n** [ Abuse ]\n\tdesk AT x DOT example\n(NET-1) 192.0.2.0 - 192.0.2.1\n"
        "remarks: spam to \xe4@x.example a*@x.example";
    for (size_t length = 0; length < sizeof text; length++)
        read_bytes(text, length);
    /* A sign that ends both a disguise and the answer. */
    read_bytes("Abuse: a[@", strlen("Abuse: a[@"));
    assert_true(whois_words_sorted());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_the_servers_own_statement, teardown),
        cmocka_unit_test_teardown(test_no_abuse_contact_is_an_answer, teardown),
        cmocka_unit_test_teardown(test_abuse_c_leads_to_an_object, teardown),
        cmocka_unit_test_teardown(test_incident_response_teams, teardown),
        cmocka_unit_test_teardown(test_the_narrowest_network_wins, teardown),
        cmocka_unit_test_teardown(test_a_registry_is_never_whom_to_tell, teardown),
        cmocka_unit_test_teardown(test_the_whole_internet_is_no_range, teardown),
        cmocka_unit_test_teardown(test_national_registries_of_networks, teardown),
        cmocka_unit_test_teardown(test_rwhois, teardown),
        cmocka_unit_test_teardown(test_sentences_in_remarks, teardown),
        cmocka_unit_test_teardown(test_sentences_of_registrars, teardown),
        cmocka_unit_test_teardown(test_labelled_fields, teardown),
        cmocka_unit_test_teardown(test_what_is_no_address, teardown),
        cmocka_unit_test_teardown(test_blocks, teardown),
        cmocka_unit_test_teardown(test_roles_of_contacts, teardown),
        cmocka_unit_test_teardown(test_facts_of_domains, teardown),
        cmocka_unit_test_teardown(test_statuses, teardown),
        cmocka_unit_test_teardown(test_more_than_there_is_room_for, teardown),
        cmocka_unit_test_teardown(test_every_beginning_of_an_answer, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The events of other systems as JSON: n6, CrowdSec. */
#include "tests/unit/feed_case.h"

static void test_n6(void **state)
{
    (void)state;
    feed_case_check(
        NULL,
        "[{\"id\":\"0a\",\"source\":\"org.feed\",\"restriction\":\"public\",\"confidence\":\"medium\",\"category\":"
        "\"cnc\","
        "\"time\":\"2026-08-10T14:10:59Z\",\"address\":[{\"ip\":\"192.0.2.1\",\"asn\":64500,\"cc\":\"AT\"},{\"ip\":"
        "\"192.0.2.2\"}],"
        "\"fqdn\":\"a.example\",\"dport\":443,\"name\":\"badbot\"},\n"
        " {\"source\":\"org.feed\",\"confidence\":\"low\",\"category\":\"phish\",\"time\":\"2026-08-10T14:10:59Z\","
        "\"url\":\"http://b.example/x\"}]",
        "1 a.example {\"source.fqdn\":\"a.example\",\"source.ip\":\"192.0.2.1\",\"source.port\":443,"
        "\"time.source\":\"2026-08-10T14:10:59+00:00\",\"classification.type\":\"c2-server\",\"malware.name\":"
        "\"badbot\","
        "\"source.asn\":64500,\"source.geolocation.cc\":\"AT\",\"extra.n6_id\":\"0a\",\"extra.n6_source\":\"org.feed\","
        "\"extra.restriction\":\"public\",\"extra.confidence\":\"medium\",\"extra.n6_category\":\"cnc\"}\n"
        "1 a.example {\"source.fqdn\":\"a.example\",\"source.ip\":\"192.0.2.2\",\"source.port\":443,"
        "\"time.source\":\"2026-08-10T14:10:59+00:00\",\"classification.type\":\"c2-server\",\"malware.name\":"
        "\"badbot\","
        "\"extra.n6_id\":\"0a\",\"extra.n6_source\":\"org.feed\",\"extra.restriction\":\"public\","
        "\"extra.confidence\":\"medium\",\"extra.n6_category\":\"cnc\"}\n"
        "2 b.example {\"source.fqdn\":\"b.example\",\"source.url\":\"http://b.example/x\","
        "\"time.source\":\"2026-08-10T14:10:59+00:00\",\"classification.type\":\"phishing\",\"extra.n6_source\":\"org."
        "feed\","
        "\"extra.confidence\":\"low\",\"extra.n6_category\":\"phish\"}\n(n6)");
}

/* A bot called a sinkhole: whose the sinkhole's name is need not know. */
static void test_n6_bots(void **state)
{
    (void)state;
    feed_case_check(
        NULL,
        "{\"source\":\"s\",\"category\":\"bots\",\"time\":\"2026-08-10T14:10:59Z\",\"address\":[{\"ip\":\"192.0.2.1\"}]"
        ","
        "\"dip\":\"198.51.100.1\",\"dport\":80,\"sport\":40000,\"fqdn\":\"sinkhole.example\",\"proto\":\"tcp\"}\n",
        "1 192.0.2.1 {\"source.ip\":\"192.0.2.1\",\"source.port\":40000,\"time.source\":\"2026-08-10T14:10:59+00:00\","
        "\"classification.type\":\"infected-system\",\"destination.fqdn\":\"sinkhole.example\","
        "\"destination.ip\":\"198.51.100.1\",\"destination.port\":80,\"protocol.transport\":\"tcp\","
        "\"extra.n6_source\":\"s\",\"extra.n6_category\":\"bots\"}\n(n6)");
}

static void test_n6_refused(void **state)
{
    (void)state;
    feed_case_check(
        NULL,
        "{\"source\":\"s\",\"category\":\"new\",\"time\":\"2026-08-10T14:10:59Z\",\"address\":[{\"ip\":\"x\"},7]}\n"
        "{\"source\":\"s\",\"category\":\"cnc\",\"time\":\"never\",\"address\":[{\"ip\":\"192.0.2.1\"}]}\n"
        "{\"source\":\"s\",\"category\":\"cnc\",\"time\":\"2026-08-10T14:10:59Z\",\"address\":[]}\n",
        "1! no valid address: 'x' [{\"source\":\"s\",\"category\":\"new\",\"time\":\"2026-08-10T14:10:59Z\","
        "\"address\":[{\"ip\":\"x\"},7]}]\n"
        "1! names no domain, address or URL [{\"source\":\"s\",\"category\":\"new\",\"time\":\"2026-08-10T14:10:59Z\","
        "\"address\":[{\"ip\":\"x\"},7]}]\n"
        "2! the time cannot be read: 'never' [{\"source\":\"s\",\"category\":\"cnc\",\"time\":\"never\","
        "\"address\":[{\"ip\":\"192.0.2.1\"}]}]\n"
        "3! names no domain, address or URL [{\"source\":\"s\",\"category\":\"cnc\","
        "\"time\":\"2026-08-10T14:10:59Z\",\"address\":[]}]\n(n6)");
}

static void test_crowdsec_alerts(void **state)
{
    (void)state;
    feed_case_check(
        NULL,
        "[\n {\"id\": 42, \"scenario\": \"crowdsecurity/ssh-bf\", \"message\": \"6 events over 3s\", \"events_count\": "
        "6,\n"
        "  \"source\": {\"scope\": \"Ip\", \"value\": \"192.0.2.1\", \"ip\": \"192.0.2.1\", \"as_number\": \"64500\", "
        "\"cn\": \"AT\"},\n"
        "  \"start_at\": \"2026-08-10T16:10:59.5+02:00\", \"created_at\": \"2026-08-10T14:11:00Z\", \"decisions\": "
        "[{\"id\": 1}],\n"
        "  \"Events\": [{\"meta\": []}]},\n"
        " {\"scenario\": \"me/windows\", \"start_at\": \"2026-08-10T14:10:59Z\","
        " \"source\": {\"scope\": \"Range\", \"value\": \"192.0.2.0/24\"}},\n"
        " {\"scenario\": \"me/x\", \"start_at\": \"2026-08-10T14:10:59Z\", \"source\": {\"scope\": \"user\", "
        "\"value\": \"ann\"}},\n"
        " {\"scenario\": \"me/x\", \"start_at\": \"2026-08-10T14:10:59Z\","
        " \"source\": {\"scope\": \"ip\", \"ip\": \"\", \"value\": \"192.0.2.3\"}}\n]",
        "2 192.0.2.1 {\"source.ip\":\"192.0.2.1\",\"time.source\":\"2026-08-10T14:10:59+00:00\","
        "\"classification.type\":\"brute-force\",\"classification.identifier\":\"crowdsecurity/ssh-bf\","
        "\"event_description.text\":\"6 events over 3s\",\"source.asn\":64500,\"source.geolocation.cc\":\"AT\","
        "\"time.observation\":\"2026-08-10T14:11:00+00:00\",\"extra.crowdsec_id\":\"42\",\"extra.events_count\":\"6\"}"
        "\n"
        "6 192.0.2.0 {\"source.network\":\"192.0.2.0/24\",\"time.source\":\"2026-08-10T14:10:59+00:00\","
        "\"classification.identifier\":\"me/windows\"}\n"
        "7! names no domain, address or URL [{\"scenario\": \"me/x\", \"start_at\": \"2026-08-10T14:10:59Z\", "
        "\"source\": "
        "{\"scope\": \"user\", \"value\": \"ann\"}}]\n"
        "8 192.0.2.3 {\"source.ip\":\"192.0.2.3\",\"time.source\":\"2026-08-10T14:10:59+00:00\","
        "\"classification.identifier\":\"me/x\"}\n(crowdsec)");
}

static void test_crowdsec_decisions(void **state)
{
    (void)state;
    feed_case_check(
        NULL,
        "[{\"id\":1,\"duration\":\"4h\",\"origin\":\"crowdsec\",\"scenario\":\"crowdsecurity/http-probing\","
        "\"scope\":\"Ip\",\"type\":\"ban\",\"value\":\"2001:db8::1\"}]",
        "1 2001:db8::1 {\"source.ip\":\"2001:db8::1\",\"classification.type\":\"scanner\","
        "\"classification.identifier\":\"crowdsecurity/http-probing\",\"extra.crowdsec_id\":\"1\","
        "\"extra.duration\":\"4h\",\"extra.origin\":\"crowdsec\",\"extra.decision\":\"ban\"}\n(crowdsec)");
}

/* A profile's mapping goes before what a kind makes of a member. */
static void test_mapping(void **state)
{
    (void)state;
    static const struct feed_column columns[] = { { "scenario", "extra.rule" },
                                                  { "source.ip", "destination.ip" },
                                                  { "machine", "source.fqdn" } };
    const struct feed_options options = { .columns = columns,
                                          .column_count = COUNT(columns),
                                          .default_type = "exploit" };
    feed_case_check(
        &options,
        "[{\"scenario\":\"me/x\",\"start_at\":\"2026-08-10T14:10:59Z\",\"machine\":\"a.example\","
        "\"source\":{\"ip\":\"192.0.2.1\"}}]",
        "1 a.example {\"source.fqdn\":\"a.example\",\"time.source\":\"2026-08-10T14:10:59+00:00\","
        "\"classification.type\":\"exploit\",\"destination.ip\":\"192.0.2.1\",\"extra.rule\":\"me/x\"}\n(crowdsec)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_n6),
        cmocka_unit_test(test_n6_bots),
        cmocka_unit_test(test_n6_refused),
        cmocka_unit_test(test_crowdsec_alerts),
        cmocka_unit_test(test_crowdsec_decisions),
        cmocka_unit_test(test_mapping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

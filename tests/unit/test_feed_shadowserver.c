/* Shadowserver's reports, with samples of our own in their columns. */
#include "daemon/feed/shadowserver.h"
#include "tests/unit/feed_case.h"

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *file, *type, *taxonomy, *identifier;
    } cases[] = {
        { "2026-08-10-scan_http-example.csv", "other", "other", "accessible-http" },
        { "/var/x/2026-08-10-scan_dns-example-de-as64500.csv.gz", "vulnerable-system", "vulnerable",
          "dns-open-resolver" },
        { "20260810-scan_cwmp.csv", "vulnerable-system", "vulnerable", "open-cwmp" },
        { "scan_cwmp.csv", "vulnerable-system", "vulnerable", "open-cwmp" },
        { "SCAN_CWMP-x.CSV", "vulnerable-system", "vulnerable", "open-cwmp" },
        { "2026-08-10-scan6_http-example.csv", "other", "other", "accessible-http" },
        { "2026-08-10-device_id6-example.csv", "other", "other", "device-id" },
        { "2026-08-10-event6_sinkhole_http-example.csv", "infected-system", "malicious-code", "sinkhole-http" },
        { "2026-08-10-event4_honeypot_brute_force.csv", "brute-force", "intrusion-attempts", "honeypot-brute-force" },
        { "2026-08-10-event4_honeypot_ics_scan.csv", "scanner", "information-gathering", "honeypot-ics-scan" },
        { "2026-08-10-blocklist-example.csv", "blacklist", "other", "blocklist" },
        { "2026-08-10-compromised_website-example.csv", "system-compromise", "intrusions", "compromised-website" },
        { "2026-08-10-malware_url-example.csv", "malware-distribution", "malicious-code", "malware-url" },
        { "2026-08-10-phish_url-example.csv", "phishing", "fraud", "phish-url" },
        /* Of a family that is known. */
        { "2030-01-01-scan_next_big_thing-example.csv", "vulnerable-system", "vulnerable", "open-next-big-thing" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct shadowserver_report report = shadowserver_find(cases[i].file);
        assert_non_null(report.type);
        assert_string_equal(report.type, cases[i].type);
        assert_string_equal(report.taxonomy, cases[i].taxonomy);
        assert_string_equal(report.identifier, cases[i].identifier);
    }
    static const char *const others[] = { NULL, "", "victims.csv", "2026-08-10.csv", "rescan_http.csv", "scanner.csv" };
    for (size_t i = 0; i < COUNT(others); i++)
        assert_null(shadowserver_find(others[i]).type);
}

static void test_rows(void **state)
{
    (void)state;
    const struct feed_options scan = { .file_name = "2026-08-10-scan_redis-example.csv", .default_type = "phishing" };
    feed_case_check(
        &scan,
        "\"timestamp\",\"ip\",\"protocol\",\"port\",\"hostname\",\"tag\",\"asn\",\"geo\",\"status\"\n"
        "\"2026-08-10 14:10:59\",\"192.0.2.7\",\"tcp\",6379,\"dial-7.isp.example\",\"redis\",64500,\"DE\",200\n",
        "2 192.0.2.7 {\"source.ip\":\"192.0.2.7\",\"source.port\":6379,\"time.source\":"
        "\"2026-08-10T14:10:59+00:00\",\"classification.type\":\"vulnerable-system\","
        "\"classification.identifier\":\"open-redis\",\"classification.taxonomy\":\"vulnerable\","
        "\"protocol.transport\":\"tcp\",\"source.asn\":64500,\"source.geolocation.cc\":\"DE\","
        "\"source.reverse_dns\":\"dial-7.isp.example\",\"extra.tag\":\"redis\",\"extra.status\":\"200\"}\n"
        "(csv)");
    /* Whom it is about is `src_`; `domain` and `http_host` are where its malware calls; what infects it identifies it. */
    const struct feed_options sinkhole = { .file_name = "2026-08-10-event4_sinkhole_http-example.csv.gz" };
    feed_case_check(
        &sinkhole,
        "timestamp,protocol,src_ip,src_port,src_asn,src_geo,src_hostname,dst_ip,domain,http_host,infection\n"
        "2026-08-10 14:10:59,tcp,192.0.2.7,40000,64500,DE,dial-7.isp.example,198.51.100.1,c2.example,c2.example,zeus\n"
        "2026-08-10 14:10:59,tcp,192.0.2.8,40000,64500,DE,,198.51.100.1,c2.example,c2.example,\n",
        "2 192.0.2.7 {\"source.ip\":\"192.0.2.7\",\"source.port\":40000,\"time.source\":\"2026-08-10T14:10:59+00:00\","
        "\"classification.type\":\"infected-system\",\"classification.identifier\":\"zeus\",\"classification."
        "taxonomy\":"
        "\"malicious-code\",\"destination.ip\":\"198.51.100.1\",\"malware.name\":\"zeus\",\"protocol.transport\":"
        "\"tcp\","
        "\"source.asn\":64500,\"source.geolocation.cc\":\"DE\",\"source.reverse_dns\":\"dial-7.isp.example\","
        "\"extra.domain\":\"c2.example\",\"extra.http_host\":\"c2.example\"}\n"
        "3 192.0.2.8 {\"source.ip\":\"192.0.2.8\",\"source.port\":40000,\"time.source\":\"2026-08-10T14:10:59+00:00\","
        "\"classification.type\":\"infected-system\",\"classification.identifier\":\"sinkhole-http\","
        "\"classification.taxonomy\":\"malicious-code\",\"destination.ip\":\"198.51.100.1\",\"protocol.transport\":"
        "\"tcp\",\"source.asn\":64500,\"source.geolocation.cc\":\"DE\",\"extra.domain\":\"c2.example\","
        "\"extra.http_host\":\"c2.example\"}\n(csv)");
    const struct feed_options sites = { .file_name = "2026-08-10-compromised_website.csv" };
    feed_case_check(&sites,
                    "timestamp,ip,asn,geo,http_host,url\n"
                    "2026-08-10 14:10:59,192.0.2.7,64500,DE,www.bakery.example,/x.php\n",
                    "2 bakery.example {\"source.fqdn\":\"www.bakery.example\",\"source.ip\":\"192.0.2.7\","
                    "\"time.source\":\"2026-08-10T14:10:59+00:00\",\"classification.type\":\"system-compromise\","
                    "\"classification.identifier\":\"compromised-website\",\"classification.taxonomy\":\"intrusions\","
                    "\"source.asn\":64500,\"source.geolocation.cc\":\"DE\",\"extra.source.url\":\"/x.php\"}\n(csv)");
}

/* They add columns at the end, and to the header first. */
static void test_short_rows(void **state)
{
    (void)state;
    const struct feed_options scan = { .file_name = "scan_redis.csv" };
    feed_case_check(&scan,
                    "timestamp,ip,asn,geo,version,added\n"
                    "2026-08-10 14:10:59,192.0.2.7,64500,DE,5\n"
                    "2026-08-10 14:10:59,192.0.2.8,64500\n",
                    "2 192.0.2.7 {\"source.ip\":\"192.0.2.7\",\"time.source\":\"2026-08-10T14:10:59+00:00\","
                    "\"classification.type\":\"vulnerable-system\",\"classification.identifier\":\"open-redis\","
                    "\"classification.taxonomy\":\"vulnerable\",\"source.asn\":64500,\"source.geolocation.cc\":\"DE\","
                    "\"extra.version\":\"5\"}\n"
                    "3! 3 columns where 4 are needed [2026-08-10 14:10:59,192.0.2.8,64500]\n(csv)");
}

static void test_what_is_no_report(void **state)
{
    (void)state;
    /* Named like one, but with a researcher's columns. */
    const struct feed_options scan = { .file_name = "scan_results.csv" };
    feed_case_check(&scan, "timestamp,domain\n2026-08-10,a.example\n",
                    "2 a.example {\"source.fqdn\":\"a.example\",\"time.source\":\"2026-08-10T00:00:00+00:00\"}\n(csv)");
    /* Renamed: the columns tell, the type is the profile's. */
    const struct feed_options renamed = { .file_name = "monday.csv", .default_type = "infected-system" };
    feed_case_check(&renamed,
                    "timestamp,ip,asn,geo,region,city,hostname,domain\n2026-08-10,192.0.2.7,64500,DE,,,,c2.example\n",
                    "2 192.0.2.7 {\"source.ip\":\"192.0.2.7\",\"time.source\":\"2026-08-10T00:00:00+00:00\","
                    "\"classification.type\":\"infected-system\",\"source.asn\":64500,\"source.geolocation.cc\":\"DE\","
                    "\"extra.domain\":\"c2.example\"}\n(csv)");
    /* A mapping counts. */
    static const struct feed_column columns[] = { { "domain", "source.fqdn" } };
    const struct feed_options mapped = { .file_name = "scan_x.csv", .columns = columns, .column_count = 1 };
    feed_case_check(&mapped, "timestamp,ip,asn,geo,domain\n2026-08-10,192.0.2.7,64500,DE,a.example\n",
                    "2 a.example {\"source.fqdn\":\"a.example\",\"source.ip\":\"192.0.2.7\",\"time.source\":"
                    "\"2026-08-10T00:00:00+00:00\",\"classification.type\":\"vulnerable-system\","
                    "\"classification.identifier\":\"open-x\",\"classification.taxonomy\":\"vulnerable\","
                    "\"source.asn\":64500,\"source.geolocation.cc\":\"DE\"}\n(csv)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_short_rows),
        cmocka_unit_test(test_what_is_no_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* X-ARF reports: what is read of a good one, and which member makes a bad one bad. */
#include "tests/unit/feed_case.h"

#include <jansson.h>
#include <stdio.h>

static const char v4[] =
    "{\"xarf_version\":\"4.2.0\",\"report_id\":\"r-1\",\"timestamp\":\"2026-08-10T16:10:59+02:00\","
    "\"reporter\":{\"org\":\"Bell\",\"contact\":\"bell@bell.example\",\"domain\":\"bell.example\"},"
    "\"sender\":{\"org\":\"Bell\",\"contact\":\"bell@bell.example\",\"domain\":\"bell.example\"},"
    "\"source_identifier\":\"192.0.2.7\",\"source_port\":40000,\"category\":\"connection\",\"type\":\"login_attack\","
    "\"protocol\":\"tcp\",\"first_seen\":\"2026-08-10T14:00:00Z\",\"service\":\"ssh\",\"attempt_count\":12,"
    "\"evidence\":[{\"content_type\":\"text/plain\",\"payload\":\"eA==\",\"description\":\"log\"},"
    "{\"content_type\":\"image/png\",\"payload\":\"eA==\"}],\"tags\":[\"a:b\"],\"_internal\":{\"ticket\":\"T\"}}";

static const char v3[] =
    "{\"Version\":\"3\",\"ReporterInfo\":{\"ReporterOrg\":\"Bell\",\"ReporterOrgDomain\":\"bell.example\","
    "\"ReporterOrgEmail\":\"bell@bell.example\"},\"Disclosure\":true,\"Report\":{\"ReportClass\":\"Activity\","
    "\"ReportType\":\"PortScan\",\"Date\":\"2026-08-10T14:10:59Z\",\"SourceIp\":\"192.0.2.7\",\"SourcePort\":40000,"
    "\"DestinationIp\":\"198.51.100.1\",\"DestinationPort\":[22,23],\"Samples\":[{\"ContentType\":\"text/plain\","
    "\"Payload\":\"x\",\"Description\":\"log\"}],\"Custom\":{\"case\":7}}}";

/* The report with the member at PATH set to VALUE (JSON; NULL: taken out). */
static char *changed(const char *report, const char *path, const char *value)
{
    char name[64];
    json_t *root = json_loads(report, 0, NULL), *object = root;
    for (const char *dot; (dot = strchr(path, '.')); path = dot + 1) {
        snprintf(name, sizeof name, "%.*s", (int)(dot - path), path);
        object = json_object_get(object, name);
    }
    assert_true(json_is_object(object));
    if (value)
        json_object_set_new(object, path, json_loads(value, JSON_DECODE_ANY, NULL));
    else
        json_object_del(object, path);
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

static void check_change(const char *report, const char *path, const char *value, const char *expected)
{
    char *text = changed(report, path, value), *read = feed_case_read(NULL, text, strlen(text), SIZE_MAX / 2);
    if (expected && strncmp(read, expected, strlen(expected)) != 0)
        fail_msg("%s = %s: %s instead of %s", path, value ? value : "(none)", read, expected);
    if (!expected && strncmp(read, "1 ", 2) != 0)
        fail_msg("%s = %s: %s", path, value ? value : "(none)", read);
    assert_string_equal(read + strlen(read) - 6, "(xarf)");
    free(text);
    free(read);
}

static void test_version_4(void **state)
{
    (void)state;
    feed_case_check(
        NULL, v4,
        "1 192.0.2.7 {\"source.ip\":\"192.0.2.7\",\"source.port\":40000,\"time.source\":\"2026-08-10T14:10:59+00:00\","
        "\"classification.type\":\"brute-force\",\"classification.identifier\":\"login_attack\","
        "\"protocol.application\":\"ssh\",\"protocol.transport\":\"tcp\",\"extra.xarf_id\":\"r-1\","
        "\"extra.xarf_category\":\"connection\",\"extra.first_seen\":\"2026-08-10T14:00:00Z\","
        "\"extra.attempt_count\":\"12\",\"extra.reporter\":\"Bell\",\"extra.evidence\":\"text/plain: log; "
        "image/png\"}\n"
        "(xarf)");
}

static void test_version_3(void **state)
{
    (void)state;
    feed_case_check(
        NULL, v3,
        "1 192.0.2.7 {\"source.ip\":\"192.0.2.7\",\"source.port\":40000,\"time.source\":\"2026-08-10T14:10:59+00:00\","
        "\"classification.type\":\"scanner\",\"classification.identifier\":\"PortScan\","
        "\"destination.ip\":\"198.51.100.1\",\"extra.xarf_class\":\"Activity\",\"extra.report.custom.case\":\"7\","
        "\"extra.reporter\":\"Bell\",\"extra.evidence\":\"text/plain: log\",\"extra.destination.port\":\"22, "
        "23\"}\n(xarf)");
}

static void test_version_4_requires(void **state)
{
    (void)state;
    static const struct {
        const char *path, *value, *expected;
    } cases[] = {
        { "xarf_version", NULL, "1! an invalid X-ARF report: no xarf_version [" },
        { "xarf_version", "\"4.2\"", "1! an invalid X-ARF report: xarf_version must not be '4.2' [" },
        { "xarf_version", "\"5.0.0\"", "1! an invalid X-ARF report: xarf_version must not be '5.0.0' [" },
        { "report_id", NULL, "1! an invalid X-ARF report: no report_id [" },
        { "timestamp", "\"yesterday\"", "1! an invalid X-ARF report: timestamp must not be 'yesterday' [" },
        { "timestamp", "1786371059", "1! an invalid X-ARF report: timestamp must not be the number 1786371059 [" },
        { "reporter.contact", "\"bell\"", "1! an invalid X-ARF report: reporter.contact must not be 'bell' [" },
        { "reporter.domain", NULL, "1! an invalid X-ARF report: no reporter.domain [" },
        { "reporter", "[]", "1! an invalid X-ARF report: no reporter.org [" },
        { "sender", NULL, "1! an invalid X-ARF report: no sender.org [" },
        { "source_identifier", "\"\"", "1! an invalid X-ARF report: source_identifier must not be '' [" },
        { "source_port", NULL, "1! an invalid X-ARF report: no source_port [" },
        { "source_port", "0", "1! an invalid X-ARF report: source_port must not be the number 0 [" },
        { "source_port", "70000", "1! an invalid X-ARF report: source_port must not be the number 70000 [" },
        { "category", "\"class\"", "1! an invalid X-ARF report: category must not be 'class' [" },
        { "type", "\"spam\"", "1! an invalid X-ARF report: category connection has no such type [" },
        { "first_seen", NULL, "1! an invalid X-ARF report: no first_seen [" },
        { "evidence", "{}", "1! an invalid X-ARF report: evidence must be a list [" },
        { "evidence", "[{\"payload\":\"eA==\"}]", "1! an invalid X-ARF report: no content_type in evidence 1 [" },
        { "evidence", "[7]", "1! an invalid X-ARF report: no content_type in evidence 1 [" },
        { "evidence", NULL, NULL },
        { "first_seen", "true", "1! an invalid X-ARF report: first_seen must not be true or false [" },
        { "destination_ip", "\"300.1.2.3\"", "1! an invalid X-ARF report: destination_ip must not be '300.1.2.3' [" },
        { "confidence", "\"high\"", "1! an invalid X-ARF report: confidence must not be 'high' [" },
        { "source_identifier", "\"a customer\"", "1! no valid domain: 'a customer' [" },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        check_change(v4, cases[i].path, cases[i].value, cases[i].expected);
}

/* What a type asks for only beside something else. */
static void test_version_4_conditions(void **state)
{
    (void)state;
    char *spam = changed(v4, "category", "\"messaging\""), *named = changed(v4, "source_identifier", "\"a.example\"");
    char *typed = changed(spam, "type", "\"spam\""), *smtp = changed(typed, "protocol", "\"smtp\"");
    char *share = changed(v4, "category", "\"copyright\""), *p2p = changed(share, "type", "\"p2p\"");
    char *torrent = changed(p2p, "p2p_protocol", "\"bittorrent\"");
    check_change(named, "source_port", NULL, "1 a.example {");
    check_change(v4, "protocol", "\"smtp\"", "1 192.0.2.7 {");
    check_change(typed, "protocol", "\"sms\"", "1 192.0.2.7 {");
    check_change(smtp, "subject", "\"x\"", "1! an invalid X-ARF report: no smtp_from [");
    check_change(smtp, "smtp_from", "\"x@a.example\"", "1 192.0.2.7 {");
    check_change(torrent, "n", "1", "1! an invalid X-ARF report: no swarm_info [");
    check_change(torrent, "swarm_info", "{\"n\":1}", "1! an invalid X-ARF report: no swarm_info.info_hash [");
    check_change(torrent, "swarm_info", "{\"magnet_uri\":\"magnet:?x\"}", "1 192.0.2.7 {");
    char *all[] = { spam, named, typed, smtp, share, p2p, torrent };
    for (size_t i = 0; i < COUNT(all); i++)
        free(all[i]);
}

/* 4.0 knew no senders, but asked for the kind of reporter and of evidence. */
static void test_version_4_0(void **state)
{
    (void)state;
    char *plain = changed(v4, "sender", NULL), *version = changed(plain, "xarf_version", "\"4.0.0\"");
    char *typed = changed(version, "type", "\"phishing_site\""), *content = changed(typed, "category", "\"content\"");
    char *source = changed(content, "evidence_source", "\"crawler\""),
         *whole = changed(source, "reporter.type", "\"automated\"");
    check_change(version, "reporter.type", "\"automated\"", "1! an invalid X-ARF report: no evidence_source [");
    check_change(source, "n", "1", "1! an invalid X-ARF report: no reporter.type [");
    check_change(whole, "source_identifier", "\"a.example\"",
                 "1 a.example "
                 "{\"source.fqdn\":\"a.example\",\"source.port\":40000,\"time.source\":\"2026-08-10T14:10:59+00:00\","
                 "\"classification.type\":\"phishing\",\"classification.identifier\":\"phishing_site\"");
    check_change(whole, "type", "\"novelty\"", "1 192.0.2.7 {");
    char *all[] = { plain, version, typed, content, source, whole };
    for (size_t i = 0; i < COUNT(all); i++)
        free(all[i]);
}

static void test_version_3_requires(void **state)
{
    (void)state;
    static const struct {
        const char *path, *value, *expected;
    } cases[] = {
        { "Version", NULL, "1! an invalid X-ARF report: no Version [" },
        { "Disclosure", NULL, "1! an invalid X-ARF report: no Disclosure [" },
        { "Disclosure", "\"yes\"", "1! an invalid X-ARF report: Disclosure must not be 'yes' [" },
        { "ReporterInfo", NULL, "1! an invalid X-ARF report: no ReporterInfo [" },
        { "ReporterInfo.ReporterOrgEmail", NULL, "1! an invalid X-ARF report: no ReporterInfo.ReporterOrgEmail [" },
        { "ReporterInfo.ReporterOrg", "\"x\"",
          "1! an invalid X-ARF report: ReporterInfo.ReporterOrg must not be 'x' [" },
        { "ReporterInfo", "{\"ReporterType\":\"Person\"}", NULL },
        { "OnBehalfOf", "{\"ComplainantOrg\":\"Bell\"}",
          "1! an invalid X-ARF report: no OnBehalfOf.ComplainantOrgDomain [" },
        { "Report", NULL, "1! an invalid X-ARF report: no Report [" },
        { "Report.Date", "\"2026\"", "1! an invalid X-ARF report: Report.Date must not be '2026' [" },
        { "Report.ReportType", "\"Meh\"",
          "1! an invalid X-ARF report: Report.ReportClass has no such Report.ReportType [" },
        { "Report.SourceIp", NULL, "1! an invalid X-ARF report: no Report.SourceIp, and no Report.SourceUrl [" },
        { "Report.SourceIp", "\"x\"", "1! an invalid X-ARF report: Report.SourceIp must not be 'x' [" },
        { "Report.SourcePort", "-1", "1! an invalid X-ARF report: Report.SourcePort must not be the number -1 [" },
        { "Report.DestinationPort", "[22,\"x\"]",
          "1! an invalid X-ARF report: DestinationPort must not be that list [" },
        { "Report.Samples", "[]", "1! an invalid X-ARF report: Samples must not be that list [" },
        { "Report.Samples", "[{\"FileName\":\"x\"}]", NULL },
        { "Report.Samples", "[{\"ContentType\":\"x\",\"Payload\":\"y\",\"Base64Encoded\":1}]",
          "1! an invalid X-ARF report: Base64Encoded must not be the number 1 in Samples 1 [" },
        { "Report.CVE", "\"CVE-26-1\"", "1! an invalid X-ARF report: CVE must not be 'CVE-26-1' [" },
        { "Report.TransportProtocol", "\"icmp\"",
          "1! an invalid X-ARF report: TransportProtocol must not be 'icmp' [" },
        { "Report.FileHash", "{\"HashValue\":\"x\"}", "1! an invalid X-ARF report: no HashAlgorithm [" },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        check_change(v3, cases[i].path, cases[i].value, cases[i].expected);
}

static void test_version_3_types(void **state)
{
    (void)state;
    char *content = changed(v3, "Report.ReportClass", "\"Content\"");
    char *phish = changed(content, "Report.ReportType", "\"Phishing\"");
    check_change(phish, "Report.ASN", "64500", "1! an invalid X-ARF report: no SourceUrl [");
    check_change(phish, "Report.SourceUrl", "\"https://a.example/x\"", "1 a.example {");
    check_change(phish, "Report.SourceUrl", "\"a.example/x\"",
                 "1! an invalid X-ARF report: Report.SourceUrl must not be 'a.example/x' [");
    char *account = changed(v3, "Report.ReportType", "\"PotentiallyCompromisedAccount\"");
    char *whose = changed(account, "Report.Account", "{\"AccountEmail\":\"ann@a.example\"}");
    check_change(account, "Report.SourceIp", NULL,
                 "1! an invalid X-ARF report: no Report.SourceIp, and no Report.SourceUrl [");
    check_change(whose, "n", "1", "1! an invalid X-ARF report: Report.SourceIp and Report.SourceUrl do not belong");
    check_change(whose, "Report.SourceIp", NULL, "1 a.example {\"source.fqdn\":\"a.example\"");
    char *rpz = changed(v3, "Report.ReportType", "\"Malware\"");
    check_change(rpz, "Report.ReportSubType", "\"Other\"",
                 "1! an invalid X-ARF report: Report.ReportSubType must be RPZ-Rewrite [");
    check_change(rpz, "Report.ReportSubType", "\"RPZ-Rewrite\"", "1 192.0.2.7 {");
    char *all[] = { content, phish, account, whose, rpz };
    for (size_t i = 0; i < COUNT(all); i++)
        free(all[i]);
}

/* Versions 1 and 2 had other types and members; 3.0.0 has its source in an object. */
static void test_older_versions(void **state)
{
    (void)state;
    char *old = changed(v3, "Version", "\"1\""), *other = changed(v3, "Version", "\"3.0.0\"");
    char *bare = changed(other, "Report.SourceIp", NULL);
    check_change(old, "Report.ReportType", "\"Novelty\"", "1 192.0.2.7 {");
    check_change(old, "Report.FileHash", "\"text\"", "1 192.0.2.7 {");
    check_change(bare, "Report.Source", "{\"URL\":\"https://a.example/x\",\"Type\":\"uri\"}", "1 a.example {");
    check_change(bare, "Report.Source", "{\"IP\":\"x\"}",
                 "1! an invalid X-ARF report: Report.Source.IP must not be 'x' [");
    check_change(bare, "Report.Source", "{}", "1! names no domain, address or URL [");
    free(old);
    free(other);
    free(bare);
}

static void test_many(void **state)
{
    (void)state;
    struct buf data = BUF_EMPTY;
    buf_add_format(&data, "[\n  %s,\n  {\"ip\": \"192.0.2.9\"},\n  %s\n]\n", v4, v3);
    char *text = feed_case_read(NULL, data.data, data.length, 100);
    assert_int_equal(strncmp(text, "2 192.0.2.7 {", 13), 0);
    assert_non_null(strstr(text, "\n3 192.0.2.9 {"));
    assert_non_null(strstr(text, "\n4 192.0.2.7 {"));
    free(text);
    text = feed_case_read(&(struct feed_options){ .format = "xarf" }, data.data, data.length, 100);
    assert_non_null(strstr(text, "\n3! not of the kind that the profile's format names ["));
    free(text);
    feed_case_check_cuts(NULL, data.data, data.length);
    buf_free(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version_4),
        cmocka_unit_test(test_version_3),
        cmocka_unit_test(test_version_4_requires),
        cmocka_unit_test(test_version_4_conditions),
        cmocka_unit_test(test_version_4_0),
        cmocka_unit_test(test_version_3_requires),
        cmocka_unit_test(test_version_3_types),
        cmocka_unit_test(test_older_versions),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

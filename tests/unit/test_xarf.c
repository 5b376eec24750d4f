/* X-ARF v4 reports: which type an incident becomes, and that the report has what the type requires. */
#include "daemon/base/base64.h"
#include "daemon/base/mem.h"
#include "daemon/notify/parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define SETTINGS                                                                                                       \
    "{\"sender\":{\"name\":\"Ada\",\"address\":\"ada@tocsin.example\",\"reply_to\":\"people@uni.example\","            \
    "\"organisation\":\"University of Ütrecht\"},\"bounce\":\"bounce@tocsin.example\",\"opt_out\":"                   \
    "\"optout@tocsin.example\"}"
#define TOKEN "afisyaaaaaaaamkpo6e55fpyhjwlarne"

/* The reports of a mail about incidents that read ROWS (COUNT of them), one case. */
static json_t *write(const char *const *rows, size_t count)
{
    struct notification_incident incidents[4];
    struct notification_case one = {
        .id = 1, .target = mem_string("bakery.example"), .incidents = incidents, .count = count
    };
    struct notification notification = { .id = 1, .date = INT64_C(1795435200), .cases = &one, .case_count = 1 };
    struct settings settings;
    struct rows read;
    struct error error;
    struct buf out = BUF_EMPTY;
    for (size_t i = 0; i < count; i++)
        incidents[i] = (struct notification_incident){ .id = (int64_t)i, .json = mem_string(rows[i]) };
    assert_int_equal(settings_read(SETTINGS, &settings, &error), 0);
    assert_int_equal(rows_read(&notification, &read, &error), 0);
    xarf_write(&out, &notification, &settings, &read, TOKEN);
    json_t *reports = json_loads(out.data, 0, NULL);
    assert_non_null(reports);
    rows_clear(&read);
    settings_clear(&settings);
    buf_free(&out);
    for (size_t i = 0; i < count; i++)
        free(incidents[i].json);
    free(one.target);
    return reports;
}

static const char *text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

#define URL "\"source.url\":\"http://shop.bakery.example/x\""
#define WITH(type, rest) "{\"classification.type\":\"" type "\",\"source.ip\":\"192.0.2.7\"" rest "}"

static void test_types(void **state)
{
    (void)state;
    static const struct {
        const char *row, *category, *type, *required, *value;
    } table[] = {
        { WITH("phishing", "," URL), "content", "phishing", "url", "http://shop.bakery.example/x" },
        { WITH("phishing", ""), "reputation", "threat_intelligence", "threat_type", "phishing" },
        { WITH("phishing", ",\"source.url\":\"http://b.example/ä\""), "reputation", "threat_intelligence",
          "threat_type", "phishing" },
        { WITH("malware-distribution", "," URL), "content", "malware", "url", "http://shop.bakery.example/x" },
        { WITH("malware", ""), "infrastructure", "botnet", "compromise_evidence", "malware" },
        { WITH("defacement", "," URL), "content", "remote_compromise", "compromise_type", "defacement" },
        { WITH("backdoor", "," URL ",\"classification.identifier\":\"webshell\""), "content", "remote_compromise",
          "compromise_type", "webshell" },
        { WITH("backdoor", "," URL), "content", "remote_compromise", "compromise_type", "backdoor" },
        { WITH("backdoor", ""), "infrastructure", "compromised_server", "compromise_method", "unknown" },
        { WITH("data-leak", "," URL ",\"classification.identifier\":\"exposed-git\""), "content", "exposed_data",
          "exposure_method", "git_repository" },
        { WITH("leak", "," URL), "content", "exposed_data", "exposure_method", "other" },
        { WITH("infected-system", ",\"malware.name\":\"qakbot\""), "infrastructure", "botnet", "malware_family",
          "qakbot" },
        { WITH("system-compromise", ",\"classification.identifier\":\"ssh\""), "infrastructure", "compromised_server",
          "compromise_method", "ssh" },
        { WITH("vulnerable-system", ",\"source.port\":443,\"classification.identifier\":\"cve-2026-1234\""),
          "vulnerability", "cve", "cve_id", "CVE-2026-1234" },
        { WITH("vulnerable-system", ",\"source.port\":443,\"classification.identifier\":\"CVE-26-1\""), "vulnerability",
          "misconfiguration", "service", "CVE-26-1" },
        { WITH("vulnerable-system", ",\"protocol.application\":\"http\""), "vulnerability", "misconfiguration",
          "service", "http" },
        { WITH("misconfiguration", ""), "reputation", "threat_intelligence", "threat_type", "misconfiguration" },
        { WITH("potentially-unwanted-accessible", ",\"classification.identifier\":\"open-redis\""), "vulnerability",
          "open_service", "service", "open-redis" },
        { WITH("Blocklist", ""), "reputation", "blocklist", "threat_type", "Blocklist" },
        { WITH("scanner", ",\"source.port\":25"), "reputation", "threat_intelligence", "threat_type", "scanner" },
        { WITH("brute-force", ",\"source.port\":22"), "reputation", "threat_intelligence", "threat_type",
          "brute-force" },
        { "{}", "reputation", "threat_intelligence", "threat_type", "unknown" },
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        json_t *report = write(&table[i].row, 1);
        assert_string_equal(text(report, "category"), table[i].category);
        assert_string_equal(text(report, "type"), table[i].type);
        assert_string_equal(text(report, table[i].required), table[i].value);
        json_decref(report);
    }
}

static void test_what_all_have(void **state)
{
    (void)state;
    static const char *const row =
        "{\"source.fqdn\":\"mail.bakery.example\",\"source.ip\":\"192.0.2.7\",\"source.port\":25,"
        "\"time.source\":\"2026-11-20T08:00:00+00:00\",\"raw\":\"QUJD\",\"extra.word\":\"süß\"}";
    json_t *report = write(&row, 1), *sender = json_object_get(report, "sender");
    assert_string_equal(text(report, "xarf_version"), "4.0.0");
    assert_string_equal(text(report, "timestamp"), "2026-11-20T08:00:00+00:00");
    assert_string_equal(text(report, "source_identifier"), "192.0.2.7");
    assert_int_equal(json_integer_value(json_object_get(report, "source_port")), 25);
    assert_true(json_equal(sender, json_object_get(report, "reporter")));
    assert_int_equal(json_object_size(sender), 3);
    assert_string_equal(text(sender, "org"), "University of Ütrecht");
    assert_string_equal(text(sender, "contact"), "people@uni.example");
    assert_string_equal(text(sender, "domain"), "uni.example");
    const char *id = text(report, "report_id");
    assert_int_equal(strlen(id), 36);
    assert_int_equal(id[14], '4');
    assert_non_null(strchr("89ab", id[19]));
    const json_t *evidence = json_array_get(json_object_get(report, "evidence"), 0);
    size_t length;
    char *payload = base64_decode(text(evidence, "payload"), &length);
    assert_int_equal(length, json_integer_value(json_object_get(evidence, "size")));
    json_t *held = json_loads(payload, 0, NULL);
    assert_string_equal(text(held, "extra.word"), "süß");
    assert_null(json_object_get(held, "raw"));
    json_decref(held);
    free(payload);
    json_decref(report);
}

/* Without an address the host names the source, without either the case's target; a time that cannot be read is the mail's. */
static void test_what_is_missing(void **state)
{
    (void)state;
    static const char *const rows[] = { "{\"source.fqdn\":\"mail.bakery.example\",\"time.source\":\"soon\"}",
                                        "{\"source.port\":0}" };
    json_t *reports = write(rows, 2);
    const json_t *first = json_array_get(reports, 0), *second = json_array_get(reports, 1);
    assert_int_equal(json_array_size(reports), 2);
    assert_string_equal(text(first, "source_identifier"), "mail.bakery.example");
    assert_string_equal(text(second, "source_identifier"), "bakery.example");
    assert_null(json_object_get(second, "source_port"));
    assert_string_equal(text(first, "timestamp"), "2026-11-23T12:00:00+00:00");
    assert_string_not_equal(text(first, "report_id"), text(second, "report_id"));
    json_t *again = write(rows, 2);
    assert_true(json_equal(reports, again));
    json_decref(again);
    json_decref(reports);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_types), cmocka_unit_test(test_what_all_have),
                                        cmocka_unit_test(test_what_is_missing) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* X-ARF v4 reports, for receivers who sort their mail by program. What a type of report requires is the specification's (xarf.org, schemas of version 4); a
 * type is chosen only where the incident has all of it. */
#include "daemon/notify/parts.h"

#include "daemon/base/address.h"
#include "daemon/base/ascii.h"
#include "daemon/base/base64.h"
#include "daemon/base/mem.h"
#include "daemon/base/timestamp.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define VERSION "4.0.0"
#define ORGANISATION_MAX 200 /* characters; no more bytes are used */
#define DESCRIPTION_MAX 1000
#define MALWARE_MAX 200

static const char *get(const json_t *row, const char *field)
{
    const char *text = json_string_value(json_object_get(row, field));
    return text && *text ? text : NULL;
}

/* At most LIMIT bytes of TEXT, no character cut. */
static void put(json_t *report, const char *key, const char *text, size_t limit)
{
    size_t length = strlen(text);
    if (length > limit)
        for (length = limit; length && ((unsigned char)text[length] & 0xc0) == 0x80;)
            length--;
    json_object_set_new(report, key, json_stringn(text, length));
}

static void put_whole(json_t *report, const char *key, const char *text)
{
    put(report, key, text, strlen(text));
}

static bool contains(const char *text, const char *part)
{
    return text && strcasestr(text, part);
}

/* ---- What a type of report requires: each adds it, or says that the incident does not have it ---- */

static bool with_url(json_t *report, const json_t *row)
{
    const char *url = get(row, "source.url");
    if (!url || ascii_run(url, strlen(url)) != strlen(url))
        return false;
    put_whole(report, "url", url);
    return true;
}

static bool with_defacement(json_t *report, const json_t *row)
{
    put_whole(report, "compromise_type", "defacement");
    return with_url(report, row);
}

static bool with_backdoor(json_t *report, const json_t *row)
{
    put_whole(report, "compromise_type",
              contains(get(row, "classification.identifier"), "shell") ? "webshell" : "backdoor");
    return with_url(report, row);
}

static bool with_exposure(json_t *report, const json_t *row)
{
    const char *identifier = get(row, "classification.identifier");
    json_object_set_new(report, "data_types", json_pack("[s]", "other"));
    put_whole(report, "exposure_method",
              contains(identifier, "git")         ? "git_repository"
              : contains(identifier, "directory") ? "open_directory"
              : contains(identifier, "backup")    ? "backup_file"
              : contains(identifier, "log")       ? "log_file"
                                                  : "other");
    return with_url(report, row);
}

/* The incident in words: the feed's, or ours for its type. */
static const char *words(const json_t *row)
{
    const char *said = get(row, "event_description.text");
    return said ? said : type_text(WORDS_EN, get(row, "classification.type"), get(row, "classification.identifier"));
}

static bool with_malware(json_t *report, const json_t *row)
{
    const char *malware = get(row, "malware.name");
    if (malware)
        put(report, "malware_family", malware, MALWARE_MAX);
    put(report, "compromise_evidence", words(row), DESCRIPTION_MAX);
    return true;
}

static bool with_compromise(json_t *report, const json_t *row)
{
    const char *identifier = get(row, "classification.identifier");
    put_whole(report, "compromise_method", identifier ? identifier : "unknown");
    return true;
}

static bool with_service(json_t *report, const json_t *row)
{
    const char *service = get(row, "protocol.application");
    if (!service)
        service = get(row, "classification.identifier");
    if (!service)
        return false;
    put_whole(report, "service", service);
    return true;
}

/* The length of the CVE number that TEXT begins with: CVE-, a year, a number. */
static size_t cve_length(const char *text)
{
    if (strncasecmp(text, "CVE-", 4) != 0 || strspn(text + 4, "0123456789") != 4 || text[8] != '-')
        return 0;
    size_t digits = strspn(text + 9, "0123456789");
    return digits ? 9 + digits : 0;
}

static bool with_cve(json_t *report, const json_t *row)
{
    static const char *const fields[] = { "classification.identifier", "extra.cve", "extra.vulnerability",
                                          "event_description.text" };
    const json_t *port = json_object_get(row, "source.port");
    for (size_t i = 0; json_is_integer(port) && i < sizeof fields / sizeof *fields; i++) {
        const char *text = get(row, fields[i]), *at = text ? strcasestr(text, "CVE-") : NULL;
        size_t length = at ? cve_length(at) : 0;
        if (!length)
            continue;
        char *cve = mem_format("CVE%.*s", (int)length - 3, at + 3);
        put_whole(report, "cve_id", cve);
        free(cve);
        json_object_set(report, "service_port", (json_t *)port);
        const char *service = get(row, "protocol.application");
        put_whole(report, "service", service ? service : "unknown");
        return true;
    }
    return false;
}

static bool with_threat(json_t *report, const json_t *row)
{
    const char *type = get(row, "classification.type");
    put_whole(report, "threat_type", type ? type : "unknown");
    return true;
}

/* The first row that fits counts, NULL fits anything. Scans and attacks come from `source` in some feeds and go to it in others: a report that names it as the
 * attacker (X-ARF's category connection) could accuse a victim, so they are told as intelligence about it. */
static const struct kind {
    const char *type; /* IntelMQ's classification.type */
    const char *category, *name; /* X-ARF's */
    bool (*fill)(json_t *report, const json_t *row);
} kinds[] = {
    { "phishing", "content", "phishing", with_url },
    { "malware-distribution", "content", "malware", with_url },
    { "malware", "content", "malware", with_url },
    { "defacement", "content", "remote_compromise", with_defacement },
    { "backdoor", "content", "remote_compromise", with_backdoor },
    { "data-leak", "content", "exposed_data", with_exposure },
    { "leak", "content", "exposed_data", with_exposure },
    { "information-disclosure", "content", "exposed_data", with_exposure },
    { "exposed-git", "content", "exposed_data", with_exposure },
    { "infected-system", "infrastructure", "botnet", with_malware },
    { "botnet drone", "infrastructure", "botnet", with_malware },
    { "malware", "infrastructure", "botnet", with_malware },
    { "system-compromise", "infrastructure", "compromised_server", with_compromise },
    { "application-compromise", "infrastructure", "compromised_server", with_compromise },
    { "compromised", "infrastructure", "compromised_server", with_compromise },
    { "backdoor", "infrastructure", "compromised_server", with_compromise },
    { "defacement", "infrastructure", "compromised_server", with_compromise },
    { "vulnerable-system", "vulnerability", "cve", with_cve },
    { "vulnerable service", "vulnerability", "cve", with_cve },
    { "vulnerable-system", "vulnerability", "misconfiguration", with_service },
    { "misconfiguration", "vulnerability", "misconfiguration", with_service },
    { "weak-crypto", "vulnerability", "misconfiguration", with_service },
    { "potentially-unwanted-accessible", "vulnerability", "open_service", with_service },
    { "ddos-amplifier", "vulnerability", "open_service", with_service },
    { "open-relay", "vulnerability", "open_service", with_service },
    { "blocklist", "reputation", "blocklist", with_threat },
    { "blacklist", "reputation", "blocklist", with_threat },
    { NULL, "reputation", "threat_intelligence", with_threat },
};

/* What its kind of report has besides what all have. */
static json_t *body_of(const json_t *row)
{
    const char *type = get(row, "classification.type");
    for (const struct kind *kind = kinds;; kind++) {
        if (kind->type && (!type || strcasecmp(kind->type, type) != 0))
            continue;
        json_t *body = json_pack("{s:s, s:s}", "category", kind->category, "type", kind->name);
        if (kind->fill(body, row))
            return body;
        json_decref(body);
    }
}

/* ---- What all reports have ---- */

/* A UUID of version 4's form (RFC 9562 §5.4), of a hash instead of chance. */
static void put_id(json_t *report, const char *token, size_t number)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    char text[37], *name = mem_format("%s %zu", token, number);
    SHA256((const unsigned char *)name, strlen(name), hash);
    hash[6] = (unsigned char)((hash[6] & 0x0f) | 0x40);
    hash[8] = (unsigned char)((hash[8] & 0x3f) | 0x80);
    for (size_t i = 0, at = 0; i < 16; i++)
        at += (size_t)sprintf(text + at, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", hash[i]);
    json_object_set_new(report, "report_id", json_string(text));
    free(name);
}

static json_t *party_of(const struct settings *settings)
{
    const char *organisation =
        json_string_value(json_object_get(json_object_get(settings->root, "sender"), "organisation"));
    json_t *party =
        json_pack("{s:s, s:s}", "contact", settings->reply_to, "domain", address_domain(settings->reply_to));
    put(party, "org",
        organisation && *organisation ? organisation
        : *settings->name             ? settings->name
                                      : settings->address,
        ORGANISATION_MAX);
    return party;
}

static void put_time(json_t *report, const json_t *row, int64_t date)
{
    const char *said = get(row, "time.source");
    char iso[TIMESTAMP_ISO_SIZE];
    int64_t time = date;
    if (said && timestamp_parse(said, strlen(said), &time))
        time = date;
    timestamp_iso(time, iso);
    put_whole(report, "timestamp", iso);
}

static void put_source(json_t *report, const json_t *row, const char *target)
{
    const char *ip = get(row, "source.ip"), *host = get(row, "source.fqdn");
    put_whole(report, "source_identifier", ip ? ip : host ? host : target);
    json_int_t port = json_integer_value(json_object_get(row, "source.port"));
    if (port >= 1 && port <= 65535)
        json_object_set_new(report, "source_port", json_integer(port));
}

/* The incident with all its fields, as we hold it. */
static void put_evidence(json_t *report, json_t *row)
{
    json_t *shown = json_copy(row);
    const char *field;
    json_t *value;
    void *next;
    json_object_foreach_safe(shown, next, field, value)
    {
        if (row_hides(field))
            json_object_del(shown, field);
    }
    char *text = json_dumps(shown, JSON_COMPACT), *payload = base64_encode(text, strlen(text));
    json_object_set_new(report, "evidence",
                        json_pack("[{s:s, s:s, s:s, s:I}]", "content_type", "application/json", "description",
                                  "The observation, with IntelMQ's field names", "payload", payload, "size",
                                  (json_int_t)strlen(text)));
    free(payload);
    free(text);
    json_decref(shown);
}

static json_t *report_of(json_t *row, const char *target, int64_t date, const struct settings *settings,
                         const char *token, size_t number)
{
    json_t *report = json_pack("{s:s}", "xarf_version", VERSION), *body = body_of(row);
    put_id(report, token, number);
    put_time(report, row, date);
    json_object_set_new(report, "reporter", party_of(settings));
    json_object_set_new(report, "sender", party_of(settings));
    put_source(report, row, target);
    json_object_update(report, body);
    put(report, "description", words(row), DESCRIPTION_MAX);
    put_evidence(report, row);
    json_decref(body);
    return report;
}

void xarf_write(struct buf *out, const struct notification *notification, const struct settings *settings,
                const struct rows *rows, const char *token)
{
    json_t *reports = json_array();
    for (size_t i = 0, at = 0; i < notification->case_count; i++) {
        const struct notification_case *one = &notification->cases[i];
        for (size_t j = 0; j < one->count; j++, at++)
            json_array_append_new(reports,
                                  report_of(rows->items[at], one->target, notification->date, settings, token, at));
    }
    json_t *whole = json_array_size(reports) == 1 ? json_array_get(reports, 0) : reports;
    char *text = json_dumps(whole, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    buf_add_string(out, text);
    buf_add_char(out, '\n');
    free(text);
    json_decref(reports);
}

/* X-ARF v4 (https://xarf.org): a report by its JSON schema, version 4.2 (xarf-core.json and types/ of xarf-spec, MIT). A broken one is refused, with the member that
 * breaks it: who sends it would want to know. */
#include "daemon/base/ip.h"
#include "daemon/feed/json_reader.h"
#include "daemon/feed/xarf.h"
#include "daemon/feed/xarf_check.h"

#include <string.h>

#define CONTENT "url"

/* The types of the schema, what each requires besides the core, and what IntelMQ calls it. To know one more, add a row. */
static const struct xarf4_type {
    const char *category, *name;
    const char *required; /* parted by blanks; a path where it must be inside */
    const char *type;
} types[] = {
    { "connection", "ddos", "protocol first_seen", "ddos" },
    { "connection", "infected_host", "protocol bot_type first_seen", "infected-system" },
    { "connection", "login_attack", "protocol first_seen", "brute-force" },
    { "connection", "port_scan", "protocol first_seen", "scanner" },
    { "connection", "reconnaissance", "protocol probed_resources first_seen", "scanner" },
    { "connection", "scraping", "protocol first_seen total_requests", "unauthorized-use-of-resources" },
    { "connection", "sql_injection", "protocol first_seen", "exploit" },
    { "connection", "vulnerability_scan", "scan_type protocol first_seen", "scanner" },
    { "content", "brand_infringement", CONTENT " infringement_type legitimate_site", "masquerade" },
    { "content", "csam", CONTENT " classification detection_method", "violence" },
    { "content", "csem", CONTENT " exploitation_type detection_method", "violence" },
    { "content", "exposed_data", CONTENT " data_types exposure_method", "data-leak" },
    { "content", "fraud", CONTENT " fraud_type", "fraud" },
    { "content", "malware", CONTENT, "malware-distribution" },
    { "content", "phishing", CONTENT, "phishing" },
    { "content", "remote_compromise", CONTENT " compromise_type", "system-compromise" },
    { "content", "suspicious_registration", CONTENT " registration_date suspicious_indicators", "masquerade" },
    { "copyright", "copyright", "infringing_url", "copyright" },
    { "copyright", "cyberlocker", "infringing_url hosting_service", "copyright" },
    { "copyright", "link_site", "infringing_url site_name", "copyright" },
    { "copyright", "p2p", "p2p_protocol swarm_info", "copyright" },
    { "copyright", "ugc_platform", "infringing_url platform_name", "copyright" },
    { "copyright", "usenet", "newsgroup message_info.message_id", "copyright" },
    { "infrastructure", "botnet", "compromise_evidence", "infected-system" },
    { "infrastructure", "compromised_server", "compromise_method", "system-compromise" },
    { "messaging", "bulk_messaging", "protocol recipient_count", "spam" },
    { "messaging", "spam", "protocol", "spam" },
    { "reputation", "blocklist", "threat_type", "blacklist" },
    { "reputation", "threat_intelligence", "threat_type", "blacklist" },
    { "vulnerability", "cve", "service service_port cve_id", "vulnerable-system" },
    { "vulnerability", "misconfiguration", "service", "misconfiguration" },
    { "vulnerability", "open_service", "service", "potentially-unwanted-accessible" },
};

/* What a category's reports are, where version 4.0 has a type that later ones have not. */
static const struct {
    const char *name, *type;
} categories[] = {
    { "connection", "ids-alert" },
    { "content", "other" },
    { "copyright", "copyright" },
    { "infrastructure", "system-compromise" },
    { "messaging", "spam" },
    { "reputation", "blacklist" },
    { "vulnerability", "vulnerable-system" },
};

#define ALL_CATEGORIES " connection content copyright infrastructure messaging reputation vulnerability "

static const struct xarf_rule core[] = {
    { "xarf_version", MUST_VERSION, false, NULL },
    { "report_id", MUST_TEXT, false, NULL },
    { "timestamp", MUST_TIME, false, NULL },
    { "reporter.org", MUST_TEXT, false, NULL },
    { "reporter.contact", MUST_EMAIL, false, NULL },
    { "source_identifier", MUST_TEXT, false, NULL },
    { "source_port", MUST_PORT, true, NULL },
    { "category", MUST_TEXT, false, ALL_CATEGORIES },
    { "type", MUST_TEXT, false, NULL },
    { "evidence_source", MUST_TEXT, true, NULL },
    { "description", MUST_TEXT, true, NULL },
    { "legacy_version", MUST_TEXT, true, " 3 " },
    { "destination_port", MUST_PORT, true, NULL },
    { "first_seen", MUST_TIME, true, NULL },
    { "last_seen", MUST_TIME, true, NULL },
    { NULL, MUST_TEXT, true, NULL },
};

/* Version 4.0 knew neither a sender nor the reporter's domain; what it asked for instead is optional now. */
static const struct xarf_rule before_senders[] = {
    { "reporter.type", MUST_TEXT, false, NULL },
    { "evidence_source", MUST_TEXT, false, NULL },
    { NULL, MUST_TEXT, true, NULL },
};

static const struct xarf_rule with_senders[] = {
    { "reporter.domain", MUST_DOMAIN, false, NULL },
    { "sender.org", MUST_TEXT, false, NULL },
    { "sender.contact", MUST_EMAIL, false, NULL },
    { "sender.domain", MUST_DOMAIN, false, NULL },
    { "confidence", MUST_NUMBER, true, NULL },
    { "destination_ip", MUST_IP, true, NULL },
    { "protocol", MUST_TEXT, true, NULL },
    { "url", MUST_URL, true, NULL },
    { "infringing_url", MUST_URL, true, NULL },
    { "legitimate_site", MUST_URL, true, NULL },
    { "target_url", MUST_URL, true, NULL },
    { "registration_date", MUST_TIME, true, NULL },
    { "service_port", MUST_PORT, true, NULL },
    { "cve_id", MUST_CVE, true, NULL },
    { "smtp_from", MUST_EMAIL, true, NULL },
    { "smtp_to", MUST_EMAIL, true, NULL },
    { "recipient_count", MUST_INTEGER, true, NULL },
    { "total_requests", MUST_INTEGER, true, NULL },
    { NULL, MUST_TEXT, true, NULL },
};

static const struct xarf_rule evidence_item[] = {
    { "content_type", MUST_TEXT, false, NULL },
    { "payload", MUST_TEXT, false, NULL },
    { NULL, MUST_TEXT, true, NULL },
};

static const struct json_path paths[] = {
    { "_internal", "" }, /* never to be passed on, says the specification */
    { "asn", "source.asn" },
    { "bot_name", "malware.name" },
    { "category", "extra.xarf_category" },
    { "country_code", "source.geolocation.cc" },
    { "cve_id", "product.vulnerabilities" },
    { "description", "event_description.text" },
    { "destination_ip", "destination.ip" },
    { "destination_port", "destination.port" },
    { "evidence", "" }, /* described by xarf_add_evidence() */
    { "infringing_url", "source.url" },
    { "malware_family", "malware.name" },
    { "protocol", "protocol.transport" },
    { "report_id", "extra.xarf_id" },
    { "reporter", "" },
    { "sender", "" },
    { "service", "protocol.application" },
    { "service_port", "" },
    { "source_identifier", "source.fqdn" }, /* an address there is taken for one */
    { "source_port", "source.port" },
    { "tags", "" },
    { "timestamp", "time.source" },
    { "type", "classification.identifier" },
    { "url", "source.url" },
    { "xarf_version", "" },
    { NULL, NULL },
};

/* A report that has lost its version still has what no other kind has. */
static bool xarf4_probe(const json_t *object)
{
    return json_object_get(object, "xarf_version") ||
           (json_object_get(object, "report_id") && json_object_get(object, "source_identifier") &&
            json_object_get(object, "reporter"));
}

static const struct xarf4_type *find_type(const char *category, const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].category, category) == 0 && strcmp(types[i].name, name) == 0)
            return &types[i];
    return NULL;
}

/* What IntelMQ calls it. Version 4.0 had types that are not in the schema now, often longer names of those that are. */
static const char *intelmq_type(const char *category, const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strncmp(types[i].name, name, strlen(types[i].name)) == 0)
            return types[i].type;
    for (size_t i = 0; i < sizeof categories / sizeof *categories; i++)
        if (strcmp(categories[i].name, category) == 0)
            return categories[i].type;
    return NULL;
}

static bool has_no_sender(const json_t *object)
{
    return strncmp(xarf_text_at(object, "xarf_version"), "4.0.", 4) == 0 && !json_object_get(object, "sender");
}

/* What the schema asks for only in the company of another member. */
static const char *required_beside(const json_t *object, const char *type)
{
    const char *source = xarf_text_at(object, "source_identifier"), *protocol = xarf_text_at(object, "protocol");
    struct ip ip;
    bool attack = strcmp(type, "ddos") == 0 || strcmp(type, "login_attack") == 0 || strcmp(type, "port_scan") == 0;
    if (attack && ip_parse(source, strlen(source), &ip) == 0)
        return "source_port"; /* behind a shared address, it alone says who it was */
    if (protocol && strcmp(protocol, "smtp") == 0 && strcmp(xarf_text_at(object, "category"), "messaging") == 0)
        return "smtp_from source_port";
    if (strcmp(type, "p2p") == 0 && !xarf_at(object, "swarm_info.magnet_uri"))
        return "swarm_info.info_hash";
    return "";
}

static bool evidence_is_right(const json_t *object, struct buf *reason)
{
    size_t i;
    json_t *item, *evidence = json_object_get(object, "evidence");
    if (evidence && !json_is_array(evidence)) {
        buf_add_string(reason, "an invalid X-ARF report: evidence must be a list");
        return false;
    }
    json_array_foreach(evidence, i, item) if (!xarf_obeys(item, evidence_item, reason))
    {
        buf_add_format(reason, " in evidence %zu", i + 1);
        return false;
    }
    return true;
}

static bool is_valid(const json_t *object, struct buf *reason)
{
    if (!xarf_obeys(object, core, reason) || !evidence_is_right(object, reason))
        return false;
    if (has_no_sender(object))
        return xarf_obeys(object, before_senders, reason);
    const char *name = xarf_text_at(object, "type");
    const struct xarf4_type *type = find_type(xarf_text_at(object, "category"), name);
    if (!type) {
        buf_add_format(reason, "an invalid X-ARF report: category %s has no such type",
                       xarf_text_at(object, "category"));
        return false;
    }
    return xarf_obeys(object, with_senders, reason) && xarf_has_all(object, type->required, reason) &&
           xarf_has_all(object, required_beside(object, name), reason);
}

static int xarf4_take(struct json_element *element, json_t *object)
{
    struct buf reason = BUF_EMPTY;
    int code;
    if (is_valid(object, &reason)) {
        json_members_add(element->members, object, paths);
        json_members_set(element->members, "classification.type",
                         intelmq_type(xarf_text_at(object, "category"), xarf_text_at(object, "type")));
        json_members_set(element->members, "extra.reporter", xarf_text_at(object, "reporter.org"));
        xarf_add_evidence(element->members, json_object_get(object, "evidence"), "content_type", "description");
        code = json_element_end(element);
    } else {
        code = json_element_refuse(element, reason.data);
    }
    buf_free(&reason);
    return code;
}

const struct json_kind json_xarf4 = { .name = "xarf", .probe = xarf4_probe, .take = xarf4_take };

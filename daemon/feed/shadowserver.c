#include "daemon/feed/shadowserver.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* ---- The reports -------------------------------------------------------------------------------------------------------------------------- */

/* Families, by how their reports' names begin; the longest that fits counts. A report that Shadowserver adds tomorrow is then known too. The
 * identifier is WORD and the rest of the name. `scan6_` and `event6_` are as `scan_` and `event4_`: see plain_name(). */
static const struct family {
    const char *prefix, *type, *word;
    bool by_infection;
} families[] = {
    { "blocklist", "blacklist", "blocklist", false },
    { "botnet_drone", "infected-system", "botnet-drone", true },
    { "caida_ip_spoofer", "other", "ip-spoofer", false },
    { "cc_ip", "c2-server", "c2", true },
    { "compromised_", "system-compromise", "compromised-", false },
    { "darknet", "other", "darknet", true },
    { "ddos", "ddos", "ddos", false },
    { "device_id", "other", "device-id", false },
    { "drone", "infected-system", "drone", true },
    { "event4_ddos_", "ddos", "ddos-", false },
    { "event4_honeypot_", "scanner", "honeypot-", false },
    { "event4_microsoft_sinkhole", "infected-system", "microsoft-sinkhole", true },
    { "event4_sinkhole", "infected-system", "sinkhole", true },
    { "honeypot_", "scanner", "honeypot-", false },
    { "hp_", "scanner", "honeypot-", false },
    { "malware_", "malware-distribution", "malware-", false },
    { "microsoft_sinkhole", "infected-system", "microsoft-sinkhole", true },
    { "phish_", "phishing", "phish-", false },
    { "population_", "other", "accessible-", false },
    { "sandbox_", "other", "sandbox-", false },
    { "scan_", "vulnerable-system", "open-", false },
    { "sinkhole", "infected-system", "sinkhole", true },
    { "spam_", "spam", "spam-", false },
    { "special", "other", "special", true },
};

/* Reports that are not what their family says, or that are known by another identifier. Sorted. */
static const struct report {
    const char *name, *type, *identifier; /* NULL: as the family has it */
    bool by_infection;
} reports[] = {
    { "amplification_ddos_victim", "ddos", "amplification-ddos-victim", false },
    { "compromised_account", NULL, "compromised-account", false },
    { "event4_honeypot_adb_scan", "scanner", "honeypot-adb-scan", false },
    { "event4_honeypot_brute_force", "brute-force", "honeypot-brute-force", false },
    { "event4_honeypot_darknet", "other", "honeypot-darknet", true },
    { "event4_honeypot_ddos", "ddos", "honeypot-ddos", false },
    { "event4_honeypot_ddos_amp", "ddos", "amplification-ddos-victim", false },
    { "event4_honeypot_ddos_target", "ddos", "honeypot-ddos-target", false },
    { "event4_ip_spoofer", "other", "ip-spoofer", false },
    { "netcore_router", "vulnerable-system", "open-netis", false },
    { "openresolver", "vulnerable-system", "dns-open-resolver", false },
    { "outdated_dnssec_key", "vulnerable-system", "outdated-dnssec-key", false },
    { "proxy", "other", "open-proxy", false },
    { "scan_adb", NULL, "accessible-adb", false },
    { "scan_afp", NULL, "accessible-afp", false },
    { "scan_amqp", NULL, "accessible-amqp", false },
    { "scan_ard", NULL, "accessible-ard", false },
    { "scan_cisco_smart_install", NULL, "accessible-cisco-smart-install", false },
    { "scan_coap", NULL, "accessible-coap", false },
    { "scan_db2", NULL, "open-db2-discovery-service", false },
    { "scan_dns", NULL, "dns-open-resolver", false },
    { "scan_ftp", NULL, "accessible-ftp", false },
    { "scan_hadoop", NULL, "accessible-hadoop", false },
    { "scan_http", "other", "accessible-http", false },
    { "scan_isakmp", NULL, "open-ike", false },
    { "scan_msrdpeudp", NULL, "accessible-msrdpeudp", false },
    { "scan_mysql", "other", "open-mysql", false },
    { "scan_netis_router", NULL, "open-netis", false },
    { "scan_ntp", NULL, "ntp-version", false },
    { "scan_ntpmonitor", NULL, "ntp-monitor", false },
    { "scan_postgres", "other", "open-postgres", false },
    { "scan_radmin", NULL, "accessible-radmin", false },
    { "scan_rdpeudp", NULL, "accessible-msrdpeudp", false },
    { "scan_rsync", NULL, "accessible-rsync", false },
    { "scan_smtp", "other", "accessible-smtp", false },
    { "scan_smtp_vulnerable", NULL, "vulnerable-smtp", false },
    { "scan_ssh", "other", "accessible-ssh", false },
    { "scan_ssl", "other", "accessible-ssl", false },
    { "scan_ssl_freak", NULL, "ssl-freak", false },
    { "scan_ssl_poodle", NULL, "ssl-poodle", false },
    { "scan_ubiquiti", NULL, "accessible-ubiquiti-discovery-service", false },
};

/* To each type its taxonomy, as in RSIT and IntelMQ. */
static const struct {
    const char *type, *taxonomy;
} taxonomies[] = {
    { "blacklist", "other" },
    { "brute-force", "intrusion-attempts" },
    { "c2-server", "malicious-code" },
    { "ddos", "availability" },
    { "infected-system", "malicious-code" },
    { "malware-distribution", "malicious-code" },
    { "other", "other" },
    { "phishing", "fraud" },
    { "scanner", "information-gathering" },
    { "spam", "abusive-content" },
    { "system-compromise", "intrusions" },
    { "vulnerable-system", "vulnerable" },
};

static const char *taxonomy_of(const char *type)
{
    for (size_t i = 0; i < COUNT(taxonomies); i++)
        if (strcmp(taxonomies[i].type, type) == 0)
            return taxonomies[i].taxonomy;
    return "other";
}

/* The report's name within a file's name: in lower case, what is said of IPv6 in the words of IPv4. */
static void plain_name(const char *file, char *out, size_t size)
{
    const char *slash = strrchr(file, '/');
    file = slash ? slash + 1 : file;
    size_t digits = strspn(file, "0123456789-");
    if (digits >= 9 && file[digits - 1] == '-') /* a date, with or without its dashes */
        file += digits;
    size_t length = 0;
    for (; length < size - 1 && (isalnum((unsigned char)file[length]) || file[length] == '_'); length++)
        out[length] = (char)tolower((unsigned char)file[length]);
    out[length] = '\0';
    char *six = strchr(out, '6');
    if (!six)
        return;
    if (strncmp(out, "event6_", 7) == 0)
        *six = '4';
    else if (six[1] == '_' || !six[1])
        memmove(six, six + 1, strlen(six));
}

static const struct family *find_family(const char *name)
{
    const struct family *best = NULL;
    for (size_t i = 0; i < COUNT(families); i++)
        if (strncmp(name, families[i].prefix, strlen(families[i].prefix)) == 0 &&
            (!best || strlen(families[i].prefix) > strlen(best->prefix)))
            best = &families[i];
    return best;
}

/* "open-" and "cwmp"; underlines become dashes. */
static void make_identifier(const struct family *family, const char *name, char out[SHADOWSERVER_IDENTIFIER_SIZE])
{
    const char *rest = name + strlen(family->prefix);
    snprintf(out, SHADOWSERVER_IDENTIFIER_SIZE, "%s%s", family->word, rest);
    for (char *at = out; *at; at++)
        if (*at == '_')
            *at = '-';
}

static int compare_reports(const void *name, const void *row)
{
    return strcmp(name, ((const struct report *)row)->name);
}

struct shadowserver_report shadowserver_find(const char *file)
{
    struct shadowserver_report out = { 0 };
    char name[SHADOWSERVER_IDENTIFIER_SIZE];
    plain_name(file ? file : "", name, sizeof name);
    const struct report *report = bsearch(name, reports, COUNT(reports), sizeof *reports, compare_reports);
    const struct family *family = find_family(name);
    if (!report && !family)
        return out;
    out.type = report && report->type ? report->type : family ? family->type : "other";
    out.taxonomy = taxonomy_of(out.type);
    out.by_infection = report ? report->by_infection : family->by_infection;
    out.web_sites = strncmp(name, "compromised_", 12) == 0;
    if (report)
        snprintf(out.identifier, sizeof out.identifier, "%s", report->identifier);
    else
        make_identifier(family, name, out.identifier);
    return out;
}

/* ---- The columns -------------------------------------------------------------------------------------------------------------------------- */

/* Sorted. Where a report has two for a field, the lower rank wins: `src_` is whom it is about. */
static const struct column {
    const char *name, *field;
    int rank;
} columns[] = {
    { "application", "protocol.application", 2 },
    { "asn", "source.asn", 3 },
    { "city", "source.geolocation.city", 3 },
    { "dst_asn", "destination.asn", 2 },
    { "dst_city", "destination.geolocation.city", 2 },
    { "dst_geo", "destination.geolocation.cc", 2 },
    { "dst_hostname", "destination.reverse_dns", 2 },
    { "dst_ip", "destination.ip", 2 },
    { "dst_port", "destination.port", 2 },
    { "dst_region", "destination.geolocation.region", 2 },
    { "geo", "source.geolocation.cc", 3 },
    { "host", "source.fqdn", 3 },
    { "hostname", "source.reverse_dns", 3 },
    { "http_host", "source.fqdn", 4 },
    { "infection", "malware.name", 2 },
    { "ip", "source.ip", 3 },
    { "md5", "malware.hash.md5", 3 },
    { "md5hash", "malware.hash.md5", 2 },
    { "port", "source.port", 3 },
    { "protocol", "protocol.transport", 2 },
    { "region", "source.geolocation.region", 3 },
    { "sha1", "malware.hash.sha1", 2 },
    { "sha256", "malware.hash.sha256", 2 },
    { "src_asn", "source.asn", 2 },
    { "src_city", "source.geolocation.city", 2 },
    { "src_geo", "source.geolocation.cc", 2 },
    { "src_hostname", "source.reverse_dns", 2 },
    { "src_ip", "source.ip", 2 },
    { "src_port", "source.port", 2 },
    { "src_region", "source.geolocation.region", 2 },
    { "timestamp", "time.source", 2 },
    { "url", "source.url", 2 },
};

static int compare_columns(const void *name, const void *row)
{
    return strcasecmp(name, ((const struct column *)row)->name);
}

struct claim shadowserver_claim(const struct shadowserver_report *report, const char *name)
{
    const struct column *column = bsearch(name, columns, COUNT(columns), sizeof *columns, compare_columns);
    if (!column || (strcasecmp(name, "http_host") == 0 && !report->web_sites))
        return (struct claim){ FIELD_EXTRA, 3 };
    return (struct claim){ field_find(column->field), column->rank };
}

static bool has(char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(names[i], name) == 0)
            return true;
    return false;
}

static bool has_either(char *const *names, size_t count, const char *name, const char *other)
{
    return has(names, count, name) || has(names, count, other);
}

bool shadowserver_is_header(char *const *names, size_t count, bool named)
{
    bool short_form = has(names, count, "timestamp") && has_either(names, count, "asn", "src_asn") &&
                      has_either(names, count, "geo", "src_geo");
    bool long_form = has_either(names, count, "ip", "src_ip") && has_either(names, count, "region", "src_region") &&
                     has_either(names, count, "city", "src_city") &&
                     has_either(names, count, "hostname", "src_hostname");
    return short_form && (named || long_form);
}

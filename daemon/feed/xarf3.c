/* X-ARF v3 (https://github.com/xarf/xarf, schemas/3, MIT-style) and the versions 1 and 2 before it, whose types and members were fewer; and what calls itself 3.0.0,
 * where the source is an object. A broken report is refused, with the member that breaks it. */
#include "daemon/feed/json_reader.h"
#include "daemon/feed/xarf.h"
#include "daemon/feed/xarf_check.h"

#include <string.h>
#include <strings.h>

/* Whom a type's reports are about. */
enum subject { BY_IP, BY_IP_OR_URL, BY_ACCOUNT };

/* The types of the schema, what each requires of Report, and what IntelMQ calls it. To know one more, add a row. */
static const struct xarf3_type {
    const char *class, *name;
    enum subject subject;
    const char *required; /* parted by blanks */
    const char *type;
} types[] = {
    { "Activity", "DOS", BY_IP, "", "ddos" },
    { "Activity", "Exploit", BY_IP, "", "exploit" },
    { "Activity", "Harassment", BY_IP_OR_URL, "Harasser HarassmentDescription", "harmful-speech" },
    { "Activity", "LoginAttack", BY_IP, "", "brute-force" },
    { "Activity", "Malware", BY_IP, "", "infected-system" }, /* who asked for a name that a resolver blocks (RPZ) */
    { "Activity", "PortScan", BY_IP, "", "scanner" },
    { "Activity", "PotentiallyCompromisedAccount", BY_ACCOUNT, "Account", "unprivileged-account-compromise" },
    { "Activity", "Spam", BY_IP, "", "spam" },
    { "Activity", "WebCrawler", BY_IP_OR_URL, "", "unauthorized-use-of-resources" },
    { "Content", "Botnet", BY_IP_OR_URL, "", "infected-system" },
    { "Content", "ChildAbuse", BY_IP_OR_URL, "", "violence" },
    { "Content", "Copyright", BY_IP_OR_URL, "InfringedMaterial FileName", "copyright" },
    { "Content", "Malware", BY_IP_OR_URL, "", "malware-distribution" },
    { "Content", "Phishing", BY_IP_OR_URL, "SourceUrl", "phishing" },
    { "Content", "Trademark", BY_IP_OR_URL, "TrademarkedMaterial", "masquerade" },
    { "Vulnerability", "OpenService", BY_IP_OR_URL, "ServiceName", "potentially-unwanted-accessible" },
};

static const struct xarf_rule frame[] = {
    { "Version", MUST_TEXT, false, NULL },
    { "Disclosure", MUST_BOOLEAN, false, NULL },
    { "ReporterInfo", MUST_OBJECT, false, NULL },
    { "ReporterInfo.ReporterType", MUST_TEXT, true, " Org Person " },
    { "ReporterInfo.ReporterOrg", MUST_NAME, true, NULL },
    { "ReporterInfo.ReporterOrgDomain", MUST_DOMAIN, true, NULL },
    { "ReporterInfo.ReporterOrgEmail", MUST_EMAIL, true, NULL },
    { "ReporterInfo.ReporterContactEmail", MUST_EMAIL, true, NULL },
    { "ReporterInfo.ReporterContactName", MUST_NAME, true, NULL },
    { "ReporterInfo.ReporterContactPhone", MUST_NAME, true, NULL },
    { "OnBehalfOf", MUST_OBJECT, true, NULL },
    { "OnBehalfOf.ComplainantType", MUST_TEXT, true, " Org Person " },
    { "OnBehalfOf.ComplainantOrg", MUST_NAME, true, NULL },
    { "OnBehalfOf.ComplainantOrgDomain", MUST_DOMAIN, true, NULL },
    { "OnBehalfOf.ComplainantOrgEmail", MUST_EMAIL, true, NULL },
    { "OnBehalfOf.ComplainantContactEmail", MUST_EMAIL, true, NULL },
    { "OnBehalfOf.ComplainantContactName", MUST_NAME, true, NULL },
    { "OnBehalfOf.ComplainantContactPhone", MUST_NAME, true, NULL },
    { "Report", MUST_OBJECT, false, NULL },
    { "Report.ReportClass", MUST_TEXT, false, NULL },
    { "Report.ReportType", MUST_TEXT, false, NULL },
    { "Report.Date", MUST_TIME, false, NULL },
    { "Report.FirstSeen", MUST_TIME, true, NULL },
    { "Report.SourceIp", MUST_IP, true, NULL },
    { "Report.SourcePort", MUST_PORT_OR_0, true, NULL },
    { "Report.SourceUrl", MUST_URL, true, NULL },
    { "Report.Source.IP", MUST_IP, true, NULL },
    { "Report.Source.URL", MUST_URL, true, NULL },
    { NULL, MUST_TEXT, true, NULL },
};

/* Of version 3 alone. */
static const struct xarf_rule report[] = {
    { "ASN", MUST_INTEGER, true, NULL },
    { "AttackerIp", MUST_IP, true, NULL },
    { "AttackerPort", MUST_PORTS, true, NULL },
    { "ByteCount", MUST_INTEGER, true, NULL },
    { "CVE", MUST_CVE, true, NULL },
    { "CVSS", MUST_OBJECT, true, NULL },
    { "CVSS.Version", MUST_TEXT, true, " 3.1 3.0 2 " },
    { "CourtOrder", MUST_URL, true, NULL },
    { "Custom", MUST_OBJECT, true, NULL },
    { "DestinationIp", MUST_IP, true, NULL },
    { "DestinationPort", MUST_PORTS, true, NULL },
    { "FileHash", MUST_OBJECT, true, NULL },
    { "FileHash.HashAlgorithm", MUST_TEXT, true, " sha1 sha2 sha3 sha256 sha512 md5 argon2id scrypt bcrypt pbkdf2 " },
    { "FileHash.HashValue", MUST_TEXT, true, NULL },
    { "FileName", MUST_TEXT, true, NULL },
    { "FileSize", MUST_INTEGER, true, NULL },
    { "HarassmentLocation", MUST_TEXT, true, " website chat game " },
    { "HarassmentType", MUST_TEXT, true, " doxing stalking sexual believes defamation extortion hate " },
    { "MalwareName", MUST_TEXT, true, NULL },
    { "Ongoing", MUST_BOOLEAN, true, NULL },
    { "PacketCount", MUST_INTEGER, true, NULL },
    { "PasswordHash", MUST_OBJECT, true, NULL },
    { "ReportSubType", MUST_TEXT, true, NULL },
    { "ReporterCaseID", MUST_TEXT, true, NULL },
    { "ReporterNotes", MUST_TEXT, true, NULL },
    { "ReporterSeverity", MUST_TEXT, true, " low medium high " },
    { "RpzDomain", MUST_DOMAIN, true, NULL },
    { "Samples", MUST_LIST, true, NULL },
    { "ServiceName", MUST_TEXT, true, NULL },
    { "ServiceVersion", MUST_TEXT, true, NULL },
    { "SmtpMailFromAddress", MUST_EMAIL, true, NULL },
    { "SmtpRcptToAddress", MUST_EMAIL, true, NULL },
    { "ThreatActor", MUST_TEXT, true, NULL },
    { "TransportProtocol", MUST_TEXT, true, " tcp udp " },
    { NULL, MUST_TEXT, true, NULL },
};

static const struct xarf_rule sample[] = {
    { "ContentType", MUST_TEXT, false, NULL },
    { "Payload", MUST_TEXT, false, NULL },
    { "Base64Encoded", MUST_BOOLEAN, true, NULL },
    { "Description", MUST_TEXT, true, NULL },
    { NULL, MUST_TEXT, true, NULL },
};

static const struct xarf_rule file[] = {
    { "FileName", MUST_TEXT, false, NULL },
    { "FileSize", MUST_INTEGER, true, NULL },
    { "FileHash", MUST_OBJECT, true, NULL },
    { NULL, MUST_TEXT, true, NULL },
};

static const struct json_path paths[] = {
    { "Disclosure", "" },
    { "InternalProcessing", "" }, /* to be ignored by whom it is not meant for, says the specification */
    { "OnBehalfOf", "" },
    { "Report.ASN", "source.asn" },
    { "Report.AdditionalInfo.MalwareFamily", "malware.name" },
    { "Report.Attachment", "" }, /* described by xarf_add_evidence() */
    { "Report.BotnetName", "malware.name" },
    { "Report.CVE", "product.vulnerabilities" },
    { "Report.Date", "time.source" },
    { "Report.DestinationIp", "destination.ip" },
    { "Report.DestinationPort", "destination.port" },
    { "Report.MalwareName", "malware.name" },
    { "Report.ReportClass", "extra.xarf_class" },
    { "Report.ReportSubType", "extra.xarf_subtype" },
    { "Report.ReportType", "classification.identifier" },
    { "Report.Samples", "" },
    { "Report.ServiceName", "protocol.application" },
    { "Report.Source.IP", "source.ip" },
    { "Report.Source.Port", "source.port" },
    { "Report.Source.Type", "" },
    { "Report.Source.URL", "source.url" },
    { "Report.SourceIp", "source.ip" },
    { "Report.SourcePort", "source.port" },
    { "Report.SourceUrl", "source.url" },
    { "Report.TransportProtocol", "protocol.transport" },
    { "ReporterInfo", "" },
    { "Version", "" },
    { NULL, NULL },
};

/* A report that has lost its reporter still has the report; one that has lost that has the reporter. */
static bool xarf3_probe(const json_t *object)
{
    return json_object_get(object, "ReporterInfo") || xarf_at(object, "Report.ReportType") ||
           xarf_at(object, "Report.ReportClass");
}

static const struct xarf3_type *find_type(const char *class, const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].class, class) == 0 && strcmp(types[i].name, name) == 0)
            return &types[i];
    return NULL;
}

/* Older versions wrote their types in other ways ("phishing"), some under other classes. */
static const struct xarf3_type *find_name(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcasecmp(types[i].name, name) == 0)
            return &types[i];
    return NULL;
}

static bool fail(struct buf *reason, const char *why)
{
    buf_add_format(reason, "an invalid X-ARF report: %s", why);
    return false;
}

/* Who reports must be known, but a private person need not be an organisation. */
static bool parties_are_right(const json_t *object, struct buf *reason)
{
    const char *type = xarf_text_at(object, "ReporterInfo.ReporterType");
    const char *complainant = xarf_text_at(object, "OnBehalfOf.ComplainantType");
    if (!(type && strcmp(type, "Person") == 0) &&
        !xarf_has_all(object, "ReporterInfo.ReporterOrg ReporterInfo.ReporterOrgDomain ReporterInfo.ReporterOrgEmail",
                      reason))
        return false;
    return !json_object_get(object, "OnBehalfOf") || (complainant && strcmp(complainant, "Person") == 0) ||
           xarf_has_all(object,
                        "OnBehalfOf.ComplainantOrg OnBehalfOf.ComplainantOrgDomain OnBehalfOf.ComplainantOrgEmail",
                        reason);
}

/* A sample is something to look at, or a file's name. */
static bool samples_are_right(const json_t *samples, struct buf *reason)
{
    size_t i;
    json_t *item;
    json_array_foreach(samples, i, item)
    {
        struct buf other = BUF_EMPTY;
        bool right = xarf_obeys(item, file, &other) || xarf_obeys(item, sample, reason);
        buf_free(&other);
        if (!right) {
            buf_add_format(reason, " in Samples %zu", i + 1);
            return false;
        }
        buf_truncate(reason, 0);
    }
    return true;
}

/* What must not be there is there. */
static bool has_strangers(const json_t *report_part, const struct xarf3_type *type, struct buf *reason)
{
    const char *subtype = xarf_text_at(report_part, "ReportSubType");
    const json_t *hash = json_object_get(report_part, "FileHash");
    if (type->subject == BY_ACCOUNT &&
        (json_object_get(report_part, "SourceIp") || json_object_get(report_part, "SourceUrl")))
        return !fail(reason, "Report.SourceIp and Report.SourceUrl do not belong in a report about an account");
    if (strcmp(type->class, "Activity") == 0 && strcmp(type->name, "Malware") == 0 && subtype &&
        strcmp(subtype, "RPZ-Rewrite") != 0)
        return !fail(reason, "Report.ReportSubType must be RPZ-Rewrite");
    return hash && !xarf_has_all(hash, "HashAlgorithm HashValue", reason);
}

static bool report_is_right(const json_t *object, struct buf *reason)
{
    const json_t *part = json_object_get(object, "Report");
    const struct xarf3_type *type = find_type(xarf_text_at(part, "ReportClass"), xarf_text_at(part, "ReportType"));
    if (!type)
        return fail(reason, "Report.ReportClass has no such Report.ReportType");
    if (type->subject == BY_IP && !xarf_has_all(part, "SourceIp", reason))
        return false;
    return !has_strangers(part, type, reason) && xarf_has_all(part, type->required, reason) &&
           xarf_obeys(part, report, reason) && samples_are_right(json_object_get(part, "Samples"), reason);
}

static bool has_source(const json_t *object)
{
    return xarf_at(object, "Report.SourceIp") || xarf_at(object, "Report.SourceUrl") ||
           xarf_at(object, "Report.Source") || xarf_at(object, "Report.Account");
}

static bool is_valid(const json_t *object, struct buf *reason)
{
    if (!xarf_obeys(object, frame, reason) || !parties_are_right(object, reason))
        return false;
    if (!has_source(object))
        return fail(reason, "no Report.SourceIp, and no Report.SourceUrl");
    return strcmp(xarf_text_at(object, "Version"), "3") != 0 || report_is_right(object, reason);
}

/* Whose account it is, is asked of whom the account is with. */
static void add_account(struct json_members *members, const json_t *object)
{
    const char *account = xarf_text_at(object, "Report.Account.AccountEmail");
    const char *at = account ? strrchr(account, '@') : NULL;
    if (!at)
        return;
    json_members_set(members, "source.fqdn", at + 1);
    json_members_set(members, "source.account", account);
}

static int xarf3_take(struct json_element *element, json_t *object)
{
    struct buf reason = BUF_EMPTY;
    int code;
    if (is_valid(object, &reason)) {
        const char *name = xarf_text_at(object, "Report.ReportType");
        const struct xarf3_type *type = find_type(xarf_text_at(object, "Report.ReportClass"), name);
        type = type ? type : find_name(name);
        json_members_add(element->members, object, paths);
        json_members_set(element->members, "classification.type", type ? type->type : NULL);
        json_members_set(element->members, "extra.reporter", xarf_text_at(object, "ReporterInfo.ReporterOrg"));
        xarf_add_evidence(element->members, xarf_at(object, "Report.Samples"), "ContentType", "Description");
        xarf_add_evidence(element->members, xarf_at(object, "Report.Attachment"), "ContentType", "Description");
        add_account(element->members, object);
        code = json_element_end(element);
    } else {
        code = json_element_refuse(element, reason.data);
    }
    buf_free(&reason);
    return code;
}

const struct json_kind json_xarf3 = { .name = "xarf", .probe = xarf3_probe, .take = xarf3_take };

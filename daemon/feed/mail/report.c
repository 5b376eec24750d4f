#include "daemon/feed/mail/report.h"

#include "daemon/base/ip.h"
#include "daemon/base/mem.h"
#include "daemon/base/timestamp.h"
#include "daemon/feed/text.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define VALUE_MAX 2000 /* bytes of a field's value that are kept */
#define FIELDS_MAX 200
#define URLS_MAX 100

/* ---- Fields ------------------------------------------------------------------------------------------------------------------------------ */

struct fields {
    char *keys[FIELDS_MAX], *values[FIELDS_MAX];
    size_t count;
};

/* Without the blanks around it, and without the brackets or quotes that some put there. */
static char *trimmed(const char *text, size_t length)
{
    while (length && isspace((unsigned char)text[length - 1]))
        length--;
    while (length && isspace((unsigned char)*text)) {
        text++;
        length--;
    }
    if (length > 1 && ((*text == '<' && text[length - 1] == '>') || (*text == '"' && text[length - 1] == '"'))) {
        text++;
        length -= 2;
    }
    char *copy = mem_string_n(text, length < VALUE_MAX ? length : VALUE_MAX);
    for (char *at = copy; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
    return copy;
}

/* The end of the line at TEXT, with those that are folded into it. */
static const char *line_end(const char *text)
{
    const char *end = strchrnul(text, '\n');
    while (*end && (end[1] == ' ' || end[1] == '\t'))
        end = strchrnul(end + 1, '\n');
    return end;
}

static void read_fields(const char *text, struct fields *fields)
{
    fields->count = 0;
    for (const char *end; *text && fields->count < FIELDS_MAX; text = *end ? end + 1 : end) {
        end = line_end(text);
        size_t key = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
        if (!key || text[key] != ':')
            continue;
        fields->keys[fields->count] = mem_string_n(text, key);
        fields->values[fields->count++] = trimmed(text + key + 1, (size_t)(end - text) - key - 1);
    }
}

static void free_fields(struct fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        free(fields->keys[i]);
        free(fields->values[i]);
    }
}

static const char *field(const struct fields *fields, const char *key)
{
    for (size_t i = 0; i < fields->count; i++)
        if (strcasecmp(fields->keys[i], key) == 0 && *fields->values[i])
            return fields->values[i];
    return NULL;
}

/* ---- Incidents --------------------------------------------------------------------------------------------------------------------------- */

static void set(json_t *row, const char *key, const char *text)
{
    if (!text || !*text)
        return;
    struct buf plain = BUF_EMPTY;
    if (text_is_utf8(text, strlen(text)))
        buf_add_string(&plain, text);
    else
        text_add_latin1(&plain, text, strlen(text));
    json_object_set_new(row, key, json_string(plain.data));
    buf_free(&plain);
}

/* As the feed has it; kept in words where it is no time. */
static void set_time(json_t *row, const char *text)
{
    int64_t time;
    char iso[TIMESTAMP_ISO_SIZE];
    if (text && !timestamp_parse(text, strlen(text), &time)) {
        timestamp_iso(time, iso);
        set(row, "time.source", iso);
    } else {
        set(row, "extra.reported_time", text);
    }
}

static void set_number(json_t *row, const char *key, const char *text)
{
    if (text && *text && strspn(text, "0123456789") == strlen(text) && strlen(text) < 10)
        json_object_set_new(row, key, json_integer(atoi(text)));
}

static void write_row(const json_t *row, struct buf *out)
{
    char *line = json_dumps(row, JSON_COMPACT);
    buf_add_format(out, "%s\n", line);
    free(line);
}

/* One of a table that ends in NULL; the last row's VALUE is for all others. */
struct word {
    const char *key, *value;
};

static const char *look_up(const struct word *words, const char *key)
{
    while (words->key && strcasecmp(words->key, key) != 0)
        words++;
    return words->value;
}

/* ---- ARF --------------------------------------------------------------------------------------------------------------------------------- */

/* Feedback-Type (RFC 5965 §7.3, RFC 6430, RFC 6591) as IntelMQ has it. */
static const struct word feedback_types[] = {
    { "abuse", "spam" },         { "fraud", "phishing" }, { "virus", "malware-distribution" },
    { "auth-failure", "other" }, { NULL, "other" },
};

/* What else goes along. Not Original-Rcpt-To: it names whoever complained. */
static const struct word feedback_extras[] = {
    { "Feedback-Type", "extra.feedback_type" },
    { "User-Agent", "extra.user_agent" },
    { "Reporting-MTA", "extra.reporting_mta" },
    { "Original-Mail-From", "extra.original_mail_from" },
    { "Incidents", "extra.incidents" },
    { "Auth-Failure", "extra.auth_failure" },
    { "Delivery-Result", "extra.delivery_result" },
    { "Identity-Alignment", "extra.identity_alignment" },
    { "DKIM-Domain", "extra.dkim_domain" },
    { "DKIM-Identity", "extra.dkim_identity" },
    { "DKIM-Selector", "extra.dkim_selector" },
    { "SPF-DNS", "extra.spf_dns" },
    { "Abuse-Type", "extra.abuse_type" },
    { NULL, NULL },
};

static json_t *arf_row(const struct fields *fields, const char *type)
{
    json_t *row = json_object();
    set(row, "source.ip", field(fields, "Source-IP"));
    set_number(row, "source.port", field(fields, "Source-Port"));
    const char *time = field(fields, "Arrival-Date");
    set_time(row, time ? time : field(fields, "Received-Date"));
    set(row, "classification.type", look_up(feedback_types, type));
    set(row, "classification.identifier", type);
    for (const struct word *extra = feedback_extras; extra->key; extra++)
        set(row, extra->value, field(fields, extra->key));
    return row;
}

static bool is_web(const char *uri)
{
    return strncasecmp(uri, "http", 4) == 0 || strncasecmp(uri, "hxxp", 4) == 0 || strncasecmp(uri, "ftp:", 4) == 0;
}

/* A row for each page; else one, with the domain. Where there is one page, the domain goes with it. */
static size_t write_arf(const struct fields *fields, json_t *row, struct buf *out)
{
    const char *domain = field(fields, "Reported-Domain");
    size_t rows = 0, pages = 0;
    for (size_t i = 0; i < fields->count; i++)
        pages += strcasecmp(fields->keys[i], "Reported-URI") == 0 && is_web(fields->values[i]);
    if (pages <= 1)
        set(row, "source.fqdn", domain);
    for (size_t i = 0; i < fields->count && rows < URLS_MAX; i++) {
        if (strcasecmp(fields->keys[i], "Reported-URI") != 0 || !is_web(fields->values[i]))
            continue;
        set(row, "source.url", fields->values[i]);
        write_row(row, out);
        rows++;
    }
    if (!rows && (json_object_get(row, "source.ip") || domain)) {
        write_row(row, out);
        rows++;
    }
    return rows;
}

int report_arf(const char *text, struct buf *out, struct error *error)
{
    struct fields fields;
    read_fields(text, &fields);
    const char *type = field(&fields, "Feedback-Type");
    json_t *row = type ? arf_row(&fields, type) : NULL;
    int code = 0;
    if (!type)
        code = error_set(error, -EINVAL, "the feedback report in it says no Feedback-Type");
    else if (strcasecmp(type, "not-spam") == 0)
        code = error_set(error, -EINVAL, "it reports a mail that was no spam (not-spam): nobody has to be told");
    else if (!write_arf(&fields, row, out))
        code = error_set(error, -EINVAL,
                         "the feedback report in it names no Source-IP, Reported-Domain or Reported-URI: there is "
                         "nobody to tell");
    json_decref(row);
    free_fields(&fields);
    return code;
}

/* ---- X-ARF ------------------------------------------------------------------------------------------------------------------------------- */

/* Report-Type as IntelMQ has it. */
static const struct word report_types[] = {
    { "login-attack", "brute-force" },
    { "bruteforce", "brute-force" },
    { "brute-force", "brute-force" },
    { "spam", "spam" },
    { "spamvertized", "spam" },
    { "spamvertised", "spam" },
    { "phishing", "phishing" },
    { "malware", "malware-distribution" },
    { "malware-attack", "malware-distribution" },
    { "malicious-activity", "exploit" },
    { "exploit", "exploit" },
    { "harvesting", "scanner" },
    { "regbot", "scanner" },
    { "badbot", "scanner" },
    { "port-scan", "scanner" },
    { "portscan", "scanner" },
    { "scan", "scanner" },
    { "botnet", "infected-system" },
    { "bot-infection", "infected-system" },
    { "ddos", "ddos" },
    { "dos", "dos" },
    { "copyright", "copyright" },
    { "fraud", "fraud" },
    { "defacement", "defacement" },
    { NULL, "other" },
};

/* Who reports it by what, and where the form is described: nothing about the incident. */
static const char *const xarf_left_out[] = { "Reported-From", "User-Agent",  "Schema-URL", "Attachment",
                                             "Version",       "Date",        "Source",     "Source-Type",
                                             "TLP",           "Occurrences", NULL };

bool report_is_xarf(const char *text)
{
    struct fields fields;
    read_fields(text, &fields);
    bool is = field(&fields, "Report-Type") && field(&fields, "Source") && field(&fields, "Date") &&
              (field(&fields, "Reported-From") || field(&fields, "Category") || field(&fields, "Schema-URL"));
    free_fields(&fields);
    return is;
}

/* What the Source is stands in Source-Type; but its values vary more than the sources do. */
static const char *source_field(const char *source)
{
    struct ip ip;
    if (ip_parse(source, strlen(source), &ip) == 0)
        return "source.ip";
    return is_web(source) || strchr(source, '/') ? "source.url" : "source.fqdn";
}

static bool is_left_out(const char *key)
{
    for (const char *const *name = xarf_left_out; *name; name++)
        if (strcasecmp(*name, key) == 0)
            return true;
    return false;
}

static void set_extras(json_t *row, const struct fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        char key[80];
        const char *name = fields->keys[i];
        if (is_left_out(name))
            continue;
        bool port = strcasecmp(name, "Port") == 0; /* the one that was attacked, not the source's */
        snprintf(key, sizeof key, port ? "extra.port" : "extra.xarf_%s", name);
        for (char *at = key; *at; at++)
            *at = *at == '-' ? '_' : (char)tolower((unsigned char)*at);
        if (port)
            set_number(row, key, fields->values[i]);
        else
            set(row, key, fields->values[i]);
    }
    set_number(row, "extra.occurrences", field(fields, "Occurrences"));
}

int report_xarf(const char *text, struct buf *out, struct error *error)
{
    struct fields fields;
    read_fields(text, &fields);
    const char *source = field(&fields, "Source"), *type = field(&fields, "Report-Type");
    int code = source && type ? 0 : error_set(error, -EINVAL, "the X-ARF report in it has no Source or no Report-Type");
    if (source && type) {
        json_t *row = json_object();
        set(row, source_field(source), source);
        set_time(row, field(&fields, "Date"));
        set(row, "classification.type", look_up(report_types, type));
        set(row, "classification.identifier", type);
        set_extras(row, &fields);
        write_row(row, out);
        json_decref(row);
    }
    free_fields(&fields);
    return code;
}

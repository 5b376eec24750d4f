#include "daemon/feed/xarf_check.h"

#include "daemon/base/ip.h"
#include "daemon/base/timestamp.h"
#include "daemon/feed/text.h"

#include <ctype.h>
#include <string.h>

#define PATH_MAX_BYTES 100

static bool is_time(const char *text, size_t length)
{
    int64_t time;
    return length >= 20 && text[4] == '-' && text[7] == '-' && strchr("Tt ", text[10]) &&
           timestamp_parse(text, length, &time) == 0;
}

static bool is_ip(const char *text, size_t length)
{
    struct ip ip;
    return ip_parse(text, length, &ip) == 0;
}

static bool is_url(const char *text, size_t length)
{
    size_t scheme = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
    return isalpha((unsigned char)*text) && scheme && text[scheme] == ':' && scheme + 1 < length &&
           !strpbrk(text, " \t\r\n<>\"");
}

static bool is_domain(const char *text, size_t length)
{
    if (!length || length > 253 || *text == '.' || *text == '-')
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("-.", text[i]) && !((unsigned char)text[i] & 0x80))
            return false;
    return true;
}

static bool is_email(const char *text, size_t length)
{
    const char *at = strrchr(text, '@');
    return at && at > text && !strpbrk(text, " \t\r\n<>") && is_domain(at + 1, length - (size_t)(at + 1 - text));
}

static bool is_version(const char *text)
{
    size_t minor = strlen(text) > 2 ? strspn(text + 2, "0123456789") : 0;
    if (text[0] != '4' || text[1] != '.' || !minor || text[2 + minor] != '.')
        return false;
    const char *patch = text + 3 + minor;
    return *patch && !patch[strspn(patch, "0123456789")];
}

static bool is_cve(const char *text)
{
    return strncmp(text, "CVE-", 4) == 0 && strspn(text + 4, "0123456789") == 4 && text[8] == '-' && text[9] &&
           !text[9 + strspn(text + 9, "0123456789")];
}

static bool is_port(const json_t *value, int least)
{
    return json_is_integer(value) && json_integer_value(value) >= least && json_integer_value(value) <= 65535;
}

static bool are_ports(const json_t *value)
{
    size_t i;
    json_t *item;
    json_array_foreach(value, i, item) if (!is_port(item, 0)) return false;
    return json_is_array(value) || is_port(value, 0);
}

static bool text_fits(const json_t *value, enum xarf_must must)
{
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    switch (must) {
    case MUST_TEXT:
        return text && length;
    case MUST_NAME:
        return text && length >= 3;
    case MUST_TIME:
        return text && is_time(text, length);
    case MUST_IP:
        return text && is_ip(text, length);
    case MUST_URL:
        return text && is_url(text, length);
    case MUST_EMAIL:
        return text && is_email(text, length);
    case MUST_DOMAIN:
        return text && is_domain(text, length);
    case MUST_VERSION:
        return text && is_version(text);
    default:
        return text && is_cve(text);
    }
}

bool xarf_fits(const json_t *value, enum xarf_must must)
{
    switch (must) {
    case MUST_PORT:
        return is_port(value, 1);
    case MUST_PORT_OR_0:
        return is_port(value, 0);
    case MUST_PORTS:
        return are_ports(value);
    case MUST_NUMBER:
        return json_is_number(value);
    case MUST_INTEGER:
        return json_is_integer(value);
    case MUST_BOOLEAN:
        return json_is_boolean(value);
    case MUST_LIST:
        return json_array_size(value) > 0;
    case MUST_OBJECT:
        return json_object_size(value) > 0;
    default:
        return text_fits(value, must);
    }
}

json_t *xarf_at(const json_t *object, const char *path)
{
    const json_t *value = object;
    while (value && *path) {
        char name[PATH_MAX_BYTES];
        size_t length = strcspn(path, ".");
        if (length >= sizeof name)
            return NULL;
        memcpy(name, path, length);
        name[length] = '\0';
        value = json_object_get(value, name);
        path += length + (path[length] == '.');
    }
    return (json_t *)value;
}

const char *xarf_text_at(const json_t *object, const char *path)
{
    return json_string_value(xarf_at(object, path));
}

bool xarf_is_word(const char *words, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = words; length && (at = strstr(at, word)); at++)
        if (at > words && at[-1] == ' ' && at[length] == ' ')
            return true;
    return false;
}

static bool is_missing(const char *path, struct buf *reason)
{
    buf_add_format(reason, "an invalid X-ARF report: no %s", path);
    return false;
}

static bool is_wrong(const char *path, const json_t *value, struct buf *reason)
{
    buf_add_format(reason, "an invalid X-ARF report: %s must not be ", path);
    if (json_is_string(value))
        text_add_quoted(reason, json_string_value(value), json_string_length(value));
    else if (json_is_integer(value))
        buf_add_format(reason, "the number %lld", (long long)json_integer_value(value));
    else
        buf_add_string(reason, json_is_array(value)     ? "that list"
                               : json_is_object(value)  ? "that object"
                               : json_is_boolean(value) ? "true or false"
                                                        : "what it is");
    return false;
}

static bool obeys(const json_t *object, const struct xarf_rule *rule, struct buf *reason)
{
    const json_t *value = xarf_at(object, rule->path);
    if (!value)
        return rule->optional || is_missing(rule->path, reason);
    const char *text = json_string_value(value);
    if (!xarf_fits(value, rule->must) || (rule->words && text && !xarf_is_word(rule->words, text)))
        return is_wrong(rule->path, value, reason);
    return true;
}

bool xarf_obeys(const json_t *object, const struct xarf_rule *rules, struct buf *reason)
{
    for (; rules->path; rules++)
        if (!obeys(object, rules, reason))
            return false;
    return true;
}

bool xarf_has_all(const json_t *object, const char *names, struct buf *reason)
{
    while (*(names += strspn(names, " "))) {
        char name[PATH_MAX_BYTES];
        size_t length = strcspn(names, " ");
        memcpy(name, names, length);
        name[length] = '\0';
        if (!xarf_at(object, name))
            return is_missing(name, reason);
        names += length;
    }
    return true;
}

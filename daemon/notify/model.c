/* The data that a template sees. What has no value is null or false, never absent: Mustache looks a missing name up in the sections around, and
 * a case without `more` would show its mail's. */
#include "daemon/notify/parts.h"

#include "daemon/base/ip.h"
#include "daemon/base/mem.h"
#include "daemon/base/name.h"
#include "daemon/base/timestamp.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* What the text holds at most; the attachment holds all. */
#define CASES_SHOWN 20
#define INCIDENTS_SHOWN 5
#define FIELDS_SHOWN 12
#define VALUE_SHOWN 300 /* bytes of one value: four lines */
#define NAME_SHOWN 60

static void set(json_t *object, const char *key, json_t *value)
{
    json_object_set_new_nocheck(object, key, value);
}

/* COUNT where there is one. */
static json_t *count_or_false(size_t count)
{
    return count ? json_integer((json_int_t)count) : json_false();
}

/* A stranger's text, cleaned; null where nothing is left. */
static json_t *clean(const char *text, size_t length, size_t limit)
{
    if (length && text_is_clean(text, length, limit))
        return json_stringn_nocheck(text, length);
    struct buf out = BUF_EMPTY;
    text_clean(&out, text, length, limit);
    json_t *value = out.length ? json_stringn_nocheck(out.data, out.length) : json_null();
    buf_free(&out);
    return value;
}

static json_t *clean_string(const char *text)
{
    return text ? clean(text, strlen(text), VALUE_SHOWN) : json_null();
}

static json_t *clean_value(const json_t *value)
{
    if (json_is_string(value))
        return clean(json_string_value(value), json_string_length(value), VALUE_SHOWN);
    struct buf text = BUF_EMPTY;
    text_value(&text, value);
    json_t *cleaned = text.length ? clean(text.data, text.length, VALUE_SHOWN) : json_null();
    buf_free(&text);
    return cleaned;
}

/* "2026-08-10 14:10:59 UTC": people of any country read it the same way. */
static json_t *time_text(int64_t time)
{
    char text[TIMESTAMP_ISO_SIZE];
    timestamp_iso(time, text);
    if (strlen(text) < 19)
        return json_null();
    text[10] = ' ';
    strcpy(text + 19, " UTC");
    return json_string_nocheck(text);
}

static bool row_time(const json_t *row, int64_t *out)
{
    const json_t *value = json_object_get(row, "time.source");
    return json_is_string(value) && timestamp_parse(json_string_value(value), json_string_length(value), out) == 0;
}

/* "23 November 2026". */
static json_t *date_text(int64_t time)
{
    static const char *const months[] = { "January", "February", "March",     "April",   "May",      "June",
                                          "July",    "August",   "September", "October", "November", "December" };
    char iso[TIMESTAMP_ISO_SIZE]; /* 2026-11-23T…, the year from 1 to 9999 */
    timestamp_iso(time, iso);
    const char *year = iso + strspn(iso, "0"), *day = iso + 8 + (iso[8] == '0');
    const char *month = months[(iso[5] - '0') * 10 + iso[6] - '0' - 1];
    return json_sprintf("%.*s %s %.*s", (int)(iso + 10 - day), day, month, (int)(iso + 4 - year), year);
}

static bool is_ip(const char *target)
{
    struct ip ip;
    return ip_parse(target, strlen(target), &ip) == 0;
}

/* A target as its owner knows it: an internationalised name in its letters, and as computers spell it. */
static json_t *target_text(const char *target)
{
    if (!strstr(target, "xn--"))
        return clean_string(target);
    char *display = name_display(target), *both = NULL;
    if (strcmp(display, target) != 0)
        both = mem_format("%s (%s)", display, target);
    json_t *text = clean_string(both ? both : target);
    free(display);
    free(both);
    return text;
}

static bool is_shown_by_name(const char *field)
{
    for (size_t i = 0; i < row_field_count; i++)
        if (strcmp(field, row_fields[i].field) == 0)
            return true;
    return false;
}

/* What sorts incidents, but tells a person nothing about this one: in the attachment only. */
static bool is_for_machines(const char *field)
{
    return strncmp(field, "classification.", 15) == 0 || strncmp(field, "feed.", 5) == 0;
}

/* A field's name in words: "seen at" for extra.seen_at, "malware name" for malware.name. */
static json_t *field_words(const char *name)
{
    char *words = mem_string(strncmp(name, "extra.", 6) == 0 && name[6] ? name + 6 : name);
    for (char *at = words; *at; at++)
        if (*at == '_' || *at == '.')
            *at = ' ';
    json_t *text = clean(words, strlen(words), NAME_SHOWN);
    free(words);
    return text;
}

/* The fields without a place of their own, in the row's order. */
static json_t *other_fields(json_t *row)
{
    json_t *list = json_array();
    const char *name;
    json_t *value;
    json_object_foreach(row, name, value)
    {
        if (json_array_size(list) == FIELDS_SHOWN)
            break;
        if (row_hides(name) || is_shown_by_name(name) || is_for_machines(name))
            continue;
        json_t *text = clean_value(value);
        if (json_is_null(text))
            continue;
        json_t *field = json_object();
        set(field, "name", field_words(name));
        set(field, "value", text);
        json_array_append_new(list, field);
    }
    return list;
}

static json_t *incident_model(json_t *row)
{
    json_t *incident = json_object();
    int64_t time;
    for (size_t i = 0; i < row_field_count; i++)
        set(incident, row_fields[i].key, clean_value(json_object_get(row, row_fields[i].field)));
    if (row_time(row, &time))
        set(incident, "time", time_text(time));
    set(incident, "type_text",
        json_string_nocheck(type_text(json_string_value(json_object_get(row, "classification.type")),
                                      json_string_value(json_object_get(row, "classification.identifier")))));
    set(incident, "fields", other_fields(row));
    return incident;
}

/* A case whose incidents are ROWS, as far as the mail carries them. */
static json_t *case_model(const struct notification_case *given, json_t **rows)
{
    size_t count = given->count, all = count + given->left_out;
    json_t *one = json_object(), *incidents = json_array();
    int64_t time, first = INT64_MAX, last = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
        if (i < INCIDENTS_SHOWN)
            json_array_append_new(incidents, incident_model(rows[i]));
        if (row_time(rows[i], &time)) {
            first = time < first ? time : first;
            last = time > last ? time : last;
        }
    }
    set(one, "target", target_text(given->target));
    set(one, "incident_count", json_integer((json_int_t)all));
    set(one, "first_seen", first <= last ? time_text(first) : json_null());
    set(one, "last_seen", first <= last ? time_text(last) : json_null());
    set(one, "more", count_or_false(all - json_array_size(incidents)));
    set(one, "incidents", incidents);
    return one;
}

/* TEXT as a sentence of its own: what follows it in the mail is another. */
static json_t *clean_sentence(const char *text)
{
    size_t length = text ? strlen(text) : 0;
    bool open = length && (isalnum((unsigned char)text[length - 1]) || strchr(")>\"'", text[length - 1]));
    char *sentence = open ? mem_format("%s.", text) : NULL;
    json_t *value = clean_string(sentence ? sentence : text);
    free(sentence);
    return value;
}

static json_t *contact_model(const struct notification *notification)
{
    json_t *contact = json_object();
    const char *kinds = notification->contact_kinds ? notification->contact_kinds : "";
    const char *party = notification->party ? notification->party : "";
    set(contact, "kind", clean(kinds, strcspn(kinds, ","), NAME_SHOWN));
    set(contact, "evidence", clean_sentence(notification->evidence));
    set(contact, "party", clean_string(party));
    set(contact, "is_owner", json_boolean(strcmp(party, "owner") == 0));
    set(contact, "is_hoster", json_boolean(strcmp(party, "hoster") == 0));
    set(contact, "is_role", json_boolean(strncmp(kinds, "rfc2142-", 8) == 0));
    set(contact, "is_override", json_boolean(strcspn(kinds, ",") == 8 && strncmp(kinds, "override", 8) == 0));
    return contact;
}

/* Is it an owner whom the abuse mailbox did not lead to? He is told how to set one up. */
static bool is_without_abuse(const json_t *contact)
{
    const char *kind = json_string_value(json_object_get(contact, "kind"));
    return json_is_true(json_object_get(contact, "is_owner")) && (!kind || strcmp(kind, "rfc2142-abuse") != 0);
}

/* What every kind of mail has. */
static json_t *common_model(const struct notification *notification, const struct settings *settings,
                            const char *opt_out)
{
    char ticket[NOTIFY_TICKET_SIZE];
    json_t *model = json_object(), *contact = contact_model(notification);
    notify_ticket(notification->id, ticket);
    set(model, "ticket", json_string_nocheck(ticket));
    set(model, "date", date_text(notification->date));
    set(model, "campaign", clean_string(notification->campaign));
    set(model, "recipient", clean_string(notification->recipient));
    set(model, "opt_out", clean_string(opt_out));
    json_object_set(model, "sender", settings->sender);
    set(model, "domain_without_abuse", json_boolean(is_without_abuse(contact)));
    set(model, "contact", contact);
    return model;
}

json_t *model_build(const struct notification *notification, const struct settings *settings, const struct rows *rows,
                    const char *opt_out)
{
    json_t *model = common_model(notification, settings, opt_out), *cases = json_array();
    size_t count = notification->case_count, shown = count < CASES_SHOWN ? count : CASES_SHOWN, left_out = 0;
    for (size_t i = 0; i < count; i++)
        left_out += notification->cases[i].left_out;
    for (size_t i = 0, at = 0; i < shown; at += notification->cases[i++].count)
        json_array_append_new(cases, case_model(&notification->cases[i], rows->items + at));
    json_t *first = json_object(), *first_case = json_array_get(cases, 0);
    json_object_set(first, "target", json_object_get(first_case, "target"));
    set(first, "is_ip", json_boolean(is_ip(count ? notification->cases[0].target : "")));
    json_object_set(first, "incident", json_array_get(json_object_get(first_case, "incidents"), 0));
    set(model, "first", first);
    set(model, "multiple", json_boolean(count > 1));
    set(model, "case_count", json_integer((json_int_t)count));
    set(model, "incident_count", json_integer((json_int_t)rows->count + (json_int_t)left_out));
    set(model, "more", count_or_false(count - shown));
    set(model, "cases", cases);
    bool attached = notification->kind == NOTIFICATION_WARNING;
    set(model, "has_attachment", json_boolean(attached));
    set(model, "attachment_more", count_or_false(left_out));
    set(model, "attachment",
        attached ? json_sprintf("%s.csv", json_string_value(json_object_get(model, "ticket"))) : json_null());
    return model;
}

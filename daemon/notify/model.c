/* The data that a template sees. What has no value is null or false, never absent: Mustache looks a missing name up in the sections around, and
 * a case without `more` would show its mail's. */
#include "daemon/notify/parts.h"

#include "daemon/base/ip.h"
#include "daemon/base/mem.h"
#include "daemon/base/name.h"
#include "daemon/base/timestamp.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* What the text holds at most; the attachment holds all. */
#define CASES_SHOWN 20
#define INCIDENTS_SHOWN 5
#define FIELDS_SHOWN 12
#define VALUE_SHOWN 300 /* bytes of one value: four lines */
#define NOTE_SHOWN 500 /* as much as a sidecar may say */
#define NAME_SHOWN 60

/* An object in the making. */
struct object {
    struct member *members;
    size_t count, room;
};

static struct object object_new(struct arena *arena, size_t room)
{
    return (struct object){ .members = arena_take(arena, room * sizeof(struct member)), .room = room };
}

static void set(struct object *object, const char *name, struct value value)
{
    assert(object->count < object->room);
    object->members[object->count++] = (struct member){ .name = name, .length = strlen(name), .value = value };
}

static struct value done(const struct object *object)
{
    return (struct value){ .kind = VALUE_OBJECT, .length = object->count, .members = object->members };
}

static const struct value nothing = { .kind = VALUE_NULL };

static struct value boolean(bool is)
{
    return (struct value){ .kind = is ? VALUE_TRUE : VALUE_FALSE };
}

static struct value number(size_t count)
{
    return (struct value){ .kind = VALUE_INTEGER, .integer = (int64_t)count };
}

/* COUNT where there is one. */
static struct value count_or_false(size_t count)
{
    return count ? number(count) : boolean(false);
}

static struct value list_of(const struct value *items, size_t count)
{
    return (struct value){ .kind = VALUE_LIST, .length = count, .items = items };
}

/* TEXT lives as long as the model does. */
static struct value text_n(const char *text, size_t length)
{
    return (struct value){ .kind = VALUE_TEXT, .length = length, .text = text };
}

static struct value text(const char *text)
{
    return text_n(text, strlen(text));
}

/* A stranger's text, which lives as long as the model does, cleaned; null where nothing is left. */
static struct value clean(struct arena *arena, const char *dirty, size_t length, size_t limit)
{
    if (!length)
        return nothing;
    if (text_is_clean(dirty, length, limit))
        return text_n(dirty, length);
    struct buf out = BUF_EMPTY;
    text_clean(&out, dirty, length, limit);
    struct value value = out.length ? text_n(arena_copy(arena, out.data, out.length), out.length) : nothing;
    buf_free(&out);
    return value;
}

static struct value clean_string(struct arena *arena, const char *dirty)
{
    return dirty ? clean(arena, dirty, strlen(dirty), VALUE_SHOWN) : nothing;
}

static struct value clean_value(struct arena *arena, const json_t *json)
{
    if (!json || json_is_null(json))
        return nothing;
    if (json_is_string(json))
        return clean(arena, json_string_value(json), json_string_length(json), VALUE_SHOWN);
    struct buf out = BUF_EMPTY;
    text_value(&out, json);
    struct value value = clean(arena, arena_copy(arena, out.data, out.length), out.length, VALUE_SHOWN);
    buf_free(&out);
    return value;
}

/* "2026-08-10 14:10:59 UTC": people of any country read it the same way. */
static struct value time_text(struct arena *arena, int64_t time)
{
    char *iso = arena_take(arena, TIMESTAMP_ISO_SIZE);
    timestamp_iso(time, iso);
    iso[10] = ' ';
    strcpy(iso + 19, " UTC");
    return text(iso);
}

static struct value date_text(struct arena *arena, enum words_language language, int64_t time)
{
    char *date = arena_take(arena, WORDS_DATE_SIZE);
    words_date(language, time, date);
    return text(date);
}

static bool is_ip(const char *target)
{
    struct ip ip;
    return ip_parse(target, strlen(target), &ip) == 0;
}

/* A target as its owner knows it: an internationalised name in its letters, and as computers spell it. */
static struct value target_text(struct arena *arena, const char *target)
{
    if (!strstr(target, "xn--"))
        return clean_string(arena, target);
    struct buf both = BUF_EMPTY;
    char *display = name_display(target);
    buf_add_string(&both, display);
    if (strcmp(display, target) != 0)
        buf_add_format(&both, " (%s)", target);
    struct value value = clean_string(arena, arena_copy(arena, both.data, both.length));
    free(display);
    buf_free(&both);
    return value;
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
static struct value field_words(struct arena *arena, const char *name)
{
    if (strncmp(name, "extra.", 6) == 0 && name[6])
        name += 6;
    size_t length = strlen(name);
    char *words = arena_copy(arena, name, length);
    for (char *at = words; *at; at++)
        if (*at == '_' || *at == '.')
            *at = ' ';
    return clean(arena, words, length, NAME_SHOWN);
}

/* The fields without a place of their own, in the row's order. */
static struct value other_fields(struct arena *arena, json_t *row)
{
    struct value *list = arena_take(arena, FIELDS_SHOWN * sizeof *list);
    size_t count = 0;
    const char *name;
    json_t *json;
    json_object_foreach(row, name, json)
    {
        if (count == FIELDS_SHOWN)
            break;
        if (row_hides(name) || is_shown_by_name(name) || is_for_machines(name))
            continue;
        struct value value = clean_value(arena, json);
        if (value.kind == VALUE_NULL)
            continue;
        struct object field = object_new(arena, 2);
        set(&field, "name", field_words(arena, name));
        set(&field, "value", value);
        list[count++] = done(&field);
    }
    return list_of(list, count);
}

static struct value incident_model(struct arena *arena, enum words_language language, json_t *row)
{
    struct object incident = object_new(arena, row_field_count + 2);
    int64_t time;
    for (size_t i = 0; i < row_field_count; i++)
        if (strcmp(row_fields[i].key, "time") == 0 && row_time(row, &time))
            set(&incident, "time", time_text(arena, time));
        else
            set(&incident, row_fields[i].key, clean_value(arena, json_object_get(row, row_fields[i].field)));
    set(&incident, "type_text",
        text(type_text(language, json_string_value(json_object_get(row, "classification.type")),
                       json_string_value(json_object_get(row, "classification.identifier")))));
    set(&incident, "fields", other_fields(arena, row));
    return done(&incident);
}

/* A case whose incidents are ROWS, as far as the mail carries them. */
static struct value case_model(struct arena *arena, enum words_language language, const struct notification_case *given,
                               json_t **rows)
{
    size_t count = given->count, all = count + given->left_out,
           shown = count < INCIDENTS_SHOWN ? count : INCIDENTS_SHOWN;
    struct value *incidents = arena_take(arena, shown * sizeof *incidents);
    int64_t time, first = INT64_MAX, last = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
        if (i < shown)
            incidents[i] = incident_model(arena, language, rows[i]);
        if (row_time(rows[i], &time)) {
            first = time < first ? time : first;
            last = time > last ? time : last;
        }
    }
    struct object one = object_new(arena, 6);
    set(&one, "target", target_text(arena, given->target));
    set(&one, "incident_count", number(all));
    set(&one, "first_seen", first <= last ? time_text(arena, first) : nothing);
    set(&one, "last_seen", first <= last ? time_text(arena, last) : nothing);
    set(&one, "more", count_or_false(all - shown));
    set(&one, "incidents", list_of(incidents, shown));
    return done(&one);
}

/* GIVEN as a sentence of its own: what follows it in the mail is another. */
static struct value clean_sentence(struct arena *arena, const char *given)
{
    size_t length = given ? strlen(given) : 0;
    bool open = length && (isalnum((unsigned char)given[length - 1]) || strchr(")>\"'", given[length - 1]));
    if (!open)
        return clean_string(arena, given);
    char *sentence = arena_take(arena, length + 2);
    memcpy(mempcpy(sentence, given, length), ".", 2);
    return clean(arena, sentence, length + 1, VALUE_SHOWN);
}

static struct value contact_model(struct arena *arena, const struct notification *notification)
{
    struct object contact = object_new(arena, 7);
    const char *kinds = notification->contact_kinds ? notification->contact_kinds : "";
    const char *party = notification->party ? notification->party : "";
    size_t first = strcspn(kinds, ",");
    set(&contact, "kind", clean(arena, arena_copy(arena, kinds, first), first, NAME_SHOWN));
    set(&contact, "evidence", clean_sentence(arena, notification->evidence));
    set(&contact, "party", clean_string(arena, party));
    set(&contact, "is_owner", boolean(strcmp(party, "owner") == 0));
    set(&contact, "is_hoster", boolean(strcmp(party, "hoster") == 0));
    set(&contact, "is_role", boolean(strncmp(kinds, "rfc2142-", 8) == 0));
    set(&contact, "is_override", boolean(first == 8 && strncmp(kinds, "override", 8) == 0));
    return done(&contact);
}

/* Is it an owner whom the abuse mailbox did not lead to? He is told how to set one up. */
static bool is_without_abuse(const struct notification *notification)
{
    const char *kinds = notification->contact_kinds ? notification->contact_kinds : "";
    bool owner = notification->party && strcmp(notification->party, "owner") == 0;
    return owner && !(strcspn(kinds, ",") == 13 && strncmp(kinds, "rfc2142-abuse", 13) == 0);
}

/* What every kind of mail has. */
static void set_common(struct object *model, struct arena *arena, enum words_language language,
                       const struct notification *notification, const struct settings *settings, const char *opt_out)
{
    char *ticket = arena_take(arena, NOTIFY_TICKET_SIZE);
    notify_ticket(notification->id, ticket);
    set(model, "ticket", text(ticket));
    set(model, "date", date_text(arena, language, notification->date));
    set(model, "campaign", clean_string(arena, notification->campaign));
    set(model, "recipient", clean_string(arena, notification->recipient));
    set(model, "opt_out", clean_string(arena, opt_out));
    set(model, "sender", settings->sender);
    set(model, "note", settings->note ? clean(arena, settings->note, strlen(settings->note), NOTE_SHOWN) : nothing);
    set(model, "domain_without_abuse", boolean(is_without_abuse(notification)));
    set(model, "contact", contact_model(arena, notification));
}

/* The first of CASES, and its first incident; null where there is none. */
static struct value first_model(struct arena *arena, const struct notification *notification, const struct value *cases)
{
    struct object first = object_new(arena, 3);
    const struct value *target = NULL, *incidents = NULL;
    if (notification->case_count) {
        target = value_member(cases, "target", 6);
        incidents = value_member(cases, "incidents", 9);
    }
    set(&first, "target", target ? *target : nothing);
    set(&first, "is_ip", boolean(is_ip(target ? notification->cases[0].target : "")));
    set(&first, "incident", incidents && incidents->length ? incidents->items[0] : nothing);
    return done(&first);
}

/* The number of the reminder, the highest of its cases'; false where the mail is none. */
static struct value reminder_number(const struct notification *notification)
{
    unsigned highest = 0;
    for (size_t i = 0; i < notification->case_count; i++)
        if (notification->cases[i].reminder > highest)
            highest = notification->cases[i].reminder;
    return count_or_false(highest);
}

/* The mails that a reminder reminds of. */
static struct value earlier_models(struct arena *arena, enum words_language language,
                                   const struct notification *notification)
{
    size_t count = notification->reference_count;
    struct value *list = arena_take(arena, count * sizeof *list);
    for (size_t i = 0; i < count; i++) {
        const struct notification_reference *mail = &notification->references[i];
        struct object earlier = object_new(arena, 2);
        char *ticket = arena_take(arena, NOTIFY_TICKET_SIZE);
        notify_ticket(mail->id, ticket);
        set(&earlier, "ticket", text(ticket));
        set(&earlier, "date", date_text(arena, language, mail->date));
        list[i] = done(&earlier);
    }
    return list_of(list, count);
}

static struct value summary_line_model(struct arena *arena, const struct summary_line *line)
{
    struct object one = object_new(arena, 5);
    bool timed = line->first <= line->last;
    set(&one, "type_text", text(line->type_text));
    set(&one, "incident_count", number(line->incidents));
    set(&one, "case_count", number(line->targets));
    set(&one, "first_seen", timed ? time_text(arena, line->first) : nothing);
    set(&one, "last_seen", timed ? time_text(arena, line->last) : nothing);
    return done(&one);
}

/* The incidents by kind, where there are more than the text is to list; false where it lists them. */
static struct value summary_model(struct arena *arena, enum words_language language,
                                  const struct notification *notification, const struct settings *settings,
                                  const struct rows *rows)
{
    struct summary summary;
    if (rows->count <= settings->rows_in_text)
        return boolean(false);
    summary_make(&summary, language, notification, rows);
    struct value *lines = arena_take(arena, summary.count * sizeof *lines);
    for (size_t i = 0; i < summary.count; i++)
        lines[i] = summary_line_model(arena, &summary.lines[i]);
    struct object model = object_new(arena, 2);
    set(&model, "kinds", list_of(lines, summary.count));
    set(&model, "other_count", count_or_false(summary.others));
    return done(&model);
}

static void set_attachments(struct object *model, const struct attachments *attachments, size_t left_out)
{
    const struct attachment *first = &attachments->files[0],
                            *last = &attachments->files[attachments->count ? attachments->count - 1 : 0];
    set(model, "has_attachment", boolean(attachments->has_table));
    set(model, "attachment_more", count_or_false(left_out));
    set(model, "attachment", attachments->has_table ? text(first->name) : nothing);
    set(model, "attachment_is_zip", boolean(attachments->zipped));
    set(model, "attachment_reports", attachments->has_reports ? text(last->name) : nothing);
}

struct value model_build(struct arena *arena, enum words_language language, const struct notification *notification,
                         const struct settings *settings, const struct rows *rows,
                         const struct attachments *attachments, const char *opt_out)
{
    struct object model = object_new(arena, 23);
    size_t count = notification->case_count, shown = count < CASES_SHOWN ? count : CASES_SHOWN, left_out = 0;
    struct value *cases = arena_take(arena, shown * sizeof *cases);
    for (size_t i = 0; i < count; i++)
        left_out += notification->cases[i].left_out;
    for (size_t i = 0, at = 0; i < shown; at += notification->cases[i++].count)
        cases[i] = case_model(arena, language, &notification->cases[i], rows->items + at);
    set_common(&model, arena, language, notification, settings, opt_out);
    set(&model, "first", first_model(arena, notification, cases));
    set(&model, "multiple", boolean(count > 1));
    set(&model, "case_count", number(count));
    set(&model, "incident_count", number(rows->count + left_out));
    set(&model, "more", count_or_false(count - shown));
    set(&model, "cases", list_of(cases, shown));
    set(&model, "summary", summary_model(arena, language, notification, settings, rows));
    set(&model, "reminder", reminder_number(notification));
    set(&model, "earlier", earlier_models(arena, language, notification));
    set_attachments(&model, attachments, left_out);
    return done(&model);
}

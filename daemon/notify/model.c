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
#define LINK_SHOWN 2000 /* of a URL that stands as it is */
#define NOTE_SHOWN 500 /* as much as a sidecar may say */
#define NAME_SHOWN 60

/* What all of a mail's data is made with. */
struct making {
    struct arena *arena;
    enum words_language language;
    const struct settings *settings;
};

/* An object in the making. */
struct object {
    struct member *members;
    size_t count, room;
};

static struct object object_new(const struct making *making, size_t room)
{
    return (struct object){ .members = arena_take(making->arena, room * sizeof(struct member)), .room = room };
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
static struct value clean(const struct making *making, const char *dirty, size_t length, size_t limit)
{
    if (!length)
        return nothing;
    if (text_is_clean(dirty, length, limit))
        return text_n(dirty, length);
    struct buf out = BUF_EMPTY;
    text_clean(&out, dirty, length, limit, making->settings->defang_urls);
    struct value value = out.length ? text_n(arena_copy(making->arena, out.data, out.length), out.length) : nothing;
    buf_free(&out);
    return value;
}

static struct value clean_string(const struct making *making, const char *dirty)
{
    return dirty ? clean(making, dirty, strlen(dirty), VALUE_SHOWN) : nothing;
}

static struct value clean_value(const struct making *making, const json_t *json, size_t limit)
{
    if (!json || json_is_null(json))
        return nothing;
    if (json_is_string(json))
        return clean(making, json_string_value(json), json_string_length(json), limit);
    struct buf out = BUF_EMPTY;
    text_value(&out, json);
    struct value value = clean(making, arena_copy(making->arena, out.data, out.length), out.length, limit);
    buf_free(&out);
    return value;
}

/* "2026-08-10 14:10:59 UTC": people of any country read it the same way. */
static struct value time_text(const struct making *making, int64_t time)
{
    char *iso = arena_take(making->arena, TIMESTAMP_ISO_SIZE);
    timestamp_iso(time, iso);
    iso[10] = ' ';
    strcpy(iso + 19, " UTC");
    return text(iso);
}

static struct value date_text(const struct making *making, int64_t time)
{
    char *date = arena_take(making->arena, WORDS_DATE_SIZE);
    words_date(making->language, time, date);
    return text(date);
}

static bool is_ip(const char *target)
{
    struct ip ip;
    return ip_parse(target, strlen(target), &ip) == 0;
}

/* A target as its owner knows it: an internationalised name in its letters, and as computers spell it. */
static struct value target_text(const struct making *making, const char *target)
{
    if (!strstr(target, "xn--"))
        return clean_string(making, target);
    struct buf both = BUF_EMPTY;
    char *display = name_display(target);
    buf_add_string(&both, display);
    if (strcmp(display, target) != 0)
        buf_add_format(&both, " (%s)", target);
    struct value value = clean_string(making, arena_copy(making->arena, both.data, both.length));
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
static struct value field_words(const struct making *making, const char *name)
{
    if (strncmp(name, "extra.", 6) == 0 && name[6])
        name += 6;
    size_t length = strlen(name);
    char *words = arena_copy(making->arena, name, length);
    for (char *at = words; *at; at++)
        if (*at == '_' || *at == '.')
            *at = ' ';
    return clean(making, words, length, NAME_SHOWN);
}

/* The fields without a place of their own, in the row's order. */
static struct value other_fields(const struct making *making, json_t *row)
{
    struct value *list = arena_take(making->arena, FIELDS_SHOWN * sizeof *list);
    size_t count = 0;
    const char *name;
    json_t *json;
    json_object_foreach(row, name, json)
    {
        if (count == FIELDS_SHOWN)
            break;
        if (row_hides(name) || is_shown_by_name(name) || is_for_machines(name))
            continue;
        struct value value = clean_value(making, json, VALUE_SHOWN);
        if (value.kind == VALUE_NULL)
            continue;
        struct object field = object_new(making, 2);
        set(&field, "name", field_words(making, name));
        set(&field, "value", value);
        list[count++] = done(&field);
    }
    return list_of(list, count);
}

/* A link that is to be followed is of no use without its end. */
static size_t limit_of(const struct making *making, const char *key)
{
    return !making->settings->defang_urls && strcmp(key, "url") == 0 ? LINK_SHOWN : VALUE_SHOWN;
}

static struct value incident_model(const struct making *making, json_t *row)
{
    struct object incident = object_new(making, row_field_count + 2);
    int64_t time;
    for (size_t i = 0; i < row_field_count; i++)
        if (strcmp(row_fields[i].key, "time") == 0 && row_time(row, &time))
            set(&incident, "time", time_text(making, time));
        else
            set(&incident, row_fields[i].key,
                clean_value(making, json_object_get(row, row_fields[i].field), limit_of(making, row_fields[i].key)));
    set(&incident, "type_text",
        text(type_text(making->language, json_string_value(json_object_get(row, "classification.type")),
                       json_string_value(json_object_get(row, "classification.identifier")))));
    set(&incident, "fields", other_fields(making, row));
    return done(&incident);
}

/* A case whose incidents are ROWS, as far as the mail carries them. */
static struct value case_model(const struct making *making, const struct notification_case *given, json_t **rows)
{
    size_t count = given->count, all = count + given->left_out,
           shown = count < INCIDENTS_SHOWN ? count : INCIDENTS_SHOWN;
    struct value *incidents = arena_take(making->arena, shown * sizeof *incidents);
    int64_t time, first = INT64_MAX, last = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
        if (i < shown)
            incidents[i] = incident_model(making, rows[i]);
        if (row_time(rows[i], &time)) {
            first = time < first ? time : first;
            last = time > last ? time : last;
        }
    }
    struct object one = object_new(making, 6);
    set(&one, "target", target_text(making, given->target));
    set(&one, "incident_count", number(all));
    set(&one, "first_seen", first <= last ? time_text(making, first) : nothing);
    set(&one, "last_seen", first <= last ? time_text(making, last) : nothing);
    set(&one, "more", count_or_false(all - shown));
    set(&one, "incidents", list_of(incidents, shown));
    return done(&one);
}

/* GIVEN as a sentence of its own: what follows it in the mail is another. */
static struct value clean_sentence(const struct making *making, const char *given)
{
    size_t length = given ? strlen(given) : 0;
    bool open = length && (isalnum((unsigned char)given[length - 1]) || strchr(")>\"'", given[length - 1]));
    if (!open)
        return clean_string(making, given);
    char *sentence = arena_take(making->arena, length + 2);
    memcpy(mempcpy(sentence, given, length), ".", 2);
    return clean(making, sentence, length + 1, VALUE_SHOWN);
}

static struct value contact_model(const struct making *making, const struct notification *notification)
{
    struct object contact = object_new(making, 7);
    const char *kinds = notification->contact_kinds ? notification->contact_kinds : "";
    const char *party = notification->party ? notification->party : "";
    size_t first = strcspn(kinds, ",");
    set(&contact, "kind", clean(making, arena_copy(making->arena, kinds, first), first, NAME_SHOWN));
    set(&contact, "evidence", clean_sentence(making, notification->evidence));
    set(&contact, "party", clean_string(making, party));
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
static void set_common(struct object *model, const struct making *making, const struct notification *notification,
                       const char *opt_out)
{
    char *ticket = arena_take(making->arena, NOTIFY_TICKET_SIZE);
    notify_ticket(notification->id, ticket);
    set(model, "ticket", text(ticket));
    set(model, "date", date_text(making, notification->date));
    set(model, "campaign", clean_string(making, notification->campaign));
    set(model, "recipient", clean_string(making, notification->recipient));
    set(model, "opt_out", clean_string(making, opt_out));
    const struct settings *settings = making->settings;
    set(model, "sender", settings->sender);
    set(model, "note", settings->note ? clean(making, settings->note, strlen(settings->note), NOTE_SHOWN) : nothing);
    set(model, "domain_without_abuse", boolean(is_without_abuse(notification)));
    set(model, "contact", contact_model(making, notification));
}

/* The first of CASES, and its first incident; null where there is none. */
static struct value first_model(const struct making *making, const struct notification *notification,
                                const struct value *cases)
{
    struct object first = object_new(making, 3);
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
static struct value earlier_models(const struct making *making, const struct notification *notification)
{
    size_t count = notification->reference_count;
    struct value *list = arena_take(making->arena, count * sizeof *list);
    for (size_t i = 0; i < count; i++) {
        const struct notification_reference *mail = &notification->references[i];
        struct object earlier = object_new(making, 2);
        char *ticket = arena_take(making->arena, NOTIFY_TICKET_SIZE);
        notify_ticket(mail->id, ticket);
        set(&earlier, "ticket", text(ticket));
        set(&earlier, "date", date_text(making, mail->date));
        list[i] = done(&earlier);
    }
    return list_of(list, count);
}

static struct value summary_line_model(const struct making *making, const struct summary_line *line)
{
    struct object one = object_new(making, 5);
    bool timed = line->first <= line->last;
    set(&one, "type_text", text(line->type_text));
    set(&one, "incident_count", number(line->incidents));
    set(&one, "case_count", number(line->targets));
    set(&one, "first_seen", timed ? time_text(making, line->first) : nothing);
    set(&one, "last_seen", timed ? time_text(making, line->last) : nothing);
    return done(&one);
}

/* The incidents by kind, where there are more than the text is to list; false where it lists them. */
static struct value summary_model(const struct making *making, const struct notification *notification,
                                  const struct rows *rows)
{
    struct summary summary;
    if (rows->count <= making->settings->rows_in_text)
        return boolean(false);
    summary_make(&summary, making->language, notification, rows);
    struct value *lines = arena_take(making->arena, summary.count * sizeof *lines);
    for (size_t i = 0; i < summary.count; i++)
        lines[i] = summary_line_model(making, &summary.lines[i]);
    struct object model = object_new(making, 2);
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
    const struct making making = { arena, language, settings };
    struct object model = object_new(&making, 23);
    size_t count = notification->case_count, shown = count < CASES_SHOWN ? count : CASES_SHOWN, left_out = 0;
    struct value *cases = arena_take(arena, shown * sizeof *cases);
    for (size_t i = 0; i < count; i++)
        left_out += notification->cases[i].left_out;
    for (size_t i = 0, at = 0; i < shown; at += notification->cases[i++].count)
        cases[i] = case_model(&making, &notification->cases[i], rows->items + at);
    set_common(&model, &making, notification, opt_out);
    set(&model, "first", first_model(&making, notification, cases));
    set(&model, "multiple", boolean(count > 1));
    set(&model, "case_count", number(count));
    set(&model, "incident_count", number(rows->count + left_out));
    set(&model, "more", count_or_false(count - shown));
    set(&model, "cases", list_of(cases, shown));
    set(&model, "summary", summary_model(&making, notification, rows));
    set(&model, "reminder", reminder_number(notification));
    set(&model, "earlier", earlier_models(&making, notification));
    set_attachments(&model, attachments, left_out);
    return done(&model);
}

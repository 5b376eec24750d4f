/* The policy: a row is refused when nobody could be told about it (no valid name, address, network or URL), when it has an address that is
 * none even beside a good name (who writes 300.1.2.3 has mixed up something), and when its time cannot be read. All else that a row says is
 * kept as well as it can be. */
#include "daemon/feed/row.h"

#include "daemon/base/mem.h"
#include "daemon/base/name.h"
#include "daemon/feed/member.h"
#include "daemon/feed/place.h"
#include "daemon/feed/text.h"
#include "daemon/feed/type.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct value {
    const char *text; /* NULL: the row has none */
    size_t length;
};

struct extra {
    const char *key;
    struct value value;
};

#define DEFAULTS_MAX 4
struct preset {
    int field;
    int other; /* the field that it is copied from; -1: none */
    const char *text; /* NULL: none */
};

struct row {
    const struct feed_sink *sink;
    void *context;
    struct preset presets[DEFAULTS_MAX]; /* a field stands once */
    size_t preset_count;
    enum timestamp_order order;

    unsigned long line;
    struct value raw;
    bool ascii;
    int transport; /* the field */
    size_t field_limit; /* fields in use: the rows of field.c's table */
    struct value values[FIELD_COUNT_MAX];
    struct value clock;
    struct extra *extras;
    size_t extra_count, extra_capacity;

    /* What judging makes of them. */
    char host[NAME_MAX_LENGTH + 1], ip[IP_TEXT_SIZE], network[IP_TEXT_SIZE + 4], first[IP_TEXT_SIZE];
    int port;
    int64_t time;
    const char *target;
    struct buf url, type, identifier, json, reason;
    int64_t received; /* of the file */
    enum text_encoding encoding, values_in; /* of the file; of the values as they come */
    struct buf converted; /* values that were Latin-1; reserved in row_begin(), so that they do not move */
    bool rejected, name_is_good;
};

struct row *row_open(const struct feed_options *options, const struct feed_sink *sink, void *context)
{
    struct row *row = mem_zero(1, sizeof *row);
    row->sink = sink;
    row->context = context;
    row->field_limit = field_count();
    row->transport = field_find("protocol.transport");
    row->received = options->received;
    row->encoding = row->values_in = text_encoding_called(options->encoding);
    if (options->default_type)
        row_default(row, FIELD_TYPE, options->default_type);
    return row;
}

static struct preset *preset_for(struct row *row, int field)
{
    size_t i = 0;
    while (i < row->preset_count && row->presets[i].field != field)
        i++;
    if (i == row->preset_count)
        row->presets[row->preset_count++] = (struct preset){ .field = field, .other = -1 };
    return &row->presets[i];
}

void row_default(struct row *row, int field, const char *text)
{
    preset_for(row, field)->text = text;
}

void row_default_from(struct row *row, int field, int other)
{
    preset_for(row, field)->other = other;
}

void row_free(struct row *row)
{
    if (!row)
        return;
    struct buf *bufs[] = { &row->url, &row->type, &row->identifier, &row->json, &row->reason, &row->converted };
    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
        buf_free(bufs[i]);
    free(row->extras);
    free(row);
}

void row_takes_utf8(struct row *row)
{
    row->values_in = TEXT_UTF8;
}

void row_order_dates(struct row *row, enum timestamp_order order)
{
    row->order = order;
}

void row_begin(struct row *row, unsigned long line, const char *raw, size_t length)
{
    row->line = line;
    row->raw = (struct value){ raw, length };
    row->ascii = text_is_ascii(raw, length);
    memset(row->values, 0, row->field_limit * sizeof *row->values);
    row->clock.text = NULL;
    row->extra_count = 0;
    row->host[0] = row->ip[0] = row->network[0] = '\0';
    row->port = 0;
    row->time = 0;
    row->target = NULL;
    row->rejected = row->name_is_good = false;
    row->url.length = row->type.length = row->identifier.length = row->json.length = row->reason.length = 0;
    buf_truncate(&row->converted, 0);
    if (!row->ascii)
        buf_reserve(&row->converted, 3 * length);
}

/* Blanks around a value say nothing, and neither do the signs that programs write for "nothing". */
static struct value trimmed(const char *text, size_t length)
{
    while (length && isspace((unsigned char)*text)) {
        text++;
        length--;
    }
    while (length && isspace((unsigned char)text[length - 1]))
        length--;
    if (!length || (length == 1 && (*text == '-' || *text == '?')) || (length == 2 && memcmp(text, "\\N", 2) == 0) ||
        (length == 3 && strncasecmp(text, "n/a", 3) == 0) ||
        (length == 4 && (strncasecmp(text, "null", 4) == 0 || strncasecmp(text, "none", 4) == 0)))
        return (struct value){ NULL, 0 };
    return (struct value){ text, length };
}

static struct value taken(struct row *row, const char *text, size_t length)
{
    struct value value = trimmed(text, length);
    if (row->ascii || !value.text || !text_is_latin1(row->values_in, value.text, value.length))
        return value;
    size_t start = row->converted.length;
    text_add_latin1(&row->converted, value.text, value.length);
    return (struct value){ row->converted.data + start, row->converted.length - start };
}

void row_set(struct row *row, int field, const char *text, size_t length)
{
    struct value value = taken(row, text, length);
    if (value.text)
        row->values[field] = value;
}

static void add_extra(struct row *row, const char *key, struct value value)
{
    if (row->extra_count == row->extra_capacity) {
        row->extra_capacity = row->extra_capacity ? 2 * row->extra_capacity : 16;
        row->extras = mem_resize(row->extras, row->extra_capacity, sizeof *row->extras);
    }
    row->extras[row->extra_count++] = (struct extra){ key, value };
}

void row_extra(struct row *row, const char *key, const char *text, size_t length)
{
    struct value value = taken(row, text, length);
    if (value.text)
        add_extra(row, key, value);
}

void row_clock(struct row *row, const char *text, size_t length)
{
    row->clock = taken(row, text, length);
}

/* Only the first reason counts: the others often follow from it. */
static void refuse(struct row *row, const char *reason, struct value value)
{
    if (row->rejected)
        return;
    row->rejected = true;
    buf_add_string(&row->reason, reason);
    if (value.text)
        text_add_quoted(&row->reason, value.text, value.length);
}

static int hand_over_rejected(struct row *row)
{
    return row->sink->rejected(row->context, row->line, row->reason.data, row->raw.text, row->raw.length);
}

int row_reject(struct row *row, const char *reason, ...)
{
    char text[256];
    va_list args;
    va_start(args, reason);
    vsnprintf(text, sizeof text, reason, args);
    va_end(args);
    row->reason.length = 0;
    buf_add_string(&row->reason, text);
    return hand_over_rejected(row);
}

/* A value that is no good as what it claims to be, in a row that can do without it: told, not lost. */
static void demote(struct row *row, int field)
{
    add_extra(row, field_demoted(field), row->values[field]);
    row->values[field].text = NULL;
}

static void judge_ip(struct row *row)
{
    const struct value *value = &row->values[FIELD_IP];
    struct place place;
    if (!value->text)
        return;
    if (place_read(value->text, value->length, &place) == 0 && place.ip[0]) {
        memcpy(row->ip, place.ip, sizeof row->ip);
        row->port = place.port;
    } else if (place_read_network(value->text, value->length, row->network, row->first)) {
        refuse(row, "no valid address: ", *value);
    }
}

static void adopt(struct row *row, const struct place *place)
{
    if (place->name[0] && !row->host[0])
        memcpy(row->host, place->name, sizeof row->host);
    if (place->ip[0] && !row->ip[0])
        memcpy(row->ip, place->ip, sizeof row->ip);
    if (place->port && !row->port)
        row->port = place->port;
}

/* Columns called "host" or "domain" hold names, but also addresses, `name:port` and whole URLs. Line ends inside are refused though there
 * be an address beside it: that is no slip of the pen. */
static void judge_name(struct row *row)
{
    const struct value *value = &row->values[FIELD_FQDN];
    struct place place;
    if (!value->text)
        return;
    row->name_is_good = true;
    if (name_normalise(value->text, value->length, row->host) == 0)
        return;
    row->host[0] = '\0';
    if (text_has_control(value->text, value->length))
        refuse(row, "no valid domain: ", *value);
    else if (place_read(value->text, value->length, &place) == 0 ||
             (memchr(value->text, '/', value->length) && !row->values[FIELD_URL].text &&
              place_read_url(value->text, value->length, &place, &row->url) == 0))
        adopt(row, &place);
    else
        row->name_is_good = false;
}

static void judge_url(struct row *row)
{
    const struct value *value = &row->values[FIELD_URL];
    struct place place;
    if (!value->text)
        return;
    if (place_read_url(value->text, value->length, &place, &row->url) == 0)
        adopt(row, &place);
}

static void judge_network(struct row *row)
{
    const struct value *value = &row->values[FIELD_NETWORK];
    if (value->text && !row->network[0])
        place_read_network(value->text, value->length, row->network, row->first);
}

static int read_time(const struct row *row, struct value value, int64_t *out)
{
    return timestamp_parse_ordered(value.text, value.length, row->order, row->received, out);
}

/* A day and a time of day. Either column may hold both by itself: then that one counts. */
static int read_day_and_clock(const struct row *row, struct value day, struct value clock, int64_t *out)
{
    char both[128];
    if (day.length + clock.length + 1 < sizeof both) {
        char *end = mempcpy(both, day.text, day.length);
        *end++ = ' ';
        end = mempcpy(end, clock.text, clock.length);
        int code = read_time(row, (struct value){ both, (size_t)(end - both) }, out);
        if (code != -EINVAL)
            return code;
    }
    return read_time(row, clock, out) == 0 ? 0 : read_time(row, day, out);
}

static void judge_time(struct row *row)
{
    struct value day = row->values[FIELD_TIME], clock = row->clock, shown = day.text ? day : clock;
    if (!shown.text)
        return;
    int code =
        day.text && clock.text ? read_day_and_clock(row, day, clock, &row->time) : read_time(row, shown, &row->time);
    if (code == -EDOM)
        refuse(row,
               "the day may be the month, and no other row of the file's beginning tells (write 2026-12-31): ", shown);
    else if (code)
        refuse(row, "the time cannot be read: ", shown);
}

static void judge_port(struct row *row)
{
    const struct value *value = &row->values[FIELD_PORT];
    if (!value->text)
        return;
    int port = place_read_port(value->text, value->length);
    if (port)
        row->port = port;
    else
        demote(row, FIELD_PORT);
}

/* Whom the incident is about. What was given and could not be used becomes the reason where nothing else can. */
static void choose_target(struct row *row)
{
    if (row->host[0])
        row->target = name_registrable(row->host);
    if (!row->target && row->ip[0])
        row->target = row->ip;
    if (!row->target && row->network[0])
        row->target = row->first;
    if (row->target)
        return;
    const struct value host = { row->host, strlen(row->host) };
    if (row->host[0])
        refuse(row, "nobody's domain but a public suffix: ", host);
    else if (row->values[FIELD_FQDN].text)
        refuse(row, "no valid domain: ", row->values[FIELD_FQDN]);
    else if (row->values[FIELD_URL].text)
        refuse(row, "no valid URL: ", row->values[FIELD_URL]);
    else if (row->values[FIELD_NETWORK].text)
        refuse(row, "no valid network: ", row->values[FIELD_NETWORK]);
    else
        refuse(row, "names no domain, address or URL", (struct value){ NULL, 0 });
}

static bool is_of_its_kind(const struct row *row, int field, struct value value)
{
    int64_t time;
    switch (field_kind(field)) {
    case KIND_NUMBER:
        return member_is_number(value.text, value.length);
    case KIND_TIME:
        return read_time(row, value, &time) == 0;
    case KIND_TEXT:
        break;
    }
    return true;
}

static void demote_unusable(struct row *row)
{
    if (row->values[FIELD_FQDN].text && !row->name_is_good)
        demote(row, FIELD_FQDN);
    if (row->values[FIELD_URL].text && !row->url.length)
        demote(row, FIELD_URL);
    if (row->values[FIELD_NETWORK].text && !row->network[0])
        demote(row, FIELD_NETWORK);
    for (int field = FIELD_FIRST_OTHER; field < (int)row->field_limit; field++)
        if (row->values[field].text && !is_of_its_kind(row, field, row->values[field]))
            demote(row, field);
}

/* `TCP`, and 6, are `tcp`. */
static void add_transport(struct buf *json, struct value value)
{
    static const struct {
        const char *number, *name;
    } numbers[] = { { "1", "icmp" }, { "6", "tcp" }, { "17", "udp" }, { "58", "ipv6-icmp" }, { "132", "sctp" } };
    char name[16];
    if (value.length >= sizeof name) {
        member_text(json, "protocol.transport", value.text, value.length);
        return;
    }
    for (size_t i = 0; i < value.length; i++)
        name[i] = (char)tolower((unsigned char)value.text[i]);
    name[value.length] = '\0';
    const char *shown = name;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(name, numbers[i].number) == 0)
            shown = numbers[i].name;
    member_text(json, "protocol.transport", shown, strlen(shown));
}

static void add_other(const struct row *row, struct buf *json, int field, struct value value)
{
    int64_t time;
    enum field_kind kind = field_kind(field);
    if (kind == KIND_NUMBER) {
        member_number(json, field_name(field), value.text, value.length);
    } else if (kind == KIND_TIME && read_time(row, value, &time) == 0) {
        member_time(json, field_name(field), time);
    } else if (field == row->transport) {
        add_transport(json, value);
    } else {
        member_text(json, field_name(field), value.text, value.length);
    }
}

static void add_judged(struct row *row, struct buf *json)
{
    char port[16];
    if (row->host[0])
        member_text(json, "source.fqdn", row->host, strlen(row->host));
    if (row->ip[0])
        member_text(json, "source.ip", row->ip, strlen(row->ip));
    if (row->port) {
        snprintf(port, sizeof port, "%d", row->port);
        member_number(json, "source.port", port, strlen(port));
    }
    if (row->url.length)
        member_text(json, "source.url", row->url.data, row->url.length);
    if (row->network[0])
        member_text(json, "source.network", row->network, strlen(row->network));
    if (row->time)
        member_time(json, "time.source", row->time);
    if (row->type.length)
        member_text(json, "classification.type", row->type.data, row->type.length);
    if (row->identifier.length)
        member_text(json, "classification.identifier", row->identifier.data, row->identifier.length);
}

/* Names may be the same once they are sanitised. No key stands twice: the first wins. */
static bool is_key_taken(const struct row *row, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(row->extras[i].key, row->extras[index].key) == 0)
            return true;
    return false;
}

static void build_json(struct row *row)
{
    struct buf *json = &row->json;
    buf_add_char(json, '{');
    add_judged(row, json);
    for (size_t field = FIELD_FIRST_OTHER; field < row->field_limit; field++)
        if (row->values[field].text)
            add_other(row, json, (int)field, row->values[field]);
    for (size_t i = 0; i < row->extra_count; i++)
        if (!is_key_taken(row, i))
            member_text(json, row->extras[i].key, row->extras[i].value.text, row->extras[i].value.length);
    buf_add_char(json, '}');
}

static void apply_presets(struct row *row)
{
    for (size_t i = 0; i < row->preset_count; i++) {
        const struct preset *preset = &row->presets[i];
        struct value *value = &row->values[preset->field];
        if (!value->text && preset->other >= 0)
            *value = row->values[preset->other];
        if (!value->text && preset->text)
            *value = (struct value){ preset->text, strlen(preset->text) };
    }
}

static void keep(struct buf *buf, const struct value *value)
{
    if (value->text)
        buf_add(buf, value->text, value->length);
}

static int hand_over(struct row *row)
{
    const struct value *type = &row->values[FIELD_TYPE];
    if (type->text)
        type_add_normal(&row->type, type->text, type->length);
    apply_presets(row);
    if (!row->type.length)
        keep(&row->type, type); /* ours, or the profile's */
    keep(&row->identifier, &row->values[FIELD_IDENTIFIER]);
    build_json(row);
    const struct incident incident = {
        .line = row->line,
        .target = row->target,
        .host = row->host[0] ? row->host : NULL,
        .ip = row->ip[0] ? row->ip : NULL,
        .url = row->url.length ? row->url.data : NULL,
        .port = row->port,
        .time = row->time,
        .type = row->type.length ? row->type.data : NULL,
        .identifier = row->identifier.length ? row->identifier.data : NULL,
        .json = row->json.data,
        .json_length = row->json.length,
    };
    return row->sink->incident(row->context, &incident);
}

/* Before all else: what the bytes mean is not known. */
static void judge_encoding(struct row *row)
{
    if (!row->ascii && !text_is_in(row->encoding, row->raw.text, row->raw.length))
        refuse(row,
               row->encoding == TEXT_UTF8 ? "not in UTF-8, as was said (encoding)"
                                          : "not in Latin-1, as was said (encoding)",
               (struct value){ NULL, 0 });
}

int row_end(struct row *row)
{
    judge_encoding(row);
    judge_ip(row);
    judge_name(row);
    judge_url(row);
    judge_network(row);
    judge_port(row);
    judge_time(row);
    if (!row->rejected)
        choose_target(row);
    if (row->rejected)
        return hand_over_rejected(row);
    demote_unusable(row);
    return hand_over(row);
}

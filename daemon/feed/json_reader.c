#include "daemon/feed/json_reader.h"

#include "daemon/base/mem.h"
#include "daemon/feed/place.h"
#include "daemon/feed/text.h"

#include <stdlib.h>
#include <string.h>

/* Objects that only wrap a list of others ({"data": [{…}, …]}), in one another. */
#define WRAPPED_MAX 2

static const struct json_kind *const kinds[] = { &json_xarf4, &json_xarf3, &json_crowdsec, &json_n6 };

struct json_reader {
    const char *wanted; /* a kind's name, or NULL */
    const char *kind;
    struct json_element element;
    enum text_encoding encoding;
    struct buf converted; /* an element that was Latin-1 */
};

struct json_reader *json_reader_open(const struct feed_options *options, struct row *row, const char *kind)
{
    struct json_reader *reader = mem_zero(1, sizeof *reader);
    reader->wanted = kind;
    reader->element.row = row;
    reader->element.members = json_members_new(options);
    reader->encoding = text_encoding_called(options->encoding);
    row_takes_utf8(row);
    return reader;
}

void json_reader_free(struct json_reader *reader)
{
    if (!reader)
        return;
    json_members_free(reader->element.members);
    buf_free(&reader->converted);
    free(reader);
}

const char *json_reader_kind(const struct json_reader *reader)
{
    return reader->kind;
}

int json_element_end(struct json_element *element)
{
    return json_members_hand_over(element->members, element->row, element->line, element->text, element->length);
}

int json_element_refuse(struct json_element *element, const char *reason)
{
    row_begin(element->row, element->line, element->text, element->length);
    return row_reject(element->row, "%s", reason);
}

int json_reader_refuse(struct json_reader *reader, const char *text, size_t length, unsigned long line,
                       const char *reason)
{
    reader->element.text = text;
    reader->element.length = length;
    reader->element.line = line;
    return json_element_refuse(&reader->element, reason);
}

/* jansson quotes the input at the end of its messages: only what comes before is fit to show. */
static int refuse_syntax(struct json_element *element, const json_error_t *error)
{
    const char *near = strstr(error->text, " near '");
    int length = (int)(near ? (size_t)(near - error->text) : strlen(error->text));
    row_begin(element->row, element->line, element->text, element->length);
    if (error->line > 1)
        return row_reject(element->row, "no JSON: %.*s at character %d of line %lu", length, error->text, error->column,
                          element->line + (unsigned long)error->line - 1);
    return row_reject(element->row, "no JSON: %.*s at character %d", length, error->text, error->column);
}

/* The one member that is a list of objects, where there is one and no more. */
static json_t *wrapped_list(json_t *object)
{
    const char *name;
    json_t *value, *list = NULL;
    json_object_foreach(object, name, value)
    {
        if (!json_is_object(json_array_get(value, 0)))
            continue;
        if (list)
            return NULL;
        list = value;
    }
    return list;
}

static int take_value(struct json_reader *reader, json_t *value, int wrapped);

static int take_wrapped(struct json_reader *reader, json_t *list, int wrapped)
{
    size_t i;
    json_t *item;
    int code = 0;
    json_array_foreach(list, i, item)
    {
        char *text = json_dumps(item, JSON_COMPACT | JSON_ENCODE_ANY);
        reader->element.text = text ? text : "";
        reader->element.length = strlen(reader->element.text);
        code = take_value(reader, item, wrapped + 1);
        free(text);
        if (code)
            return code;
    }
    return 0;
}

/* An object of no known kind: harmonised names, common names, inner ones, or no more than a wrapping. */
static int take_any(struct json_reader *reader, json_t *object, int wrapped)
{
    struct json_members *members = reader->element.members;
    json_members_add(members, object, NULL);
    if (!json_members_have_target(members)) {
        json_t *list = wrapped < WRAPPED_MAX ? wrapped_list(object) : NULL;
        if (list)
            return take_wrapped(reader, list, wrapped);
    }
    json_members_look_inside(members);
    return json_element_end(&reader->element);
}

static const struct json_kind *find_kind(const json_t *object)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i]->probe(object))
            return kinds[i];
    return NULL;
}

static int take_object(struct json_reader *reader, json_t *object, int wrapped)
{
    const struct json_kind *kind = find_kind(object);
    json_members_clear(reader->element.members);
    if (kind && !reader->kind)
        reader->kind = kind->name;
    if (reader->wanted && !(kind && strcmp(kind->name, reader->wanted) == 0)) {
        json_t *list = !kind && wrapped < WRAPPED_MAX ? wrapped_list(object) : NULL;
        return list ? take_wrapped(reader, list, wrapped)
                    : json_element_refuse(&reader->element, "not of the kind that the profile's format names");
    }
    return kind ? kind->take(&reader->element, object) : take_any(reader, object, wrapped);
}

/* A bare text is what a line of a plain list is. */
static int take_text(struct json_reader *reader, const char *text)
{
    char network[IP_TEXT_SIZE + 4], first[IP_TEXT_SIZE];
    bool is_network = place_read_network(text, strlen(text), network, first) == 0;
    json_members_clear(reader->element.members);
    json_members_set(reader->element.members,
                     is_network          ? "source.network"
                     : strchr(text, '/') ? "source.url"
                                         : "source.fqdn",
                     text);
    return json_element_end(&reader->element);
}

static int take_value(struct json_reader *reader, json_t *value, int wrapped)
{
    if (json_is_object(value))
        return take_object(reader, value, wrapped);
    if (json_is_string(value) && !reader->wanted)
        return take_text(reader, json_string_value(value));
    return json_element_refuse(&reader->element, "no JSON object");
}

int json_reader_take(struct json_reader *reader, const char *text, size_t length, unsigned long line)
{
    struct json_element *element = &reader->element;
    json_error_t error;
    element->text = text;
    element->length = length;
    element->line = line;
    if (text_is_latin1(reader->encoding, text, length)) {
        buf_truncate(&reader->converted, 0);
        text_add_latin1(&reader->converted, text, length);
        text = reader->converted.data;
        length = reader->converted.length;
    }
    json_t *value = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    int code;
    if (!value)
        code = refuse_syntax(element, &error);
    else
        code = take_value(reader, value, 0);
    json_decref(value);
    return code;
}

/* JSON Lines (https://jsonlines.org): an object a line, with IntelMQ's names flat ("source.fqdn") or nested ({"source": {"fqdn": …}}), or with
 * the common names that CSV headers have. */
#include "daemon/base/mem.h"
#include "daemon/feed/format.h"
#include "daemon/feed/text.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES (1024 * 1024)
#define MEMBERS_MAX 512 /* of one object, flattened */
#define DEPTH_MAX 8 /* objects in objects */
#define NAME_MAX_BYTES 200 /* of a flattened name */
#define PROBED 20

struct member {
    size_t name, key, text, length; /* where in `bytes` */
};

struct jsonl {
    const struct feed_options *options;
    struct row *row;
    struct member members[MEMBERS_MAX];
    struct claim claims[MEMBERS_MAX];
    size_t count;
    struct buf bytes; /* names, keys and values of the row, one after the other */
    const char *reason; /* why the row is refused */
};

static bool jsonl_probe(const struct feed_sample *sample, const struct feed_options *options)
{
    size_t at = 0, length, lines = 0, objects = 0;
    const char *line;
    (void)options;
    while (lines < PROBED && feed_sample_line(sample, &at, &line, &length)) {
        while (length && isspace((unsigned char)*line)) {
            line++;
            length--;
        }
        lines += length > 0;
        objects += length && *line == '{';
    }
    return 3 * objects >= lines && objects;
}

static void *jsonl_open(const struct feed_options *options, const struct feed_sample *sample, struct row *row)
{
    (void)sample;
    struct jsonl *jsonl = mem_zero(1, sizeof *jsonl);
    jsonl->options = options;
    jsonl->row = row;
    return jsonl;
}

static void jsonl_free(void *state)
{
    struct jsonl *jsonl = state;
    buf_free(&jsonl->bytes);
    free(jsonl);
}

static void add_number(struct buf *out, const json_t *value)
{
    if (json_is_integer(value)) {
        buf_add_format(out, "%lld", (long long)json_integer_value(value));
        return;
    }
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    buf_add_string(out, text ? text : "");
    free(text);
}

static void add_list(struct buf *out, const json_t *array);

/* A value as text. Lists of plain values read as people write them. */
static void add_value(struct buf *out, const json_t *value)
{
    if (json_is_string(value))
        buf_add(out, json_string_value(value), json_string_length(value));
    else if (json_is_number(value))
        add_number(out, value);
    else if (json_is_boolean(value))
        buf_add_string(out, json_is_true(value) ? "true" : "false");
    else if (json_is_array(value))
        add_list(out, value);
}

static bool is_plain_list(const json_t *array)
{
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item) if (json_is_object(item) || json_is_array(item)) return false;
    return true;
}

static void add_list(struct buf *out, const json_t *array)
{
    size_t i;
    json_t *item;
    if (!is_plain_list(array)) {
        char *text = json_dumps(array, JSON_COMPACT);
        buf_add_string(out, text ? text : "");
        free(text);
        return;
    }
    json_array_foreach(array, i, item)
    {
        buf_add_string(out, i ? ", " : "");
        add_value(out, item);
    }
}

static void add_member(struct jsonl *jsonl, const char *name, const json_t *value)
{
    char key[FIELD_KEY_SIZE];
    if (jsonl->count == MEMBERS_MAX) {
        jsonl->reason = "more members than any row needs";
        return;
    }
    const char *mapped = field_mapped(jsonl->options, name, 0);
    field_extra_key(mapped && strncmp(mapped, "extra.", 6) == 0 ? mapped : name, key);
    struct member *member = &jsonl->members[jsonl->count];
    jsonl->claims[jsonl->count++] = field_claim(jsonl->options, name, 0);
    member->name = jsonl->bytes.length;
    buf_add(&jsonl->bytes, name, strlen(name) + 1);
    member->key = jsonl->bytes.length;
    buf_add(&jsonl->bytes, key, strlen(key) + 1);
    member->text = jsonl->bytes.length;
    add_value(&jsonl->bytes, value);
    member->length = jsonl->bytes.length - member->text;
}

static void flatten(struct jsonl *jsonl, json_t *object, const char *prefix, int depth)
{
    const char *name;
    json_t *value;
    if (depth > DEPTH_MAX) {
        jsonl->reason = "nested too deeply";
        return;
    }
    json_object_foreach(object, name, value)
    {
        char full[NAME_MAX_BYTES + 1];
        size_t length = strlen(prefix) + strlen(name);
        if (length + 1 > NAME_MAX_BYTES) {
            jsonl->reason = "a member's name is too long";
            return;
        }
        memcpy(full, prefix, strlen(prefix));
        memcpy(full + strlen(prefix), name, strlen(name) + 1);
        if (!json_is_object(value)) {
            add_member(jsonl, full, value);
            continue;
        }
        full[length] = '.';
        full[length + 1] = '\0';
        flatten(jsonl, value, full, depth + 1);
    }
}

/* `{"source.ip": …, "source": {"ip": …}}` says one thing twice. jansson sees only doubles in one object. */
static bool has_doubles(const struct jsonl *jsonl)
{
    size_t seen[FIELD_COUNT_MAX] = { 0 };
    for (size_t i = 0; i < jsonl->count; i++) {
        int field = jsonl->claims[i].field;
        if (field < 0 || jsonl->claims[i].rank > 1)
            continue;
        if (seen[field] && jsonl->claims[seen[field] - 1].rank == jsonl->claims[i].rank)
            return true;
        seen[field] = i + 1;
    }
    return false;
}

static int take_object(struct jsonl *jsonl, json_t *object)
{
    jsonl->count = 0;
    jsonl->reason = NULL;
    buf_truncate(&jsonl->bytes, 0);
    flatten(jsonl, object, "", 0);
    if (!jsonl->reason && has_doubles(jsonl))
        jsonl->reason = "a field is given twice";
    if (jsonl->reason)
        return row_reject(jsonl->row, "%s", jsonl->reason);
    field_settle(jsonl->claims, jsonl->count);
    const char *bytes = jsonl->bytes.data;
    for (size_t i = 0; i < jsonl->count; i++) {
        const struct member *member = &jsonl->members[i];
        if (jsonl->claims[i].field >= 0)
            row_set(jsonl->row, jsonl->claims[i].field, bytes + member->text, member->length);
        else if (jsonl->claims[i].field == FIELD_EXTRA)
            row_extra(jsonl->row, bytes + member->key, bytes + member->text, member->length);
    }
    return row_end(jsonl->row);
}

/* jansson quotes the input at the end of its messages: only what comes before is fit to show. */
static int reject_syntax(struct row *row, const json_error_t *error)
{
    const char *near = strstr(error->text, " near '");
    int length = (int)(near ? (size_t)(near - error->text) : strlen(error->text));
    return row_reject(row, "no JSON: %.*s at character %d", length, error->text, error->column);
}

static int jsonl_line(void *state, const char *text, size_t length, unsigned long number, struct error *error)
{
    struct jsonl *jsonl = state;
    struct buf converted = BUF_EMPTY;
    json_error_t why;
    (void)error;
    while (length && isspace((unsigned char)text[length - 1]))
        length--;
    if (!length)
        return 0;
    row_begin(jsonl->row, number, text, length);
    if (!text_is_ascii(text, length) && !text_is_utf8(text, length)) {
        text_add_latin1(&converted, text, length);
        text = converted.data;
        length = converted.length;
    }
    json_t *value = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    buf_free(&converted);
    int code;
    if (!value)
        code = reject_syntax(jsonl->row, &why);
    else if (!json_is_object(value))
        code = row_reject(jsonl->row, "no JSON object");
    else
        code = take_object(jsonl, value);
    json_decref(value);
    return code;
}

static int jsonl_flush(void *state, struct error *error)
{
    (void)state;
    (void)error;
    return 0;
}

const struct feed_format feed_jsonl = {
    .name = "jsonl",
    .line_limit = LINE_MAX_BYTES,
    .probe = jsonl_probe,
    .open = jsonl_open,
    .free = jsonl_free,
    .line = jsonl_line,
    .flush = jsonl_flush,
};

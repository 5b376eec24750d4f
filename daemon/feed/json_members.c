#include "daemon/feed/json_members.h"

#include "daemon/base/buf.h"
#include "daemon/base/mem.h"
#include "daemon/feed/common_name.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MEMBERS_MAX 512 /* of one object, flattened */
#define DEPTH_MAX 8 /* objects in objects */
#define NAME_MAX_BYTES 200 /* of a flattened name */
/* A list in one object makes an incident of each of its items, with all that the object says: so many, and so many bytes in all. */
#define LIST_MAX 1000
#define LIST_BYTES_MAX ((size_t)32 * 1024 * 1024)
#define RANK_PATH RANK_COMMON /* of a row of a kind's table: the first that is there counts */

struct member {
    size_t name, key, text, length; /* where in `bytes` */
    json_t *list; /* of two plain values or more */
};

struct json_members {
    const struct feed_options *options;
    struct member members[MEMBERS_MAX];
    struct claim claims[MEMBERS_MAX];
    size_t count;
    struct buf bytes; /* names, keys and values, one after the other */
    struct buf item; /* of a list */
    const char *fault;
};

struct json_members *json_members_new(const struct feed_options *options)
{
    struct json_members *members = mem_zero(1, sizeof *members);
    members->options = options;
    return members;
}

void json_members_free(struct json_members *members)
{
    if (!members)
        return;
    buf_free(&members->bytes);
    buf_free(&members->item);
    free(members);
}

void json_members_clear(struct json_members *members)
{
    members->count = 0;
    members->fault = NULL;
    buf_truncate(&members->bytes, 0);
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

static size_t add_text(struct buf *bytes, const char *text)
{
    size_t at = bytes->length;
    buf_add(bytes, text, strlen(text) + 1);
    return at;
}

static bool is_target(int field)
{
    return field == FIELD_FQDN || field == FIELD_IP || field == FIELD_URL || field == FIELD_NETWORK;
}

/* FIELD as a mapping writes it. */
static struct claim claim_of(const char *field, int rank)
{
    return (struct claim){ *field ? field_find(field) : FIELD_DROP, rank };
}

static struct member *add(struct json_members *members, const char *name, const char *key_of, struct claim claim)
{
    char key[FIELD_KEY_SIZE];
    if (members->count == MEMBERS_MAX) {
        members->fault = "more members than any row needs";
        return NULL;
    }
    struct member *member = &members->members[members->count];
    members->claims[members->count++] = claim;
    field_extra_key(key_of, key);
    member->name = add_text(&members->bytes, name);
    member->key = add_text(&members->bytes, key);
    member->list = NULL;
    member->text = members->bytes.length;
    member->length = 0;
    return member;
}

static const char *path_field(const struct json_path *paths, const char *name)
{
    for (; paths && paths->path; paths++)
        if (strcmp(paths->path, name) == 0)
            return paths->field;
    return NULL;
}

/* A number is no address: some write one as an integer beside it (Shodan's `ip`). */
static struct claim without_numbers(struct claim claim, const json_t *value)
{
    if (json_is_number(value) && claim.rank > RANK_HARMONISED && is_target(claim.field))
        claim.field = FIELD_EXTRA;
    return claim;
}

static void add_member(struct json_members *members, const char *name, json_t *value, const struct json_path *paths)
{
    if (json_is_null(value) || (json_is_string(value) && !json_string_length(value)))
        return;
    const char *mapped = members->options->column_count ? field_mapped(members->options, name, 0) : NULL;
    const char *path = mapped ? NULL : path_field(paths, name);
    struct claim claim = path    ? claim_of(path, RANK_PATH)
                         : paths ? (struct claim){ FIELD_EXTRA, RANK_PATH }
                                 : field_claim(members->options, name, 0);
    if (mapped)
        claim = claim_of(mapped, 0);
    const char *field = mapped ? mapped : path;
    if (claim.field == FIELD_DROP)
        return;
    struct member *member =
        add(members, name, field && strncmp(field, "extra.", 6) == 0 ? field : name, without_numbers(claim, value));
    if (!member)
        return;
    add_value(&members->bytes, value);
    member->length = members->bytes.length - member->text;
    if (json_array_size(value) > 1 && is_plain_list(value))
        member->list = value;
}

static void flatten(struct json_members *members, json_t *object, const char *prefix, const struct json_path *paths,
                    int depth)
{
    const char *name;
    json_t *value;
    if (depth > DEPTH_MAX) {
        members->fault = "nested too deeply";
        return;
    }
    json_object_foreach(object, name, value)
    {
        char full[NAME_MAX_BYTES + 1];
        size_t length = strlen(prefix) + strlen(name);
        if (length + 1 > NAME_MAX_BYTES) {
            members->fault = "a member's name is too long";
            return;
        }
        memcpy(full, prefix, strlen(prefix));
        memcpy(full + strlen(prefix), name, strlen(name) + 1);
        const char *field = json_is_object(value) ? path_field(paths, full) : NULL;
        if (!json_is_object(value)) {
            add_member(members, full, value, paths);
        } else if (!field || *field) {
            full[length] = '.';
            full[length + 1] = '\0';
            flatten(members, value, full, paths, depth + 1);
        }
    }
}

void json_members_add(struct json_members *members, json_t *object, const struct json_path *paths)
{
    flatten(members, object, "", paths, 0);
}

void json_members_set(struct json_members *members, const char *field, const char *text)
{
    struct member *member = text ? add(members, field, field, claim_of(field, RANK_PATH)) : NULL;
    if (!member)
        return;
    buf_add_string(&members->bytes, text);
    member->length = members->bytes.length - member->text;
}

bool json_members_have_target(const struct json_members *members)
{
    return field_has_target(members->claims, members->count);
}

/* Inner objects with such a word in their path are about somebody else than whom to tell. */
static bool is_about_others(const char *path, size_t length)
{
    static const char *const others[] = { "report", "sender", "sensor",    "observer", "contact", "dest",       "dst",
                                          "feed",   "link",   "reference", "provider", "vendor",  "enforcement" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        for (size_t at = 0; at + strlen(others[i]) <= length; at++)
            if (strncasecmp(path + at, others[i], strlen(others[i])) == 0)
                return true;
    return false;
}

static size_t parent_length(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? (size_t)(dot - name) : 0;
}

/* What the member's last name says, as weak as that is. */
static struct claim inner_claim(const struct json_members *members, const char *name)
{
    struct claim claim = field_claim(members->options, name + parent_length(name) + 1, 0);
    claim.rank += 10;
    return claim;
}

/* Does a member outside of inner objects, or one with a harmonised name, say what the row is about? */
static bool speaks_for_itself(const struct json_members *members)
{
    for (size_t i = 0; i < members->count; i++)
        if (is_target(members->claims[i].field) && (members->claims[i].rank <= RANK_HARMONISED ||
                                                    !parent_length(members->bytes.data + members->members[i].name)))
            return true;
    return false;
}

/* The name of the first member of an inner object that says what that is about, or NULL. */
static const char *find_inner_target(const struct json_members *members)
{
    for (size_t i = 0; i < members->count; i++) {
        const char *name = members->bytes.data + members->members[i].name;
        size_t size = parent_length(name);
        if (!size || is_about_others(name, size))
            continue;
        if (is_target(members->claims[i].field) ||
            (members->claims[i].field == FIELD_EXTRA && is_target(inner_claim(members, name).field)))
            return name;
    }
    return NULL;
}

void json_members_look_inside(struct json_members *members)
{
    const char *target = speaks_for_itself(members) ? NULL : find_inner_target(members);
    for (size_t i = 0; target && i < members->count; i++) {
        const char *name = members->bytes.data + members->members[i].name;
        size_t size = parent_length(target);
        if (members->claims[i].field == FIELD_EXTRA && parent_length(name) == size && memcmp(name, target, size) == 0)
            members->claims[i] = inner_claim(members, name);
    }
}

/* `{"source.ip": …, "source": {"ip": …}}` says one thing twice. jansson sees only doubles in one object. */
static bool has_doubles(const struct json_members *members)
{
    size_t seen[FIELD_COUNT_MAX] = { 0 };
    for (size_t i = 0; i < members->count; i++) {
        int field = members->claims[i].field;
        if (field < 0 || members->claims[i].rank > RANK_HARMONISED)
            continue;
        if (seen[field] && members->claims[seen[field] - 1].rank == members->claims[i].rank)
            return true;
        seen[field] = i + 1;
    }
    return false;
}

const char *json_members_fault(const struct json_members *members)
{
    if (members->fault)
        return members->fault;
    return has_doubles(members) ? "a field is given twice" : NULL;
}

/* The list that says what the row is about, if one does. */
static json_t *find_list(const struct json_members *members)
{
    for (size_t i = 0; i < members->count; i++)
        if (members->members[i].list && is_target(members->claims[i].field))
            return members->members[i].list;
    return NULL;
}

static void set_member(struct json_members *members, struct row *row, size_t index, json_t *list, size_t item)
{
    const struct member *member = &members->members[index];
    const char *bytes = members->bytes.data;
    int field = members->claims[index].field;
    bool several = member->list && is_target(field);
    if (several && member->list == list) {
        buf_truncate(&members->item, 0);
        add_value(&members->item, json_array_get(list, item));
        row_set(row, field, members->item.data, members->item.length);
    } else if (field >= 0 && !several) {
        row_set(row, field, bytes + member->text, member->length);
    } else if (several || field == FIELD_EXTRA) {
        row_extra(row, bytes + member->key, bytes + member->text, member->length);
    }
}

/* A row for each item of LIST; a refused one shows its item. */
static int hand_over_list(struct json_members *members, struct row *row, unsigned long line, json_t *list)
{
    struct buf raw = BUF_EMPTY;
    size_t i;
    json_t *item;
    int code = 0;
    json_array_foreach(list, i, item)
    {
        buf_truncate(&raw, 0);
        add_value(&raw, item);
        row_begin(row, line, raw.data, raw.length);
        for (size_t j = 0; j < members->count; j++)
            set_member(members, row, j, list, i);
        code = row_end(row);
        if (code)
            break;
    }
    buf_free(&raw);
    return code;
}

bool json_members_may_repeat(size_t times, size_t length)
{
    return times <= LIST_MAX && times * length <= LIST_BYTES_MAX;
}

int json_members_hand_over(struct json_members *members, struct row *row, unsigned long line, const char *raw,
                           size_t raw_length)
{
    const char *fault = json_members_fault(members);
    field_settle(members->claims, members->count);
    json_t *list = find_list(members);
    if (!fault && list && json_members_may_repeat(json_array_size(list), raw_length))
        return hand_over_list(members, row, line, list);
    row_begin(row, line, raw, raw_length);
    if (fault || list)
        return row_reject(row, "%s", fault ? fault : "names more domains or addresses than one row may");
    for (size_t i = 0; i < members->count; i++)
        set_member(members, row, i, NULL, 0);
    return row_end(row);
}

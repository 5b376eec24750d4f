#include "templates/value.h"

#include <string.h>

const struct value *value_member(const struct value *object, const char *name, size_t length)
{
    if (object->kind != VALUE_OBJECT)
        return NULL;
    for (const struct member *at = object->members, *end = at + object->length; at < end; at++)
        if (at->length == length && memcmp(at->name, name, length) == 0)
            return &at->value;
    return NULL;
}

static struct value list_from_json(struct arena *arena, const json_t *json)
{
    size_t count = json_array_size(json);
    struct value *items = arena_take(arena, count * sizeof *items);
    for (size_t i = 0; i < count; i++)
        items[i] = value_from_json(arena, json_array_get(json, i));
    return (struct value){ .kind = VALUE_LIST, .length = count, .items = items };
}

static struct value object_from_json(struct arena *arena, const json_t *json)
{
    struct member *members = arena_take(arena, json_object_size(json) * sizeof *members);
    size_t count = 0;
    for (void *at = json_object_iter((json_t *)json); at; at = json_object_iter_next((json_t *)json, at))
        members[count++] = (struct member){ .name = json_object_iter_key(at),
                                            .length = json_object_iter_key_len(at),
                                            .value = value_from_json(arena, json_object_iter_value(at)) };
    return (struct value){ .kind = VALUE_OBJECT, .length = count, .members = members };
}

struct value value_from_json(struct arena *arena, const json_t *json)
{
    switch (json ? json_typeof(json) : JSON_NULL) {
    case JSON_TRUE:
        return (struct value){ .kind = VALUE_TRUE };
    case JSON_FALSE:
        return (struct value){ .kind = VALUE_FALSE };
    case JSON_INTEGER:
        return (struct value){ .kind = VALUE_INTEGER, .integer = json_integer_value(json) };
    case JSON_REAL:
        return (struct value){ .kind = VALUE_REAL, .real = json_real_value(json) };
    case JSON_STRING:
        return (
            struct value){ .kind = VALUE_TEXT, .length = json_string_length(json), .text = json_string_value(json) };
    case JSON_ARRAY:
        return list_from_json(arena, json);
    case JSON_OBJECT:
        return object_from_json(arena, json);
    default:
        return (struct value){ .kind = VALUE_NULL };
    }
}

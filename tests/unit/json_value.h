/* Templates rendered for JSON, which is how tests write values; and values as JSON, which is how they read them. */
#ifndef TOCSIN_TESTS_JSON_VALUE_H
#define TOCSIN_TESTS_JSON_VALUE_H

#include "templates/template.h"

static inline int json_render(const struct mustache *template, const json_t *data, enum mustache_escape escape,
                              mustache_partials *partials, void *context, struct buf *out, struct error *error)
{
    struct arena arena = ARENA_EMPTY;
    struct value value = value_from_json(&arena, data);
    int code = mustache_render(template, &value, escape, partials, context, out, error);
    arena_free(&arena);
    return code;
}

static inline int json_subject(const struct template *template, const json_t *data, struct buf *out,
                               struct error *error)
{
    struct arena arena = ARENA_EMPTY;
    struct value value = value_from_json(&arena, data);
    int code = template_subject(template, &value, out, error);
    arena_free(&arena);
    return code;
}

static inline int json_body(const struct template *template, const json_t *data, struct buf *out, struct error *error)
{
    struct arena arena = ARENA_EMPTY;
    struct value value = value_from_json(&arena, data);
    int code = template_body(template, &value, out, error);
    arena_free(&arena);
    return code;
}

static inline json_t *json_of_value(const struct value *value)
{
    json_t *json = value->kind == VALUE_LIST ? json_array() : json_object();
    switch (value->kind) {
    case VALUE_LIST:
        for (size_t i = 0; i < value->length; i++)
            json_array_append_new(json, json_of_value(&value->items[i]));
        return json;
    case VALUE_OBJECT:
        for (size_t i = 0; i < value->length; i++)
            json_object_setn_new(json, value->members[i].name, value->members[i].length,
                                 json_of_value(&value->members[i].value));
        return json;
    default:
        json_decref(json);
        return value->kind == VALUE_TEXT      ? json_stringn(value->text, value->length)
               : value->kind == VALUE_INTEGER ? json_integer(value->integer)
               : value->kind == VALUE_REAL    ? json_real(value->real)
               : value->kind == VALUE_NULL    ? json_null()
                                              : json_boolean(value->kind == VALUE_TRUE);
    }
}

#endif

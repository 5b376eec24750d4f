/* What a template is rendered for: a tree like JSON's, whose maker owns it. A mail has some fifty values, made for it alone: in an arena they cost a
 * fifth of what counted JSON values cost. Pure; any thread. */
#ifndef TOCSIN_TEMPLATES_VALUE_H
#define TOCSIN_TEMPLATES_VALUE_H

#include "daemon/base/arena.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum value_kind {
    VALUE_NULL, /* 0: what is not filled in is null */
    VALUE_FALSE,
    VALUE_TRUE,
    VALUE_INTEGER,
    VALUE_REAL,
    VALUE_TEXT,
    VALUE_LIST,
    VALUE_OBJECT,
};

struct member;

struct value {
    enum value_kind kind;
    size_t length; /* of the text in bytes, of the list in items, of the object in members */
    union {
        int64_t integer;
        double real;
        const char *text; /* with a NUL behind it */
        const struct value *items;
        const struct member *members;
    };
};

struct member {
    const char *name;
    size_t length; /* of the name */
    struct value value;
};

/* The member of OBJECT with this name (LENGTH bytes), or NULL: OBJECT may be anything. */
const struct value *value_member(const struct value *object, const char *name, size_t length);

/* What JSON holds, made in ARENA; its texts stay JSON's. NULL is null. */
struct value value_from_json(struct arena *arena, const json_t *json);

#endif

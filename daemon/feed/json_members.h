/* The members of a JSON object as a row's values: nested ones by their path ("source.ip"), each with the field that it is for. Pure; any thread. */
#ifndef TOCSIN_FEED_JSON_MEMBERS_H
#define TOCSIN_FEED_JSON_MEMBERS_H

#include "daemon/feed/field.h"
#include "daemon/feed/row.h"

#include <jansson.h>
#include <stdbool.h>

/* Which field the member at PATH is for. FIELD as in a profile's mapping: "" to drop it (and all that is in it), "extra.…" to keep it under that
 * name. */
struct json_path {
    const char *path;
    const char *field;
};

struct json_members;

struct json_members *json_members_new(const struct feed_options *options);
void json_members_free(struct json_members *members);

/* Forget all. */
void json_members_clear(struct json_members *members);

/* Add what OBJECT holds. The profile's mapping goes first, then PATHS (up to a row without path; what is not in it becomes extra.*); PATHS NULL: harmonised
 * and common names. Strings are copied; lists are not, and must live until json_members_hand_over(). */
void json_members_add(struct json_members *members, json_t *object, const struct json_path *paths);

/* Add one value, as sure as a row of PATHS; NULL adds nothing. */
void json_members_set(struct json_members *members, const char *field, const char *text);

/* Does one of them say what a row is about? */
bool json_members_have_target(const struct json_members *members);

/* Where none outside of inner objects does: let the members of the first inner one speak that has such a name ({"host": {"ip": …}}), unless it is about
 * somebody else (the reporter, the sensor, the destination). */
void json_members_look_inside(struct json_members *members);

/* Why the object cannot be a row (too deep, too many members, a field given twice), or NULL. */
const char *json_members_fault(const struct json_members *members);

/* May an object of LENGTH bytes become so many incidents? A small file must not fill the store. */
bool json_members_may_repeat(size_t times, size_t length);

/* Make an incident of them, or several where a list names several domains, addresses or URLs; or a refused row. They are on LINE, and read
 * RAW. What the sink returned. */
int json_members_hand_over(struct json_members *members, struct row *row, unsigned long line, const char *raw,
                           size_t raw_length);

#endif

/* The elements of a JSON file, one by one, whatever kind each is. Pure; any thread.
 *
 * To add a kind: one file with a struct json_kind, one row in kinds[] of json_reader.c. */
#ifndef TOCSIN_FEED_JSON_READER_H
#define TOCSIN_FEED_JSON_READER_H

#include "daemon/feed/format.h"
#include "daemon/feed/json_members.h"

#include <jansson.h>

/* An element on its way to the sink. MEMBERS are empty when take() is called. */
struct json_element {
    struct json_members *members;
    struct row *row;
    unsigned long line;
    const char *text; /* what the file has there */
    size_t length;
};

struct json_kind {
    const char *name; /* as feed_format_name() shows it; NULL: the format's own */

    /* Is the object of this kind? A broken one too, as long as it means to be: the first kind that says so takes it. */
    bool (*probe)(const json_t *object);

    /* Make incidents or a refused row of it. What the sink returned. */
    int (*take)(struct json_element *element, json_t *object);
};

extern const struct json_kind json_xarf4, json_xarf3, json_crowdsec, json_n6;

/* Hand over what stands in the members; refuse the element instead. What the sink returned. */
int json_element_end(struct json_element *element);
int json_element_refuse(struct json_element *element, const char *reason);

struct json_reader;

/* KIND: the only one that is wanted, or NULL. Both others outlive the reader. */
struct json_reader *json_reader_open(const struct feed_options *options, struct row *row, const char *kind);
void json_reader_free(struct json_reader *reader);

/* The element TEXT, which begins on LINE. What the sink returned. */
int json_reader_take(struct json_reader *reader, const char *text, size_t length, unsigned long line);
/* Likewise one that is known to be broken. */
int json_reader_refuse(struct json_reader *reader, const char *text, size_t length, unsigned long line,
                       const char *reason);

/* The name of the kind of the first element that had one, or NULL. */
const char *json_reader_kind(const struct json_reader *reader);

#endif

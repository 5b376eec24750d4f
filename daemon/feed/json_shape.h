/* How a file that begins like JSON is laid out, and which JSON is no feed. Pure; any thread. */
#ifndef TOCSIN_FEED_JSON_SHAPE_H
#define TOCSIN_FEED_JSON_SHAPE_H

#include "daemon/feed/format.h"

enum json_shape {
    JSON_NONE,
    JSON_LINES, /* an object a line */
    JSON_DOCUMENT, /* any other layout */
};

enum json_shape json_shape(const struct feed_sample *sample);

/* Why JSON that begins with SAMPLE is refused as a whole, or NULL. */
const char *json_refusal(const struct feed_sample *sample);

#endif

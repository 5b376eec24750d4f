/* A JSON document cut into its elements as its bytes come: the items of arrays at the top, and whatever stands outside of them, laid out in any
 * way (RFC 8259), with commas between them or without. Flat memory: no more than one element is held. Pure; any thread.
 *
 * Where an element is broken so that its end cannot be told (an open string or bracket), what follows is found again at the next line that
 * begins like the broken element's first: as far in, with the same bracket. A file that has no such line is of no more use. */
#ifndef TOCSIN_FEED_JSON_SPLIT_H
#define TOCSIN_FEED_JSON_SPLIT_H

#include "daemon/base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define JSON_ELEMENT_MAX ((size_t)1024 * 1024)
#define JSON_ELEMENT_DEPTH_MAX 64

/* TEXT is an element, which begins on LINE. FAULT: why it has no end (TEXT is what there is of it, or its beginning), or NULL; then it may still be
 * no JSON. Another return than 0 ends the document. */
typedef int json_split_take(void *context, const char *text, size_t length, unsigned long line, const char *fault);

struct json_split;

/* BY_LINES: each element is on a line of its own (JSON Lines), so that a line's end is one's end in any case. */
struct json_split *json_split_open(bool by_lines, json_split_take *take, void *context);
void json_split_free(struct json_split *split);

/* The next bytes, any number at a time. 0, what TAKE returned, or -EINVAL with ERROR when nothing more can be told apart. */
int json_split_push(struct json_split *split, const char *data, size_t length, struct error *error);
/* No more bytes. -EINVAL with ERROR when the document is cut off. */
int json_split_finish(struct json_split *split, struct error *error);

#endif

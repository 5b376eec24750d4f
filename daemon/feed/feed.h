/* Feeds: bytes of a file in, incidents and rejected rows out. Pure push parsers: flat memory, no I/O; any thread.
 *
 * To add a format: one file with a struct feed_format, one row in formats[] of feed.c. */
#ifndef TOCSIN_FEED_FEED_H
#define TOCSIN_FEED_FEED_H

#include "daemon/base/error.h"
#include "daemon/base/incident.h"

#include <stdbool.h>
#include <stddef.h>

struct feed_column {
    const char *column; /* a header's name (any case), or a column's number from 1 */
    const char *field; /* an IntelMQ field name, "extra.…", or "" to drop the column */
};

struct feed_options {
    const char *format; /* a name of formats[]; NULL or "auto": by content */
    const struct feed_column *columns; /* a mapping; without one common header names are recognised */
    size_t column_count;
    bool no_header; /* the first CSV row is data: the mapping is by number */
    const char *
        encoding; /* "utf-8" or "latin1": a row with bytes that it does not have is refused; NULL or "auto": each value by its bytes */
    const char *default_type; /* classification.type for rows that have none; NULL: none */
    int64_t
        received; /* when the file came, in seconds: a time without a year has the last one that is not in its future; 0: such a time is none */
    const char *file_name; /* a Shadowserver report's says what it reports; NULL: unknown */
};

/* Called once for each row, in the file's order. What is passed lives for the length of the call. Another return than 0 stops the
 * feed: feed_push() or feed_finish() returns it. */
struct feed_sink {
    int (*incident)(void *context, const struct incident *incident);
    int (*rejected)(void *context, unsigned long line, const char *reason, const char *row, size_t row_length);
};

struct feed;

/* Copies OPTIONS (strings too); SINK's functions are called from feed_push() and feed_finish(). feed_free() frees it. */
struct feed *feed_open(const struct feed_options *options, const struct feed_sink *sink, void *context);
void feed_free(struct feed *feed);

/* The next bytes, any number at a time: the result never depends on how a file is cut. A gzip is unpacked; lines are counted in what it
 * holds. -EINVAL when the file as a whole cannot be read (a damaged gzip, binary, UTF-16, duplicate header names, no known column; the
 * error names the line, and lists the columns): then no more is wanted. */
int feed_push(struct feed *feed, const char *data, size_t length, struct error *error);
/* No more bytes: the last row is delivered. */
int feed_finish(struct feed *feed, struct error *error);

/* The name of the format that was recognised; NULL before that is known. */
const char *feed_format_name(const struct feed *feed);

#endif

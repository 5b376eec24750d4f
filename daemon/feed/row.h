/* One row of a feed, whatever its format: values in, an incident or a refusal out. Pure; any thread.
 *
 * A format calls row_begin(), row_set() and row_extra() for what it found, and row_end(); or row_reject() instead. All memory is used
 * again by the next row. */
#ifndef TOCSIN_FEED_ROW_H
#define TOCSIN_FEED_ROW_H

#include "daemon/base/timestamp.h"
#include "daemon/feed/feed.h"
#include "daemon/feed/field.h"

#include <stddef.h>

struct row;

/* OPTIONS and SINK outlive the row. */
struct row *row_open(const struct feed_options *options, const struct feed_sink *sink, void *context);
void row_free(struct row *row);

/* What all further rows say of FIELD that do not say it themselves; TEXT outlives the row. Or: what they say of another field, where they do,
 * which comes before TEXT. */
void row_default(struct row *row, int field, const char *text);
void row_default_from(struct row *row, int field, int other);

/* The format gives all values in UTF-8, whatever the file's encoding. */
void row_takes_utf8(struct row *row);

/* Which of two numbers in the file's dates is the day. */
void row_order_dates(struct row *row, enum timestamp_order order);

/* A new row, which begins on LINE and reads RAW in the file; RAW must live until row_end() or row_reject(). */
void row_begin(struct row *row, unsigned long line, const char *raw, size_t length);

/* What the row says. TEXT must live until row_end(); it is trimmed; an empty one, or a `-`, counts as nothing. What its encoding is, is the
 * profile's to say; where it does not, invalid UTF-8 is taken as Latin-1. A KEY (field_extra_key) must live as long. */
void row_set(struct row *row, int field, const char *text, size_t length);
void row_extra(struct row *row, const char *key, const char *text, size_t length);
/* The time of day that belongs to FIELD_TIME; or the whole time, as it turns out. */
void row_clock(struct row *row, const char *text, size_t length);

/* Judge the row and hand it to the sink. Returns what the sink returned. */
int row_end(struct row *row);

/* Hand the row to the sink as refused. REASON is for people: no line end, and text from the file only through text_add_quoted(). */
int row_reject(struct row *row, const char *reason, ...) __attribute__((format(printf, 2, 3)));

#endif

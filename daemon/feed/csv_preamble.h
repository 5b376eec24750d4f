/* What may stand before the first row of a delimited file: comments, a header in one of them, a line that declares the delimiter. Pure; any thread. */
#ifndef TOCSIN_FEED_CSV_PREAMBLE_H
#define TOCSIN_FEED_CSV_PREAMBLE_H

#include "daemon/feed/csv_cells.h"
#include "daemon/feed/format.h"

#include <stdbool.h>
#include <stddef.h>

/* The delimiters that are known. */
extern const char csv_delimiters[4];

/* Is a line a comment (`#`, `%`, `//`; `;` where that is not the delimiter)? */
bool csv_is_comment(const char *line, size_t length, char delimiter);

/* `sep=;`, which spreadsheets write on the first line: the delimiter, or 0. */
char csv_declared_delimiter(const char *line, size_t length);

/* The header in a comment (`# ip,port`): the last comment before the first row that has as many columns as it, two at least, one of which says what
 * an incident is about. OUT points into SAMPLE; NUMBER is its line. False where there is none, or the first row is a header itself. */
bool csv_commented_header(const struct feed_sample *sample, const struct feed_options *options, char delimiter,
                          struct csv_cell *out, unsigned long *number);

#endif

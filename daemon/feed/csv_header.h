/* Which delimiter a file uses, and which of its columns is which. Pure; any thread. */
#ifndef TOCSIN_FEED_CSV_HEADER_H
#define TOCSIN_FEED_CSV_HEADER_H

#include "daemon/feed/csv_cells.h"
#include "daemon/feed/field.h"
#include "daemon/feed/format.h"
#include "daemon/feed/shadowserver.h"

struct csv_column {
    int field; /* FIELD_EXTRA: `key` says where it goes */
    char key[FIELD_KEY_SIZE];
};

/* The delimiter that fits the sample best: the one that gives most columns that we know, then the most even rows, then the most columns.
 * KNOWN (may be NULL) gets how many columns of the first row say what an incident is about. */
char csv_sniff(const struct feed_sample *sample, const struct feed_options *options, size_t *known);

/* Which number of the sample's dates is the day, where one above 12 tells, and none tells otherwise. */
enum timestamp_order csv_date_order(const struct feed_sample *sample, char delimiter);

/* Name the COUNT columns of a header row. OUT has room for COUNT. REPORT is what the file's name says; whether the columns are a report's too is
 * noted there. -EINVAL with ERROR: two columns of one name; or none that says what an incident is about (the columns are listed). */
int csv_name_columns(const struct feed_options *options, struct shadowserver_report *report,
                     const struct csv_cell *cells, size_t count, struct csv_column *out, struct error *error);

/* Likewise where there is no header: by number. */
int csv_number_columns(const struct feed_options *options, size_t count, struct csv_column *out, struct error *error);

/* How many of a header's cells say what an incident is about. */
size_t csv_known_targets(const struct feed_options *options, const struct csv_cell *cells, size_t count);

#endif

/* The cells of a delimited record (RFC 4180, and what people write in its name). Pure; any thread. */
#ifndef TOCSIN_FEED_CSV_CELLS_H
#define TOCSIN_FEED_CSV_CELLS_H

#include "daemon/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

#define CSV_CELLS_MAX 512

struct csv_cell {
    const char *text;
    size_t length;
};

/* Where a record stands at the end of a line. */
enum csv_end {
    CSV_WHOLE, /* the record ends here */
    CSV_OPEN, /* inside quotes: it goes on in the next line */
    CSV_BROKEN, /* inside quotes that cannot be right: they were opened by mistake */
};

/* Follow the quotes of one line. INSIDE: the line before was CSV_OPEN. A quote opens only at the beginning of a cell; inside, `""` is a
 * quote, and a quote before DELIMITER or the line's end closes. Any other is a stray one: taken as it is where the cell ends in the same
 * line, else proof that the opening one was a mistake. */
enum csv_end csv_scan(const char *line, size_t length, char delimiter, bool inside);

/* Split a whole record into at most CSV_CELLS_MAX cells; how many there are, or CSV_CELLS_MAX + 1 when there are more. Cells
 * point into RECORD, or into UNQUOTED (emptied first) where they had quotes in them. */
size_t csv_split(const char *record, size_t length, char delimiter, struct csv_cell cells[CSV_CELLS_MAX],
                 struct buf *unquoted);

#endif

#include "daemon/feed/csv_cells.h"

#include <string.h>

static const char *skip_blanks(const char *at, const char *end, char delimiter)
{
    while (at < end && (*at == ' ' || *at == '\t') && *at != delimiter)
        at++;
    return at;
}

/* Does a cell end at AT, blanks passed over? */
static bool is_cell_end(const char *at, const char *end, char delimiter)
{
    at = skip_blanks(at, end, delimiter);
    return at == end || *at == delimiter || *at == '\n' || *at == '\r';
}

/* The quote that closes the cell whose text begins at AT, or NULL. STRAY: a quote stood where none may. */
static const char *closing_quote(const char *at, const char *end, char delimiter, bool *stray)
{
    while ((at = memchr(at, '"', (size_t)(end - at)))) {
        if (at + 1 < end && at[1] == '"') {
            at += 2;
            continue;
        }
        if (is_cell_end(at + 1, end, delimiter))
            return at;
        *stray = true;
        at++;
    }
    return NULL;
}

enum csv_end csv_scan(const char *line, size_t length, char delimiter, bool inside)
{
    const char *at = line, *end = line + length;
    bool carried = inside; /* from the line before */
    while (at < end) {
        if (!inside) {
            at = skip_blanks(at, end, delimiter);
            if (at < end && *at == '"') {
                inside = true;
                at++;
            }
        }
        if (inside) {
            bool stray = false;
            const char *close = closing_quote(at, end, delimiter, &stray);
            if (!close)
                return stray ? CSV_BROKEN : CSV_OPEN;
            if (stray && carried)
                return CSV_BROKEN;
            inside = carried = false;
            at = close + 1;
        }
        const char *next = memchr(at, delimiter, (size_t)(end - at));
        if (!next)
            break;
        at = next + 1;
    }
    return inside ? CSV_OPEN : CSV_WHOLE;
}

static size_t without_line_end(const char *record, size_t length)
{
    while (length && (record[length - 1] == '\n' || record[length - 1] == '\r'))
        length--;
    return length;
}

/* The text between two quotes, `""` made `"`. UNQUOTED has room already, so that earlier cells do not move. */
static struct csv_cell quoted_cell(const char *text, size_t length, struct buf *unquoted)
{
    if (!memchr(text, '"', length))
        return (struct csv_cell){ text, length };
    size_t start = unquoted->length;
    for (size_t i = 0; i < length; i++) {
        buf_add_char(unquoted, text[i]);
        if (text[i] == '"' && i + 1 < length && text[i + 1] == '"')
            i++;
    }
    return (struct csv_cell){ unquoted->data + start, unquoted->length - start };
}

size_t csv_split(const char *record, size_t length, char delimiter, struct csv_cell cells[CSV_CELLS_MAX],
                 struct buf *unquoted)
{
    const char *at = record, *end = record + without_line_end(record, length);
    bool quotes = memchr(record, '"', length) != NULL;
    size_t count = 0;
    if (quotes) {
        buf_truncate(unquoted, 0);
        buf_reserve(unquoted, length);
    }
    for (;; at++) {
        if (count == CSV_CELLS_MAX)
            return CSV_CELLS_MAX + 1;
        const char *start = quotes ? skip_blanks(at, end, delimiter) : at, *close = NULL;
        bool stray;
        if (quotes && start < end && *start == '"')
            close = closing_quote(start + 1, end, delimiter, &stray);
        if (close) {
            cells[count++] = quoted_cell(start + 1, (size_t)(close - start - 1), unquoted);
            at = close + 1;
        }
        const char *next = memchr(at, delimiter, (size_t)(end - at));
        if (!close)
            cells[count++] = (struct csv_cell){ at, (size_t)((next ? next : end) - at) };
        if (!next)
            return count;
        at = next;
    }
}

/* Delimited files. libcsv gives no line numbers, and lets one open quote swallow the rest of a file; so this is ours.
 *
 * Lines come one by one. One that ends inside quotes is held, with those after it, until the quotes close. When that turns out to have
 * been a mistake (a stray quote, a wrong number of columns, more than 64 KiB, the file's end), its first line is refused and the rest is
 * read again from its second. No line is read more than twice: a line that passed inside quotes without ending the matter has its quotes
 * in pairs, and so opens nothing when read on its own. */
#include "daemon/base/mem.h"
#include "daemon/feed/csv_cells.h"
#include "daemon/feed/csv_header.h"
#include "daemon/feed/csv_preamble.h"
#include "daemon/feed/format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_MAX (64 * 1024)

struct csv {
    const struct feed_options *options;
    struct row *row;
    struct shadowserver_report report;
    char delimiter, line_end;
    struct csv_column *columns; /* NULL until the first record */
    size_t column_count;
    size_t least; /* a row with fewer columns is refused */
    struct csv_cell cells[CSV_CELLS_MAX];
    struct buf unquoted;
    struct buf header; /* that stood in a comment; empty: none */
    unsigned long header_line;
    struct buf held; /* a record that is not whole yet */
    unsigned long held_line; /* where it began */
};

static bool csv_probe(const struct feed_sample *sample, const struct feed_options *options)
{
    size_t known;
    csv_sniff(sample, options, &known);
    return known || options->no_header || options->column_count;
}

static void *csv_open(const struct feed_options *options, const struct feed_sample *sample, struct row *row)
{
    struct csv *csv = mem_zero(1, sizeof *csv);
    csv->options = options;
    csv->row = row;
    csv->report = shadowserver_find(options->file_name);
    csv->delimiter = csv_sniff(sample, options, NULL);
    csv->line_end =
        memchr(sample->text, '\n', sample->length) || !memchr(sample->text, '\r', sample->length) ? '\n' : '\r';
    row_order_dates(row, csv_date_order(sample, csv->delimiter));
    struct csv_cell header;
    if (csv_commented_header(sample, options, csv->delimiter, &header, &csv->header_line))
        buf_add(&csv->header, header.text, header.length);
    return csv;
}

static void csv_free(void *state)
{
    struct csv *csv = state;
    buf_free(&csv->unquoted);
    buf_free(&csv->header);
    buf_free(&csv->held);
    free(csv->columns);
    free(csv);
}

/* Where a row may end after the last column that is used: there is no header; or it is a report of Shadowserver, who add columns at the end,
 * and to the header first. */
static size_t last_mapped(const struct csv *csv, size_t count)
{
    while (count > 1 && csv->columns[count - 1].field < 0)
        count--;
    return count;
}

/* What the file's name says of rows that do not say it themselves. */
static void set_defaults(struct csv *csv)
{
    const struct shadowserver_report *report = &csv->report;
    if (!report->columns || !report->type)
        return;
    row_default(csv->row, FIELD_TYPE, report->type);
    row_default(csv->row, FIELD_TAXONOMY, report->taxonomy);
    row_default(csv->row, FIELD_IDENTIFIER, report->identifier);
    if (report->by_infection)
        row_default_from(csv->row, FIELD_IDENTIFIER, field_find("malware.name"));
}

static int take_header(struct csv *csv, size_t count, unsigned long number, struct error *error)
{
    bool no_header = csv->options->no_header;
    struct error why;
    csv->columns = mem_zero(count, sizeof *csv->columns);
    csv->column_count = count;
    int code = no_header ? csv_number_columns(csv->options, count, csv->columns, &why)
                         : csv_name_columns(csv->options, &csv->report, csv->cells, count, csv->columns, &why);
    if (code)
        return error_set(error, code, "line %lu: %s", number, why.text);
    csv->least = no_header || csv->report.columns ? last_mapped(csv, count) : count;
    set_defaults(csv);
    return 0;
}

static int take_row(struct csv *csv, size_t count)
{
    size_t named = count < csv->column_count ? count : csv->column_count;
    for (size_t i = 0; i < named; i++) {
        const struct csv_column *column = &csv->columns[i];
        if (column->field >= 0)
            row_set(csv->row, column->field, csv->cells[i].text, csv->cells[i].length);
        else if (column->field == FIELD_CLOCK)
            row_clock(csv->row, csv->cells[i].text, csv->cells[i].length);
        else if (column->field == FIELD_EXTRA)
            row_extra(csv->row, column->key, csv->cells[i].text, csv->cells[i].length);
    }
    return row_end(csv->row);
}

static bool is_blank(const struct csv *csv, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < csv->cells[i].length; k++)
            if (csv->cells[i].text[k] != ' ' && csv->cells[i].text[k] != '\t')
                return false;
    return true;
}

/* A `#` begins a comment before the header; after it only where the line is no row: it has other columns, or the first of them is one that no value
 * begins so in. */
static bool is_comment(const struct csv *csv, const char *record, size_t length, size_t count)
{
    if (!csv_is_comment(record, length, csv->delimiter))
        return false;
    return !csv->columns || count != csv->column_count ||
           (csv->columns[0].field >= 0 && csv->columns[0].field <= FIELD_TIME);
}

/* What names the columns where it is not the first row. */
static int take_commented_header(struct csv *csv, struct error *error)
{
    size_t count = csv_split(csv->header.data, csv->header.length, csv->delimiter, csv->cells, &csv->unquoted);
    return take_header(csv, count, csv->header_line, error);
}

static int take_record(struct csv *csv, const char *record, size_t length, unsigned long number, struct error *error)
{
    size_t count = csv_split(record, length, csv->delimiter, csv->cells, &csv->unquoted);
    if (count <= CSV_CELLS_MAX && (is_comment(csv, record, length, count) || is_blank(csv, count)))
        return 0;
    if (!csv->columns && number == 1 && csv_declared_delimiter(record, length))
        return 0;
    if (!csv->columns && csv->header.length) {
        int code = take_commented_header(csv, error);
        if (code)
            return code;
        count = csv_split(record, length, csv->delimiter, csv->cells, &csv->unquoted);
    }
    while (length && (record[length - 1] == '\n' || record[length - 1] == '\r'))
        length--;
    if (!csv->columns && count <= CSV_CELLS_MAX) {
        int code = take_header(csv, count, number, error);
        if (code || !csv->options->no_header)
            return code;
    }
    row_begin(csv->row, number, record, length);
    if (count > CSV_CELLS_MAX)
        return row_reject(csv->row, "more than %d columns", CSV_CELLS_MAX);
    if (count < csv->least)
        return row_reject(csv->row, "%zu columns where %zu are needed", count, csv->least);
    return take_row(csv, count);
}

static int take_line(struct csv *csv, const char *line, size_t length, unsigned long number, struct error *error);

/* The quote that holds lines back was a mistake: refuse the first line, read the others again. */
static int resynchronise(struct csv *csv, struct error *error)
{
    struct buf held = csv->held;
    unsigned long number = csv->held_line;
    csv->held = (struct buf)BUF_EMPTY;
    const char *at = memchr(held.data, csv->line_end, held.length), *end = held.data + held.length;
    size_t first = at ? (size_t)(at - held.data) : held.length;
    row_begin(csv->row, number, held.data, first - (first && held.data[first - 1] == '\r'));
    int code = row_reject(csv->row, "a quote is opened and not closed where a cell ends");
    while (!code && at && ++at < end) {
        const char *next = memchr(at, csv->line_end, (size_t)(end - at));
        size_t length = next ? (size_t)(next - at) + 1 : (size_t)(end - at);
        code = take_line(csv, at, length, ++number, error);
        at = next;
    }
    buf_free(&held);
    return code;
}

static void hold(struct csv *csv, const char *line, size_t length, unsigned long number)
{
    if (!csv->held.length)
        csv->held_line = number;
    buf_add(&csv->held, line, length);
}

/* A record of several lines is one only when it has as many columns as the others. */
static bool fits(struct csv *csv)
{
    size_t count = csv_split(csv->held.data, csv->held.length, csv->delimiter, csv->cells, &csv->unquoted);
    return !csv->columns || count == csv->column_count;
}

static int take_held(struct csv *csv, struct error *error)
{
    if (!fits(csv))
        return resynchronise(csv, error);
    struct buf held = csv->held;
    csv->held = (struct buf)BUF_EMPTY;
    int code = take_record(csv, held.data, held.length, csv->held_line, error);
    buf_free(&held);
    return code;
}

static int take_line(struct csv *csv, const char *line, size_t length, unsigned long number, struct error *error)
{
    bool inside = csv->held.length > 0;
    if (!inside && !memchr(line, '"', length))
        return take_record(csv, line, length, number, error);
    if (!inside && !csv->columns && csv_is_comment(line, length, csv->delimiter))
        return 0;
    enum csv_end end = csv_scan(line, length, csv->delimiter, inside);
    if (!inside && end == CSV_WHOLE)
        return take_record(csv, line, length, number, error);
    hold(csv, line, length, number);
    if (end == CSV_BROKEN || csv->held.length > RECORD_MAX)
        return resynchronise(csv, error);
    return end == CSV_WHOLE ? take_held(csv, error) : 0;
}

static int csv_line(void *state, const char *text, size_t length, unsigned long number, struct error *error)
{
    return take_line(state, text, length, number, error);
}

static int csv_flush(void *state, struct error *error)
{
    struct csv *csv = state;
    return csv->held.length ? resynchronise(csv, error) : 0;
}

const struct feed_format feed_csv = {
    .name = "csv",
    .line_limit = RECORD_MAX,
    .probe = csv_probe,
    .open = csv_open,
    .free = csv_free,
    .line = csv_line,
    .flush = csv_flush,
};

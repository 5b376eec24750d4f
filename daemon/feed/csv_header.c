#include "daemon/feed/csv_header.h"

#include "daemon/base/mem.h"
#include "daemon/feed/common_name.h"
#include "daemon/feed/csv_preamble.h"
#include "daemon/feed/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Rows compared to tell whether a delimiter cuts them evenly. */
#define PROBED 10

static bool is_blank(const char *line, size_t length)
{
    while (length && isspace((unsigned char)*line)) {
        line++;
        length--;
    }
    return !length;
}

/* A cell of a header as a string: trimmed, and UTF-8 whatever it was. */
static char *cell_name(enum text_encoding encoding, const struct csv_cell *cell)
{
    const char *text = cell->text;
    size_t length = cell->length;
    while (length && isspace((unsigned char)*text)) {
        text++;
        length--;
    }
    while (length && isspace((unsigned char)text[length - 1]))
        length--;
    if (!text_is_latin1(encoding, text, length))
        return mem_string_n(text, length);
    struct buf name = BUF_EMPTY;
    text_add_latin1(&name, text, length);
    return buf_take(&name);
}

static char **cell_names(enum text_encoding encoding, const struct csv_cell *cells, size_t count)
{
    char **names = mem_zero(count, sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = cell_name(encoding, &cells[i]);
    return names;
}

static void free_names(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

struct fit {
    size_t targets, known, even, columns;
};

static void count_known(const struct feed_options *options, const struct csv_cell *cells, size_t count, struct fit *fit)
{
    fit->columns = count;
    for (size_t i = 0; i < count; i++) {
        char *name = cell_name(TEXT_DETECTED, &cells[i]);
        struct claim claim = field_claim(options, name, 0);
        fit->known += claim.field >= 0;
        fit->targets += field_has_target(&claim, 1);
        free(name);
    }
}

size_t csv_known_targets(const struct feed_options *options, const struct csv_cell *cells, size_t count)
{
    struct fit fit = { 0 };
    count_known(options, cells, count, &fit);
    return fit.targets;
}

/* How a delimiter cuts the header, or the first row, and how many rows after it have as many columns. */
static struct fit try_delimiter(const struct feed_sample *sample, const struct feed_options *options, char delimiter)
{
    struct csv_cell *cells = mem_zero(CSV_CELLS_MAX, sizeof *cells), header;
    struct buf unquoted = BUF_EMPTY;
    struct fit fit = { 0 };
    size_t at = 0, length, rows = 0;
    unsigned long number;
    const char *line;
    if (csv_commented_header(sample, options, delimiter, &header, &number)) {
        count_known(options, cells, csv_split(header.text, header.length, delimiter, cells, &unquoted), &fit);
        rows++;
    }
    while (rows < PROBED && feed_sample_line(sample, &at, &line, &length)) {
        if (is_blank(line, length) || csv_is_comment(line, length, delimiter) || csv_declared_delimiter(line, length))
            continue;
        size_t count = csv_split(line, length, delimiter, cells, &unquoted);
        if (count > CSV_CELLS_MAX)
            break;
        if (rows++)
            fit.even += count == fit.columns && count > 1;
        else
            count_known(options, cells, count, &fit);
    }
    buf_free(&unquoted);
    free(cells);
    return fit;
}

static bool is_better(const struct fit *fit, const struct fit *best)
{
    if (fit->known != best->known)
        return fit->known > best->known;
    if (fit->even != best->even)
        return fit->even > best->even;
    return fit->columns > best->columns;
}

char csv_sniff(const struct feed_sample *sample, const struct feed_options *options, size_t *known)
{
    struct fit best = { 0 };
    size_t at = 0, length = 0;
    const char *line = "";
    feed_sample_line(sample, &at, &line, &length);
    char declared = csv_declared_delimiter(line, length), delimiter = declared;
    for (size_t i = 0; i < sizeof csv_delimiters; i++) {
        if (declared && csv_delimiters[i] != declared)
            continue;
        struct fit fit = try_delimiter(sample, options, csv_delimiters[i]);
        if (!delimiter || declared || is_better(&fit, &best)) {
            best = fit;
            delimiter = csv_delimiters[i];
        }
    }
    if (known)
        *known = best.targets;
    return delimiter;
}

enum timestamp_order csv_date_order(const struct feed_sample *sample, char delimiter)
{
    struct csv_cell *cells = mem_zero(CSV_CELLS_MAX, sizeof *cells);
    struct buf unquoted = BUF_EMPTY;
    size_t at = 0, length, seen[3] = { 0 };
    const char *line;
    while (feed_sample_line(sample, &at, &line, &length)) {
        size_t count = csv_split(line, length, delimiter, cells, &unquoted);
        for (size_t i = 0; i < count && count <= CSV_CELLS_MAX; i++)
            seen[timestamp_order(cells[i].text, cells[i].length)]++;
    }
    buf_free(&unquoted);
    free(cells);
    bool day = seen[TIMESTAMP_DAY_FIRST], month = seen[TIMESTAMP_MONTH_FIRST];
    return day == month ? TIMESTAMP_EITHER_FIRST : day ? TIMESTAMP_DAY_FIRST : TIMESTAMP_MONTH_FIRST;
}

static void list_names(char **names, size_t count, struct buf *out)
{
    for (size_t i = 0; i < count && out->length < 400; i++) {
        buf_add_string(out, i ? ", " : "");
        text_add_quoted(out, names[i], strlen(names[i]));
    }
}

static int check_target(const struct claim *claims, char **names, size_t count, struct error *error)
{
    if (field_has_target(claims, count))
        return 0;
    struct buf list = BUF_EMPTY;
    list_names(names, count, &list);
    error_set(
        error, -EINVAL,
        "no column is known to hold a domain, an address or a URL; the columns are %s: map one (COLUMN: source.fqdn, "
        "source.ip or source.url), or say that the first row is data (header: no)",
        list.data);
    buf_free(&list);
    return -EINVAL;
}

/* Two columns of one name: which of them was meant? Those that are mapped by number are told apart. */
static int check_duplicates(char **names, const struct claim *claims, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; *names[i] && k < i; k++)
            if (claims[i].field != FIELD_DROP && claims[k].field != FIELD_DROP && strcasecmp(names[i], names[k]) == 0)
                return error_set(
                    error, -EINVAL,
                    "columns %zu and %zu are both called '%.60s': map them by number, or drop one (%zu: \"\")", k + 1,
                    i + 1, names[i], i + 1);
    return 0;
}

static int check_mapped_twice(const struct claim *claims, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; claims[i].field >= 0 && claims[i].rank == 0 && k < i; k++)
            if (claims[k].rank == 0 && claims[k].field == claims[i].field)
                return error_set(error, -EINVAL, "columns %zu and %zu are both mapped to %s", k + 1, i + 1,
                                 field_name(claims[i].field));
    return 0;
}

/* "extra.NAME"; a column without a name, or with one that another has once sanitised, gets its number too. */
static void make_key(struct csv_column *columns, size_t index, const char *name)
{
    char plain[FIELD_KEY_SIZE];
    bool taken = !*name;
    field_extra_key(*name ? name : "column", plain);
    for (size_t i = 0; i < index; i++)
        taken |= columns[i].field == FIELD_EXTRA && strcmp(columns[i].key, plain) == 0;
    if (taken)
        snprintf(columns[index].key, FIELD_KEY_SIZE, "%.60s_%zu", plain, (index + 1) % 10000);
    else
        memcpy(columns[index].key, plain, sizeof plain);
}

/* The mapping may send a column to an extra of another name. */
static const char *extra_name(const struct feed_options *options, const char *name, size_t number)
{
    const char *field = field_mapped(options, name, number);
    return field && strncmp(field, "extra.", 6) == 0 ? field : name;
}

static void fill_columns(const struct feed_options *options, struct claim *claims, char **names, size_t count,
                         struct csv_column *out)
{
    field_settle(claims, count);
    for (size_t i = 0; i < count; i++) {
        out[i].field = claims[i].field;
        out[i].key[0] = '\0';
        if (out[i].field == FIELD_EXTRA)
            make_key(out, i, extra_name(options, names[i], i + 1));
    }
}

/* A mapping counts everywhere. */
static struct claim claim_column(const struct feed_options *options, const struct shadowserver_report *report,
                                 const char *name, size_t number)
{
    if (report->columns && !field_mapped(options, name, number))
        return shadowserver_claim(report, name);
    return field_claim(options, name, number);
}

/* "Date" beside "Time" is one time in two columns, unless something surer is the time. */
static void join_day_and_clock(struct claim *claims, char **names, size_t count)
{
    size_t day = count, clock = count;
    for (size_t i = 0; i < count; i++) {
        bool is_common = claims[i].rank > RANK_HARMONISED;
        if (is_common && common_name_is_day(names[i]) && day == count)
            day = i;
        else if (is_common && common_name_is_clock(names[i]) && clock == count)
            clock = i;
        else if (claims[i].field == FIELD_TIME && claims[i].rank <= RANK_COMMON)
            return;
    }
    if (day == count || clock == count)
        return;
    claims[day] = (struct claim){ FIELD_TIME, RANK_COMMON };
    claims[clock].field = FIELD_CLOCK;
}

/* What its columns are called is not known: the rows would say nothing either. */
static int check_encoding(enum text_encoding encoding, const struct csv_cell *cells, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++)
        if (!text_is_in(encoding, cells[i].text, cells[i].length))
            return error_set(error, -EINVAL, "the name of column %zu is not in %s, as was said (encoding)", i + 1,
                             encoding == TEXT_UTF8 ? "UTF-8" : "Latin-1");
    return 0;
}

int csv_name_columns(const struct feed_options *options, struct shadowserver_report *report,
                     const struct csv_cell *cells, size_t count, struct csv_column *out, struct error *error)
{
    enum text_encoding encoding = text_encoding_called(options->encoding);
    int code = check_encoding(encoding, cells, count, error);
    if (code)
        return code;
    char **names = cell_names(encoding, cells, count);
    struct claim *claims = mem_zero(count, sizeof *claims);
    report->columns = shadowserver_is_header(names, count, report->type != NULL);
    for (size_t i = 0; i < count; i++)
        claims[i] = claim_column(options, report, names[i], i + 1);
    join_day_and_clock(claims, names, count);
    code = check_target(claims, names, count, error);
    if (!code)
        code = check_mapped_twice(claims, count, error);
    if (!code)
        code = check_duplicates(names, claims, count, error);
    if (!code)
        fill_columns(options, claims, names, count, out);
    free(claims);
    free_names(names, count);
    return code;
}

int csv_number_columns(const struct feed_options *options, size_t count, struct csv_column *out, struct error *error)
{
    struct claim *claims = mem_zero(count, sizeof *claims);
    const struct csv_cell none = { "", 0 };
    struct csv_cell *cells = mem_zero(count, sizeof *cells);
    for (size_t i = 0; i < count; i++) {
        cells[i] = none;
        claims[i] = field_claim(options, "", i + 1);
    }
    char **names = cell_names(TEXT_DETECTED, cells, count);
    int code = check_mapped_twice(claims, count, error);
    if (!code && !field_has_target(claims, count))
        code = error_set(
            error, -EINVAL,
            "there is no header, and no column from 1 to %zu is mapped to source.fqdn, source.ip or source.url: "
            "map columns by number (1: source.fqdn)",
            count);
    if (!code)
        fill_columns(options, claims, names, count, out);
    free_names(names, count);
    free(cells);
    free(claims);
    return code;
}

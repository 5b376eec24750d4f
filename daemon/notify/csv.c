#include "daemon/base/ascii.h"
#include "daemon/base/mem.h"
#include "daemon/notify/parts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COLUMNS_USUAL 16
#define CELL_MAX 32000 /* bytes; spreadsheets cut a cell at 32,767 characters */

/* Does a spreadsheet take a cell that begins at TEXT for a formula? Blanks (which control characters become) and quotes before the sign do
 * not stop every one of them, and in a Japanese or Chinese one the full-width signs (U+FF1D, FF0B, FF0D, FF20) count too. */
static bool is_formula(const char *text, size_t length)
{
    size_t i = 0;
    while (i < length && ((unsigned char)text[i] <= ' ' || strchr("\"'\x7f", text[i])))
        i++;
    if (i == length)
        return false;
    if (strchr("=+-@", text[i]))
        return true;
    return length - i >= 3 && memcmp(text + i, "\xef\xbc", 2) == 0 && text[i + 2] &&
           strchr("\x9d\x8b\x8d\xa0", text[i + 2]);
}

/* Append a cell: always quoted, control characters as blanks, so that a record is a line. An apostrophe makes text of what would be a
 * formula; after a `;` too, because a spreadsheet that takes that for the separator cuts there, whatever the quotes say. */
static void cell(struct buf *out, const char *text, size_t length)
{
    bool cut = length > CELL_MAX;
    if (cut)
        for (length = CELL_MAX; length && ((unsigned char)text[length] & 0xc0) == 0x80;)
            length--;
    buf_reserve(out, 2 * length + 8);
    buf_add(out, "\"", 1);
    if (length && (strchr("\t\r\n", text[0]) || is_formula(text, length)))
        buf_add(out, "'", 1);
    size_t plain = memchr(text, '"', length) || memchr(text, ';', length) ? 0 : ascii_run(text, length);
    char *at = mempcpy(out->data + out->length, text, plain);
    for (size_t i = plain; i < length; i++) {
        char byte = text[i];
        if (byte == '"')
            *at++ = '"';
        *at++ = (unsigned char)byte < 0x20 || byte == 0x7f ? ' ' : byte;
        if (byte == ';' && is_formula(text + i + 1, length - i - 1))
            *at++ = '\'';
    }
    *at = '\0';
    out->length = (size_t)(at - out->data);
    buf_add_string(out, cut ? "\xe2\x80\xa6\"" : "\"");
}

struct column {
    const char *field; /* points into the rows */
    size_t rank; /* its place among those that lead, ROW_LEADING for the others */
};

struct columns {
    struct column *list;
    size_t count, capacity;
};

static size_t rank(const char *field)
{
    size_t i = 0;
    while (i < ROW_LEADING && strcmp(field, row_fields[i].field) != 0)
        i++;
    return i;
}

static int compare(const void *left, const void *right)
{
    const struct column *a = left, *b = right;
    return a->rank != b->rank ? (a->rank < b->rank ? -1 : 1) : strcmp(a->field, b->field);
}

/* Every field that some row has, in an order that does not depend on the rows'. */
static struct columns columns_gather(const struct rows *rows)
{
    struct columns columns = { NULL, 0, 0 };
    json_t *seen = rows->count > 1 ? json_object() : NULL; /* a row has a field once */
    for (size_t i = 0; i < rows->count; i++) {
        const char *field;
        json_t *value;
        json_object_foreach(rows->items[i], field, value)
        {
            if (row_hides(field) || json_object_get(seen, field))
                continue;
            if (seen)
                json_object_set_new_nocheck(seen, field, json_true());
            if (columns.count == columns.capacity) {
                columns.capacity = columns.capacity ? columns.capacity * 2 : COLUMNS_USUAL;
                columns.list = mem_resize(columns.list, columns.capacity, sizeof *columns.list);
            }
            columns.list[columns.count++] = (struct column){ field, rank(field) };
        }
    }
    if (columns.count)
        qsort(columns.list, columns.count, sizeof *columns.list, compare);
    json_decref(seen);
    return columns;
}

static void header_row(struct buf *out, const struct columns *columns)
{
    cell(out, "target", 6);
    for (size_t i = 0; i < columns->count; i++) {
        const char *field = columns->list[i].field;
        buf_add(out, ",", 1);
        if (strcasecmp(field, "target") == 0) /* a row's own field must not pass for ours */
            cell(out, "extra.target", 12);
        else
            cell(out, field, strlen(field));
    }
    buf_add(out, "\r\n", 2);
}

/* ROW is NULL for a case that has no incidents: its target must be there all the same. */
static void data_row(struct buf *out, const char *target, const json_t *row, const struct columns *columns,
                     struct buf *scratch)
{
    cell(out, target, strlen(target));
    for (size_t i = 0; i < columns->count; i++) {
        const json_t *value = json_object_get(row, columns->list[i].field);
        buf_add(out, ",", 1);
        if (json_is_string(value)) {
            cell(out, json_string_value(value), json_string_length(value));
        } else if (value && !json_is_null(value)) {
            buf_truncate(scratch, 0);
            text_value(scratch, value);
            cell(out, scratch->data, scratch->length);
        }
    }
    buf_add(out, "\r\n", 2);
}

void csv_write(struct buf *out, const struct notification *notification, const struct rows *rows)
{
    struct columns columns = columns_gather(rows);
    struct buf scratch = BUF_EMPTY;
    header_row(out, &columns);
    for (size_t i = 0, at = 0; i < notification->case_count; i++) {
        const struct notification_case *one = &notification->cases[i];
        for (size_t j = 0; j < one->count; j++)
            data_row(out, one->target, rows->items[at++], &columns, &scratch);
        if (!one->count)
            data_row(out, one->target, NULL, &columns, &scratch);
    }
    buf_free(&scratch);
    free(columns.list);
}

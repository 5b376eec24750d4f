#include "daemon/report/table.h"

#include "daemon/base/mem.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct table {
    size_t columns;
    char **cells; /* the heads first */
    size_t count;
};

struct table *table_new(const char *const *heads)
{
    struct table *table = mem_zero(1, sizeof *table);
    while (heads[table->columns])
        table->columns++;
    for (size_t i = 0; i < table->columns; i++)
        table_add(table, heads[i]);
    return table;
}

void table_free(struct table *table)
{
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i]);
    free(table->cells);
    free(table);
}

void table_add(struct table *table, const char *cell)
{
    table->cells = mem_resize(table->cells, table->count + 1, sizeof *table->cells);
    char *copy = table->cells[table->count++] = mem_string(cell);
    for (; *copy; copy++)
        if ((unsigned char)*copy < 0x20 || *copy == 0x7f)
            *copy = '?';
}

void table_add_format(struct table *table, const char *format, ...)
{
    char cell[256];
    va_list args;
    va_start(args, format);
    vsnprintf(cell, sizeof cell, format, args);
    va_end(args);
    table_add(table, cell);
}

/* Characters, not bytes: the dash of an interval has three. */
static size_t width(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static size_t column_width(const struct table *table, size_t column)
{
    size_t widest = 0;
    for (size_t i = column; i < table->count; i += table->columns)
        if (width(table->cells[i]) > widest)
            widest = width(table->cells[i]);
    return widest;
}

/* Is every cell below the head a figure, a date, or nothing? The first column has names. */
static bool is_of_figures(const struct table *table, size_t column)
{
    for (size_t i = column + table->columns; i < table->count; i += table->columns) {
        unsigned char first = (unsigned char)table->cells[i][0];
        if (first && first < 0x80 && !(first >= '0' && first <= '9'))
            return false;
    }
    return column > 0;
}

void table_render(const struct table *table, struct buf *out)
{
    size_t *widths = mem_zero(table->columns, sizeof *widths);
    for (size_t i = 0; i < table->columns; i++)
        widths[i] = column_width(table, i);
    for (size_t i = 0; i < table->count; i++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): where there are cells there are columns */
        size_t column = i % table->columns;
        int padding = (int)(widths[column] - width(table->cells[i]));
        bool last = column + 1 == table->columns;
        if (is_of_figures(table, column))
            buf_add_format(out, "  %*s%s", padding, "", table->cells[i]);
        else
            buf_add_format(out, "  %s%*s", table->cells[i], last ? 0 : padding, "");
        if (last)
            buf_add_char(out, '\n');
    }
    free(widths);
}

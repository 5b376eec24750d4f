/* A table for a terminal or for paper: columns as wide as their widest cell. One thread at a time. */
#ifndef TOCSIN_REPORT_TABLE_H
#define TOCSIN_REPORT_TABLE_H

#include "daemon/base/buf.h"

struct table;

/* HEADS: the columns' heads, NULL at the end (copied). A column of figures is set to the right, one of
 * words and the first to the left. table_free() frees it. */
struct table *table_new(const char *const *heads);
void table_free(struct table *table);

/* Append a cell (copied; control characters are replaced); a full row begins the next. */
void table_add(struct table *table, const char *cell);
void table_add_format(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Append the table's lines. */
void table_render(const struct table *table, struct buf *out);

#endif

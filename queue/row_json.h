/* A row as a JSON object. Internal to queue/. */
#ifndef TOCSIN_QUEUE_ROW_JSON_H
#define TOCSIN_QUEUE_ROW_JSON_H

#include "queue/sql.h"

#include <jansson.h>

/* The current row of STATEMENT: a member a column, named as the column is. A first letter says what a number stands for, and is dropped: `@` a time, `?` a
 * truth, `:` the state of a case, `;` of a notification, `%` of a campaign, `/` of a rung, `&` a party. NULL is null. Text that is no UTF-8 is taken as Latin-1. */
json_t *row_json(sqlite3_stmt *statement);

/* All rows that are left, as an array. */
json_t *rows_json(struct sql *sql, sqlite3_stmt *statement);

#endif

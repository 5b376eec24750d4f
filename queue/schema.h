/* The tables, and how a store of an older version becomes one of this. Internal to queue/. */
#ifndef TOCSIN_QUEUE_SCHEMA_H
#define TOCSIN_QUEUE_SCHEMA_H

#include "queue/sql.h"

#define DUE_NEVER INT64_MAX

/* Bring SQL's file, which is PATH, up to date, a transaction a version; one with another version than this is copied to PATH.schema-VERSION first. 0, -EPROTO when it
 * is from a newer Tocsin, otherwise sql_status()'s. */
int schema_migrate(struct sql *sql, const char *path, struct error *error);

/* Is it this version's? -EPROTO when not. */
int schema_check(struct sql *sql, const char *path, struct error *error);

#endif

/* The tables, and how a store of an older version becomes one of this. Internal to queue/. */
#ifndef TOCSIN_QUEUE_SCHEMA_H
#define TOCSIN_QUEUE_SCHEMA_H

#include "queue/sql.h"

#define DUE_NEVER INT64_MAX

/* Bring SQL's file up to date, a transaction a version. 0, -EPROTO when it is from a newer Tocsin, -EIO. PATH is for messages. */
int schema_migrate(struct sql *sql, const char *path, struct error *error);

#endif

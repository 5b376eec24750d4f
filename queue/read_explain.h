/* The read `explain` (reads.h). Internal to queue/. */
#ifndef TOCSIN_QUEUE_READ_EXPLAIN_H
#define TOCSIN_QUEUE_READ_EXPLAIN_H

#include "queue/reads.h"

int read_explain(struct sql *sql, const json_t *arguments, json_t *result, struct error *error);

#endif

/* What a campaign would do next. Internal to queue/. */
#ifndef TOCSIN_QUEUE_READ_OUTLOOK_H
#define TOCSIN_QUEUE_READ_OUTLOOK_H

#include "queue/sql.h"

#include <jansson.h>

/* Put into RESULT what reads.h says of `outlook`. */
void read_outlook(struct sql *sql, int64_t campaign, json_t *result);

#endif

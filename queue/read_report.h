/* The counts of a campaign. Internal to queue/. */
#ifndef TOCSIN_QUEUE_READ_REPORT_H
#define TOCSIN_QUEUE_READ_REPORT_H

#include "queue/sql.h"

#include <jansson.h>

/* Put into RESULT what daemon/report/report.h calls COUNTS. */
void read_report_counts(struct sql *sql, int64_t campaign, json_t *result);

/* The cases of CAMPAIGN by end, with `open`. */
json_t *read_ends(struct sql *sql, int64_t campaign);

#endif

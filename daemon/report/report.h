/* report: the store's counts in, the figures and their renderings out. Pure; any thread. */
#ifndef TOCSIN_REPORT_REPORT_H
#define TOCSIN_REPORT_REPORT_H

#include "daemon/base/buf.h"

#include <jansson.h>

struct interval {
    double low, high;
};

/* The 95% Wilson score interval of HITS among N (0 to 1; N = 0 gives 0 to 1). */
struct interval report_wilson(long hits, long n);

/* COUNTS is what the store's "report" read gives (queue/reads.h says what is in it). Returns a new object: the counts with rates and intervals added. */
json_t *report_figures(const json_t *counts);

/* Render figures for people, or as CSV (RFC 4180; one table, `section,name,measure,value`). */
void report_text(const json_t *figures, struct buf *out);
void report_csv(const json_t *figures, struct buf *out);

#endif

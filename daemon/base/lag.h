/* How late the loop serves a timer: a histogram of fixed buckets. Pure; one thread. */
#ifndef TOCSIN_BASE_LAG_H
#define TOCSIN_BASE_LAG_H

#include <stdint.h>

#define LAG_BUCKETS 16

struct lag {
    uint64_t counts[LAG_BUCKETS];
    uint64_t total;
    int64_t longest; /* microseconds */
};

/* A timer that falls due every EVERY microseconds was served LATE microseconds late. Where that is longer than EVERY, those that would have fallen due
 * meanwhile count too, or one long stretch would weigh no more than a short one. */
void lag_add(struct lag *lag, int64_t late, int64_t every);

/* So many microseconds or less in PER_MILLE of 1,000 cases, interpolated within a bucket; 0 when there is none. */
int64_t lag_percentile(const struct lag *lag, unsigned per_mille);

#endif

/* When to try again. Pure; any thread. */
#ifndef TOCSIN_QUEUE_RETRY_H
#define TOCSIN_QUEUE_RETRY_H

#include <stdint.h>

/* Milliseconds to wait after ATTEMPT (from 1): FIRST, doubling, at most LONGEST (RFC 5321 §4.5.4.1), and up to a fifth more. The jitter comes from SEED,
 * so that what was deferred together does not come back together; the same input gives the same wait. */
int64_t retry_wait(int64_t first, int64_t longest, unsigned attempt, uint64_t seed);

#endif

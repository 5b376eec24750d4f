/* Points in time: seconds since 1970 UTC. Pure; any thread. */
#ifndef TOCSIN_BASE_TIMESTAMP_H
#define TOCSIN_BASE_TIMESTAMP_H

#include <stddef.h>
#include <stdint.h>

#define TIMESTAMP_ISO_SIZE 32
#define TIMESTAMP_MAIL_SIZE 40

/* Which of two numbers in `10/08/2026` is the day: one half of the world writes one first, the other the other. */
enum timestamp_order { TIMESTAMP_EITHER_FIRST, TIMESTAMP_DAY_FIRST, TIMESTAMP_MONTH_FIRST };

/* Read a time in any common form: ISO 8601 with `T` or a blank, with fractions, `Z` or an offset (none: UTC), compact or not; Unix seconds,
 * milli-, micro- or nanoseconds; RFC 5322 dates, ctime's, those of web servers' logs; `10.08.2026 14:10`, `Aug 10, 2026 2:10 PM`, also with
 * the months of some other languages; a date alone. A syslog's `Aug 10 14:10:59` names no year: it gets the last one in which it is not after SEEN, when it was read
 * (seconds; 0: such a time is refused). As it mostly is a local time and says no zone, one that the easternmost clock may show by then counts as not after it.
 * ORDER is for those that need it. 0; -EINVAL (also for the 30th of February); -EDOM where it may be two days, and ORDER does not say which. */
int timestamp_parse_ordered(const char *text, size_t length, enum timestamp_order order, int64_t seen, int64_t *out);
int timestamp_parse(const char *text, size_t length, int64_t *out); /* with TIMESTAMP_EITHER_FIRST, and a year in it */

/* What TEXT gives away: `25/08/2026` has the day first. Most give nothing away. */
enum timestamp_order timestamp_order(const char *text, size_t length);

/* `2026-08-10T14:10:59+00:00`, as IntelMQ writes it. */
void timestamp_iso(int64_t time, char out[TIMESTAMP_ISO_SIZE]);

/* `Mon, 10 Aug 2026 14:10:59 +0000` (RFC 5322 §3.3), in English whatever the locale. */
void timestamp_mail(int64_t time, char out[TIMESTAMP_MAIL_SIZE]);

#endif

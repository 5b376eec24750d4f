/* Points in time: seconds since 1970 UTC. Pure; any thread. */
#ifndef TOCSIN_BASE_TIMESTAMP_H
#define TOCSIN_BASE_TIMESTAMP_H

#include <stddef.h>
#include <stdint.h>

#define TIMESTAMP_ISO_SIZE 32
#define TIMESTAMP_MAIL_SIZE 40

/* Read a time in any common form: ISO 8601 with `T` or a blank, with fractions, `Z` or an offset (none: UTC); Unix seconds or
 * milliseconds; RFC 5322 dates; `2026-08-10 14:10:59 UTC`; `10/Aug/2026:14:10:59 +0000`; a date alone. 0 or -EINVAL (also for the
 * 30th of February). */
int timestamp_parse(const char *text, size_t length, int64_t *out);

/* `2026-08-10T14:10:59+00:00`, as IntelMQ writes it. */
void timestamp_iso(int64_t time, char out[TIMESTAMP_ISO_SIZE]);

/* `Mon, 10 Aug 2026 14:10:59 +0000` (RFC 5322 §3.3), in English whatever the locale. */
void timestamp_mail(int64_t time, char out[TIMESTAMP_MAIL_SIZE]);

#endif

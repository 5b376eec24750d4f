/* Dates of the Gregorian calendar, and what they are in seconds since 1970 UTC. Pure; any thread. */
#ifndef TOCSIN_BASE_CIVIL_H
#define TOCSIN_BASE_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#define SECONDS_PER_DAY 86400

struct civil {
    int year, month, day, hour, minute, second; /* month from 1 */
};

/* In English, as RFC 5322 abbreviates them. */
extern const char civil_months[12][4];
extern const char civil_weekdays[7][4]; /* from Sunday */

/* Days since 1970-01-01. */
int64_t civil_days(int year, int month, int day);
struct civil civil_from_time(int64_t time);

/* Is there such a date, since 1970, and such a time of day? */
bool civil_is_valid(const struct civil *civil);

#endif

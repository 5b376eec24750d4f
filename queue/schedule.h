/* When mails may go out: at full hours, at a time of day, in business hours, by the clock of whoever gets them. Times are milliseconds since 1970 UTC. It asks no
 * clock; the zones are tzdata's, read once. Any thread. */
#ifndef TOCSIN_QUEUE_SCHEDULE_H
#define TOCSIN_QUEUE_SCHEDULE_H

#include "config/config.h"

enum schedule_round { SCHEDULE_AT_ONCE, SCHEDULE_HOURLY, SCHEDULE_DAILY };

struct schedule {
    enum schedule_round round;
    int minute; /* daily: of the day */
    int from, to; /* business hours, full hours of Monday to Friday; both 0: any hour of any day */
    const char *zone; /* where no country is known */
};

/* What PROFILE says (send, send_at, business_hours, time_zone); the zone's name stays its own. NULL: at once. */
struct schedule schedule_of(const struct config_profile *profile);

/* Is there anything to wait for at all? */
bool schedule_waits(const struct schedule *schedule);

/* The first time from NOW on at which a mail to somebody in COUNTRY (ISO 3166; "": not known) may go out. A daily one that falls out of business hours waits for
 * the next day's. Where the clock is put forward over it, it comes as soon as that is done; where the clock shows it twice, it is the second one. */
int64_t schedule_next(const struct schedule *schedule, const char *country, int64_t now);

/* The same for a mail whose round has come, and which could not go out then: business hours alone count. */
int64_t schedule_open(const struct schedule *schedule, const char *country, int64_t now);

/* The first round for a mail that is to be at least some time apart from the last, which ends at TIME: rounds that are nearly as far apart will do, since a
 * mail never is taken at the very moment that it falls due, and a daily one would come every second day. */
int64_t schedule_apart(const struct schedule *schedule, const char *country, int64_t time);

#endif

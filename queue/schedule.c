#include "queue/schedule.h"

#include "queue/zones.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#define HOUR INT64_C(3600000)
#define DAYS 14 /* to look ahead: longer than any weekend */

struct schedule schedule_of(const struct config_profile *profile)
{
    struct schedule schedule = { .zone = profile ? profile->time_zone : "UTC" };
    int hour = 0, minute = 0;
    if (!profile)
        return schedule;
    if (strcmp(profile->send, "hourly") == 0)
        schedule.round = SCHEDULE_HOURLY;
    if (strcmp(profile->send, "daily") == 0)
        schedule.round = SCHEDULE_DAILY;
    sscanf(profile->send_at, "%d:%d", &hour, &minute);
    schedule.minute = hour * 60 + minute;
    if (profile->business_hours)
        sscanf(profile->business_hours, "%d-%d", &schedule.from, &schedule.to);
    return schedule;
}

bool schedule_waits(const struct schedule *schedule)
{
    return schedule->round != SCHEDULE_AT_ONCE || schedule->to;
}

/* Reading a zone costs more than all the rest: each that was asked for is kept. NULL: tzdata has no such zone. */
static GTimeZone *zone_named(const char *name)
{
    static GMutex lock;
    static GHashTable *kept;
    g_mutex_lock(&lock);
    if (!kept)
        kept = g_hash_table_new(g_str_hash, g_str_equal);
    GTimeZone *zone = g_hash_table_lookup(kept, name);
    if (!zone && (zone = g_time_zone_new_identifier(name)))
        g_hash_table_insert(kept, g_strdup(name), zone);
    g_mutex_unlock(&lock);
    return zone;
}

static GTimeZone *zone_for(const struct schedule *schedule, const char *country)
{
    const char *name = *country ? zone_of_country(country) : NULL;
    GTimeZone *zone = name ? zone_named(name) : NULL;
    zone = zone ? zone : zone_named(schedule->zone);
    return zone ? zone : zone_named("UTC");
}

static GDateTime *local_time(GTimeZone *zone, int64_t time)
{
    GDateTime *utc = g_date_time_new_from_unix_utc(time / 1000), *local = g_date_time_to_timezone(utc, zone);
    g_date_time_unref(utc);
    return local;
}

/* MINUTE of the day that is DAYS after that of LOCAL, in milliseconds; *WEEKDAY: 1 is Monday. */
static int64_t at(GTimeZone *zone, GDateTime *local, int days, int minute, int *weekday)
{
    /* By noon: a clock that is put back or forward leaves it the same day. */
    GDateTime *noon = g_date_time_new_utc(g_date_time_get_year(local), g_date_time_get_month(local),
                                          g_date_time_get_day_of_month(local), 12, 0, 0);
    GDateTime *day = g_date_time_add_days(noon, days + minute / 1440);
    GDateTime *then = g_date_time_new(zone, g_date_time_get_year(day), g_date_time_get_month(day),
                                      g_date_time_get_day_of_month(day), minute % 1440 / 60, minute % 60, 0);
    int64_t time = g_date_time_to_unix(then) * 1000;
    if (weekday)
        *weekday = g_date_time_get_day_of_week(day);
    g_date_time_unref(noon);
    g_date_time_unref(day);
    g_date_time_unref(then);
    return time;
}

/* TIME itself in business hours, else when they begin next. */
static int64_t open_from(const struct schedule *schedule, GTimeZone *zone, int64_t time)
{
    if (!schedule->to)
        return time;
    GDateTime *local = local_time(zone, time);
    int64_t found = time;
    for (int day = 0; day < DAYS; day++) {
        int weekday;
        int64_t from = at(zone, local, day, schedule->from * 60, &weekday);
        int64_t to = at(zone, local, day, schedule->to * 60, NULL);
        if (weekday > 5 || time >= to)
            continue;
        found = time > from ? time : from;
        break;
    }
    g_date_time_unref(local);
    return found;
}

static int64_t next_hour(GTimeZone *zone, int64_t now)
{
    GDateTime *local = local_time(zone, now);
    int64_t offset = g_date_time_get_utc_offset(local) / 1000, past = (now + offset) % HOUR;
    g_date_time_unref(local);
    return past ? now + HOUR - past : now;
}

static int64_t next_day(const struct schedule *schedule, GTimeZone *zone, int64_t now)
{
    GDateTime *local = local_time(zone, now);
    int64_t first = 0, found = 0;
    for (int day = 0; day < DAYS && !found; day++) {
        int64_t time = at(zone, local, day, schedule->minute, NULL);
        if (time < now)
            continue;
        first = first ? first : time;
        if (open_from(schedule, zone, time) == time)
            found = time;
    }
    g_date_time_unref(local);
    /* config refuses a time of day that never is in business hours */
    return found ? found : open_from(schedule, zone, first);
}

int64_t schedule_next(const struct schedule *schedule, const char *country, int64_t now)
{
    if (!schedule_waits(schedule))
        return now;
    GTimeZone *zone = zone_for(schedule, country);
    if (schedule->round == SCHEDULE_DAILY)
        return next_day(schedule, zone, now);
    return open_from(schedule, zone, schedule->round == SCHEDULE_HOURLY ? next_hour(zone, now) : now);
}

int64_t schedule_open(const struct schedule *schedule, const char *country, int64_t now)
{
    return schedule->to ? open_from(schedule, zone_for(schedule, country), now) : now;
}

int64_t schedule_apart(const struct schedule *schedule, const char *country, int64_t time)
{
    static const int64_t early[] = {
        [SCHEDULE_AT_ONCE] = 0, [SCHEDULE_HOURLY] = HOUR / 2, [SCHEDULE_DAILY] = 12 * HOUR
    };
    return schedule_next(schedule, country, time - early[schedule->round]);
}

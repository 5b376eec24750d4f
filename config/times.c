/* Times of the day, and where. */
#include "config/values.h"
#include "daemon/base/mem.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#define DIGITS "0123456789"

/* One or two digits up to MOST; *AT moves behind them. -1: there are none. */
static int number(const char **at, int most)
{
    size_t digits = strspn(*at, DIGITS);
    if (digits < 1 || digits > 2)
        return -1;
    int value = digits == 1 ? (*at)[0] - '0' : ((*at)[0] - '0') * 10 + (*at)[1] - '0';
    *at += digits;
    return value <= most ? value : -1;
}

int config_parse_time_of_day(const struct config_key *key, const char *text, void *field, struct error *error)
{
    (void)key;
    (void)error;
    const char *at = text;
    int hour = number(&at, 23);
    if (hour < 0 || *at++ != ':' || strlen(at) != 2)
        return -EINVAL;
    int minute = number(&at, 59);
    if (minute < 0 || *at)
        return -EINVAL;
    *(char **)field = mem_format("%02d:%02d", hour, minute);
    return 0;
}

int config_parse_hours(const struct config_key *key, const char *text, void *field, struct error *error)
{
    (void)key;
    const char *at = text;
    int from = number(&at, 23);
    if (from < 0 || *at++ != '-')
        return -EINVAL;
    int to = number(&at, 24);
    if (to < 0 || *at)
        return -EINVAL;
    if (to <= from)
        return error_set(error, -EINVAL, "the last hour is not after the first");
    *(char **)field = mem_format("%d-%d", from, to);
    return 0;
}

int config_parse_zone(const struct config_key *key, const char *text, void *field, struct error *error)
{
    (void)key;
    /* A name, and no path. */
    if (!*text || *text == '/' || strstr(text, "..") || strlen(text) > 64)
        return -EINVAL;
    GTimeZone *zone = g_time_zone_new_identifier(text);
    if (!zone)
        return error_set(error, -EINVAL, "there is no such zone in /usr/share/zoneinfo");
    g_time_zone_unref(zone);
    *(char **)field = mem_string(text);
    return 0;
}

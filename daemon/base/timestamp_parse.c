#include "daemon/base/civil.h"
#include "daemon/base/timestamp.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Kiribati's, east of UTC. */
#define EASTERNMOST (14 * 3600)
/* From one 29th of February to the next, around 2100. */
#define LONGEST_TO_LEAP 8

/* What is left of the text. */
struct cursor {
    const char *at, *end;
};

static void skip_blanks(struct cursor *cursor)
{
    while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t'))
        cursor->at++;
}

static bool take(struct cursor *cursor, char byte)
{
    if (cursor->at == cursor->end || *cursor->at != byte)
        return false;
    cursor->at++;
    return true;
}

static bool take_number(struct cursor *cursor, int least, int most, int *out)
{
    int digits = 0, value = 0;
    while (cursor->at < cursor->end && digits < most && *cursor->at >= '0' && *cursor->at <= '9') {
        value = value * 10 + (*cursor->at++ - '0');
        digits++;
    }
    *out = value;
    return digits >= least;
}

/* Pass over what is left of a word, in whatever language. */
static void skip_word(struct cursor *cursor)
{
    while (cursor->at < cursor->end && (isalpha((unsigned char)*cursor->at) || (unsigned char)*cursor->at >= 0x80))
        cursor->at++;
    take(cursor, '.');
}

/* A name out of TABLE by its first three letters; the rest of the word is passed over ("August", "Sept."). */
static bool take_word(struct cursor *cursor, const char (*table)[4], int count, int *out)
{
    if (cursor->end - cursor->at < 3)
        return false;
    for (int i = 0; i < count; i++) {
        if (strncasecmp(cursor->at, table[i], 3) == 0) {
            *out = i + 1;
            skip_word(cursor);
            return true;
        }
    }
    return false;
}

/* How months begin in German, French, Spanish, Italian, Portuguese and Dutch where they do not begin as in English; in lower case, UTF-8 and
 * Latin-1. */
static const struct {
    const char *name;
    int month;
} other_months[] = {
    { "ene", 1 },
    { "gen", 1 },
    { "j\xc3\xa4n", 1 },
    { "f\xc3\xa9v", 2 },
    { "f\xe9v", 2 },
    { "fev", 2 },
    { "m\xc3\xa4r", 3 },
    { "m\xe4r", 3 },
    { "mrz", 3 },
    { "maa", 3 },
    { "avr", 4 },
    { "abr", 4 },
    { "mai", 5 },
    { "mag", 5 },
    { "mei", 5 },
    { "juin", 6 },
    { "giu", 6 },
    { "juil", 7 },
    { "lug", 7 },
    { "ao\xc3\xbb", 8 },
    { "ago", 8 },
    { "aou", 8 },
    { "set", 9 },
    { "okt", 10 },
    { "ott", 10 },
    { "out", 10 },
    { "dez", 12 },
    { "d\xc3\xa9"
      "c",
      12 },
    { "d\xe9"
      "c",
      12 },
    { "dic", 12 },
};

static bool take_month(struct cursor *cursor, int *out)
{
    if (take_word(cursor, civil_months, 12, out))
        return true;
    for (size_t i = 0; i < sizeof other_months / sizeof *other_months; i++) {
        size_t length = strlen(other_months[i].name);
        if ((size_t)(cursor->end - cursor->at) >= length &&
            strncasecmp(cursor->at, other_months[i].name, length) == 0) {
            *out = other_months[i].month;
            skip_word(cursor);
            return true;
        }
    }
    return false;
}

/* How a date may be laid out. Y: year, m: month in digits, b: month by name, d: day, x and y: day and month in an order that is to be found out, a:
 * weekday by name, D: two digits exactly (with Y, of the compact forms), t: a time of day, z: one and its zone; a blank: blanks; else itself. */
static const char *const layouts[] = {
    "Y-m-d",     "Y/m/d",     "YDD",   "YDDt",    "d.m.Y", "d b Y", "d. b Y",  "a, d b Y",
    "a, d. b Y", "a d b Y",   "d/b/Y", "d-b-Y",   "Y-b-d", "Y.m.d", "b d z Y", "a b d z Y",
    "b d, Y",    "a, b d, Y", "b d Y", "a b d Y", "x/y/Y", "x-y-Y",
};

struct reading {
    struct civil civil;
    int first, second; /* day and month in some order; 0: that is known */
    int offset; /* seconds east of UTC */
    bool has_time, has_zone, has_meridiem;
};

/* Zones by name: those of RFC 5322 §4.3, and those that feeds from Europe and Asia write and that mean one thing. */
static const struct {
    const char *name;
    int hours;
} zones[] = {
    { "Z", 0 },    { "UTC", 0 },  { "GMT", 0 },  { "UT", 0 },   { "EST", -5 }, { "EDT", -4 },
    { "CST", -6 }, { "CDT", -5 }, { "MST", -7 }, { "MDT", -6 }, { "PST", -8 }, { "PDT", -7 },
    { "CET", 1 },  { "CEST", 2 }, { "MEZ", 1 },  { "MESZ", 2 }, { "WET", 0 },  { "WEST", 1 },
    { "EET", 2 },  { "EEST", 3 }, { "MSK", 3 },  { "JST", 9 },  { "KST", 9 },
};

static bool take_zone_name(struct cursor *cursor, struct reading *reading)
{
    size_t length = 0;
    while (cursor->at + length < cursor->end && isalpha((unsigned char)cursor->at[length]))
        length++;
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        if (length == strlen(zones[i].name) && strncasecmp(cursor->at, zones[i].name, length) == 0) {
            reading->offset = zones[i].hours * 3600;
            reading->has_zone = true;
            cursor->at += length;
            return true;
        }
    }
    return false;
}

/* `+0200`, `+02:00`, `+02`, or a name. True too when there is none. */
static bool take_zone(struct cursor *cursor, struct reading *reading)
{
    struct cursor start = *cursor;
    skip_blanks(cursor);
    if (cursor->at < cursor->end && isalpha((unsigned char)*cursor->at)) {
        if (!take_zone_name(cursor, reading))
            return false;
        start = *cursor;
        skip_blanks(cursor); /* "GMT+02:00": the offset counts */
    }
    if (cursor->at == cursor->end || (*cursor->at != '+' && *cursor->at != '-')) {
        *cursor = start;
        return true;
    }
    int sign = *cursor->at++ == '+' ? 1 : -1, hours = 0, minutes = 0;
    if (!take_number(cursor, reading->has_zone ? 1 : 2, 2, &hours)) /* "UTC+2" */
        return false;
    bool more = take(cursor, ':') || (cursor->at < cursor->end && isdigit((unsigned char)*cursor->at));
    if (more && !take_number(cursor, 2, 2, &minutes))
        return false;
    reading->offset = sign * (hours * 3600 + minutes * 60);
    reading->has_zone = true;
    return hours <= 15 && minutes <= 59;
}

/* ` AM` or ` PM` after an hour of 1 to 12. True too when there is none. */
static bool take_meridiem(struct cursor *cursor, struct reading *reading)
{
    struct cursor ahead = *cursor;
    skip_blanks(&ahead);
    if (ahead.end - ahead.at < 2 || (ahead.at[1] | 0x20) != 'm')
        return true;
    int half = ahead.at[0] | 0x20, hour = reading->civil.hour;
    if ((half != 'a' && half != 'p') || (ahead.end - ahead.at > 2 && isalpha((unsigned char)ahead.at[2])))
        return true;
    reading->civil.hour = hour % 12 + (half == 'p' ? 12 : 0);
    reading->has_meridiem = true;
    cursor->at = ahead.at + 2;
    return hour >= 1 && hour <= 12;
}

/* A fraction of a second, which is dropped: findings are not told apart by it. */
static bool take_fraction(struct cursor *cursor)
{
    if (!take(cursor, '.') && !take(cursor, ','))
        return true;
    if (cursor->at == cursor->end || !isdigit((unsigned char)*cursor->at))
        return false;
    while (cursor->at < cursor->end && isdigit((unsigned char)*cursor->at))
        cursor->at++;
    return true;
}

/* `14:10`, `14h10`, `14:10:59`, `14:10:59.123`, `02:10:59 PM`, or without the colons. */
static bool take_time(struct cursor *cursor, struct reading *reading)
{
    struct civil *civil = &reading->civil;
    if (!take_number(cursor, 1, 2, &civil->hour))
        return false;
    bool colons = take(cursor, ':') || take(cursor, 'h');
    if (!take_number(cursor, 2, 2, &civil->minute))
        return false;
    bool seconds = colons ? take(cursor, ':') : cursor->at < cursor->end && isdigit((unsigned char)*cursor->at);
    if (seconds && (!take_number(cursor, 2, 2, &civil->second) || !take_fraction(cursor)))
        return false;
    reading->has_time = true;
    return take_meridiem(cursor, reading);
}

static bool take_item(struct cursor *cursor, const char *item, struct reading *reading)
{
    struct civil *civil = &reading->civil;
    int ignored;
    switch (*item) {
    case 'Y':
        return take_number(cursor, 4, 4, &civil->year);
    case 'm':
        return take_number(cursor, 1, 2, &civil->month);
    case 'd':
        return take_number(cursor, 1, 2, &civil->day);
    case 'D':
        return take_number(cursor, 2, 2, item[-1] == 'Y' ? &civil->month : &civil->day);
    case 'x':
        return take_number(cursor, 1, 2, &reading->first);
    case 'y':
        return take_number(cursor, 1, 2, &reading->second);
    case 'b':
        return take_month(cursor, &civil->month);
    case 'a':
        return take_word(cursor, civil_weekdays, 7, &ignored);
    case 't':
        return take_time(cursor, reading);
    case 'z':
        return take_time(cursor, reading) && take_zone(cursor, reading);
    case ' ':
        ignored = cursor->at < cursor->end && isblank((unsigned char)*cursor->at);
        skip_blanks(cursor);
        return ignored;
    default:
        return take(cursor, *item);
    }
}

/* The time of day after a date: after a `T`, blanks, or the `:` of web servers' logs. */
static bool take_rest(struct cursor *cursor, struct reading *reading)
{
    if (cursor->at < cursor->end && !reading->has_time) {
        char byte = *cursor->at;
        if (byte != 'T' && byte != 't' && byte != ' ' && byte != ':' && byte != ',' && byte != '_')
            return false;
        cursor->at++;
        skip_blanks(cursor);
        if (!take_time(cursor, reading))
            return false;
    }
    if (reading->has_time && !reading->has_zone && !take_zone(cursor, reading))
        return false;
    skip_blanks(cursor);
    if (reading->has_time && reading->has_zone && take(cursor, '(')) { /* RFC 5322's comment: "+0200 (CEST)" */
        const char *close = memchr(cursor->at, ')', (size_t)(cursor->end - cursor->at));
        cursor->at = close ? close + 1 : cursor->at;
    }
    return cursor->at == cursor->end;
}

/* Day and month out of `10/08/2026`: ORDER says which is which, unless one of them can be no month; without it AM or PM says so, which those write
 * who put the month first. False when it may be either. */
static bool order_date(struct reading *reading, enum timestamp_order order)
{
    int first = reading->first, second = reading->second;
    if (first > 12)
        order = TIMESTAMP_DAY_FIRST;
    else if (second > 12 || (!order && (first == second || reading->has_meridiem)))
        order = TIMESTAMP_MONTH_FIRST;
    reading->civil.day = order == TIMESTAMP_DAY_FIRST ? first : second;
    reading->civil.month = order == TIMESTAMP_DAY_FIRST ? second : first;
    return order;
}

/* 0, -EINVAL, or -EDOM: it fits the layout, but may be two days. */
static int read_layout(const char *layout, struct cursor cursor, enum timestamp_order order, struct reading *reading)
{
    *reading = (struct reading){ 0 };
    for (const char *item = layout; *item; item++)
        if (!take_item(&cursor, item, reading))
            return -EINVAL;
    if (!take_rest(&cursor, reading))
        return -EINVAL;
    bool clear = !reading->first || order_date(reading, order);
    return !civil_is_valid(&reading->civil) ? -EINVAL : clear ? 0 : -EDOM;
}

/* Unix time by its number of digits: 9 to 10 are seconds (1973 to 2286), 12 to 13 milliseconds, 15 to 16 microseconds, 18 to 19 nanoseconds,
 * each with or without a fraction. Shorter numbers are ports, counts or years that stand in the wrong column. */
static int read_epoch(struct cursor cursor, int64_t *out)
{
    static const int64_t units[] = { 1, 1000, 1000000, 1000000000 };
    int digits = 0;
    int64_t value = 0;
    while (cursor.at < cursor.end && isdigit((unsigned char)*cursor.at) && digits < 19) {
        if (value > (INT64_MAX - 9) / 10)
            return -EINVAL;
        value = value * 10 + (*cursor.at++ - '0');
        digits++;
    }
    if (digits < 9 || digits % 3 == 2 || !take_fraction(&cursor) || cursor.at != cursor.end)
        return -EINVAL;
    *out = value / units[(digits - 9) / 3];
    return 0;
}

static struct cursor trimmed(const char *text, size_t length)
{
    struct cursor cursor = { text, text + length };
    skip_blanks(&cursor);
    while (cursor.end > cursor.at && isspace((unsigned char)cursor.end[-1]))
        cursor.end--;
    return cursor;
}

static int64_t seconds_of(const struct reading *reading)
{
    const struct civil *civil = &reading->civil;
    return civil_days(civil->year, civil->month, civil->day) * SECONDS_PER_DAY + civil->hour * 3600 +
           civil->minute * 60 + civil->second - reading->offset;
}

/* RFC 3164's: the last year in which there is such a day, and it is not after SEEN. */
static int read_yearless(struct cursor cursor, int64_t seen, int64_t *out)
{
    struct reading reading = { 0 };
    bool colon = memchr(cursor.at, ':', (size_t)(cursor.end - cursor.at)) != NULL; /* "Feb 30 2026" is none */
    for (const char *item = "b d z"; *item; item++)
        if (!colon || !take_item(&cursor, item, &reading))
            return -EINVAL;
    if (!seen || !take_rest(&cursor, &reading))
        return -EINVAL;
    int64_t latest = seen + (reading.has_zone ? 0 : EASTERNMOST);
    int year = civil_from_time(latest).year;
    for (int back = 0; back <= LONGEST_TO_LEAP; back++) {
        reading.civil.year = year - back;
        if (civil_is_valid(&reading.civil) && seconds_of(&reading) <= latest) {
            *out = seconds_of(&reading);
            return 0;
        }
    }
    return -EINVAL;
}

int timestamp_parse_ordered(const char *text, size_t length, enum timestamp_order order, int64_t seen, int64_t *out)
{
    struct cursor cursor = trimmed(text, length);
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        struct reading reading;
        int code = read_layout(layouts[i], cursor, order, &reading);
        if (code == -EDOM)
            return code;
        if (!code) {
            *out = seconds_of(&reading);
            return 0;
        }
    }
    return read_yearless(cursor, seen, out) ? read_epoch(cursor, out) : 0;
}

int timestamp_parse(const char *text, size_t length, int64_t *out)
{
    return timestamp_parse_ordered(text, length, TIMESTAMP_EITHER_FIRST, 0, out);
}

enum timestamp_order timestamp_order(const char *text, size_t length)
{
    struct cursor cursor = trimmed(text, length);
    struct reading reading;
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        if (layouts[i][0] != 'x' || read_layout(layouts[i], cursor, TIMESTAMP_EITHER_FIRST, &reading))
            continue;
        if (reading.first > 12)
            return TIMESTAMP_DAY_FIRST;
        if (reading.second > 12)
            return TIMESTAMP_MONTH_FIRST;
    }
    return TIMESTAMP_EITHER_FIRST;
}

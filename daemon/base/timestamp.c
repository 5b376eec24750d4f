#include "daemon/base/timestamp.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SECONDS_PER_DAY 86400

static const char months[12][4] = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
};
static const char weekdays[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

struct civil {
    int year, month, day, hour, minute, second; /* month from 1 */
};

/* Days since 1970-01-01 of a date in the Gregorian calendar; years begin in March, so that the leap day comes last. */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static struct civil civil_from_time(int64_t time)
{
    int64_t days = time / SECONDS_PER_DAY, rest = time % SECONDS_PER_DAY;
    if (rest < 0) {
        rest += SECONDS_PER_DAY;
        days--;
    }
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    struct civil civil = { .day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
                           .month = (int)(month < 10 ? month + 3 : month - 9),
                           .hour = (int)(rest / 3600),
                           .minute = (int)(rest / 60 % 60),
                           .second = (int)(rest % 60) };
    civil.year = (int)(year_of_era + era * 400) + (civil.month <= 2);
    return civil;
}

static int days_in_month(int year, int month)
{
    static const int days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool civil_is_valid(const struct civil *civil)
{
    return civil->year >= 1970 && civil->month >= 1 && civil->month <= 12 && civil->day >= 1 &&
           civil->day <= days_in_month(civil->year, civil->month) && civil->hour <= 23 && civil->minute <= 59 &&
           civil->second <= 60; /* a leap second is the next minute's first */
}

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

/* A name out of TABLE by its first three letters; the rest of the word is passed over ("August", "Sept."). */
static bool take_word(struct cursor *cursor, const char (*table)[4], int count, int *out)
{
    if (cursor->end - cursor->at < 3)
        return false;
    for (int i = 0; i < count; i++) {
        if (strncasecmp(cursor->at, table[i], 3) == 0) {
            *out = i + 1;
            while (cursor->at < cursor->end && isalpha((unsigned char)*cursor->at))
                cursor->at++;
            take(cursor, '.');
            return true;
        }
    }
    return false;
}

/* How a date may be laid out. Y: year, m: month in digits, b: month by name, d: day, a: weekday by name, D: two digits exactly (with Y,
 * of the compact forms), t: a time of day, z: one and its zone, p: one with AM or PM; a blank: blanks; else itself. `10/08/2026` alone is
 * not here: one half of the world means August, the other October. Who writes AM or PM beside it means October. */
static const char *const layouts[] = {
    "Y-m-d", "Y/m/d", "YDD",     "YDDt",      "d.m.Y",  "d b Y", "a, d b Y", "a d b Y",
    "d/b/Y", "d-b-Y", "b d z Y", "a b d z Y", "b d, Y", "b d Y", "m/d/Y p",
};

struct reading {
    struct civil civil;
    int offset; /* seconds east of UTC */
    bool has_time, has_zone, has_meridiem;
};

/* Zones by name: those of RFC 5322 §4.3, and the two that European feeds write. Others mean several things. */
static const struct {
    const char *name;
    int hours;
} zones[] = {
    { "Z", 0 },    { "UTC", 0 },  { "GMT", 0 },  { "UT", 0 },   { "EST", -5 }, { "EDT", -4 }, { "CST", -6 },
    { "CDT", -5 }, { "MST", -7 }, { "MDT", -6 }, { "PST", -8 }, { "PDT", -7 }, { "CET", 1 },  { "CEST", 2 },
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
    if (!take_number(cursor, 2, 2, &hours))
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

/* `14:10`, `14:10:59`, `14:10:59.123`, `02:10:59 PM`, or without the colons. */
static bool take_time(struct cursor *cursor, struct reading *reading)
{
    struct civil *civil = &reading->civil;
    if (!take_number(cursor, 1, 2, &civil->hour))
        return false;
    bool colons = take(cursor, ':');
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
    case 'p':
        return take_time(cursor, reading) && reading->has_meridiem;
    case 'b':
        return take_word(cursor, months, 12, &civil->month);
    case 'a':
        return take_word(cursor, weekdays, 7, &ignored);
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

static bool read_layout(const char *layout, struct cursor cursor, struct reading *reading)
{
    *reading = (struct reading){ 0 };
    for (const char *item = layout; *item; item++)
        if (!take_item(&cursor, item, reading))
            return false;
    return take_rest(&cursor, reading) && civil_is_valid(&reading->civil);
}

/* Unix time by its number of digits: 9 to 10 are seconds (1973 to 2286), 12 to 13 milliseconds, 15 to 16 microseconds, each with or
 * without a fraction. Shorter numbers are ports, counts or years that stand in the wrong column. */
static bool read_epoch(struct cursor cursor, int64_t *out)
{
    int digits = 0;
    int64_t value = 0;
    while (cursor.at < cursor.end && isdigit((unsigned char)*cursor.at) && digits < 17) {
        value = value * 10 + (*cursor.at++ - '0');
        digits++;
    }
    if (take(&cursor, '.'))
        while (cursor.at < cursor.end && isdigit((unsigned char)*cursor.at))
            cursor.at++;
    if (cursor.at != cursor.end)
        return false;
    *out = digits >= 15 ? value / 1000000 : digits >= 12 ? value / 1000 : value;
    return digits == 9 || digits == 10 || digits == 12 || digits == 13 || digits == 15 || digits == 16;
}

int timestamp_parse(const char *text, size_t length, int64_t *out)
{
    struct cursor cursor = { text, text + length };
    skip_blanks(&cursor);
    while (cursor.end > cursor.at && isspace((unsigned char)cursor.end[-1]))
        cursor.end--;
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        struct reading reading;
        if (read_layout(layouts[i], cursor, &reading)) {
            const struct civil *civil = &reading.civil;
            *out = days_from_civil(civil->year, civil->month, civil->day) * SECONDS_PER_DAY + civil->hour * 3600 +
                   civil->minute * 60 + civil->second - reading.offset;
            return 0;
        }
    }
    return read_epoch(cursor, out) ? 0 : -EINVAL;
}

static char *put_digits(char *out, int value, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return out + digits;
}

/* Years past 9999 do not come out of timestamp_parse(); they are cut so that no caller's number overruns OUT. */
static struct civil civil_to_print(int64_t time)
{
    const int64_t last = 253402300799; /* 9999-12-31T23:59:59 */
    const int64_t first = -62135596800; /* 0001-01-01 */
    return civil_from_time(time > last ? last : time < first ? first : time);
}

static char *put_clock(char *out, const struct civil *civil)
{
    out = put_digits(out, civil->hour, 2);
    *out++ = ':';
    out = put_digits(out, civil->minute, 2);
    *out++ = ':';
    return put_digits(out, civil->second, 2);
}

/* By hand: every row of a feed passes here, and every mail through the next. */
void timestamp_iso(int64_t time, char out[TIMESTAMP_ISO_SIZE])
{
    struct civil civil = civil_to_print(time);
    out = put_digits(out, civil.year, 4);
    *out++ = '-';
    out = put_digits(out, civil.month, 2);
    *out++ = '-';
    out = put_digits(out, civil.day, 2);
    *out++ = 'T';
    memcpy(put_clock(out, &civil), "+00:00", 7);
}

void timestamp_mail(int64_t time, char out[TIMESTAMP_MAIL_SIZE])
{
    struct civil civil = civil_to_print(time);
    int64_t days = days_from_civil(civil.year, civil.month, civil.day);
    out = mempcpy(out, weekdays[((days + 4) % 7 + 7) % 7], 3);
    out = put_digits(mempcpy(out, ", ", 2), civil.day, 2);
    *out++ = ' ';
    out = put_digits(mempcpy(mempcpy(out, months[civil.month - 1], 3), " ", 1), civil.year, 4);
    *out++ = ' ';
    memcpy(put_clock(out, &civil), " +0000", 7);
}

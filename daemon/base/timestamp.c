#include "daemon/base/timestamp.h"

#include "daemon/base/civil.h"

#include <string.h>

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
    int64_t days = civil_days(civil.year, civil.month, civil.day);
    out = mempcpy(out, civil_weekdays[((days + 4) % 7 + 7) % 7], 3);
    out = put_digits(mempcpy(out, ", ", 2), civil.day, 2);
    *out++ = ' ';
    out = put_digits(mempcpy(mempcpy(out, civil_months[civil.month - 1], 3), " ", 1), civil.year, 4);
    *out++ = ' ';
    memcpy(put_clock(out, &civil), " +0000", 7);
}

/* Times in whatever form: what is read can be written and read again, in every order of day and month. */
#include "daemon/base/timestamp.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>

void fuzz_start(void)
{
}

static void check_written(int64_t time)
{
    char iso[TIMESTAMP_ISO_SIZE], mail[TIMESTAMP_MAIL_SIZE];
    int64_t back;
    if (time < 0 || time > 253402300799) /* before 1970 by its zone; or past the year 9999, which is cut */
        return;
    timestamp_iso(time, iso);
    FUZZ_MUST(timestamp_parse(iso, strlen(iso), &back) == 0 && back == time);
    timestamp_mail(time, mail);
    FUZZ_MUST(timestamp_parse(mail, strlen(mail), &back) == 0 && back == time);
}

void fuzz_one(const char *data, size_t length)
{
    static const enum timestamp_order orders[] = { TIMESTAMP_EITHER_FIRST, TIMESTAMP_DAY_FIRST, TIMESTAMP_MONTH_FIRST };
    int codes[3];
    int64_t times[3];
    for (size_t i = 0; i < 3; i++) {
        codes[i] = timestamp_parse_ordered(data, length, orders[i], 1786371059, &times[i]);
        FUZZ_MUST(codes[i] == 0 || codes[i] == -EINVAL || (codes[i] == -EDOM && orders[i] == TIMESTAMP_EITHER_FIRST));
        if (!codes[i])
            check_written(times[i]);
    }
    /* What gives its order away reads alike in all. */
    if (timestamp_order(data, length))
        FUZZ_MUST(!codes[0] && !codes[1] && !codes[2] && times[0] == times[1] && times[0] == times[2]);
}

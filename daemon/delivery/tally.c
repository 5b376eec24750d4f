#include "daemon/delivery/tally.h"

#define CODE_WIDTH 3 /* `250` */

void tally_begin(struct tally *tally)
{
    *tally = (struct tally){ .due = 1 };
}

void tally_wrote(struct tally *tally, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        tally->due += bytes[i] == '\n';
}

void tally_expect(struct tally *tally)
{
    tally->due++;
}

void tally_read(struct tally *tally, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!tally->due)
            tally->surplus = true;
        if (bytes[i] == '\n') {
            if (!tally->more && tally->due)
                tally->due--;
            tally->column = 0;
            tally->more = false;
        } else if (tally->column <= CODE_WIDTH) {
            tally->more = tally->column++ == CODE_WIDTH && bytes[i] == '-';
        }
    }
}

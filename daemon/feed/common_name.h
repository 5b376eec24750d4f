/* The names that people give their columns, in several languages. Pure; any thread. To know one more, add a row in common_name.c. */
#ifndef TOCSIN_FEED_COMMON_NAME_H
#define TOCSIN_FEED_COMMON_NAME_H

#include "daemon/feed/field.h"

#include <stdbool.h>
#include <stddef.h>

/* How sure a claim is. A mapping is certain, a harmonised name nearly so; common names have a rank of their own each. */
enum rank {
    RANK_MAPPED = 0,
    RANK_HARMONISED = 1,
    RANK_COMMON = 2,
    RANK_WEAKER = 3,
    RANK_WEAKEST = 4,
    RANK_LAST_RESORT = 9
};

/* What a column called NAME (UTF-8) is: in any case, however its words are put together ("IP address", "ip-address", "IpAddress"), with
 * accents or without. */
struct claim common_name_claim(const char *name);

/* For whoever lists them. */
size_t common_name_count(void);
const char *common_name_at(size_t index);

/* Is NAME that of a column with the time of day alone, or the day alone, where both stand side by side? */
bool common_name_is_clock(const char *name);
bool common_name_is_day(const char *name);

#endif

/* What a profile tells apart in the mails to one contact (aggregate_by). Pure; any thread. */
#ifndef TOCSIN_QUEUE_GROUPING_H
#define TOCSIN_QUEUE_GROUPING_H

#include "config/config.h"

/* The group of a row whose finding has KEY, which begins with its type, and which hashes to KEY_HASH, and whose fields are the JSON object DATA: rows of
 * different groups are never told of in one mail. A hash: should two groups have the same, they share mails. 0: by contact alone. */
int64_t grouping_of(const struct config_profile *profile, const char *key, int64_t key_hash, const char *data);

#endif

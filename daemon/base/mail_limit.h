/* How much of a mail GMime may see: it has no limits of its own. */
#ifndef TOCSIN_BASE_MAIL_LIMIT_H
#define TOCSIN_BASE_MAIL_LIMIT_H

#include <stddef.h>

#define MAIL_BOUNDARIES_MAX 2000 /* lines that begin with `--`: GMime makes an object of each part */
#define MAIL_ADDRESSES_MAX                                                                                             \
    16384 /* bytes of address fields in all: GMime calls itself for each group in a group, and walks a list for each address */

/* The length of the beginning of DATA that keeps to both. */
size_t mail_limit(const char *data, size_t length);

#endif

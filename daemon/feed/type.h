/* The words for what was seen: classification.type as IntelMQ has it, however a feed spells it. Pure; any thread. */
#ifndef TOCSIN_FEED_TYPE_H
#define TOCSIN_FEED_TYPE_H

#include "daemon/base/buf.h"

#include <stddef.h>

/* Append the type that TEXT means to OUT ("Botnet Drone": `infected-system`). A word that we do not know is kept, in lower case and with `-` for blanks;
 * what is no word or two is kept as it is. */
void type_add_normal(struct buf *out, const char *text, size_t length);

#endif

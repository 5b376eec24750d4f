/* Text of any charset as UTF-8. Pure; any thread after bounce_init(). */
#ifndef TOCSIN_BOUNCE_CHARSET_H
#define TOCSIN_BOUNCE_CHARSET_H

#include "daemon/base/buf.h"

#include <stddef.h>

/* Append LENGTH bytes at TEXT, said to be in CHARSET (NULL: not said), to OUT as UTF-8. What is no valid text of that charset is kept byte by
 * byte: a phrase or an address near it must not be lost. */
void charset_to_utf8(struct buf *out, const char *text, size_t length, const char *charset);

#endif

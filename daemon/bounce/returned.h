/* Where the notice ends and the returned message begins, when no MIME part says so. Pure; any thread. */
#ifndef TOCSIN_BOUNCE_RETURNED_H
#define TOCSIN_BOUNCE_RETURNED_H

#include "daemon/base/buf.h"

#include <stddef.h>

/* Where in TEXT (LF line ends) the returned message begins, its introducing line included; the length of TEXT when it does not. */
size_t returned_begin(const char *text);

/* Cut TEXT, a returned message with whatever introduces it, down to its header, lines unfolded. */
void returned_header(struct buf *text);

#endif

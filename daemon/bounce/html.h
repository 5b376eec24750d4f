/* The text in an HTML part: enough of it to find phrases and addresses. Pure; any thread. */
#ifndef TOCSIN_BOUNCE_HTML_H
#define TOCSIN_BOUNCE_HTML_H

#include "daemon/base/buf.h"

#include <stddef.h>

/* Append the text of LENGTH bytes of HTML to OUT: tags dropped, those that begin a block or a line made a line end, the contents of style and script
 * dropped, the common entities decoded. */
void html_to_text(struct buf *out, const char *html, size_t length);

#endif

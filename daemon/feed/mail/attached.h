/* Names of what is attached: which are feeds', and how a file of ours may be called. A part of mailed.c. Pure; any thread. */
#ifndef TOCSIN_FEED_MAIL_ATTACHED_H
#define TOCSIN_FEED_MAIL_ATTACHED_H

#include <stdbool.h>
#include <stddef.h>

/* Does NAME end as a feed's does (.csv, .json, .txt …, also .gz)? */
bool attached_is_feed(const char *name);
/* Is it an office document, which is a zip inside? */
bool attached_is_office(const char *name);

/* NAME, which a stranger chose, as one component of a path: what stands after the last slash, printable UTF-8, not hidden, at most LIMIT bytes with its end kept. A new string; NULL where nothing is
 * left. */
char *attached_safe(const char *name, size_t limit);

#endif

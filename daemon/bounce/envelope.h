/* The envelope of a mail that came without one (from a Maildir, from a pipe). Pure; any thread. */
#ifndef TOCSIN_BOUNCE_ENVELOPE_H
#define TOCSIN_BOUNCE_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>

/* The first address for which OURS is true in what mail systems write into the header on delivery (Delivered-To, X-Original-To, Envelope-To), else in To. A
 * new string, or NULL. */
char *envelope_recipient(const char *data, size_t length, bool (*ours)(void *context, const char *address),
                         void *context);

#endif

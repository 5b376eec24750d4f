/* A mailbox that people's own words name for abuse: "please send abuse reports to …", "Abuse: …". Pure; no memory.
 *
 * The last resort, for answers that designate nobody by a field of their own, so it misses rather than guesses: the sentence (or the line's
 * label) must speak of abuse, tell the reader to write, deny nothing, and leave no doubt which address it means. */
#ifndef TOCSIN_CONTACT_DESIGNATION_H
#define TOCSIN_CONTACT_DESIGNATION_H

#include <stddef.h>

typedef void designation_found(void *context, const char *address, size_t length);

/* Call FOUND for each such address in TEXT (lines end LF, CR LF or CR), in the order in which they stand there. They point into TEXT, and have the
 * shape of a mailbox, no more. */
void designation_find(const char *text, size_t length, designation_found *found, void *context);

#endif

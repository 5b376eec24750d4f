/* E-mail addresses as they stand in an envelope (RFC 5321 §4.1.2 Mailbox). Pure; any thread. */
#ifndef TOCSIN_BASE_ADDRESS_H
#define TOCSIN_BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#define ADDRESS_MAX_LENGTH 254 /* RFC 5321 §4.5.3.1.3, less the brackets */

/* Write the normal spelling of the LENGTH bytes at TEXT to OUT: surrounding blanks, `<>` and `mailto:` dropped, the domain lower-cased
 * and in A-labels, the local part as it is but ASCII letters lower-cased (nobody tells abuse@ from Abuse@, and one person must not be
 * written to twice). Only dot-atom local parts pass (no quoted strings): CR, LF, NUL, blanks, `<`, `>` and everything else that could
 * reach an SMTP command never do. 0 or -EINVAL. */
int address_normalise(const char *text, size_t length, char out[ADDRESS_MAX_LENGTH + 1]);

/* The domain of a normalised address: a pointer into it. */
const char *address_domain(const char *address);

#endif

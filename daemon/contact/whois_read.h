/* The reader of WHOIS answers (RFC 3912): bytes in, a registration out. Pure: no I/O, no clock, no state; any thread.
 *
 * It has no rules for single registries, but for the ways in which any of them may name an abuse contact. These are ranked (whois_choose.h);
 * only what the best one gives is `abuse`, and of nested networks only what is said of the narrowest one that has any. What is said less surely is among
 * `contacts` with the role "abuse". A registry's own addresses, maintainers, and those who are told of changes are left out; a registrar's other
 * addresses, and national CERTs, are never `abuse`. */
#ifndef TOCSIN_CONTACT_WHOIS_READ_H
#define TOCSIN_CONTACT_WHOIS_READ_H

#include "daemon/contact/registration.h"

/* Read the LENGTH bytes at BYTES, one server's whole answer, of any character set, into OUT (which it overwrites; registration_clear() frees it).
 * Text for people comes out as UTF-8 without control characters: what is no UTF-8 is taken as Latin-1.
 *
 * `range` is that of the narrowest network spoken of; without it where that is the whole Internet, which no answer can be kept for. `handle` is a
 * network's or a domain's. `referral` is a host name, normalised, of a WHOIS server (RWhois is another protocol: none).
 *
 * Returns 0; -ENODATA where the status is not FOUND (then nothing but the status is filled in). */
int whois_read(const char *bytes, size_t length, struct registration *out);

#endif

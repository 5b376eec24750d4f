/* RDAP answers (RFC 9083): the bytes of one in, what they say of a registration out. Pure; any thread.
 *
 * For abuse is an entity whose roles say so, at any depth, the nearest to the object first. Where there is none: a mailbox whose own type says so
 * (RIPE's), then one that a remark plainly designates. Notices are the server's words about itself, and are not read. */
#ifndef TOCSIN_CONTACT_RDAP_READ_H
#define TOCSIN_CONTACT_RDAP_READ_H

#include "daemon/contact/registration.h"

#include <stddef.h>

/* Fill in *OUT (which need hold nothing; registration_clear() in either case) from LENGTH bytes. 0, or -EINVAL where they are no RDAP answer
 * (status REGISTRATION_UNREADABLE). An error object is an answer: 404 REGISTRATION_NONE, 429 REGISTRATION_REFUSED. */
int rdap_read(const char *bytes, size_t length, struct registration *out);

#endif

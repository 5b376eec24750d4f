/* Logging in at the relay (RFC 4954) by PLAIN, LOGIN or CRAM-MD5, whichever the relay names first of those that may be used. */
#ifndef TOCSIN_DELIVERY_AUTH_H
#define TOCSIN_DELIVERY_AUTH_H

#include "daemon/delivery/esmtp.h"

#include <stdbool.h>

#define AUTH_TEXT_MAX                                                                                                  \
    255 /* bytes of a user's name and of a password: libesmtp's PLAIN copies them without a look at their length */

struct auth;

/* May these be used: neither, or both and of the right length? */
bool auth_options_ok(const char *user, const char *password);

/* Copies both; each has 1 to AUTH_TEXT_MAX bytes. Any thread. */
struct auth *auth_new(const char *user, const char *password);
void auth_free(struct auth *auth);

/* For one session of libesmtp, which does not own it: auth_destroy_context() after the session. AUTH outlives it. NULL: out of memory. At first only
 * CRAM-MD5 may be used, which does not give the password away. */
auth_context_t auth_context(const struct auth *auth);

/* Nobody listens on this connection: PLAIN and LOGIN may be used, too. */
void auth_trust(auth_context_t context);

/* Overwrite our password wherever it stands in TEXT, as it is or as PLAIN and LOGIN encode it: servers quote what they did not
 * understand. Any thread. */
void auth_redact(const struct auth *auth, char *text);

#endif

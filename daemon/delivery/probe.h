/* A talk with the relay for a person who wants to know how it would go: TLS, login, sender. No mail is sent. */
#ifndef TOCSIN_DELIVERY_PROBE_H
#define TOCSIN_DELIVERY_PROBE_H

#include "daemon/base/buf.h"
#include "daemon/base/error.h"
#include "daemon/delivery/delivery.h"

/* Connect to the relay of OPTIONS (its relay, helo, security and limits), say everything that comes before the recipient of a mail from FROM, and hang
 * up. What was found is appended to OUT, one line for each fact. 0; -EINVAL: the options are none; -EPROTO: the relay would not take our mail, or may not have it (its certificate, no TLS, no login);
 * -EAGAIN: not now, or it cannot be reached. ERROR says why. Blocks; the process must ignore SIGPIPE. */
int probe_relay(const struct delivery_options *options, const char *from, struct buf *out, struct error *error);

#endif

/* What may be said on a connection: no mail before TLS and login are as the configuration wants them, none to a server that is out of step. It looks over
 * libesmtp's shoulder, which goes on to MAIL where a login failed, and cuts the connection before what must not be said is written. One
 * thread. */
#ifndef TOCSIN_DELIVERY_GUARD_H
#define TOCSIN_DELIVERY_GUARD_H

#include "daemon/base/error.h"
#include "daemon/delivery/auth.h"
#include "daemon/delivery/greeting.h"
#include "daemon/delivery/tally.h"
#include "daemon/delivery/tls.h"
#include "daemon/delivery/wire.h"

#include <stdarg.h>
#include <stdbool.h>

struct guard {
    struct wire *wire;
    const struct auth *auth;
    smtp_session_t smtp;
    auth_context_t login; /* NULL: no login is wanted */
    bool trusted; /* nobody listens: a password may be said */
    struct greeting greeting;
    struct tally tally;
    struct tls_watch tls;
    bool barred; /* the connection was cut: `why` says what for, or the last reply (greeting.reply) does */
    bool lasting; /* `why` is for somebody to mend: another try would end as this one */
    struct error why;
};

/* Before the session starts: set up SMTP's monitor, TLS and login. AUTH NULL: no login. False: libesmtp has no memory. */
bool guard_begin(struct guard *guard, smtp_session_t smtp, struct wire *wire, struct tls *tls, const struct auth *auth);

/* The wire is connected. */
void guard_connected(struct guard *guard);

/* Every event of libesmtp, with what follows its callback's argument. */
void guard_event(struct guard *guard, int event, va_list arguments);

/* The end of the text is about to be written. False: the server has answered already, or is gone; the connection is cut, so that the end does not
 * get out. */
bool guard_end_text(struct guard *guard);

/* Nothing is due now: has the server nothing more to say either? False: the connection is cut, so that the rest of a reply, a farewell or a reply too
 * many does not answer the next MAIL. */
bool guard_quiet(struct guard *guard);

/* Was the connection cut? No reply to a MAIL that is said from then on can be believed. */
bool guard_out_of_step(const struct guard *guard);

/* The session is over, SMTP not yet destroyed; STOPPED: we have ended it. True: it failed because of TLS, which nobody insists on, and the next one will do
 * without. Else `why` is what there is to say; empty: nothing beyond the last reply. */
bool guard_end(struct guard *guard, bool stopped);

#endif

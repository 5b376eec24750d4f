/* TLS towards the relay by STARTTLS (RFC 3207): a context of our own, which libesmtp needs to be given, and what became of it in each session.
 *
 * At most TLS 1.2: the session tickets of 1.3 make the socket readable, and libesmtp then waits for a reply to what it has not written yet
 * (protocol.c:342). */
#ifndef TOCSIN_DELIVERY_TLS_H
#define TOCSIN_DELIVERY_TLS_H

#include "daemon/base/error.h"
#include "daemon/delivery/delivery.h"
#include "daemon/delivery/esmtp.h"
#include "daemon/delivery/relay.h"

#include <stdarg.h>
#include <stdbool.h>

/* What all sessions share. */
struct tls;

/* 0; or a negative errno with ERROR set: the file cannot be read, the name is none. Copies what it needs of SECURITY and RELAY. Any thread. */
int tls_open(const struct delivery_security *security, const struct relay *relay, struct tls **out,
             struct error *error);
void tls_close(struct tls *tls);

/* One session's. The thread's own. */
struct tls_watch {
    struct tls *tls;
    bool tried; /* STARTTLS was said */
    bool secure; /* the connection is encrypted, and with whom we wanted */
    bool verified; /* the certificate proves the relay's name */
    bool lasting; /* not `secure`, and another try would end as this one: somebody has to mend something */
    struct error why; /* why not `secure`, or not `verified`; empty: there is nothing to say */
    char protocol[16], cipher[64], certificate[256]; /* what there is, for people */
};

/* Give SMTP our context and tell it whether to use it. False: libesmtp does not take it. */
bool tls_begin(struct tls_watch *watch, struct tls *tls, smtp_session_t smtp);

/* Every event of the session, with what follows its callback's ARGUMENT. */
void tls_event(struct tls_watch *watch, int event, va_list arguments);

/* May a mail be sent on this connection, now that the relay has said all there was to say before it? */
bool tls_allows_mail(struct tls_watch *watch);

/* How well mail is protected on its way, in words; a new string. */
char *tls_describe(const struct tls_watch *watch);

/* MAIL is about to be said: log how well the connection is protected, where that is another way than the last time. */
void tls_log(const struct tls_watch *watch);

/* The session is over; STOPPED: we have ended it. True: TLS did not work and nobody insists on it; for an hour sessions do without, so the next one may begin at once. Else
 * `why` says what went wrong with TLS, if anything did. */
bool tls_end(struct tls_watch *watch, bool stopped);

#endif

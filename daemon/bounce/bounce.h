/* What a message that came back means. Pure: a buffer in, a struct out; any thread (call bounce_init() once first).
 *
 * To add a recogniser: one file and one row in recognisers[] of bounce.c. */
#ifndef TOCSIN_BOUNCE_BOUNCE_H
#define TOCSIN_BOUNCE_BOUNCE_H

#include "daemon/bounce/reply.h"

#include <stddef.h>

enum bounce_class {
    BOUNCE_UNKNOWN,
    BOUNCE_HARD, /* final, and the address is bad */
    BOUNCE_SOFT, /* final for this mail, the address may be good */
    BOUNCE_DELAYED, /* will be tried again by whoever says so */
    BOUNCE_DELIVERED, /* a positive report */
    BOUNCE_AUTOREPLY,
    BOUNCE_FEEDBACK, /* a complaint (RFC 5965) */
    BOUNCE_CHALLENGE,
    BOUNCE_OPTOUT, /* a person asks for silence */
    BOUNCE_REPLY, /* a person wrote back */
    BOUNCE_CLASS_COUNT
};

struct bounce {
    enum bounce_class class;
    char **recipients; /* failed, delayed or delivered, as the mail spells them, lower-cased; no duplicates */
    size_t recipient_count;
    char status[16]; /* "5.1.1", or "" */
    char reply[4]; /* "550", or "" */
    enum reason reason;
    char *diagnostic; /* one line for people, or NULL */
    char *from; /* the header From's address, normalised, or NULL */
    char **
        candidates; /* texts in which a token may stand, in the order in which they are to be believed: envelope recipient, Delivered-To,
                             X-Original-To, To, the returned message's Return-Path, its Message-ID, References, In-Reply-To */
    size_t candidate_count;
};

/* Start GMime. Once, from the main thread, before any other thread runs. */
void bounce_init(void);

/* Understand LENGTH bytes of a message. ENVELOPE_SENDER ("" for the null one, NULL: not known) and ENVELOPE_RECIPIENT (NULL: not known)
 * come from LMTP. Never fails: what is not understood is BOUNCE_UNKNOWN. bounce_clear() frees what OUT holds. */
void bounce_parse(const char *data, size_t length, const char *envelope_sender, const char *envelope_recipient,
                  struct bounce *out);
void bounce_clear(struct bounce *bounce);

/* "hard", "soft" … as `tocsin inspect bounce` prints them. */
const char *bounce_class_name(enum bounce_class class);

#endif

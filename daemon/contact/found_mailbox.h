/* What becomes of a mailbox that some source has found: proposed where it can take mail, else noted. Pure. */
#ifndef TOCSIN_CONTACT_FOUND_MAILBOX_H
#define TOCSIN_CONTACT_FOUND_MAILBOX_H

#include "daemon/contact/evidence.h"
#include "daemon/contact/rank.h"

struct found_mailbox {
    const char *address; /* normalised */
    const char *kind;
    const char *where; /* "SOA of shop.example": begins the evidence, and the note on what is ruled out */
    const char *whose; /* a further remark for the evidence, or NULL */
    enum party party;
    unsigned distance;
};

/* Propose FOUND, with where its mail goes as further evidence, or note why not: it is a registry's own (nobody there can act for a customer's host), or its
 * domain takes no mail. Sets EVIDENCE's `doubtful` where DNS could not say for now. */
void found_mailbox_propose(const struct found_mailbox *found, struct evidence *evidence, struct candidates *out);

#endif

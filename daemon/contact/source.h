/* The contact sources. To add one: write a file with its `propose`, and a row in the table of contact.c. */
#ifndef TOCSIN_CONTACT_SOURCE_H
#define TOCSIN_CONTACT_SOURCE_H

#include "config/config.h"
#include "daemon/contact/evidence.h"
#include "daemon/contact/rank.h"

struct source {
    const char *name;
    /* Add the contacts that EVIDENCE leads to, and notes on what it rules out. Run again until nothing is missing from EVIDENCE: keeps
     * nothing between runs. Sets `doubtful` where something that it cannot do without could not be had. Pure. */
    void (*propose)(const struct config *config, struct evidence *evidence, struct candidates *out);
};

void override_propose(const struct config *config, struct evidence *evidence, struct candidates *out);
void rfc2142_propose(const struct config *config, struct evidence *evidence, struct candidates *out);
void soa_propose(const struct config *config, struct evidence *evidence, struct candidates *out);
void contact_db_propose(const struct config *config, struct evidence *evidence, struct candidates *out);

#endif

/* What is known about one target so far: the sources read it, contact.c fills it in. Pure.
 *
 * A source asks for what it needs by reading it. Where that is not known yet the source gets NULL (or MAIL_PENDING), goes on with what it
 * has, and is run again from the start once the answer is there; only the last run, which missed nothing, counts. So a source is a plain
 * function of evidence, and none waits for another. */
#ifndef TOCSIN_CONTACT_EVIDENCE_H
#define TOCSIN_CONTACT_EVIDENCE_H

#include "daemon/contact/contact.h"
#include "daemon/contact/dns_packet.h"
#include "daemon/contact/mail_host.h"

#include <stdbool.h>

struct question_asked {
    char *name;
    enum dns_type type;
    const struct dns_answer *answer; /* NULL: not known yet; ours to drop */
    void *query; /* contact.c's, while it is under way */
};

struct evidence {
    char *target, *host,
        *ip; /* copies; host: the target itself where the incident names no other; NULL for an address */
    bool is_ip; /* the target is an address */
    struct question_asked *asked;
    size_t asked_count;
    size_t missing; /* how many of them have no answer yet */
    bool doubtful; /* something that matters could not be had for now */
};

void evidence_init(struct evidence *evidence, const struct contact_target *target);
void evidence_clear(struct evidence *evidence);

/* The answer to TYPE? of NAME, or NULL while it is missing. */
const struct dns_answer *evidence_dns(struct evidence *evidence, const char *name, enum dns_type type);

/* Whether DOMAIN can take mail, MAIL_PENDING while an answer is missing. */
void evidence_mail_host(struct evidence *evidence, const char *domain, struct mail_host *out);

/* ANSWER (taken) is what DNS says to question number INDEX. */
void evidence_answer(struct evidence *evidence, size_t index, const struct dns_answer *answer);

#endif

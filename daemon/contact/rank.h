/* From all that the sources propose to one ladder. Pure. */
#ifndef TOCSIN_CONTACT_RANK_H
#define TOCSIN_CONTACT_RANK_H

#include "config/config.h"
#include "daemon/base/ladder.h"

struct candidate {
    char *address; /* normalised */
    char *kind;
    char *evidence; /* for people */
    char *languages; /* that they read, as in struct rung; NULL: not known */
    enum party party;
    bool first; /* goes before everything: a person said so for exactly this domain */
    unsigned distance; /* from what the incident names: the host's own are 0, the domain's further off */
    double accepts; /* 0 to 1: how likely its domain takes the mail at all, as far as DNS tells */
    size_t order; /* as proposed */
};

struct candidates {
    struct candidate *items;
    size_t count;
    char *note; /* as a ladder's: what was ruled out, one line a thing */
};

/* Append a copy of CANDIDATE's strings and values; one whose address is not a mailbox that may stand in an envelope is dropped. */
void candidates_add(struct candidates *candidates, const struct candidate *candidate);
/* Append a line to the note. */
void candidates_note(struct candidates *candidates, const char *format, ...) __attribute__((format(printf, 2, 3)));
void candidates_clear(struct candidates *candidates);

/* Does CONFIG's contacts.order name KIND? A source that asks for the sake of one kind does not ask where it is not named. */
bool rank_wants(const struct config *config, const char *kind);

/* Build *OUT (empty before) from CANDIDATES, which it reorders: overrides for the domain; then by party, owner first; within a party by
 * CONFIG's contacts.order, kinds not in it last; for equal kinds the nearer first; else as proposed. An address stands once, at its best
 * place, with all its kinds. Cut to contacts.max_contacts from below,
 * but so that each party keeps its best contact as long as there is room for one of each. Our own addresses are left out. */
void rank(const struct config *config, struct candidates *candidates, struct ladder *out);

#endif

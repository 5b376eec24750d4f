/* The addresses that a report's notice mentions, and how likely each is the recipient that it is about. A part of paragraphs.c. Pure; any thread. */
#ifndef TOCSIN_BOUNCE_MENTIONS_H
#define TOCSIN_BOUNCE_MENTIONS_H

#include "daemon/bounce/mail.h"

#include <stdbool.h>
#include <stddef.h>

#define MENTIONS_MAX 400

enum mention_rank {
    MENTION_NONE,
    MENTION_ANYWHERE, /* somewhere in a sentence */
    MENTION_TOLD, /* in a sentence about not reaching it, or beside an SMTP reply */
    MENTION_LABEL, /* `To: a@b`, `RCPT TO:<a@b>`, `unknown user: a@b` */
    MENTION_LINE, /* `<a@b>:`, `554 <a@b>... text`, or alone in a line */
};

struct mention {
    size_t line; /* where its line begins in the notice */
    char *address;
    enum mention_rank rank;
    bool party; /* one of those who write or read the report, which are mentioned for many reasons */
};

struct mentions {
    struct mention items[MENTIONS_MAX];
    size_t count;
};

/* Find them in MAIL's notice, in their order. */
void mentions_find(const struct mail *mail, struct mentions *out);
void mentions_free(struct mentions *mentions);

#endif

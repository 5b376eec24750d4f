/* The ladder of one target: whom to tell, best first. Made by contact, kept by queue. */
#ifndef TOCSIN_BASE_LADDER_H
#define TOCSIN_BASE_LADDER_H

#include <stdbool.h>
#include <stddef.h>

enum party { PARTY_OWNER, PARTY_HOSTER, PARTY_MAIL_PROVIDER, PARTY_REGISTRAR, PARTY_COUNT };

struct rung {
    char *address; /* normalised */
    char *kinds; /* every kind that led to it, comma-separated, the primary one first: "override", "rfc2142-abuse", … */
    char *evidence; /* for people: where we had it from and why we think that it takes mail, one line */
    enum party party;
    double score; /* 0 to 1: how likely somebody responsible reads a mail to it */
    char *
        languages; /* that they said they read, or that we know they do: tags with commas between them; NULL: not known */
};

struct ladder {
    struct rung *rungs;
    size_t count;
    char *note; /* what was ruled out and why, one line a thing, or NULL */
    bool partial; /* built without something that DNS would not say, because it was the last try */
};

/* "owner", "hoster", "mail-provider", "registrar". */
const char *party_name(enum party party);
/* The party called NAME, or PARTY_COUNT. */
enum party party_from_name(const char *name);

/* Append a rung (copies the strings). An ADDRESS that is there already gains the new kind and evidence instead. */
void ladder_add(struct ladder *ladder, const char *address, const char *kind, enum party party, double score,
                const char *evidence);
/* Those at ADDRESS read LANGUAGES, unless that was said before. */
void ladder_set_languages(struct ladder *ladder, const char *address, const char *languages);
/* Append a line to the note. */
void ladder_note(struct ladder *ladder, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Free what LADDER holds, and LADDER itself is empty again. */
void ladder_clear(struct ladder *ladder);

#endif

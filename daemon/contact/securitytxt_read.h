/* A security.txt (RFC 9116): the bytes of one in, what it says out. Pure; any thread. The file is a stranger's.
 *
 * A PGP clear-sign wrapper (RFC 4880 §7) is taken off, its signature is not verified: whoever can put a file at that URL could as well put an unsigned
 * one there. */
#ifndef TOCSIN_CONTACT_SECURITYTXT_READ_H
#define TOCSIN_CONTACT_SECURITYTXT_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Twice what RFC 9116 §5.4 thinks enough; what stands beyond is not read. */
#define SECURITYTXT_MAX_SIZE ((size_t)64 * 1024)
#define SECURITYTXT_MAX_CONTACTS 32
#define SECURITYTXT_MAX_ERRORS 32

struct securitytxt_contact {
    char *
        value; /* a mailbox, normalised; or a URI as it is given, which is UTF-8 without blanks and control characters */
    bool mailbox; /* false: a web form, a telephone: evidence that somebody is only reachable that way */
};

struct securitytxt_error {
    size_t line; /* from 1; 0: of the file as a whole */
    char *text; /* what is wrong, for people */
};

struct securitytxt {
    bool valid; /* it breaks no rule of RFC 9116, and has not expired: there are no errors */
    bool expired; /* its Expires has passed: what it says must not be used (§2.5.5) */
    struct securitytxt_contact *contacts; /* in order of preference, each once */
    size_t contact_count;
    bool has_expires;
    int64_t expires; /* the earliest where there are several */
    char *languages; /* Preferred-Languages, as a rung's: tags with commas between them; NULL: not said */
    char *encryption; /* URI of the first key, or NULL */
    char *canonical; /* the first URI that the file says it belongs to, or NULL */
    struct securitytxt_error
        *errors; /* in the file's order, those of the whole file last; at most SECURITYTXT_MAX_ERRORS */
    size_t error_count;
};

/* Read the LENGTH bytes at DATA; NOW is seconds since 1970. Always fills *OUT, which is the caller's to clear.
 *
 * A file that is wrong, by the lack of an Expires for instance, has its contacts all the same: whether a mailbox that stands there in plain words is written
 * to is the caller's decision, by `valid`, `expired` and the errors. Of what is HTML, or not text at all, nothing is taken. */
void securitytxt_read(const char *data, size_t length, int64_t now, struct securitytxt *out);

void securitytxt_clear(struct securitytxt *file);

#endif

/* What a specification asks of a report's members, as tables. Pure; any thread. */
#ifndef TOCSIN_FEED_XARF_CHECK_H
#define TOCSIN_FEED_XARF_CHECK_H

#include "daemon/base/buf.h"

#include <jansson.h>
#include <stdbool.h>

enum xarf_must {
    MUST_TEXT,
    MUST_NAME, /* text of 3 characters or more */
    MUST_TIME, /* a date and time of RFC 3339 */
    MUST_IP,
    MUST_PORT, /* 1 to 65535 */
    MUST_PORT_OR_0, /* version 3 takes 0 for one */
    MUST_PORTS, /* one of those, or a list of them */
    MUST_URL, /* a URI (RFC 3986): a scheme, a colon, and something */
    MUST_EMAIL,
    MUST_DOMAIN, /* a host name (RFC 1123) */
    MUST_NUMBER,
    MUST_INTEGER,
    MUST_BOOLEAN,
    MUST_LIST, /* with something in it */
    MUST_OBJECT, /* with something in it */
    MUST_VERSION, /* 4.x.y */
    MUST_CVE,
};

struct xarf_rule {
    const char *path; /* "reporter.org" */
    enum xarf_must must;
    bool optional; /* it may be missing; what is there must be right */
    const char *words; /* " one two ": the texts that may stand there; NULL: any */
};

/* Does VALUE fit? */
bool xarf_fits(const json_t *value, enum xarf_must must);

/* The member of OBJECT at PATH, or NULL. */
json_t *xarf_at(const json_t *object, const char *path);
const char *xarf_text_at(const json_t *object, const char *path);

/* Hold OBJECT against RULES, up to a row without path. False: REASON says which member is missing or wrong. */
bool xarf_obeys(const json_t *object, const struct xarf_rule *rules, struct buf *reason);
/* Likewise the members that a list names (" url domain "): they must be there. */
bool xarf_has_all(const json_t *object, const char *names, struct buf *reason);

/* Is WORD one of " one two "? */
bool xarf_is_word(const char *words, const char *word);

#endif

/* A WHOIS answer line by line: RFC 3912 says nothing of what stands in one, so this knows the ways in which the registries of the world set a key
 * apart from its value, and nothing of what they mean. Pure; no memory: what comes out points into what went in. */
#ifndef TOCSIN_CONTACT_WHOIS_LINE_H
#define TOCSIN_CONTACT_WHOIS_LINE_H

#include "daemon/contact/mailbox_scan.h"

enum whois_line_kind {
    WHOIS_BLANK,
    WHOIS_COMMENT, /* the server's own words: `% …`, `# …`, `>>> … <<<` */
    WHOIS_FIELD, /* `Key: v`, `Key....: v`, `[Key] v`, `a. [Key] v`, `key = v`, `class:Key;I:v` */
    WHOIS_HEADING, /* `[ Key ]`, `** Key:`, `=== Key ===`: what follows, as far indented or not, is under it */
    WHOIS_TEXT, /* anything else */
};

struct whois_line {
    enum whois_line_kind kind;
    unsigned indent; /* columns */
    struct slice key; /* FIELD, HEADING: trimmed, never empty */
    struct slice whole; /* without the blanks around it */
    struct slice value; /* FIELD: trimmed, perhaps empty; TEXT, COMMENT: the text without its marks */
};

/* Cut the next line off REST (line ends LF, CR LF or CR). False when nothing is left. */
bool whois_line_next(struct slice *rest, struct whois_line *out);

/* TEXT without the blanks around it. */
struct slice slice_trim(struct slice text);

bool slice_equal(struct slice a, struct slice b); /* ASCII letters of either case are equal */

#endif

/* Mailboxes in running text that strangers wrote. Pure; no memory: what comes out points into what went in. */
#ifndef TOCSIN_CONTACT_MAILBOX_SCAN_H
#define TOCSIN_CONTACT_MAILBOX_SCAN_H

#include <stdbool.h>
#include <stddef.h>

struct slice {
    const char *text;
    size_t length;
};

/* Find the next thing in TEXT from *AT on that has the shape of a mailbox, `mailto:` and what encloses it left out; *AT moves behind it. One
 * that is masked with asterisks is none. */
bool mailbox_scan(struct slice text, size_t *at, struct slice *out);

#endif

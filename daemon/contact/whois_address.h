/* Mailboxes in disguise. Pure; no memory. */
#ifndef TOCSIN_CONTACT_WHOIS_ADDRESS_H
#define TOCSIN_CONTACT_WHOIS_ADDRESS_H

#include "daemon/contact/mailbox_scan.h"

#define WHOIS_PLAIN_MAX 320 /* as much of a disguised address as is looked at */

/* Undo the disguises of an address that stands alone in a field: `abuse AT example DOT com`, `abuse(at)example(dot)com`, `abuse @ example.com`.
 * Writes it to PLAIN; empty when TEXT has no such thing. */
struct slice whois_address_plain(struct slice text, char plain[WHOIS_PLAIN_MAX]);

#endif

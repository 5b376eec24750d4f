/* What the versions of X-ARF share. Pure; any thread. */
#ifndef TOCSIN_FEED_XARF_H
#define TOCSIN_FEED_XARF_H

#include "daemon/feed/json_members.h"

/* Say what EVIDENCE (a list of objects, or NULL) is, as extra.evidence: each item's TYPE and TEXT members. The payloads stay with the reporter: mails, pictures and
 * programs are nothing to pass on unasked. */
void xarf_add_evidence(struct json_members *members, const json_t *evidence, const char *type, const char *text);

#endif

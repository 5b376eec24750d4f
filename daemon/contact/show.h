/* A ladder for people and for machines. Pure. */
#ifndef TOCSIN_CONTACT_SHOW_H
#define TOCSIN_CONTACT_SHOW_H

#include "daemon/base/buf.h"
#include "daemon/contact/contact.h"

#include <jansson.h>

/* {"target","host","ip","contacts":[{"address","party","kinds":[…],"score","evidence"}],"ruled_out":[lines],
 * "partial":bool}, a new reference; host and ip
 * only where TARGET has them. */
json_t *contact_ladder_json(const struct contact_target *target, const struct ladder *ladder);

/* The same as a table, appended to OUT: the target, a line a rung with its evidence below, what was ruled out and why. */
void contact_ladder_text(const struct contact_target *target, const struct ladder *ladder, struct buf *out);

#endif

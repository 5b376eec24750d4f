/* What somebody may have meant. Pure; any thread. */
#ifndef TOCSIN_CONFIG_SUGGEST_H
#define TOCSIN_CONFIG_SUGGEST_H

#include "config/keys.h"
#include "daemon/base/buf.h"

/* WRONG is no key of TABLE's SECTION ("" at the top): append "did you mean …?" with the nearest one there, or one of that name elsewhere (PREFIX stands
 * before it), or else what is allowed. */
void suggest_key(const struct config_table *table, const char *prefix, const char *section, const char *wrong,
                 struct buf *out);

/* Append the names in SECTION, with commas between them. */
void suggest_names(const struct config_table *table, const char *section, struct buf *out);

#endif

/* Names in done/ and failed/: NAME, or NAME.2, NAME.3 … where that is taken, with what belongs to the file beside it (names_suffixes). Blocking; one
 * thread at a time.
 *
 * The final name of a claim is kept as a symbolic link .STAMP -> NAME: made in one step before anything moves, so that a finish that a crash cut short
 * is continued under the same name, and later versions of the results find their file. */
#ifndef TOCSIN_SPOOL_FINAL_H
#define TOCSIN_SPOOL_FINAL_H

#include "daemon/spool/tree.h"

/* The name that LINK in DIRECTORY keeps, a new string; or NULL. */
char *final_read(int directory, const char *link);

/* A name for NAME in DIRECTORY, made printable and cut to fit, that no file, no companion of one and no link has. A NAME.error with REASON (may be NULL) in it is
 * no hindrance: a crash came between it and its file. A new string. */
char *final_free(int directory, const char *name, const char *reason);

/* Move FROM/NAME, which was dropped as DROPPED, to failed/ with WHY in DROPPED.error beside it. 0 or -errno. */
int final_refuse(const struct tree *tree, int from, const char *name, const char *dropped, const char *why);

#endif

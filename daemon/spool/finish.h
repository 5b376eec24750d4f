/* Where a claimed file goes in the end, with what was made beside it. Blocking; one thread at a time. */
#ifndef TOCSIN_SPOOL_FINISH_H
#define TOCSIN_SPOOL_FINISH_H

#include "daemon/spool/claim.h"
#include "daemon/spool/tree.h"

/* spool_finish(). A finish that was cut short goes on to where it was going, whatever OK says. 0 or -errno with ERROR; -ENOENT: the claim is not there, and was not finished before either. */
int finish_claim(const struct tree *tree, const char *id, bool ok, const char *why, struct error *error);

/* spool_replace_result(). 0 or -errno with ERROR. */
int finish_replace_result(const struct tree *tree, const char *id, struct error *error);

/* At opening: remove the links whose files the administrator has taken away, but not those of the claims UNFINISHED. */
void finish_tidy(const struct tree *tree, const struct claims *unfinished);

#endif

/* Taking files out of incoming/, and finding those again that a dead daemon had taken. Blocking; one thread at a time. */
#ifndef TOCSIN_SPOOL_CLAIM_H
#define TOCSIN_SPOOL_CLAIM_H

#include "daemon/spool/look.h"
#include "daemon/spool/spool.h"
#include "daemon/spool/tree.h"

/* Claims as they are handed to the loop. The strings belong to the list. */
struct claims {
    struct spool_claim *items;
    size_t count, capacity;
};

void claims_free(struct claims *claims);

/* Look through incoming/ and take what is ready; durable when this returns. As look() otherwise. */
int64_t claim_ready(struct tree *tree, struct sights *sights, const struct sights *arrivals, int64_t wall, int64_t now,
                    struct claims *claims);

/* spool_submit(): take incoming/HIDDEN. 0 or -errno with ERROR. */
int claim_hidden(struct tree *tree, const char *hidden, const char *profile, const char *name, const char *options,
                 struct claims *claims, struct error *error);

/* What is in processing/, in the order of the stamps; leftovers of a dead daemon's work are removed. */
void claim_again(struct tree *tree, struct claims *claims);

#endif

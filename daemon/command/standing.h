/* How campaigns stand, in words: what a person asks who sees nothing happen. Pure. */
#ifndef TOCSIN_COMMAND_STANDING_H
#define TOCSIN_COMMAND_STANDING_H

#include "daemon/base/buf.h"

#include <jansson.h>

/* The state of CAMPAIGN (one of the read `status`) in a word or two: "running", "to approve", "to prove" …; a rehearsal is marked. Appended to TEXT. */
void standing_word(const json_t *campaign, struct buf *text);

/* What a running CAMPAIGN waits for, a line each, with BEFORE at its head; nothing where it waits for nothing. */
void standing_lines(const json_t *campaign, const char *before, struct buf *text);

#endif

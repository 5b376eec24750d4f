/* What became of submitted files, in words. */
#ifndef TOCSIN_COMMAND_SUBMIT_OUTCOME_H
#define TOCSIN_COMMAND_SUBMIT_OUTCOME_H

#include "daemon/command/command.h"

/* Wait until the feed file CLAIM, called NAME in the spool and FILE by whoever submitted it, has been read, and say what came of it. An exit code: EX_DATAERR where it was refused. */
int submit_outcome(struct context *context, const char *claim, const char *file, const char *name);

#endif

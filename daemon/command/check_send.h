/* tocsin check --send: does a bounce come back? A part of check.c. */
#ifndef TOCSIN_COMMAND_CHECK_SEND_H
#define TOCSIN_COMMAND_CHECK_SEND_H

#include "daemon/command/command.h"

/* Have the daemon mail ourselves and, where PROVOKE is not NULL, that address, which must not exist; wait SECONDS at most for each to come back, and print each step. Returns an
 * exit code of sysexits.h: 75 when one did not come back (yet), 78 when the relay refuses our mail. */
int check_send(struct context *context, const char *provoke, long seconds);

#endif

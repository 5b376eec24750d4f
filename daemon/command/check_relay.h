/* tocsin check --relay. */
#ifndef TOCSIN_COMMAND_CHECK_RELAY_H
#define TOCSIN_COMMAND_CHECK_RELAY_H

#include "config/config.h"

/* Talk to the relay as CONFIG has it, say what was found, and return an exit code. Needs no daemon. */
int check_relay(const struct config *config);

#endif

/* tocsin check: are there words for what the profiles' rows are about? */
#ifndef TOCSIN_COMMAND_CHECK_TYPES_H
#define TOCSIN_COMMAND_CHECK_TYPES_H

#include "config/config.h"

/* Warn, on standard error, about each profile whose `type` says nothing to the people who are told: a daemon runs with it all the same. */
void check_types(const struct config *config);

#endif

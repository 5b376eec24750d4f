/* tocsin contacts: whom Tocsin would tell about a target, and why. Works with the daemon down: it asks DNS itself. */
#ifndef TOCSIN_COMMAND_CONTACTS_H
#define TOCSIN_COMMAND_CONTACTS_H

#include "config/config.h"

#include <stdbool.h>

/* ARGV[0] is "contacts". CONFIG's dns and contacts sections and paths.public_suffixes are used. Prints to standard output, with JSON one object
 * a line, and errors to standard error; returns an exit code of sysexits.h. Runs a loop of its own. CONFIG may be NULL where ARGV asks for help. */
int command_contacts(const struct config *config, bool json, int argc, char **argv);

#endif

/* `tocsin inspect rdap` and `tocsin inspect whois`: what a registry's answer says, whichever protocol brought it. */
#ifndef TOCSIN_COMMAND_INSPECT_REGISTRATION_H
#define TOCSIN_COMMAND_INSPECT_REGISTRATION_H

#include "daemon/command/command.h"

/* Print what each FILE of ARGV (argv[0] is the kind) says, one JSON object a line. Returns the exit code: 0, 64 without a FILE, 66 when one could
 * not be read (the others are printed all the same). */
command_function inspect_rdap;
command_function inspect_whois;

#endif

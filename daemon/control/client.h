/* The other end of the control socket, for the command line: blocking. */
#ifndef TOCSIN_CONTROL_CLIENT_H
#define TOCSIN_CONTROL_CLIENT_H

#include "daemon/base/error.h"

#include <jansson.h>

/* Ask the daemon at SOCKET. Returns an exit code of sysexits.h: 0 and a new *RESULT; 69 when no daemon is there, 77 when it does not let us; the
 * daemon's own otherwise, with its words in ERROR. */
int client_call(const char *socket, const json_t *request, json_t **result, struct error *error);

#endif

/* From the configuration to how sure we want to be of the relay. */
#ifndef TOCSIN_DELIVERY_SECURITY_H
#define TOCSIN_DELIVERY_SECURITY_H

#include "config/config.h"
#include "daemon/base/error.h"
#include "daemon/delivery/auth.h"
#include "daemon/delivery/delivery.h"

/* Set OUT from CONFIG's delivery.tls… and delivery.auth_…, the password read from its file into PASSWORD; OUT points into both. Wipe PASSWORD
 * (secret_wipe) once OUT has been used. 0, or a negative errno with ERROR set. Blocks for the file; any thread. */
int security_load(const struct config *config, struct delivery_security *out, char password[AUTH_TEXT_MAX + 1],
                  struct error *error);

/* Could delivery begin with CONFIG's? 0, or a negative errno, and ERROR begins with the key. Blocks for files; any thread. */
int security_check(const struct config *config, struct error *error);

#endif

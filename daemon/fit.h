/* Is a configuration fit to run? What it names is looked at as a daemon is going to use it, by tocsind before it starts and by `tocsin check`. */
#ifndef TOCSIN_DAEMON_FIT_H
#define TOCSIN_DAEMON_FIT_H

#include "config/config.h"

#include <stddef.h>

/* TEXT is "KEY: what is wrong, what to do", and lives for the length of the call. */
typedef void fit_tell(void *context, const char *text);

/* Tell of everything that would keep a daemon from running with CONFIG. Returns how many there are; 0: it could run, as far as can be seen by looking, and as the
 * user who looks. Makes and changes nothing, except that the list of paths.public_suffixes is loaded. Blocks for files; any thread, before others ask for
 * registrable names. */
size_t fit_look(const struct config *config, fit_tell *tell, void *context);

/* The same as a person looks, who is not the service: a credential that systemd shows to the service alone is nothing to mend. fit_doubt tells of it. */
size_t fit_look_from_outside(const struct config *config, fit_tell *tell, void *context);

/* The same for the templates alone: of what a reload can exchange, all that is not in the configuration itself. Any thread. */
size_t fit_look_at_templates(const struct config *config, fit_tell *tell, void *context);

/* Tell of what keeps no daemon from running, and is hardly meant. */
void fit_doubt(const struct config *config, fit_tell *tell, void *context);

#endif

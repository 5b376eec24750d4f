/* What a submitter says about a feed file, in its sidecar or by the options of `tocsin submit`, and whether he may. Loop thread. */
#ifndef TOCSIN_DAEMON_SUBMISSION_H
#define TOCSIN_DAEMON_SUBMISSION_H

#include "config/config.h"
#include "config/sidecar.h"

#include <stdbool.h>

/* What is known of a file before it is read. */
struct submission {
    const char *place; /* the profile of the directory that it was dropped in, or that was asked for */
    const char *file; /* the sidecar's name, for complaints; NULL: TEXT is options */
    const char *text; /* NULL: nothing is said */
    const char *who; /* the user's name */
    bool is_admin; /* he is one, which his name need not show */
};

/* Hold SUBMISSION against CONFIG. 0, and *OUT (the caller's, config_sidecar_free; NULL where nothing is said) and *PROFILE, which the file is to be read by; or -EINVAL or -EACCES and *REFUSAL, which
 * says why: a new string, a line for each complaint. */
int submission_read(const struct config *config, const struct submission *submission, struct config_sidecar **out,
                    const struct config_profile **profile, char **refusal);

#endif

/* NAME.meta.yaml, beside a feed file: what its submitter has to say about it. The options of `tocsin submit` are the same, in JSON (which is YAML, too). Pure; any
 * thread.
 *
 * To add a key: a member here, a row of config_sidecar_keys in keys.c; for one that not everybody may set, a word in may_set_words there. */
#ifndef TOCSIN_CONFIG_SIDECAR_H
#define TOCSIN_CONFIG_SIDECAR_H

#include "config/config.h"

#include <stdbool.h>
#include <stddef.h>

#define SIDECAR_MAX 65536 /* bytes: it is a page of text */

struct config_sidecar {
    char *campaign; /* all NULL where nothing is said */
    char *profile;
    char *language;
    char *note; /* a sentence of the submitter's that the mails show */
    bool hold;
    struct config_profile
        own; /* of it template_name, type, format, encoding, header, columns: instead of the profile's */
    bool has_header;
};

/* What a sidecar is held against. */
struct config_sidecar_rules {
    const char *file; /* its name, for complaints; NULL: the text is options, which stand nowhere */
    const struct config *config;
    const char *place; /* the profile of the directory that the feed was dropped in; "default": it may name any other */
    bool may_all; /* whoever submits is bound by no profile's may_set */
    bool (*has_template)(const struct config *config, const char *name);
};

/* Read LENGTH bytes. *OUT is the caller's (config_sidecar_free). -EINVAL: every complaint stands in ERRORS (config_errors_free), `FILE:line:column: KEY: what is wrong, what is
 * allowed`, in the file's order. */
int config_sidecar_read(const struct config_sidecar_rules *rules, const char *text, size_t length,
                        struct config_sidecar **out, struct config_errors *errors);
void config_sidecar_free(struct config_sidecar *sidecar);

/* PROFILE, with what SIDECAR (may be NULL) says instead. It points into both. */
struct config_profile config_sidecar_profile(const struct config_sidecar *sidecar,
                                             const struct config_profile *profile);

#endif

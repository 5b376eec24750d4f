/* The table of keys: what tocsin.yaml may say. Pure; any thread.
 *
 * To add a key: one member in a struct of config.h, one row here. The reader, the annotated default file, the complaints and the suggestions
 * follow from the row. */
#ifndef TOCSIN_CONFIG_KEYS_H
#define TOCSIN_CONFIG_KEYS_H

#include "config/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a value is; values.c has a row for each. */
enum config_type {
    CONFIG_TEXT, /* one line */
    CONFIG_WORD, /* one of `words` */
    CONFIG_INTEGER,
    CONFIG_PERCENT,
    CONFIG_DURATION,
    CONFIG_SIZE,
    CONFIG_RATE,
    CONFIG_BOOLEAN,
    CONFIG_PATH,
    CONFIG_SOCKET, /* a path that fits a Unix socket's address */
    CONFIG_SECRET, /* a path, or credential:NAME */
    CONFIG_ADDRESS,
    CONFIG_MAILBOX, /* an address whose local part leaves room for +TOKEN */
    CONFIG_HOST,
    CONFIG_ENDPOINT, /* HOST:PORT */
    CONFIG_LOOPBACK, /* ADDRESS:PORT on loopback */
    CONFIG_SERVER, /* ADDRESS or ADDRESS:PORT */
    CONFIG_URL,
    CONFIG_KIND, /* where a contact is had from */
    CONFIG_LOCAL_PART,
    CONFIG_GROUP,
    CONFIG_NAME, /* a template's name, an incident type */
    CONFIG_TITLE, /* a campaign's name */
    CONFIG_LANGUAGE, /* a tag of RFC 5646, kept as it is written by custom: de-AT */
    CONFIG_TIME_OF_DAY, /* kept as 09:00 */
    CONFIG_HOURS, /* FROM-TO */
    CONFIG_ZONE, /* of tzdata's */
    CONFIG_DOMAIN,
    CONFIG_SUFFIX,
    CONFIG_NETWORK, /* struct ip_network, followed by a bool */
    CONFIG_PARTY,
    CONFIG_COLUMNS, /* the structured ones: apply.c */
    CONFIG_OVERRIDES,
    CONFIG_PROFILES,
    CONFIG_TYPE_COUNT
};

struct config_key {
    const char *path; /* dotted, from the top of its table's struct */
    enum config_type type;
    size_t offset;
    const char *preset; /* the default, as it stands in the file; NULL: the member stays NULL, -1 or as it is */
    int64_t min, max; /* of numbers; the length of texts; the count of lists. max 0: the type's own limit */
    const char *const *words;
    const char *help;
    const char *example; /* stands commented out in the default file where there is no default */
    bool list;
    bool restart; /* a change takes effect at the next start */
};

struct config_table {
    const struct config_key *keys;
    size_t count;
};

#define CONFIG_KEYS_MAX 96 /* rows in a table */

extern const struct config_table config_keys; /* struct config */
extern const struct config_table config_profile_keys; /* struct config_profile */
extern const struct config_table config_override_keys; /* struct config_override */
extern const struct config_table config_sidecar_keys; /* struct config_sidecar (sidecar.h) */

/* What a profile's may_set may say: keys of a sidecar. */
extern const char *const config_may_set_words[];

/* What a section (the part of a path before the dot) is about, for the default file. */
struct config_section {
    const char *name, *help;
};
extern const struct config_section config_sections[]; /* ends with a NULL name */

#endif

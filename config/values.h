/* Texts of values, and what they mean: one row a type. Pure, except that a secret's `credential:` asks the environment; any thread. */
#ifndef TOCSIN_CONFIG_VALUES_H
#define TOCSIN_CONFIG_VALUES_H

#include "config/keys.h"
#include "daemon/base/buf.h"
#include "daemon/base/error.h"

/* What the member of a key of this type is in C (of each item, where the key is a list). */
enum config_storage {
    CONFIG_STORE_STRING, /* char * */
    CONFIG_STORE_NUMBER, /* int64_t */
    CONFIG_STORE_BOOL,
    CONFIG_STORE_NETWORK, /* the `network` and `has_network` of a struct config_override */
    CONFIG_STORE_PARTY,
    CONFIG_STORE_STRUCTURE, /* more than one value: apply.c knows */
};

/* TEXT's value goes to FIELD (a string is a new one). -EINVAL: it is no such thing; -ERANGE: it is one, but outside of KEY's range. ERROR's text may say
 * more, or stays as it is. */
typedef int config_value_parse(const struct config_key *key, const char *text, void *field, struct error *error);

struct config_value {
    const char *what; /* "a duration" */
    const char *examples; /* what a right one looks like; NULL where `what` says it all */
    enum config_storage storage;
    config_value_parse *parse; /* NULL: a structure */
    void (*format)(int64_t number, struct buf *out); /* of numbers: as they stand in the file */
};

/* The row of TYPE. */
const struct config_value *config_value(enum config_type type);

/* Append what KEY may hold, for people: "a duration (500ms, 30s, …) from 1s to 1d", or the same without EXAMPLES. */
void config_value_allowed(const struct config_key *key, bool examples, struct buf *out);

/* The same of one item, where the key is a list. */
void config_value_item(const struct config_key *key, bool examples, struct buf *out);

/* numbers.c */
config_value_parse config_parse_integer, config_parse_percent, config_parse_duration, config_parse_size,
    config_parse_rate, config_parse_boolean;
void config_format_integer(int64_t number, struct buf *out);
void config_format_percent(int64_t number, struct buf *out);
void config_format_duration(int64_t number, struct buf *out);
void config_format_size(int64_t number, struct buf *out);
void config_format_rate(int64_t number, struct buf *out);

/* texts.c */
config_value_parse config_parse_text, config_parse_word, config_parse_url, config_parse_kind, config_parse_local_part,
    config_parse_group, config_parse_name, config_parse_title, config_parse_language, config_parse_path,
    config_parse_socket, config_parse_secret;

/* times.c */
config_value_parse config_parse_time_of_day, config_parse_hours, config_parse_zone;

/* hosts.c */
config_value_parse config_parse_address, config_parse_mailbox, config_parse_host, config_parse_endpoint,
    config_parse_loopback, config_parse_server, config_parse_domain, config_parse_suffix, config_parse_network,
    config_parse_party;

#endif

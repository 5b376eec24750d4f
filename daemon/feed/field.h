/* The fields of an incident, by IntelMQ's harmonised names, and which column of a file is which. Pure; any thread. */
#ifndef TOCSIN_FEED_FIELD_H
#define TOCSIN_FEED_FIELD_H

#include "daemon/feed/feed.h"

#include <stddef.h>

/* The fields that a row is judged by. The other harmonised names follow them in field.c's table and are kept as they come; the
 * order of the table is the order in an incident's JSON. */
enum field {
    FIELD_FQDN,
    FIELD_IP,
    FIELD_PORT,
    FIELD_URL,
    FIELD_NETWORK,
    FIELD_TIME,
    FIELD_TYPE,
    FIELD_IDENTIFIER,
    FIELD_FIRST_OTHER,
    FIELD_TAXONOMY = FIELD_FIRST_OTHER,
    FIELD_COUNT_MAX = 128,
    FIELD_EXTRA = -1, /* no harmonised name: kept as extra.NAME */
    FIELD_DROP = -2,
    FIELD_CLOCK = -3, /* the time of day, where FIELD_TIME is the day alone */
};

enum field_kind { KIND_TEXT, KIND_NUMBER, KIND_TIME };

size_t field_count(void);
const char *field_name(int field);
enum field_kind field_kind(int field);
/* "extra.source.port" for a port that is none. */
const char *field_demoted(int field);

/* The field called NAME, or FIELD_EXTRA. */
int field_find(const char *name);

/* What a column is taken for, and how sure that is: the lowest rank wins a field. */
struct claim {
    int field;
    int rank;
};

/* What the column called NAME, the NUMBERth from 1 (0: it has no number), is by OPTIONS' mapping, its harmonised name or its common name.
 * Where a mapping names a domain, an address or a URL, common names are not guessed at. */
struct claim field_claim(const struct feed_options *options, const char *name, size_t number);

/* The field that the mapping gives to that column, or NULL. */
const char *field_mapped(const struct feed_options *options, const char *name, size_t number);

/* Let each field go to one of CLAIMS[0 … COUNT-1], the surest, then the first; the others become FIELD_EXTRA. */
void field_settle(struct claim *claims, size_t count);

/* Can a row be about something with one of CLAIMS? */
bool field_has_target(const struct claim *claims, size_t count);

#define FIELD_KEY_SIZE 80
/* The JSON key of a column that is no harmonised field: "extra." and NAME in lower case, all but [a-z0-9_.-] made `_`. */
void field_extra_key(const char *name, char out[FIELD_KEY_SIZE]);

/* Is FIELD of a mapping one that we know ("source.ip", "extra.…", "" to drop)? */
bool field_is_known(const char *field);

#endif

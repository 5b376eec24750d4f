/* Host and domain names: one spelling for each, and where the registrable domain begins. Pure; any thread. */
#ifndef TOCSIN_BASE_NAME_H
#define TOCSIN_BASE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define NAME_MAX_LENGTH 253

/* Write the normal spelling of the LENGTH bytes at TEXT to OUT: lower case, no trailing dot, `[.]`, `(.)` and `[dot]` undone, U-labels as A-labels
 * (IDNA 2008, RFC 5891; pure ASCII never reaches libidn2). Returns 0, or -EINVAL when it is no host name of at least two labels
 * (RFC 1123 §2.1; underscores are allowed in labels before the registrable part; an all-numeric last label is no domain; IP
 * addresses are no names). */
int name_normalise(const char *text, size_t length, char out[NAME_MAX_LENGTH + 1]);

/* The registrable domain of NAME (normalised) by the public suffix list, its private section included: a pointer into NAME. NULL
 * when NAME is itself a public suffix. */
const char *name_registrable(const char *name);

/* The public suffix under which NAME (normalised) is registered when it stands in the list's private section (a platform such as
 * `blogspot.com`): a pointer into NAME; else NULL. */
const char *name_platform(const char *name);

/* Is NAME equal to DOMAIN or below it? Both normalised. */
bool name_within(const char *name, const char *domain);

/* Read the public suffix list from PATH instead of Debian's (NULL: Debian's `publicsuffix`, then the copy in libpsl). Call before
 * threads start. 0 or -errno. */
int name_load_suffixes(const char *path);

/* NAME with its A-labels shown as U-labels, for people to read; a new string. */
char *name_display(const char *name);

#endif

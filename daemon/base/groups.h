/* Who is in which Unix group. Asks the system's databases, which may be slow where they are not files. Any thread. */
#ifndef TOCSIN_BASE_GROUPS_H
#define TOCSIN_BASE_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define GROUPS_MAX 256

/* The groups of the user called NAME, PRIMARY first; how many. For a user whom nobody knows, PRIMARY alone. */
size_t groups_of(const char *name, gid_t primary, gid_t groups[GROUPS_MAX]);

/* Is the group called NAME one of GROUPS? Not where there is no such group, or NAME is NULL or empty. */
bool groups_have(const gid_t *groups, size_t count, const char *name);

/* Is the user called USER in the group called NAME? */
bool groups_have_user(const char *user, const char *name);

#endif

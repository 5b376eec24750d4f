/* Looking through incoming/: which files are ready to be taken. Blocking; one thread at a time. */
#ifndef TOCSIN_SPOOL_LOOK_H
#define TOCSIN_SPOOL_LOOK_H

#include "daemon/spool/tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A file as it was when last looked at. */
struct sight {
    size_t place; /* index in tree->places */
    char *name;
    ino_t inode;
    off_t size;
    int64_t written; /* mtime, nanoseconds */
    int64_t since; /* it has looked like this since then: monotonic milliseconds */
    bool moved_in; /* it was renamed into place */
    bool complained; /* it was logged that it cannot be taken */
    int64_t in_vain; /* when taking it failed for now: monotonic milliseconds; 0: it has not */
};

struct sights {
    struct sight *items; /* sorted by place and name */
    size_t count, capacity;
};

void sights_free(struct sights *sights);
/* The sight of NAME in PLACE, or NULL. */
struct sight *sights_find(const struct sights *sights, size_t place, const char *name);
/* Append; the name is copied. sights_settle() before sights_find(). */
struct sight *sights_add(struct sights *sights, size_t place, const char *name);
/* Sort. */
void sights_settle(struct sights *sights);

/* For how many milliseconds yet a file must stay as it is before it is taken; 0: take it. WALL is nanoseconds since 1970, NOW is
 * monotonic milliseconds, QUIET is spool.quiet. Pure. */
int64_t look_wait(const struct sight *sight, int64_t wall, int64_t now, int64_t quiet);

/* Go through TREE's places. BEFORE holds the last look's sights and is replaced by this one's; ARRIVALS (settled) names what was renamed in
 * since. READY is called for each file to be taken, oldest first, a few at a time; where it returns a negative errno, the file has its next try a second
 * later. What can never be taken is refused (final_refuse). Returns after how many milliseconds to look again, -1: not before something changes. */
int64_t look(struct tree *tree, struct sights *before, const struct sights *arrivals, int64_t wall, int64_t now,
             int (*ready)(void *context, size_t place, const char *name), void *context);

#endif

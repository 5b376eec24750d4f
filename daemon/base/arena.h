/* Memory for what lives as long as one job: taken piece by piece, dropped at once. One thread at a time. */
#ifndef TOCSIN_BASE_ARENA_H
#define TOCSIN_BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* the newest first */
};

#define ARENA_EMPTY                                                                                                    \
    {                                                                                                                  \
        NULL                                                                                                           \
    }

/* SIZE bytes, aligned for anything and not cleared, until arena_drop(). */
void *arena_take(struct arena *arena, size_t size);

/* Copy LENGTH bytes of TEXT, and a NUL behind them. */
char *arena_copy(struct arena *arena, const char *text, size_t length);

/* Everything taken is gone; a block of the usual size stays for the next job. */
void arena_drop(struct arena *arena);

/* The same, and all memory is freed. The arena may be used again. */
void arena_free(struct arena *arena);

#endif

#include "daemon/base/arena.h"

#include "daemon/base/mem.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define USUAL ((size_t)16 << 10) /* bytes of a block: the values of a mail about some incidents */

struct arena_block {
    struct arena_block *older;
    size_t used, size;
    alignas(max_align_t) char bytes[];
};

static void add_block(struct arena *arena, size_t size)
{
    struct arena_block *block = mem_alloc(sizeof *block + size);
    *block = (struct arena_block){ .older = arena->blocks, .size = size };
    arena->blocks = block;
}

void *arena_take(struct arena *arena, size_t size)
{
    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (!arena->blocks || arena->blocks->size - arena->blocks->used < size)
        add_block(arena, size > USUAL ? size : USUAL);
    void *taken = arena->blocks->bytes + arena->blocks->used;
    arena->blocks->used += size;
    return taken;
}

char *arena_copy(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_take(arena, length + 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

void arena_drop(struct arena *arena)
{
    struct arena_block *kept = NULL;
    for (struct arena_block *block = arena->blocks, *older; block; block = older) {
        older = block->older;
        if (!kept && block->size == USUAL)
            kept = block;
        else
            free(block);
    }
    arena->blocks = kept;
    if (kept)
        *kept = (struct arena_block){ .size = USUAL };
}

void arena_free(struct arena *arena)
{
    arena_drop(arena);
    free(arena->blocks);
    arena->blocks = NULL;
}

/* A chunk of a feed file's rows, as load.c fills it and load_steps.c takes it into the store. Internal to queue/. */
#ifndef TOCSIN_QUEUE_LOAD_CHUNK_H
#define TOCSIN_QUEUE_LOAD_CHUNK_H

#include "queue/finding.h"
#include "queue/store.h"

struct row {
    unsigned long line;
    uint32_t target, host, ip, key, json; /* offsets into the arena; 0: none */
    uint32_t same; /* the first row of the chunk with this very finding: itself, or the one that decides for both */
    uint32_t leader; /* of such first rows: the first one whose case is the same */
    bool taken; /* it is in the store already: the load was resumed, or sent twice */
    int64_t key_hash, target_hash, time;
    int64_t grouping; /* grouping_of() */
    int64_t address_hash; /* of the key as it would be if the row named its address only; 0: it does, or has none */
    int64_t finding, counted_to; /* its id, 0: it is new; the last line of this file that it has counted */
    int64_t made; /* the id that its finding got, where it was new */
    int64_t case_id;
    bool new_case;
    struct verdict verdict;
};

struct queue_chunk {
    struct request request;
    int64_t file;
    struct row *rows; /* in the order of their lines */
    size_t count, row_room;
    char *arena;
    size_t used, room;
    uint32_t *by_key, *by_target, *by_address; /* indexes of rows, by hash and line */
    const uint32_t *order; /* the one that the step under way goes by */
    unsigned step;
    size_t from, until; /* rows of the step that are done, and that this commit does */
};

/* Sort CHUNK, and set its request up. On the loading thread: the store's has enough to do. */
void load_prepare(struct queue_chunk *chunk);

#endif

/* Loading a feed file: begun, in chunks, finished; resumed by its claim after a crash. What the store does with a chunk stands in load_steps.c. */
#include "daemon/base/mem.h"
#include "queue/load_chunk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Of two chunks one is filled while the store takes in the other: some 15 MB in all, however long the file. The more rows are sorted at once, the fewer pages of
 * the indexes by hash each of them has written anew. */
#define CHUNK_ROWS 16384
#define CHUNK_BYTES (4 * 1024 * 1024)

/* TEXT at a new place in the arena. */
static uint32_t keep(struct queue_chunk *chunk, const char *text, size_t length)
{
    if (chunk->used + length + 1 > chunk->room) {
        chunk->room = (chunk->used + length + 1) * 2;
        chunk->arena = mem_resize(chunk->arena, chunk->room, 1);
    }
    size_t at = chunk->used;
    memcpy(chunk->arena + at, text, length);
    chunk->arena[at + length] = '\0';
    chunk->used += length + 1;
    return (uint32_t)at;
}

static uint32_t keep_string(struct queue_chunk *chunk, const char *text)
{
    return text ? keep(chunk, text, strlen(text)) : 0;
}

/* What makes two incidents the same finding; the feed's name is added in the store. */
static uint32_t keep_key(struct queue_chunk *chunk, const struct incident *incident, const char *host)
{
    const char *parts[] = { incident->type, incident->identifier, host };
    char port[16];
    uint32_t at = (uint32_t)chunk->used;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        keep_string(chunk, parts[i] ? parts[i] : "");
        chunk->arena[chunk->used - 1] = '\x1f';
    }
    snprintf(port, sizeof port, "%d\x1f", incident->port);
    keep_string(chunk, port);
    chunk->used--;
    keep_string(chunk, incident->url ? incident->url : "");
    return at;
}

static int64_t address_hash(struct queue_chunk *chunk, const struct incident *incident)
{
    if (!incident->host || !incident->ip)
        return 0;
    uint32_t key = keep_key(chunk, incident, incident->ip);
    chunk->used = key; /* the hash is all that is wanted */
    return sql_hash(chunk->arena + key);
}

struct queue_chunk *queue_chunk_new(struct inbox *home)
{
    struct queue_chunk *chunk = mem_zero(1, sizeof *chunk);
    chunk->request.home = home;
    return chunk;
}

/* Room for what a file needs is made when it comes, and given back after it. */
static void drop_rows(struct queue_chunk *chunk)
{
    free(chunk->arena);
    free(chunk->rows);
    free(chunk->by_key);
    free(chunk->by_target);
    free(chunk->by_address);
    chunk->arena = NULL;
    chunk->rows = NULL;
    chunk->by_key = chunk->by_target = chunk->by_address = NULL;
    chunk->room = chunk->row_room = 0;
}

void queue_chunk_free(struct queue_chunk *chunk)
{
    drop_rows(chunk);
    free(chunk);
}

bool queue_chunk_empty(const struct queue_chunk *chunk)
{
    return chunk->count == 0;
}

bool queue_chunk_add(struct queue_chunk *chunk, const struct incident *incident)
{
    if (chunk->count == CHUNK_ROWS || chunk->used > CHUNK_BYTES)
        return false;
    if (chunk->count == chunk->row_room) {
        chunk->row_room = chunk->row_room ? chunk->row_room * 2 : 64;
        chunk->rows = mem_resize(chunk->rows, chunk->row_room, sizeof *chunk->rows);
    }
    if (!chunk->used)
        keep(chunk, "", 0); /* offset 0 means none */
    struct row *row = &chunk->rows[chunk->count++];
    *row = (struct row){ .line = incident->line, .time = incident->time };
    row->address_hash = address_hash(chunk, incident);
    row->key = keep_key(chunk, incident, incident->host ? incident->host : incident->ip);
    row->target = keep_string(chunk, incident->target);
    row->host = keep_string(chunk, incident->host);
    row->ip = keep_string(chunk, incident->ip);
    row->json = keep(chunk, incident->json, incident->json_length);
    row->key_hash = sql_hash(chunk->arena + row->key);
    row->target_hash = sql_hash(chunk->arena + row->target);
    return true;
}

void queue_chunk_push(struct queue *queue, struct queue_chunk *chunk, int64_t file)
{
    chunk->file = file;
    load_prepare(chunk);
    store_push(queue, &chunk->request);
}

int queue_chunk_reset(struct queue_chunk *chunk)
{
    int status = chunk->request.status;
    chunk->count = chunk->used = 0;
    chunk->request.status = 0;
    return status;
}

void queue_chunk_rest(struct queue_chunk *chunk)
{
    queue_chunk_reset(chunk);
    drop_rows(chunk);
}

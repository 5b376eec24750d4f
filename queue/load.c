/* Loading a feed file: begun, in chunks, finished; resumed by its claim after a crash. */
#include "daemon/base/mem.h"
#include "queue/finding.h"
#include "queue/outcome.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- Chunks ------------------------------------------------------------------------------------------------------------------------ */

/* Rows a chunk: a few milliseconds of the store thread, between which outcomes pass. */
#define CHUNK_ROWS 500
#define CHUNK_BYTES (1024 * 1024)

struct row {
    unsigned long line;
    size_t target, host, ip, key, json; /* offsets into the arena; 0: none */
    int64_t hash, time;
};

struct queue_chunk {
    struct request request;
    struct row rows[CHUNK_ROWS];
    size_t count, used, room;
    char *arena;
    int64_t file;
};

static size_t keep(struct queue_chunk *chunk, const char *text, size_t length)
{
    if (chunk->used + length + 1 > chunk->room) {
        chunk->room = (chunk->used + length + 1) * 2;
        chunk->arena = mem_resize(chunk->arena, chunk->room, 1);
    }
    size_t at = chunk->used;
    memcpy(chunk->arena + at, text, length);
    chunk->arena[at + length] = '\0';
    chunk->used += length + 1;
    return at;
}

static size_t keep_string(struct queue_chunk *chunk, const char *text)
{
    return text ? keep(chunk, text, strlen(text)) : 0;
}

/* FNV-1a; collisions are harmless, since the whole key stands beside it. */
static int64_t hash_of(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return (int64_t)hash;
}

struct queue_chunk *queue_chunk_new(struct inbox *home)
{
    struct queue_chunk *chunk = mem_zero(1, sizeof *chunk);
    chunk->request.home = home;
    chunk->used = 1; /* offset 0 means none */
    return chunk;
}

void queue_chunk_free(struct queue_chunk *chunk)
{
    free(chunk->arena);
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
    struct row *row = &chunk->rows[chunk->count++];
    row->line = incident->line;
    row->time = incident->time;
    if (!chunk->room) {
        chunk->room = 4096;
        chunk->arena = mem_zero(1, chunk->room);
    }
    row->target = keep_string(chunk, incident->target);
    row->host = keep_string(chunk, incident->host);
    row->ip = keep_string(chunk, incident->ip);
    row->json = keep(chunk, incident->json, incident->json_length);
    /* What makes two incidents the same finding; the feed's name is added in the store. */
    char *key =
        mem_format("%s\x1f%s\x1f%s\x1f%d\x1f%s", incident->type ? incident->type : "",
                   incident->identifier ? incident->identifier : "", incident->host ? incident->host : incident->ip,
                   incident->port, incident->url ? incident->url : "");
    row->key = keep_string(chunk, key);
    free(key);
    return true;
}

struct loading {
    int64_t campaign, loaded_to;
    struct finding_rules rules;
    bool redirected;
    char *feed;
};

static bool loading_of(struct store *store, int64_t file, struct loading *at)
{
    sqlite3_stmt *row = sql_query(store->sql,
                                  "SELECT f.campaign_id, f.loaded_to, c.redirect_to IS NOT NULL, f.profile, f.received"
                                  " FROM feed_file f JOIN campaign c ON c.id = f.campaign_id WHERE f.id = ?1",
                                  "i", file);
    if (!sql_step(store->sql, row))
        return false;
    *at = (struct loading){
        .campaign = sqlite3_column_int64(row, 0),
        .loaded_to = sqlite3_column_int64(row, 1),
        .rules = { .file = file, .received = sqlite3_column_int64(row, 4) },
        .redirected = sqlite3_column_int(row, 2) != 0,
        .feed = sql_copy(row, 3),
    };
    sqlite3_reset(row);
    finding_rules(store->config, at->feed, &at->rules);
    return true;
}

/* What is to be done with the finding KEY. A rehearsal neither knows nor keeps what others have told. */
static struct verdict judge(struct store *store, const char *key, int64_t hash, const struct loading *at)
{
    int64_t id = at->redirected ? 0
                                : sql_integer(store->sql, 0, "SELECT case_id FROM finding WHERE hash = ?1 AND key = ?2",
                                              "it", hash, key);
    return id ? finding_judge(store, id, &at->rules) : (struct verdict){ .fate = FATE_TOLD };
}

static int64_t case_for(struct store *store, const struct queue_chunk *chunk, const struct row *row,
                        const struct loading *at, const struct verdict *verdict)
{
    const char *arena = chunk->arena;
    /* `+` keeps the planner from the file's index: a file has a million cases, a target one. */
    int64_t id =
        sql_integer(store->sql, 0,
                    "SELECT id FROM \"case\" WHERE target = ?1 AND campaign_id = ?2 AND +file_id = ?3"
                    " AND reminder = ?4 AND coalesce(reminds, 0) = ?5",
                    "tiiii", arena + row->target, at->campaign, chunk->file, verdict->reminder, verdict->reminds);
    if (id)
        return id;
    /* Due never: none of its cases moves before a file's last row is in. */
    sql_run(store->sql,
            "INSERT INTO \"case\" (campaign_id, file_id, target, host, ip, state, due, reminder, reminds, previous)"
            " VALUES (?1, ?2, ?3, ?4, ?5, 1, 9223372036854775807, ?6, nullif(?7, 0), nullif(?8, 0))",
            "iitttiii", at->campaign, chunk->file, arena + row->target, row->host ? arena + row->host : NULL,
            row->ip ? arena + row->ip : NULL, verdict->reminder, verdict->reminds, verdict->previous);
    id = sql_last_id(store->sql);
    sql_run(store->sql,
            "UPDATE campaign SET open_cases = open_cases + 1, state = CASE state WHEN 4 THEN 1 ELSE state END,"
            " ended = NULL WHERE id = ?1",
            "i", at->campaign);
    return id;
}

static void load_row(struct store *store, const struct queue_chunk *chunk, const struct row *row,
                     const struct loading *at)
{
    char *key = mem_format("%s\x1f%s", at->feed, chunk->arena + row->key);
    int64_t hash = hash_of(key);
    int64_t seen = row->time ? row->time * 1000 : at->rules.received;
    struct verdict verdict = judge(store, key, hash, at);
    bool told = verdict.fate == FATE_TOLD;
    int64_t known = told ? 0 : verdict.known_in, id = told ? case_for(store, chunk, row, at, &verdict) : 0;
    sql_run(store->sql,
            "INSERT INTO incident (file_id, line, case_id, known_in, spent, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            "iiiiit", chunk->file, (int64_t)row->line, id, known, (int64_t)(verdict.fate == FATE_SPENT),
            chunk->arena + row->json);
    if (known)
        sql_run(store->sql, "UPDATE feed_file SET duplicates = duplicates + 1 WHERE id = ?1", "i", chunk->file);
    if (!at->redirected)
        sql_run(store->sql,
                "INSERT INTO finding (hash, key, case_id, count, first_seen, last_seen) VALUES (?1, ?2, ?3, 1, ?4, ?4)"
                " ON CONFLICT (hash, key) DO UPDATE SET count = count + 1, last_seen = max(last_seen, ?4),"
                " case_id = CASE WHEN ?3 > 0 THEN ?3 ELSE case_id END",
                "itii", hash, key, id, seen);
    free(key);
}

static int run_chunk(struct store *store, struct request *request)
{
    struct queue_chunk *chunk = (struct queue_chunk *)request;
    struct loading at;
    if (!loading_of(store, chunk->file, &at))
        return -ENOENT;
    unsigned long last = (unsigned long)at.loaded_to;
    for (size_t i = 0; i < chunk->count; i++) {
        const struct row *row = &chunk->rows[i];
        if (row->line <= (unsigned long)at.loaded_to)
            continue;
        load_row(store, chunk, row, &at);
        last = row->line;
    }
    sql_run(store->sql, "UPDATE feed_file SET loaded_to = ?2 WHERE id = ?1", "ii", chunk->file, (int64_t)last);
    free(at.feed);
    return 0;
}

void queue_chunk_push(struct queue *queue, struct queue_chunk *chunk, int64_t file)
{
    chunk->file = file;
    chunk->request.run = run_chunk;
    store_push(queue, &chunk->request);
}

int queue_chunk_reset(struct queue_chunk *chunk)
{
    int status = chunk->request.status;
    chunk->count = 0;
    chunk->used = 1;
    chunk->request.status = 0;
    return status;
}

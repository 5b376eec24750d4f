/* What the store thread does with a chunk of rows.
 *
 * Keys of findings and names of targets come in no order, and an index that grows at random has nearly every page of it written anew by each commit. So a chunk is
 * tens of thousands of rows; what goes into an index by hash goes in sorted, some rows a commit, and touches each page of the index once a chunk; what is in
 * the order of the lines is appended. Other requests pass between the commits.
 *
 * The steps depend on one another, and a crash may come between any two. Whatever a step has written is found again by the step that would write it when the
 * rows come once more: loaded_to, which says which rows those are, moves with the last step. None of these commits has to reach the disk by itself: the claimed
 * file is there until the last one, queue_file_finish()'s, has, and a power cut takes the latest of them only. */
#include "daemon/base/mem.h"
#include "queue/grouping.h"
#include "queue/load_chunk.h"
#include "queue/terms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Rows a commit: some milliseconds of the store thread. */
#define STEP_ROWS 2000

struct loading {
    int64_t campaign, loaded_to;
    struct finding_rules rules;
    bool redirected;
    char *feed;
    struct terms terms;
};

static bool loading_of(struct store *store, int64_t file, struct loading *at)
{
    sqlite3_stmt *row = sql_query(store->sql,
                                  "SELECT f.campaign_id, f.loaded_to, c.redirect_to IS NOT NULL, f.profile, f.received,"
                                  " c.settings"
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
    terms_read(sql_text(row, 5), config_profile(store->config, at->feed), &at->terms);
    sqlite3_reset(row);
    finding_rules(store->config, at->feed, &at->rules);
    return true;
}

/* ---- Finding what is there ------------------------------------------------------------------------------------------------------------ */

/* The whole key: the feed's name before that of the row. A new string. */
static char *whole_key(const struct queue_chunk *chunk, const struct row *row, const struct loading *at)
{
    return mem_format("%s\x1f%s", at->feed, chunk->arena + row->key);
}

/* Do the keys say the same about two hosts? What differs may be the third part alone. */
static bool differ_by_host(const char *a, const char *b)
{
    for (int parts = 0; parts < 2 && *a && *a == *b; a++, b++)
        parts += *a == '\x1f';
    return a[-1] == '\x1f' && b[-1] == '\x1f' && strcmp(a + strcspn(a, "\x1f"), b + strcspn(b, "\x1f")) == 0;
}

/* A finding about an address and one about a name are one where a row names both, or where the name alone resolved to the address not long ago: nobody is mailed twice. A second name at the same address is another host: which of
 * them the address stood for nobody can say, so it stands for the first. The case that tells of ROW's host by its other name, 0: there is none. */
static int64_t other_case(struct store *store, const struct queue_chunk *chunk, const struct row *row,
                          const struct loading *at)
{
    int64_t id = 0;
    if (row->host && !row->address_hash)
        return 0;
    sqlite3_stmt *found =
        row->host ? sql_query(store->sql,
                              "SELECT f.case_id, f.key FROM address_finding a JOIN finding f ON f.id = a.finding_id"
                              " WHERE a.hash = ?1 AND NOT EXISTS (SELECT 1 FROM address_name n WHERE n.hash = ?1"
                              " AND n.finding_id > 0 AND (n.resolved = 0 OR n.resolved > ?2))",
                              "ii", row->address_hash, at->rules.received - at->rules.window)
                  : sql_query(store->sql,
                              "SELECT f.case_id, f.key FROM address_name a JOIN finding f ON f.id = a.finding_id"
                              " WHERE a.hash = ?1 AND (a.resolved = 0 OR a.resolved > ?2)",
                              "ii", row->key_hash, at->rules.received - at->rules.window);
    if (!sql_step(store->sql, found))
        return 0;
    const char *key = sql_text(found, 1);
    size_t feed = strlen(at->feed);
    if (strncmp(key, at->feed, feed) == 0 && key[feed] == '\x1f' &&
        differ_by_host(key + feed + 1, chunk->arena + row->key))
        id = sqlite3_column_int64(found, 0);
    sqlite3_reset(found);
    return id;
}

/* What is known of each row's finding. A rehearsal neither knows nor keeps what others have told. */
static void find_one(struct store *store, const struct queue_chunk *chunk, struct row *row, const struct loading *at)
{
    row->taken = row->line <= (unsigned long)at->loaded_to;
    row->finding = row->made = row->counted_to = 0;
    row->verdict = (struct verdict){ .fate = FATE_TOLD };
    row->grouping = grouping_of(&at->terms.profile, chunk->arena + row->key, row->key_hash, chunk->arena + row->json);
    if (row->same != (uint32_t)(row - chunk->rows) || at->redirected)
        return;
    char *key = whole_key(chunk, row, at);
    sqlite3_stmt *found = sql_query(store->sql,
                                    "SELECT f.id, f.case_id, CASE f.file_id WHEN ?3 THEN f.line ELSE 0 END"
                                    " FROM finding_hash h JOIN finding f ON f.id = h.finding_id"
                                    " WHERE h.hash = ?1 AND f.key = ?2",
                                    "iti", row->key_hash, key, chunk->file);
    if (sql_step(store->sql, found)) {
        int64_t case_id = sqlite3_column_int64(found, 1);
        row->finding = sqlite3_column_int64(found, 0);
        row->counted_to = sqlite3_column_int64(found, 2);
        sqlite3_reset(found);
        row->verdict = finding_judge(store, case_id, &at->rules);
    } else {
        int64_t other = other_case(store, chunk, row, at);
        if (other)
            row->verdict = finding_judge(store, other, &at->rules);
    }
    free(key);
}

/* ---- Cases ---------------------------------------------------------------------------------------------------------------------------- */

static bool is_told_first(const struct queue_chunk *chunk, const struct row *row)
{
    return row->same == (uint32_t)(row - chunk->rows) && row->verdict.fate == FATE_TOLD;
}

static bool has_same_case(const struct queue_chunk *chunk, const struct row *a, const struct row *b)
{
    return a->verdict.reminder == b->verdict.reminder && a->verdict.reminds == b->verdict.reminds &&
           a->grouping == b->grouping && strcmp(chunk->arena + a->target, chunk->arena + b->target) == 0;
}

/* The row before the Ith of the order whose case is the same, or the row itself. */
static uint32_t leader_of(const struct queue_chunk *chunk, size_t i)
{
    const struct row *row = &chunk->rows[chunk->order[i]];
    for (size_t before = i; before-- > 0;) {
        const struct row *other = &chunk->rows[chunk->order[before]];
        if (other->target_hash != row->target_hash)
            break;
        if (is_told_first(chunk, other) && !other->verdict.joins && has_same_case(chunk, other, row))
            return other->leader;
    }
    return chunk->order[i];
}

/* Of a target with a case for each of its incidents, one is found without looking at the others: those of a group are in the index by this as well. */
static int64_t group_hash(const struct row *row)
{
    return row->target_hash ^ row->grouping;
}

/* The case of this very file that tells of the target, from an earlier chunk. */
static void look_up_case(struct store *store, const struct queue_chunk *chunk, struct row *row)
{
    row->case_id =
        sql_integer(store->sql, 0,
                    "SELECT k.id FROM target_hash t JOIN \"case\" k ON k.id = t.case_id WHERE t.hash = ?1"
                    " AND +k.file_id = ?2 AND k.target = ?3 AND k.reminder = ?4 AND coalesce(k.reminds, 0) = ?5"
                    " AND k.grouping = ?6",
                    "iitiii", group_hash(row), chunk->file, chunk->arena + row->target, row->verdict.reminder,
                    row->verdict.reminds, row->grouping);
}

/* The cases to be made get their numbers in the order of the lines, before any is made: only the loading of files makes cases, one chunk at a time. */
static void number_cases(struct store *store, struct queue_chunk *chunk)
{
    int64_t next = sql_integer(store->sql, 0, "SELECT max(id) FROM \"case\"", "") + 1;
    for (size_t i = 0; i < chunk->count; i++) {
        struct row *row = &chunk->rows[i];
        row->new_case = is_told_first(chunk, row) && row->leader == i && (row->new_case || !row->case_id);
        if (row->new_case)
            row->case_id = next++;
    }
}

/* First the index, then the case: an entry without its case says nothing, and a case that the index does not have would be made twice. */
static void index_case(struct store *store, const struct row *row)
{
    sql_run(store->sql, "INSERT OR IGNORE INTO target_hash (hash, case_id) VALUES (?1, ?2)", "ii", row->target_hash,
            row->case_id);
    if (row->grouping)
        sql_run(store->sql, "INSERT OR IGNORE INTO target_hash (hash, case_id) VALUES (?1, ?2)", "ii", group_hash(row),
                row->case_id);
}

static void make_case(struct store *store, const struct queue_chunk *chunk, const struct row *row,
                      const struct loading *at)
{
    const char *arena = chunk->arena;
    /* Due never: none of its cases moves before a file's last row is in. */
    sql_run(store->sql,
            "INSERT INTO \"case\" (id, campaign_id, file_id, target, host, ip, state, due, reminder, reminds, previous,"
            " grouping) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, 9223372036854775807, ?7, nullif(?8, 0), nullif(?9, 0), ?10)",
            "iiitttiiii", row->case_id, at->campaign, chunk->file, arena + row->target,
            row->host ? arena + row->host : NULL, row->ip ? arena + row->ip : NULL, row->verdict.reminder,
            row->verdict.reminds, row->verdict.previous, row->grouping);
}

static int64_t case_of(const struct queue_chunk *chunk, const struct row *row)
{
    const struct row *same = &chunk->rows[row->same];
    return same->verdict.fate == FATE_TOLD ? chunk->rows[same->leader].case_id : 0;
}

/* ---- Findings and incidents ------------------------------------------------------------------------------------------------------------- */

/* What the rows from the Ith of the order on that report the same finding as it does say together. */
struct sighting {
    int64_t count, first, last;
    unsigned long line;
};

static struct sighting sighting_of(const struct queue_chunk *chunk, size_t i, int64_t received)
{
    const struct row *first = &chunk->rows[chunk->order[i]];
    struct sighting sighting = { .first = INT64_MAX, .last = INT64_MIN };
    for (; i < chunk->count && chunk->rows[chunk->order[i]].key_hash == first->key_hash; i++) {
        const struct row *row = &chunk->rows[chunk->order[i]];
        int64_t seen = row->time ? row->time * 1000 : received;
        if (row->same != first->same || row->taken || row->line <= (unsigned long)first->counted_to)
            continue;
        sighting.count++;
        sighting.line = row->line;
        sighting.first = seen < sighting.first ? seen : sighting.first;
        sighting.last = seen > sighting.last ? seen : sighting.last;
    }
    return sighting;
}

static void keep_finding(struct store *store, const struct queue_chunk *chunk, size_t i, const struct loading *at)
{
    struct row *row = &chunk->rows[chunk->order[i]];
    if (row->same != chunk->order[i] || at->redirected)
        return;
    struct sighting sighting = sighting_of(chunk, i, at->rules.received);
    if (!sighting.count)
        return;
    if (row->finding) {
        sql_run(store->sql,
                "UPDATE finding SET count = count + ?2, first_seen = min(first_seen, ?3),"
                " last_seen = max(last_seen, ?4), case_id = CASE ?5 WHEN 0 THEN case_id ELSE ?5 END, file_id = ?6,"
                " line = ?7 WHERE id = ?1",
                "iiiiiii", row->finding, sighting.count, sighting.first, sighting.last, case_of(chunk, row),
                chunk->file, (int64_t)sighting.line);
        return;
    }
    int64_t told = case_of(chunk, row);
    char *key = whole_key(chunk, row, at);
    sql_run(store->sql,
            "INSERT INTO finding (key, case_id, count, first_seen, last_seen, file_id, line)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            "tiiiiii", key, told ? told : row->verdict.known_in, sighting.count, sighting.first, sighting.last,
            chunk->file, (int64_t)sighting.line);
    row->made = sql_last_id(store->sql);
    sql_run(store->sql, "INSERT INTO finding_hash (hash, finding_id) VALUES (?1, ?2)", "ii", row->key_hash, row->made);
    if (!row->host)
        sql_run(store->sql, "INSERT OR IGNORE INTO address_finding (hash, finding_id) VALUES (?1, ?2)", "ii",
                row->key_hash, row->made);
    free(key);
}

/* The first name at an address has it. What a row says counts for more than what DNS did. */
static void keep_address(struct store *store, const struct row *row)
{
    int64_t finding = row->finding ? row->finding : row->made;
    if (row->address_hash && finding)
        sql_run(store->sql,
                "INSERT INTO address_name (hash, finding_id) VALUES (?1, ?2) ON CONFLICT (hash) DO UPDATE"
                " SET finding_id = ?2, resolved = 0 WHERE resolved > 0",
                "ii", row->address_hash, finding);
}

static void keep_incident(struct store *store, const struct queue_chunk *chunk, const struct row *row)
{
    const struct verdict *verdict = &chunk->rows[row->same].verdict;
    sql_run(store->sql,
            "INSERT INTO incident (file_id, line, case_id, known_in, spent, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            "iiiiit", chunk->file, (int64_t)row->line, case_of(chunk, row), verdict->known_in,
            (int64_t)(verdict->fate == FATE_SPENT), chunk->arena + row->json);
}

/* ---- The steps -------------------------------------------------------------------------------------------------------------------------- */

static void run_find(struct store *store, struct queue_chunk *chunk, const struct loading *at)
{
    for (size_t i = chunk->from; i < chunk->until; i++)
        find_one(store, chunk, &chunk->rows[chunk->order[i]], at);
}

static void run_look_up(struct store *store, struct queue_chunk *chunk, const struct loading *at)
{
    (void)at;
    for (size_t i = chunk->from; i < chunk->until; i++) {
        struct row *row = &chunk->rows[chunk->order[i]];
        if (!is_told_first(chunk, row))
            continue;
        row->new_case = false;
        row->leader = row->verdict.joins ? chunk->order[i] : leader_of(chunk, i);
        row->case_id = row->verdict.joins;
        if (row->leader == chunk->order[i] && !row->case_id)
            look_up_case(store, chunk, row);
    }
}

static void run_index(struct store *store, struct queue_chunk *chunk, const struct loading *at)
{
    (void)at;
    if (!chunk->from)
        number_cases(store, chunk);
    for (size_t i = chunk->from; i < chunk->until; i++)
        if (chunk->rows[chunk->order[i]].new_case)
            index_case(store, &chunk->rows[chunk->order[i]]);
}

static void run_make(struct store *store, struct queue_chunk *chunk, const struct loading *at)
{
    int64_t made = 0, addresses = 0;
    for (size_t i = chunk->from; i < chunk->until; i++)
        if (chunk->rows[i].new_case) {
            make_case(store, chunk, &chunk->rows[i], at);
            made++;
            addresses += !chunk->rows[i].host;
        }
    if (addresses)
        sql_run(store->sql, "UPDATE feed_file SET addresses = addresses + ?2 WHERE id = ?1", "ii", chunk->file,
                addresses);
    if (made)
        sql_run(store->sql,
                "UPDATE campaign SET open_cases = open_cases + ?2, state = CASE state WHEN 4 THEN 1 ELSE state END,"
                " ended = NULL WHERE id = ?1",
                "ii", at->campaign, made);
}

static void run_keep(struct store *store, struct queue_chunk *chunk, const struct loading *at)
{
    for (size_t i = chunk->from; i < chunk->until; i++)
        keep_finding(store, chunk, i, at);
}

static void run_addresses(struct store *store, struct queue_chunk *chunk, const struct loading *at)
{
    (void)at;
    for (size_t i = chunk->from; i < chunk->until; i++)
        keep_address(store, &chunk->rows[chunk->order[i]]);
}

static void run_incidents(struct store *store, struct queue_chunk *chunk, const struct loading *at)
{
    int64_t last = at->loaded_to, known = 0;
    for (size_t i = chunk->from; i < chunk->until; i++) {
        const struct row *row = &chunk->rows[i];
        if (row->taken)
            continue;
        keep_incident(store, chunk, row);
        known += chunk->rows[row->same].verdict.fate != FATE_TOLD;
        last = (int64_t)row->line;
    }
    sql_run(store->sql, "UPDATE feed_file SET loaded_to = ?2, duplicates = duplicates + ?3 WHERE id = ?1", "iii",
            chunk->file, last, known);
}

enum order { BY_LINE, BY_KEY, BY_TARGET, BY_ADDRESS };

static const struct step {
    void (*run)(struct store *store, struct queue_chunk *chunk, const struct loading *at);
    enum order order;
} steps[] = {
    { run_find, BY_KEY }, { run_look_up, BY_TARGET },    { run_index, BY_TARGET },   { run_make, BY_LINE },
    { run_keep, BY_KEY }, { run_addresses, BY_ADDRESS }, { run_incidents, BY_LINE },
};
#define STEPS (sizeof steps / sizeof steps[0])

static int run_chunk(struct store *store, struct request *request)
{
    struct queue_chunk *chunk = (struct queue_chunk *)request;
    struct loading at;
    if (!loading_of(store, chunk->file, &at))
        return -ENOENT;
    const uint32_t *orders[] = {
        [BY_LINE] = NULL, [BY_KEY] = chunk->by_key, [BY_TARGET] = chunk->by_target, [BY_ADDRESS] = chunk->by_address
    };
    chunk->order = orders[steps[chunk->step].order];
    chunk->until = chunk->count - chunk->from > STEP_ROWS ? chunk->from + STEP_ROWS : chunk->count;
    steps[chunk->step].run(store, chunk, &at);
    terms_clear(&at.terms);
    free(at.feed);
    return 0;
}

static bool next_rows(struct request *request)
{
    struct queue_chunk *chunk = (struct queue_chunk *)request;
    chunk->from = chunk->until;
    if (chunk->from < chunk->count)
        return true;
    chunk->from = 0;
    return ++chunk->step < STEPS;
}

/* ---- Order ------------------------------------------------------------------------------------------------------------------------------ */

static int compare(int64_t a, int64_t b, uint32_t i, uint32_t j)
{
    return a < b ? -1 : a > b ? 1 : i < j ? -1 : i > j;
}

static int by_key(const void *a, const void *b, void *rows)
{
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    return compare(((struct row *)rows)[i].key_hash, ((struct row *)rows)[j].key_hash, i, j);
}

static int by_target(const void *a, const void *b, void *rows)
{
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    return compare(((struct row *)rows)[i].target_hash, ((struct row *)rows)[j].target_hash, i, j);
}

static int by_address(const void *a, const void *b, void *rows)
{
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    return compare(((struct row *)rows)[i].address_hash, ((struct row *)rows)[j].address_hash, i, j);
}

/* Which row of the chunk has the finding of the Ith by key first. */
static uint32_t first_of(const struct queue_chunk *chunk, size_t i)
{
    const struct row *row = &chunk->rows[chunk->by_key[i]];
    for (size_t before = i; before-- > 0;) {
        const struct row *other = &chunk->rows[chunk->by_key[before]];
        if (other->key_hash != row->key_hash)
            break;
        if (strcmp(chunk->arena + other->key, chunk->arena + row->key) == 0)
            return other->same;
    }
    return chunk->by_key[i];
}

/* The row of the chunk that has its host's address only and says else what ROW says; NULL: there is none, or it has been taken for another name. */
static struct row *address_alone(const struct queue_chunk *chunk, const struct row *row)
{
    size_t low = 0, high = chunk->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (chunk->rows[chunk->by_key[middle]].key_hash < row->address_hash)
            low = middle + 1;
        else
            high = middle;
    }
    struct row *found = low < chunk->count ? &chunk->rows[chunk->by_key[low]] : NULL;
    bool same = found && found->key_hash == row->address_hash && !found->host && found->ip &&
                found->same == chunk->by_key[low] && strcmp(chunk->arena + found->ip, chunk->arena + row->ip) == 0 &&
                differ_by_host(chunk->arena + found->key, chunk->arena + row->key);
    return same ? found : NULL;
}

/* Where a row names both, the name decides for the address: its case is the one that more people can be told in. */
static void join_addresses(struct queue_chunk *chunk)
{
    for (uint32_t i = 0; i < chunk->count; i++) {
        const struct row *row = &chunk->rows[i];
        struct row *address = row->address_hash && row->same == i ? address_alone(chunk, row) : NULL;
        if (address)
            address->same = i;
    }
    for (size_t i = 0; i < chunk->count; i++)
        chunk->rows[i].same = chunk->rows[chunk->rows[i].same].same;
}

void load_prepare(struct queue_chunk *chunk)
{
    chunk->by_key = mem_resize(chunk->by_key, chunk->count, sizeof *chunk->by_key);
    chunk->by_target = mem_resize(chunk->by_target, chunk->count, sizeof *chunk->by_target);
    chunk->by_address = mem_resize(chunk->by_address, chunk->count, sizeof *chunk->by_address);
    for (uint32_t i = 0; i < chunk->count; i++)
        chunk->by_key[i] = chunk->by_target[i] = chunk->by_address[i] = i;
    qsort_r(chunk->by_key, chunk->count, sizeof *chunk->by_key, by_key, chunk->rows);
    qsort_r(chunk->by_target, chunk->count, sizeof *chunk->by_target, by_target, chunk->rows);
    qsort_r(chunk->by_address, chunk->count, sizeof *chunk->by_address, by_address, chunk->rows);
    for (size_t i = 0; i < chunk->count; i++)
        chunk->rows[chunk->by_key[i]].same = first_of(chunk, i);
    join_addresses(chunk);
    chunk->step = 0;
    chunk->from = 0;
    chunk->request.run = run_chunk;
    chunk->request.next = next_rows;
    chunk->request.lazy = true;
}

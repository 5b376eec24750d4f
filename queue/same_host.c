/* An address and the name that has it: what is said of either, and else the same, is one finding, and its people get one mail.
 *
 * Where a row names both, loading sees it. Where none does, DNS may: a file's names are looked up before anybody's contacts are, where the feed has rows about an
 * address alone; other feeds pay nothing. Only what is unambiguous counts: of the names of the file that report the very same, those of one case alone have the address, and no
 * name has had it within dedup_window. Of a file's own rows the name's case tells: more people can be found by a name. What has been told about the address in
 * an earlier file stands, and the name is known there; nothing that went out is undone. */
#include "daemon/base/mem.h"
#include "queue/finding.h"

#include <stdlib.h>

/* Rows of a case, and hosts among them, that are looked at: a case with more loses a chance to be joined, not a finding. */
#define CASE_ROWS "1000"
#define CASE_HOSTS "8"

/* The name that a row's `data` names its host by. */
#define NAME "(data ->> '$.\"source.fqdn\"')"

/* Cases, or keys, a turn: some milliseconds each. */
#define STEPS INT64_C(200)

enum { MATCH_NOT, MATCH_LOOKING_UP, MATCH_JOINING };

struct match {
    int64_t campaign, matched_to, now;
    struct finding_rules rules;
    int state;
    char *feed;
};

bool store_is_matched(struct store *store, int64_t file)
{
    struct finding_rules rules;
    sqlite3_stmt *row = sql_query(store->sql,
                                  "SELECT f.profile, f.received, (SELECT count(*) FROM \"case\" WHERE file_id = f.id)"
                                  " > f.addresses AND c.redirect_to IS NULL FROM feed_file f"
                                  " JOIN campaign c ON c.id = f.campaign_id WHERE f.id = ?1",
                                  "i", file);
    if (!sql_step(store->sql, row))
        return false;
    char *feed = sql_copy(row, 0);
    int64_t received = sqlite3_column_int64(row, 1);
    bool names = sqlite3_column_int(row, 2) != 0;
    sqlite3_reset(row);
    finding_rules(store->config, feed, &rules);
    bool addresses =
        names && sql_integer(store->sql, 0,
                             "SELECT 1 FROM feed_file WHERE profile = ?1 AND addresses > 0 AND received > ?2 LIMIT 1",
                             "ti", feed, received - rules.window);
    free(feed);
    return addresses;
}

/* ---- Looking up ----------------------------------------------------------------------------------------------------------------------- */

char *store_hosts(struct store *store, int64_t id)
{
    char *hosts = NULL;
    sqlite3_stmt *row = sql_query(store->sql,
                                  "SELECT group_concat(host, ' ') FROM (SELECT DISTINCT host FROM (SELECT " NAME
                                  " AS host FROM incident WHERE case_id = ?1 AND case_id > 0 LIMIT " CASE_ROWS
                                  ") WHERE host IS NOT NULL LIMIT " CASE_HOSTS ")",
                                  "i", id);
    if (sql_step(store->sql, row)) {
        hosts = sql_copy(row, 0);
        sqlite3_reset(row);
    }
    return hosts ? hosts : mem_string("");
}

struct set_addresses {
    struct request request;
    int64_t id;
    struct host_address *addresses;
    size_t count;
};

/* The rows of case ?1 about the host ?2 stand for its address ?3. */
#define NOTE_NAME                                                                                                      \
    "INSERT OR IGNORE INTO same_host (file_id, key, case_id, line, named)"                                             \
    " SELECT file_id, " FINDING_KEY("?3") ", case_id, line, 1 FROM (SELECT * FROM incident WHERE case_id = ?1"         \
                                          " AND case_id > 0 LIMIT " CASE_ROWS ") WHERE " NAME " = ?2"

static int run_set_addresses(struct store *store, struct request *request)
{
    const struct set_addresses *set = (struct set_addresses *)request;
    /* Cancelled, expired or opted out meanwhile: nothing to do. */
    if (sql_integer(store->sql, 0, "SELECT state FROM \"case\" WHERE id = ?1", "i", set->id) != CASE_RESOLVING)
        return 0;
    for (size_t i = 0; i < set->count; i++)
        sql_run(store->sql, NOTE_NAME, "itt", set->id, set->addresses[i].host, set->addresses[i].ip);
    store_move_case(store, set->id, CASE_NEW, DUE_NEVER);
    sql_run(store->sql, "UPDATE \"case\" SET resolve_since = 0, resolve_tries = 0 WHERE id = ?1", "i", set->id);
    return 0;
}

static void finish_set_addresses(struct request *request)
{
    struct set_addresses *set = (struct set_addresses *)request;
    free(set->addresses);
    free(set);
}

void queue_set_addresses(struct queue *queue, int64_t id, const struct host_address *addresses, size_t count)
{
    struct set_addresses *set = mem_zero(1, sizeof *set);
    set->request.run = run_set_addresses;
    set->request.finish = finish_set_addresses;
    set->id = id;
    set->addresses = mem_zero(count + 1, sizeof *addresses);
    for (size_t i = 0; i < count; i++)
        set->addresses[i] = addresses[i];
    set->count = count;
    store_submit(queue, &set->request);
}

static bool is_looking_up(struct store *store, const struct match *match)
{
    return sql_integer(store->sql, 0,
                       "SELECT EXISTS (SELECT 1 FROM \"case\" WHERE file_id = ?1 AND state = 2)"
                       " OR EXISTS (SELECT 1 FROM \"case\" WHERE campaign_id = ?2 AND state = 1"
                       " AND due < 9223372036854775807 AND +file_id = ?1)",
                       "ii", match->rules.file, match->campaign) != 0;
}

/* The next cases of the file that nobody has looked for contacts of; to be freed. */
static int64_t *next_cases(struct store *store, const struct match *match, size_t *count)
{
    return sql_integers(store->sql,
                        sql_query(store->sql,
                                  "SELECT id FROM \"case\" WHERE file_id = ?1 AND state = 1 AND id > ?2 ORDER BY id"
                                  " LIMIT ?3",
                                  "iii", match->rules.file, match->matched_to, STEPS),
                        count);
}

static void set_state(struct store *store, const struct match *match, int state, int64_t matched_to)
{
    sql_run(store->sql, "UPDATE feed_file SET matching = ?2, matched_to = ?3 WHERE id = ?1", "iii", match->rules.file,
            (int64_t)state, matched_to);
}

/* The rows of case ?2 of file ?1, if it is about an address alone, that some name's row says the same as. */
#define NOTE_ADDRESS                                                                                                   \
    "INSERT OR IGNORE INTO same_host (file_id, key, case_id, line, named)"                                             \
    " SELECT ?1, key, ?2, line, 0 FROM (SELECT line, " FINDING_KEY(                                                    \
        "k.target") " AS key FROM incident i"                                                                          \
                    " JOIN \"case\" k ON k.id = i.case_id WHERE i.case_id = ?2 AND i.case_id > 0 AND k.host IS NULL) " \
                    "r"                                                                                                \
                    " WHERE EXISTS (SELECT 1 FROM same_host s WHERE s.file_id = ?1 AND s.key = r.key AND s.named = 1)"

static size_t note_addresses(struct store *store, const struct match *match)
{
    size_t count;
    int64_t *ids = next_cases(store, match, &count);
    for (size_t i = 0; i < count; i++)
        sql_run(store->sql, NOTE_ADDRESS, "ii", match->rules.file, ids[i]);
    set_state(store, match, count ? MATCH_LOOKING_UP : MATCH_JOINING, count ? ids[count - 1] : 0);
    free(ids);
    return count + 1;
}

/* ---- Joining -------------------------------------------------------------------------------------------------------------------------- */

/* What the rows of one key are about. */
struct host {
    const char *key; /* with the address as its host */
    int64_t name,
        finding; /* the only case whose name has the address, 0: there is none, or several; what its row reports */
};

/* The only case of file ?1 with rows of key ?2 about a name, and the id of what one of them reports in feed ?3. */
#define ONLY_NAME                                                                                                      \
    "SELECT s.name, (SELECT f.id FROM incident i JOIN finding_hash h ON h.hash = hash_of(" FINDING_KEY(                \
        NAME) ")"                                                                                                      \
              " JOIN finding f ON f.id = h.finding_id AND f.key = ?3 || char(31) || " FINDING_KEY(                     \
                  NAME) " WHERE i.file_id = ?1 AND i.line = s.line) FROM (SELECT min(case_id) AS name, min(line) AS "  \
                        "line FROM same_host"                                                                          \
                        " WHERE file_id = ?1 AND key = ?2 AND named = 1 HAVING count(DISTINCT case_id) = 1) s"

static struct host find_name(struct store *store, const struct match *match, const char *key)
{
    struct host host = { .key = key };
    sqlite3_stmt *row = sql_query(store->sql, ONLY_NAME, "itt", match->rules.file, key, match->feed);
    if (sql_step(store->sql, row)) {
        host.name = sqlite3_column_int64(row, 0);
        host.finding = sqlite3_column_int64(row, 1);
        sqlite3_reset(row);
    }
    return host;
}

/* Has another name had the address, or do several? */
static bool is_taken(struct store *store, const struct match *match, const struct host *host)
{
    return sql_integer(store->sql, 0,
                       "SELECT 1 FROM address_name a LEFT JOIN finding f ON f.id = a.finding_id WHERE a.hash ="
                       " hash_of(?1) AND (a.resolved = 0 OR a.resolved > ?2) AND f.case_id IS NOT ?3",
                       "tii", host->key, match->rules.received - match->rules.window, host->name) != 0;
}

/* What the case FROM says of the key, the case INTO tells of. */
static void give_rows(struct store *store, const struct match *match, const struct host *host, int64_t from,
                      int64_t into, bool spent)
{
    int rows = sql_run(store->sql,
                       "UPDATE incident SET case_id = 0, known_in = ?4, spent = ?5 WHERE file_id = ?1 AND case_id = ?3"
                       " AND line IN (SELECT line FROM same_host WHERE file_id = ?1 AND key = ?2 AND case_id = ?3)",
                       "itiii", match->rules.file, host->key, from, into, (int64_t)spent);
    sql_run(store->sql, "UPDATE feed_file SET duplicates = duplicates + ?2 WHERE id = ?1", "ii", match->rules.file,
            (int64_t)rows);
    sql_run(store->sql,
            "UPDATE \"case\" SET note = coalesce(note || char(10), '') || (SELECT i.target || ' and ' || o.target ||"
            " ' are one host by DNS: case ' || o.id || ' tells of it' FROM \"case\" i, \"case\" o WHERE i.id = ?1"
            " AND o.id = ?2) WHERE id = ?1 AND (note IS NULL OR note NOT LIKE '%case ' || ?2 || ' tells of it')",
            "ii", from, into);
    if (!sql_integer(store->sql, 0, "SELECT 1 FROM incident WHERE case_id = ?1 AND case_id > 0 LIMIT 1", "i", from))
        store_move_case(store, from, CASE_CANCELLED, DUE_NEVER);
}

static void set_case(struct store *store, int64_t finding, int64_t id)
{
    sql_run(store->sql, "UPDATE finding SET case_id = ?2 WHERE id = ?1", "ii", finding, id);
}

static bool is_new(struct store *store, int64_t id)
{
    return sql_integer(store->sql, 0, "SELECT state FROM \"case\" WHERE id = ?1", "i", id) == CASE_NEW;
}

static void join(struct store *store, const struct match *match, const struct host *host)
{
    sqlite3_stmt *row = sql_query(store->sql,
                                  "SELECT f.id, k.id, k.file_id FROM finding_hash h JOIN finding f"
                                  " ON f.id = h.finding_id AND f.key = ?2 || char(31) || ?1"
                                  " JOIN \"case\" k ON k.id = f.case_id WHERE h.hash = hash_of(?1) AND k.host IS NULL",
                                  "tt", host->key, match->feed);
    if (!sql_step(store->sql, row))
        return;
    int64_t finding = sqlite3_column_int64(row, 0), address = sqlite3_column_int64(row, 1);
    bool same_file = sqlite3_column_int64(row, 2) == match->rules.file;
    sqlite3_reset(row);
    if (!is_new(store, host->name))
        return;
    if (same_file) {
        if (!is_new(store, address))
            return;
        give_rows(store, match, host, address, host->name, false);
        set_case(store, finding, host->name);
        return;
    }
    struct verdict verdict = finding_judge(store, address, &match->rules);
    if (verdict.fate == FATE_TOLD)
        return;
    give_rows(store, match, host, host->name, address, verdict.fate == FATE_SPENT);
    set_case(store, host->finding, address);
}

static void match_key(struct store *store, const struct match *match, const char *key)
{
    struct host host = find_name(store, match, key);
    bool clear = host.name && host.finding && !is_taken(store, match, &host);
    if (clear)
        join(store, match, &host);
    sql_run(store->sql,
            "INSERT INTO address_name (hash, finding_id, resolved) VALUES (hash_of(?1), ?2, ?3)"
            " ON CONFLICT (hash) DO UPDATE SET finding_id = ?2, resolved = ?3 WHERE resolved > 0",
            "tii", key, clear ? host.finding : 0, match->now);
    sql_run(store->sql, "DELETE FROM same_host WHERE file_id = ?1 AND key = ?2", "it", match->rules.file, key);
}

static size_t match_keys(struct store *store, const struct match *match)
{
    char *keys[STEPS];
    size_t count = 0;
    sqlite3_stmt *rows =
        sql_query(store->sql, "SELECT DISTINCT key FROM same_host WHERE file_id = ?1 ORDER BY key LIMIT ?2", "ii",
                  match->rules.file, STEPS);
    while (sql_step(store->sql, rows))
        keys[count++] = sql_copy(rows, 0);
    for (size_t i = 0; i < count; i++) {
        match_key(store, match, keys[i]);
        free(keys[i]);
    }
    return count;
}

/* What is still there looks for its contacts. */
static size_t release(struct store *store, const struct match *match)
{
    size_t count;
    int64_t *ids = next_cases(store, match, &count);
    for (size_t i = 0; i < count; i++)
        sql_run(store->sql, "UPDATE \"case\" SET due = ?2 WHERE id = ?1", "ii", ids[i], match->now);
    set_state(store, match, count ? MATCH_JOINING : MATCH_NOT, count ? ids[count - 1] : 0);
    free(ids);
    return count + 1;
}

static size_t match_file(struct store *store, const struct match *match)
{
    if (match->state == MATCH_LOOKING_UP)
        return is_looking_up(store, match) ? 0 : note_addresses(store, match);
    size_t steps = match_keys(store, match);
    return steps ? steps : release(store, match);
}

size_t store_match_hosts(struct store *store, int64_t now)
{
    size_t count, steps = 0;
    int64_t *ids = sql_integers(
        store->sql, sql_query(store->sql, "SELECT id FROM feed_file WHERE matching > 0 AND state = 2", ""), &count);
    for (size_t i = 0; i < count; i++) {
        sqlite3_stmt *row = sql_query(
            store->sql, "SELECT campaign_id, matched_to, received, matching, profile FROM feed_file WHERE id = ?1", "i",
            ids[i]);
        if (!sql_step(store->sql, row))
            break;
        struct match match = { .campaign = sqlite3_column_int64(row, 0),
                               .matched_to = sqlite3_column_int64(row, 1),
                               .now = now,
                               .rules = { .file = ids[i], .received = sqlite3_column_int64(row, 2) },
                               .state = sqlite3_column_int(row, 3),
                               .feed = sql_copy(row, 4) };
        sqlite3_reset(row);
        finding_rules(store->config, match.feed, &match.rules);
        steps += match_file(store, &match);
        free(match.feed);
    }
    free(ids);
    return steps;
}

/* The clock's work: everything that happens because time has passed and not because somebody asked. */
#include "daemon/base/mem.h"
#include "queue/outcome.h"

#include <stdlib.h>
#include <string.h>

/* Steps of one kind a turn: a commit stays short, so that outcomes pass between turns. */
#define STEPS INT64_C(200)
#define RESULTS 8

struct turn {
    struct request request;
    int64_t now;
    struct queue_turn turn;
    struct queue_result_due results[RESULTS];
    void (*done)(void *context, const struct queue_turn *turn);
    void *context;
};

struct campaign_row {
    int64_t id, state, expires, open_cases;
    bool redirected;
};

/* Notifications held after a refusal go out again when their time has come. */
static size_t release_due(struct store *store, int64_t campaign, int64_t now)
{
    size_t count;
    int64_t *ids = sql_integers(store->sql,
                                sql_query(store->sql,
                                          "SELECT id FROM notification WHERE campaign_id = ?1 AND state = 1"
                                          " AND due <= ?2 ORDER BY due LIMIT ?3",
                                          "iii", campaign, now, STEPS),
                                &count);
    for (size_t i = 0; i < count; i++)
        store_move_notification(store, ids[i], NOTIFICATION_QUEUED, now);
    free(ids);
    return count;
}

static size_t deliver_due(struct store *store, int64_t campaign, int64_t now)
{
    size_t count;
    int64_t *ids = sql_integers(store->sql,
                                sql_query(store->sql,
                                          "SELECT id FROM notification WHERE campaign_id = ?1 AND state = 5"
                                          " AND due <= ?2 ORDER BY due LIMIT ?3",
                                          "iii", campaign, now, STEPS),
                                &count);
    for (size_t i = 0; i < count; i++)
        store_deliver(store, ids[i], CASE_DELIVERED, now);
    free(ids);
    return count;
}

/* The groups of CAMPAIGN that ROWS (contact, grouping) name, each once; to be freed. Many cases of one group fall due together: they are all seen to at once. */
static struct group *read_groups(struct store *store, int64_t campaign, sqlite3_stmt *rows, size_t *count)
{
    struct group *groups = mem_zero((size_t)STEPS, sizeof *groups);
    *count = 0;
    while (sql_step(store->sql, rows)) {
        const struct group one = { campaign, sqlite3_column_int64(rows, 0), sqlite3_column_int64(rows, 1) };
        size_t i = 0;
        while (i < *count && (groups[i].contact != one.contact || groups[i].grouping != one.grouping))
            i++;
        groups[i] = one;
        *count += i == *count;
    }
    return groups;
}

/* Are contacts still being looked for, by a search that could end any moment? What waits for DNS to come back is not. */
static bool is_searching(struct store *store, int64_t campaign, int64_t now)
{
    return sql_integer(store->sql, 0,
                       "SELECT EXISTS (SELECT 1 FROM \"case\" WHERE campaign_id = ?1 AND state = 2)"
                       " OR EXISTS (SELECT 1 FROM \"case\" WHERE campaign_id = ?1 AND state = 1 AND due <= ?2)"
                       " OR EXISTS (SELECT 1 FROM feed_file WHERE campaign_id = ?1 AND state = 1)",
                       "ii", campaign, now) != 0;
}

/* In a rehearsal nothing that is still to come is waited for: it is composed once all contacts are known, as what is approved is. */
static size_t compose_due(struct store *store, const struct campaign_row *row, int64_t now)
{
    size_t count;
    int64_t until = row->redirected && !is_searching(store, row->id, now) ? DUE_NEVER - 1 : now;
    struct group *groups =
        read_groups(store, row->id,
                    sql_query(store->sql,
                              "SELECT contact_id, grouping FROM \"case\" WHERE campaign_id = ?1 AND state = 3"
                              " AND due <= ?2 ORDER BY due LIMIT ?3",
                              "iii", row->id, until, STEPS),
                    &count);
    for (size_t i = 0; i < count; i++)
        store_compose(store, &groups[i], 0, now);
    free(groups);
    return count;
}

/* Take a mail back for good; its cases END. */
static size_t wind_down_mail(struct store *store, int64_t id, enum case_state end)
{
    size_t count;
    int64_t *cases = store_cases_at(store, id, &count);
    store_move_notification(store, id, NOTIFICATION_CANCELLED, DUE_NEVER);
    for (size_t i = 0; i < count; i++)
        store_move_case(store, cases[i], end, DUE_NEVER);
    free(cases);
    return count + 1;
}

/* A campaign that is cancelled or whose end has come: what has not gone out never will; what was accepted keeps its window. A case that was
 * notified ends with its mail, so that no turn looks through all those that still wait for their window's end. */
static size_t wind_down(struct store *store, int64_t campaign, enum case_state end)
{
    size_t steps = 0, count;
    int64_t *mails = sql_integers(
        store->sql,
        sql_query(store->sql, "SELECT id FROM notification WHERE campaign_id = ?1 AND state IN (1, 2, 4) LIMIT ?2",
                  "ii", campaign, STEPS),
        &count);
    for (size_t i = 0; i < count && steps < (size_t)STEPS; i++)
        steps += wind_down_mail(store, mails[i], end);
    free(mails);
    int64_t *cases = sql_integers(
        store->sql,
        sql_query(store->sql, "SELECT id FROM \"case\" WHERE campaign_id = ?1 AND state IN (1, 2, 3) LIMIT ?2", "ii",
                  campaign, STEPS),
        &count);
    for (size_t i = 0; i < count; i++)
        store_move_case(store, cases[i], end, DUE_NEVER);
    free(cases);
    return steps + count;
}

/* All files are in, every case has ended, and no mail is on its way or waits for its window's end. A campaign that was cancelled has its end as well, but
 * stays cancelled. */
static void end_campaign(struct store *store, int64_t campaign, int64_t now)
{
    int changed =
        sql_run(store->sql,
                "UPDATE campaign SET state = CASE state WHEN 3 THEN 3 ELSE 4 END, ended = ?2 WHERE id = ?1"
                " AND ended IS NULL AND open_cases = 0"
                " AND NOT EXISTS (SELECT 1 FROM feed_file WHERE campaign_id = ?1 AND state = 1)"
                " AND (state = 3 OR EXISTS (SELECT 1 FROM feed_file WHERE campaign_id = ?1 AND state = 2))"
                " AND NOT EXISTS (SELECT 1 FROM notification WHERE campaign_id = ?1 AND state IN (1, 2, 3, 4, 5))",
                "ii", campaign, now);
    if (changed)
        sql_run(store->sql,
                "UPDATE feed_file SET result_due = 0 WHERE campaign_id = ?1 AND result_due < 9223372036854775807", "i",
                campaign);
}

static size_t turn_campaign(struct store *store, const struct campaign_row *row, bool clock_runs, int64_t now)
{
    size_t steps = clock_runs ? deliver_due(store, row->id, now) : 0;
    bool cancelled = row->state == CAMPAIGN_CANCELLED, over = cancelled || now >= row->expires;
    if (over)
        steps += wind_down(store, row->id, cancelled ? CASE_CANCELLED : CASE_EXPIRED);
    if (row->state == CAMPAIGN_RUNNING && !over) {
        steps += release_due(store, row->id, now);
        steps += compose_due(store, row, now);
    }
    if (row->state == CAMPAIGN_RUNNING || over)
        end_campaign(store, row->id, now);
    return steps;
}

/* A file that waits for approval is composed, held, when all of its cases are resolved: so a preview shows the very mails. */
static size_t compose_held(struct store *store, int64_t now)
{
    sqlite3_stmt *files =
        sql_query(store->sql,
                  "SELECT f.id, f.campaign_id FROM feed_file f JOIN campaign c ON c.id = f.campaign_id"
                  " WHERE f.state = 2 AND f.approved = 0 AND f.composed = 0 AND c.state IN (1, 2)"
                  " AND NOT EXISTS (SELECT 1 FROM \"case\" k WHERE k.file_id = f.id AND k.state IN (1, 2))"
                  " LIMIT 1",
                  "");
    if (!sql_step(store->sql, files))
        return 0;
    int64_t file = sqlite3_column_int64(files, 0), campaign = sqlite3_column_int64(files, 1);
    sqlite3_reset(files);
    size_t count;
    struct group *groups = read_groups(store, campaign,
                                       sql_query(store->sql,
                                                 "SELECT DISTINCT contact_id, grouping FROM \"case\" WHERE file_id = ?1"
                                                 " AND state = 3 AND notification_id IS NULL LIMIT ?2",
                                                 "ii", file, STEPS),
                                       &count);
    for (size_t i = 0; i < count; i++)
        store_compose(store, &groups[i], file, now);
    free(groups);
    if (!count)
        sql_run(store->sql, "UPDATE feed_file SET composed = 1 WHERE id = ?1", "i", file);
    return count + 1;
}

static void find_results(struct store *store, struct turn *turn)
{
    sqlite3_stmt *rows = sql_query(store->sql,
                                   "SELECT f.id, f.claim, f.profile, f.name, NOT EXISTS (SELECT 1 FROM \"case\" k"
                                   " WHERE k.file_id = f.id AND k.state < 6) FROM feed_file f WHERE f.result_due <= ?1"
                                   " AND f.state = 2 LIMIT 8",
                                   "i", turn->now);
    while (turn->turn.result_count < RESULTS && sql_step(store->sql, rows))
        turn->results[turn->turn.result_count++] = (struct queue_result_due){
            .file = sqlite3_column_int64(rows, 0),
            .claim = sql_copy(rows, 1),
            .profile = sql_copy(rows, 2),
            .name = sql_copy(rows, 3),
            .final = sqlite3_column_int(rows, 4) != 0,
            .version = turn->now,
        };
    if (turn->turn.result_count == RESULTS && rows)
        sqlite3_reset(rows);
    for (size_t i = 0; i < turn->turn.result_count; i++)
        sql_run(store->sql,
                "UPDATE feed_file SET result_due = 9223372036854775807, result_written = ?2, result_pending = 1 WHERE "
                "id = ?1",
                "ii", turn->results[i].file, turn->now);
}

struct in_place {
    struct request request;
    int64_t file, version;
};

static int run_in_place(struct store *store, struct request *request)
{
    const struct in_place *in_place = (struct in_place *)request;
    sql_run(store->sql, "UPDATE feed_file SET result_pending = 0 WHERE id = ?1 AND result_written = ?2", "ii",
            in_place->file, in_place->version);
    return 0;
}

static void finish_in_place(struct request *request)
{
    free(request);
}

void queue_results_in_place(struct queue *queue, int64_t file, int64_t version)
{
    struct in_place *in_place = mem_zero(1, sizeof *in_place);
    in_place->request.run = run_in_place;
    in_place->request.finish = finish_in_place;
    in_place->file = file;
    in_place->version = version;
    store_submit(queue, &in_place->request);
}

static void sooner(struct store *store, int64_t *next, const char *text, int64_t campaign, int64_t now)
{
    int64_t due = sql_integer(store->sql, DUE_NEVER, text, "ii", campaign, now);
    if (due < *next)
        *next = due;
}

#define NEXT_NOTIFICATION(state)                                                                                       \
    "SELECT min(due) FROM notification WHERE campaign_id = ?1 AND state = " state " AND due > ?2"
#define NEXT_CASE(state) "SELECT min(due) FROM \"case\" WHERE campaign_id = ?1 AND state = " state " AND due > ?2"

/* When something falls due next; each statement is one probe of an index. What is due already is either done by this turn or waits for somebody
 * to claim it, who needs no clock. */
static int64_t next_due(struct store *store, const struct campaign_row *rows, size_t count, int64_t now)
{
    int64_t next = DUE_NEVER;
    for (size_t i = 0; i < count; i++) {
        int64_t id = rows[i].id;
        sooner(store, &next, NEXT_NOTIFICATION("5"), id, now);
        if (rows[i].open_cases > 0 && rows[i].expires > now && rows[i].expires < next)
            next = rows[i].expires;
        sooner(store, &next, NEXT_CASE("1"), id, now);
        if (rows[i].state != CAMPAIGN_RUNNING)
            continue;
        sooner(store, &next, NEXT_CASE("3"), id, now);
        sooner(store, &next, NEXT_NOTIFICATION("1"), id, now);
        sooner(store, &next, NEXT_NOTIFICATION("2"), id, now);
        sooner(store, &next, NEXT_NOTIFICATION("4"), id, now);
    }
    int64_t result = sql_integer(store->sql, DUE_NEVER, "SELECT min(result_due) FROM feed_file", "");
    return result < next ? result : next;
}

static void drop_results(struct turn *turn)
{
    for (size_t i = 0; i < turn->turn.result_count; i++) {
        free(turn->results[i].claim);
        free(turn->results[i].profile);
        free(turn->results[i].name);
    }
    turn->turn.result_count = 0;
}

static struct campaign_row *open_campaigns(struct store *store, size_t *count)
{
    struct campaign_row *rows = NULL;
    size_t room = 0;
    *count = 0;
    sqlite3_stmt *found =
        sql_query(store->sql,
                  "SELECT id, state, expires, open_cases, redirect_to IS NOT NULL FROM campaign WHERE state IN (1, 2)"
                  " OR (state = 3 AND ended IS NULL)",
                  "");
    while (sql_step(store->sql, found)) {
        if (*count == room)
            rows = mem_resize(rows, room = room ? room * 2 : 8, sizeof *rows);
        rows[(*count)++] = (struct campaign_row){ sqlite3_column_int64(found, 0), sqlite3_column_int64(found, 1),
                                                  sqlite3_column_int64(found, 2), sqlite3_column_int64(found, 3),
                                                  sqlite3_column_int(found, 4) != 0 };
    }
    return rows;
}

static int run_turn(struct store *store, struct request *request)
{
    struct turn *turn = (struct turn *)request;
    size_t count;
    store_note_running(store, turn->now);
    bool clock_runs = store_clock_runs(store, turn->now);
    turn->turn.wants_proof = store_wait_for_proof(store, turn->now);
    size_t steps = store_match_hosts(store, turn->now) + compose_held(store, turn->now);
    drop_results(turn);
    struct campaign_row *rows = open_campaigns(store, &count);
    for (size_t i = 0; i < count; i++)
        steps += turn_campaign(store, &rows[i], clock_runs, turn->now);
    find_results(store, turn);
    turn->turn.more = steps > 0;
    turn->turn.next = next_due(store, rows, count, turn->now);
    turn->turn.results = turn->results;
    free(rows);
    return 0;
}

static void finish_turn(struct request *request)
{
    struct turn *turn = (struct turn *)request;
    turn->done(turn->context, &turn->turn);
    drop_results(turn);
    free(turn);
}

void queue_turn(struct queue *queue, int64_t now, void (*done)(void *context, const struct queue_turn *turn),
                void *context)
{
    struct turn *turn = mem_zero(1, sizeof *turn);
    turn->request.run = run_turn;
    turn->request.finish = finish_turn;
    turn->now = now;
    turn->done = done;
    turn->context = context;
    turn->turn.next = DUE_NEVER;
    store_submit(queue, &turn->request);
}

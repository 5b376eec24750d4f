/* Leases: due notifications and new cases, taken in the store before anyone acts on them. */
#include "daemon/base/mem.h"
#include "queue/outcome.h"

#include <stdlib.h>

/* ---- Due notifications ------------------------------------------------------------------------------------------------------------ */

struct claim_due {
    struct request request;
    int64_t now;
    unsigned limit;
    struct notification **notifications;
    size_t count;
    void (*done)(void *context, struct notification **notifications, size_t count);
    void *context;
};

/* Its cases are told from now on. */
static void mark_notified(struct store *store, const struct notification *notification, int64_t now)
{
    for (size_t i = 0; i < notification->case_count; i++) {
        int64_t id = notification->cases[i].id;
        if (notification->attempts)
            break;
        sql_run(
            store->sql,
            "UPDATE rung SET state = 2 WHERE case_id = ?1 AND position = (SELECT position FROM \"case\" WHERE id = ?1)",
            "i", id);
        store_tell_case(store, id, now);
    }
}

static void lease(struct store *store, struct claim_due *claim, int64_t id)
{
    if (store_withdraw_unwanted(store, id, claim->now) ||
        !store_move_notification(store, id, NOTIFICATION_LEASED, DUE_NEVER))
        return;
    struct notification *notification = store_load_notification(store, id);
    if (!notification)
        return;
    mark_notified(store, notification, claim->now);
    store_append(&claim->notifications, &claim->count, notification);
#ifdef TOCSIN_MUTANT_sent_before_sending
    store_move_notification(store, id, NOTIFICATION_ACCEPTED, claim->now + store->config->bounces.window);
#endif
}

static void drop_notifications(struct claim_due *claim)
{
    for (size_t i = 0; i < claim->count; i++)
        notification_free(claim->notifications[i]);
    free(claim->notifications);
    claim->notifications = NULL;
    claim->count = 0;
}

/* Lease up to MOST due notifications of CAMPAIGN in STATE; returns how many were due. */
static size_t lease_due(struct store *store, struct claim_due *claim, int64_t campaign, int64_t state, size_t most)
{
    if (claim->count >= most)
        return 0;
    size_t count;
    int64_t *ids = sql_integers(store->sql,
                                sql_query(store->sql,
                                          "SELECT id FROM notification WHERE campaign_id = ?1 AND state = ?2"
                                          " AND due <= ?3 ORDER BY due, id LIMIT ?4",
                                          "iiii", campaign, state, claim->now, (int64_t)(most - claim->count)),
                                &count);
    for (size_t i = 0; i < count; i++)
        lease(store, claim, ids[i]);
    free(ids);
    return count;
}

static int run_claim_due(struct store *store, struct request *request)
{
    struct claim_due *claim = (struct claim_due *)request;
    drop_notifications(claim);
    size_t campaigns, due;
    int64_t *ids =
        sql_integers(store->sql, sql_query(store->sql, "SELECT id FROM campaign WHERE state = 1", ""), &campaigns);
    do {
        due = 0;
        /* Each running campaign gets its share of what is asked for, the later ones what the earlier ones left. */
        for (size_t i = 0; i < campaigns; i++) {
            size_t share = (claim->limit - claim->count + campaigns - i - 1) / (campaigns - i);
            size_t half = claim->count + share / 2, whole = claim->count + share;
            /* Half of it may be deferred ones: neither a long queue nor a dead server keeps the other waiting. */
            due += lease_due(store, claim, ids[i], NOTIFICATION_DEFERRED, half);
            due += lease_due(store, claim, ids[i], NOTIFICATION_QUEUED, whole);
            due += lease_due(store, claim, ids[i], NOTIFICATION_DEFERRED, whole);
        }
        /* None means that nothing is due: where all that was due has been taken back, look again. */
    } while (due && !claim->count);
    free(ids);
    return 0;
}

static void finish_claim_due(struct request *request)
{
    struct claim_due *claim = (struct claim_due *)request;
    if (request->status)
        drop_notifications(claim);
    claim->done(claim->context, claim->notifications, claim->count);
    free(claim->notifications);
    free(claim);
}

void queue_claim_due(struct queue *queue, int64_t now, unsigned limit,
                     void (*done)(void *context, struct notification **notifications, size_t count), void *context)
{
    struct claim_due *claim = mem_zero(1, sizeof *claim);
    claim->request.run = run_claim_due;
    claim->request.finish = finish_claim_due;
    claim->now = now;
    claim->limit = limit;
    claim->done = done;
    claim->context = context;
    store_submit(queue, &claim->request);
}

/* ---- Giving a lease back ----------------------------------------------------------------------------------------------------------- */

struct let_go {
    struct request request;
    int64_t id, now, due;
};

/* Nobody has been told after all: a case that no other mail was sent about does not keep its findings from a later campaign. */
static void unmark_notified(struct store *store, int64_t notification)
{
    size_t count;
    int64_t *cases = store_cases_at(store, notification, &count);
    for (size_t i = 0; i < count; i++) {
        sql_run(
            store->sql,
            "UPDATE rung SET state = 1 WHERE case_id = ?1 AND position = (SELECT position FROM \"case\" WHERE id = ?1)",
            "i", cases[i]);
        sql_run(store->sql,
                "UPDATE \"case\" SET notified = NULL WHERE id = ?1"
                " AND NOT EXISTS (SELECT 1 FROM rung WHERE case_id = ?1 AND state IN (2, 3, 4))",
                "i", cases[i]);
    }
    free(cases);
}

static int run_release(struct store *store, struct request *request)
{
    struct let_go *let_go = (struct let_go *)request;
    if (store_move_notification(store, let_go->id, NOTIFICATION_QUEUED, let_go->due) &&
        !sql_integer(store->sql, 0, "SELECT attempts FROM notification WHERE id = ?1", "i", let_go->id))
        unmark_notified(store, let_go->id);
    return 0;
}

static int run_resolve_later(struct store *store, struct request *request)
{
    struct let_go *let_go = (struct let_go *)request;
    store_move_case(store, let_go->id, CASE_NEW, let_go->due);
    return 0;
}

static void finish_plain(struct request *request)
{
    free(request);
}

static void submit_let_go(struct queue *queue, int (*run)(struct store *, struct request *), int64_t id, int64_t now,
                          int64_t due)
{
    struct let_go *let_go = mem_zero(1, sizeof *let_go);
    let_go->request.run = run;
    let_go->request.finish = finish_plain;
    let_go->id = id;
    let_go->now = now;
    let_go->due = due;
    store_submit(queue, &let_go->request);
}

void queue_release(struct queue *queue, int64_t notification, int64_t now, int64_t due)
{
    submit_let_go(queue, run_release, notification, now, due);
}

void queue_resolve_later(struct queue *queue, int64_t id, int64_t now, int64_t due)
{
    submit_let_go(queue, run_resolve_later, id, now, due);
}

/* ---- New cases --------------------------------------------------------------------------------------------------------------------- */

struct claim_targets {
    struct request request;
    int64_t now;
    unsigned limit;
    struct queue_target *targets;
    size_t count;
    void (*done)(void *context, const struct queue_target *targets, size_t count);
    void *context;
};

static void drop_targets(struct claim_targets *claim)
{
    for (size_t i = 0; i < claim->count; i++) {
        free(claim->targets[i].target);
        free(claim->targets[i].host);
        free(claim->targets[i].ip);
        free(claim->targets[i].hosts);
    }
    free(claim->targets);
    claim->targets = NULL;
    claim->count = 0;
}

static void take_targets(struct store *store, struct claim_targets *claim, int64_t campaign, size_t most)
{
    sqlite3_stmt *rows = sql_query(store->sql,
                                   "SELECT id, target, host, ip, resolve_since, resolve_tries,"
                                   " (SELECT matching = 1 FROM feed_file f WHERE f.id = file_id) FROM \"case\""
                                   " WHERE campaign_id = ?1 AND state = 1 AND due <= ?2 ORDER BY due, id LIMIT ?3",
                                   "iii", campaign, claim->now, (int64_t)(most - claim->count));
    while (sql_step(store->sql, rows))
        claim->targets[claim->count++] = (struct queue_target){
            .id = sqlite3_column_int64(rows, 0),
            .target = sql_copy(rows, 1),
            .host = sql_copy(rows, 2),
            .ip = sql_copy(rows, 3),
            .since = sqlite3_column_int64(rows, 4),
            .tries = (unsigned)sqlite3_column_int(rows, 5),
            .hosts = sqlite3_column_int(rows, 6) ? store_hosts(store, sqlite3_column_int64(rows, 0)) : NULL,
        };
}

static int run_claim_targets(struct store *store, struct request *request)
{
    struct claim_targets *claim = (struct claim_targets *)request;
    size_t campaigns;
    drop_targets(claim);
    claim->targets = mem_zero(claim->limit, sizeof *claim->targets);
    int64_t *ids = sql_integers(
        store->sql, sql_query(store->sql, "SELECT id FROM campaign WHERE state IN (1, 2) AND open_cases > 0", ""),
        &campaigns);
    for (size_t i = 0; i < campaigns; i++)
        take_targets(store, claim, ids[i],
                     claim->count + (claim->limit - claim->count + campaigns - i - 1) / (campaigns - i));
    for (size_t i = 0; i < claim->count; i++) {
        store_move_case(store, claim->targets[i].id, CASE_RESOLVING, DUE_NEVER);
        sql_run(store->sql,
                "UPDATE \"case\" SET resolve_tries = resolve_tries + 1,"
                " resolve_since = CASE resolve_since WHEN 0 THEN ?2 ELSE resolve_since END WHERE id = ?1",
                "ii", claim->targets[i].id, claim->now);
    }
    free(ids);
    return 0;
}

static void finish_claim_targets(struct request *request)
{
    struct claim_targets *claim = (struct claim_targets *)request;
    if (request->status)
        drop_targets(claim);
    claim->done(claim->context, claim->targets, claim->count);
    drop_targets(claim);
    free(claim);
}

void queue_claim_targets(struct queue *queue, int64_t now, unsigned limit,
                         void (*done)(void *context, const struct queue_target *targets, size_t count), void *context)
{
    struct claim_targets *claim = mem_zero(1, sizeof *claim);
    claim->request.run = run_claim_targets;
    claim->request.finish = finish_claim_targets;
    claim->now = now;
    claim->limit = limit;
    claim->done = done;
    claim->context = context;
    store_submit(queue, &claim->request);
}

/* What a campaign waits for before its first mail: a person, where it is large, and a proof of the bounce path, where one is asked for. Where bounces do not come back, every mail
 * counts as delivered: nothing goes out to strangers before it has been seen that they do. */
#include "queue/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Held for approval: sent with the date on which they are first due: that of the approval, or when by their profile's `send` it is time, or when their contact
 * may get another mail. */
static int64_t date_anew(struct store *store, int64_t campaign, int64_t id, int64_t now)
{
    struct group group = { .campaign = campaign };
    sqlite3_stmt *row =
        sql_query(store->sql,
                  "SELECT contact_id, grouping, (SELECT min(case_id) FROM notification_case WHERE notification_id = ?1)"
                  " FROM notification WHERE id = ?1",
                  "i", id);
    if (!sql_step(store->sql, row))
        return now;
    group.contact = sqlite3_column_int64(row, 0);
    group.grouping = sqlite3_column_int64(row, 1);
    int64_t first = sqlite3_column_int64(row, 2);
    sqlite3_reset(row);
    int64_t round = store_send_from(store, first, now), free_from = store_mail_from(store, &group, first, now);
    int64_t due = round > free_from ? round : free_from;
    sql_run(store->sql, "UPDATE notification SET date = ?2 / 1000, created = ?2 WHERE id = ?1", "ii", id, due);
    return due;
}

int64_t store_release_held(struct store *store, int64_t campaign, int hold, int64_t now)
{
    size_t count;
    int64_t released = 0;
    int64_t *ids = sql_integers(
        store->sql,
        sql_query(store->sql, "SELECT id FROM notification WHERE campaign_id = ?1 AND state = 1 AND hold = ?2", "ii",
                  campaign, (int64_t)hold),
        &count);
    for (size_t i = 0; i < count; i++) {
        int64_t due = hold == 1 ? date_anew(store, campaign, ids[i], now) : now;
        released += store_move_notification(store, ids[i], NOTIFICATION_QUEUED, due);
    }
    free(ids);
    return released;
}

/* What was not composed yet. */
static void release_waiting(struct store *store, int64_t campaign, int64_t now)
{
    size_t count;
    int64_t *ids = sql_integers(store->sql,
                                sql_query(store->sql,
                                          "SELECT id FROM \"case\" WHERE campaign_id = ?1 AND state = 3"
                                          " AND notification_id IS NULL AND due = 9223372036854775807",
                                          "i", campaign),
                                &count);
    for (size_t i = 0; i < count; i++)
        sql_run(store->sql, "UPDATE \"case\" SET due = ?2 WHERE id = ?1", "ii", ids[i],
                store_send_from(store, ids[i], now));
    free(ids);
}

int64_t store_approve(struct store *store, int64_t campaign, int64_t now, int *files)
{
    *files =
        sql_run(store->sql, "UPDATE feed_file SET approved = 1 WHERE campaign_id = ?1 AND approved = 0 AND state = 2",
                "i", campaign);
    if (!*files)
        return 0;
    int64_t released = store_release_held(store, campaign, 1, now);
    release_waiting(store, campaign, now);
    return released;
}

/* ---- The proof -------------------------------------------------------------------------------------------------------------------------- */

bool store_is_proved(struct store *store, int64_t now)
{
    int64_t most = store->config->campaigns.bounce_proof, last = store_newest_proof(store, now);
    return !most || (last && now - last <= most);
}

int store_ask_for_proof(struct store *store, int64_t now, struct error *error)
{
    if (store_is_proved(store, now))
        return 0;
    int64_t last = store_newest_proof(store, now);
    char age[64] = "has never been shown";
    if (last)
        snprintf(age, sizeof age, "was last shown %lld hours ago", (long long)((now - last) / 3600000));
    return error_set(error, -EPERM,
                     "that bounces come back %s (campaigns.bounce_proof), and where they do not, every mail counts as"
                     " delivered: show it with `tocsin check --send`, then approve again; or say --without-proof, which"
                     " the audit trail keeps",
                     age);
}

/* A campaign that would have begun by itself, and that nobody has added anything to that a person has to see. */
static void start(struct store *store, int64_t campaign, int64_t now)
{
    int files;
    char *name = NULL;
    int64_t released = store_approve(store, campaign, now, &files);
    sqlite3_stmt *row = sql_query(store->sql, "SELECT name FROM campaign WHERE id = ?1", "i", campaign);
    if (sql_step(store->sql, row)) {
        name = sql_copy(row, 0);
        sqlite3_reset(row);
    }
    store_audit(store, now, "tocsind", "start", name ? name : "", "bounces come back; %d files, %lld notifications",
                files, (long long)released);
    free(name);
}

bool store_wait_for_proof(struct store *store, int64_t now)
{
    if (!store_is_proved(store, now))
        return sql_integer(store->sql, 0,
                           "SELECT 1 FROM feed_file f JOIN campaign c ON c.id = f.campaign_id WHERE f.state = 2"
                           " AND f.approved = 0 AND c.state IN (1, 2) AND c.redirect_to IS NULL LIMIT 1",
                           "") != 0;
    size_t count;
    int64_t *ids = sql_integers(store->sql,
                                sql_query(store->sql,
                                          "SELECT c.id FROM campaign c WHERE c.state IN (1, 2) AND EXISTS (SELECT 1"
                                          " FROM feed_file WHERE campaign_id = c.id AND approved = 0 AND hold = 2"
                                          " AND state = 2) AND NOT EXISTS (SELECT 1 FROM feed_file WHERE"
                                          " campaign_id = c.id AND approved = 0 AND hold <> 2 AND state IN (1, 2))",
                                          ""),
                                &count);
    for (size_t i = 0; i < count; i++)
        start(store, ids[i], now);
    free(ids);
    return false;
}

/* Loading a notification with all that its mail is made of. */
#include "daemon/base/address.h"
#include "daemon/base/mem.h"
#include "queue/store.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

void store_append(struct notification ***list, size_t *count, struct notification *one)
{
    if ((*count & (*count + 1)) == 0 || !*list)
        *list = mem_resize(*list, *count * 2 + 2, sizeof **list);
    (*list)[(*count)++] = one;
}

/* Up to MOST incidents; the first ones, so that a retry has the same. */
static void load_incidents(struct sql *sql, struct notification_case *one, size_t most)
{
    size_t room = 0;
    sqlite3_stmt *rows = sql_query(sql,
                                   "SELECT line, data FROM incident WHERE case_id = ?1 AND case_id > 0"
                                   " ORDER BY file_id, line LIMIT ?2",
                                   "ii", one->id, (int64_t)most);
    while (sql_step(sql, rows)) {
        if (one->count == room) {
            room = room ? room * 2 : 1;
            one->incidents = mem_resize(one->incidents, room, sizeof *one->incidents);
        }
        one->incidents[one->count].id = sqlite3_column_int64(rows, 0);
        one->incidents[one->count++].json = sql_copy(rows, 1);
    }
    if (one->count == most)
        one->left_out = (size_t)sql_integer(sql, 0, "SELECT count(*) FROM incident WHERE case_id = ?1 AND case_id > 0",
                                            "i", one->id) -
                        most;
}

static void load_cases(struct sql *sql, struct notification *notification)
{
    size_t room = 0;
    sqlite3_stmt *rows =
        sql_query(sql,
                  "SELECT k.id, k.target, k.reminder FROM notification_case n JOIN \"case\" k ON k.id = n.case_id"
                  " WHERE n.notification_id = ?1 ORDER BY n.case_id",
                  "i", notification->id);
    while (sql_step(sql, rows)) {
        if (notification->case_count == room) {
            room = room ? room * 2 : 1;
            notification->cases = mem_resize(notification->cases, room, sizeof *notification->cases);
        }
        struct notification_case *one = &notification->cases[notification->case_count++];
        *one = (struct notification_case){ .id = sqlite3_column_int64(rows, 0),
                                           .target = sql_copy(rows, 1),
                                           .reminder = (unsigned)sqlite3_column_int(rows, 2) };
    }
    size_t share = notification->case_count ? NOTIFICATION_INCIDENTS / notification->case_count : 0;
    for (size_t i = 0; i < notification->case_count; i++)
        load_incidents(sql, &notification->cases[i], share ? share : 1);
}

static void load_references(struct sql *sql, struct notification *notification)
{
    size_t room = 0;
    sqlite3_stmt *rows =
        sql_query(sql,
                  "SELECT n.id, n.date, n.key_id, coalesce(n.settings, c.settings) ->> '$.sender.address'"
                  " FROM notification_reference f JOIN notification n ON n.id = f.refers_to"
                  " JOIN campaign c ON c.id = n.campaign_id WHERE f.notification_id = ?1 ORDER BY f.refers_to",
                  "i", notification->id);
    while (sql_step(sql, rows)) {
        if (notification->reference_count == room) {
            room = room ? room * 2 : 1;
            notification->references = mem_resize(notification->references, room, sizeof *notification->references);
        }
        notification->references[notification->reference_count++] = (struct notification_reference){
            .id = sqlite3_column_int64(rows, 0),
            .date = sqlite3_column_int64(rows, 1),
            .key_id = (unsigned)sqlite3_column_int(rows, 2),
            .domain = mem_string(address_domain(sql_text(rows, 3))),
        };
    }
}

/* The settings of notification ROW, which nearly always are those of the mail before. */
static char *settings_of(struct store *store, const char *settings)
{
    char *kept = texts_find(&store->texts, settings);
    return kept ? kept : texts_keep(&store->texts, settings, settings);
}

static char *template_of(struct store *store, const char *hash)
{
    char *kept = texts_find(&store->texts, hash);
    if (kept)
        return kept;
    sqlite3_stmt *row = sql_query(store->sql, "SELECT text FROM template WHERE hash = ?1", "t", hash);
    if (!sql_step(store->sql, row))
        return g_ref_string_new("");
    kept = texts_keep(&store->texts, hash, sql_text(row, 0));
    sqlite3_reset(row);
    return kept;
}

struct notification *store_load_notification(struct store *store, int64_t id)
{
    struct sql *sql = store->sql;
    sqlite3_stmt *row = sql_query(
        sql,
        "SELECT n.kind, c.name, a.address, c.redirect_to, n.kinds, n.party, n.evidence, n.date, n.key_id,"
        " n.renderer, n.template_hash, coalesce(n.settings, c.settings), n.attempts, n.reminder FROM notification n"
        " JOIN campaign c ON c.id = n.campaign_id JOIN contact a ON a.id = n.contact_id WHERE n.id = ?1",
        "i", id);
    if (!sql_step(sql, row))
        return NULL;
    struct notification *notification = mem_zero(1, sizeof *notification);
    *notification = (struct notification){
        .id = id,
        .kind = (enum notification_kind)sqlite3_column_int(row, 0),
        .campaign = sql_copy(row, 1),
        .recipient = sql_copy(row, 2),
        .envelope_to = sql_copy(row, sqlite3_column_type(row, 3) == SQLITE_NULL ? 2 : 3),
        .contact_kinds = sql_copy(row, 4),
        .party = mem_string(party_name((enum party)sqlite3_column_int(row, 5))),
        .evidence = sql_copy(row, 6),
        .date = sqlite3_column_int64(row, 7),
        .key_id = (unsigned)sqlite3_column_int(row, 8),
        .renderer = (unsigned)sqlite3_column_int(row, 9),
        .template_text = template_of(store, sql_text(row, 10)),
        .settings = settings_of(store, sql_text(row, 11)),
        .attempts = (unsigned)sqlite3_column_int(row, 12),
    };
    bool refers = sqlite3_column_int(row, 13) != 0;
    sqlite3_reset(row);
    load_cases(sql, notification);
    if (refers)
        load_references(sql, notification);
    return notification;
}

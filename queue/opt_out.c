/* Opt-outs: obeyed at once and for ever, confirmed once. */
#include "daemon/base/address.h"
#include "daemon/base/mem.h"
#include "queue/outcome.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void store_keep_template(struct store *store, const char *text, char hash[TEMPLATE_HASH_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_Digest(text, strlen(text), digest, &length, EVP_sha256(), NULL);
    for (unsigned i = 0; i < 32; i++)
        snprintf(hash + 2 * (size_t)i, 3, "%02x", digest[i]);
    sql_run(store->sql, "INSERT INTO template (hash, text) VALUES (?1, ?2) ON CONFLICT (hash) DO NOTHING", "tt", hash,
            text);
}

/* A composed mail that no server has taken is taken back whole: its set of cases never changes. */
static void withdraw_notification(struct store *store, int64_t id, int64_t now)
{
    size_t count;
    int64_t *cases = store_cases_at(store, id, &count);
    if (store_move_notification(store, id, NOTIFICATION_CANCELLED, DUE_NEVER))
        for (size_t i = 0; i < count; i++)
            store_climb_again(store, cases[i], now);
    free(cases);
}

static void withdraw_all(struct store *store, sqlite3_stmt *notifications, int64_t now)
{
    size_t count;
    int64_t *ids = sql_integers(store->sql, notifications, &count);
    for (size_t i = 0; i < count; i++)
        withdraw_notification(store, ids[i], now);
    free(ids);
}

static void climb_all(struct store *store, sqlite3_stmt *cases, int64_t now)
{
    size_t count;
    int64_t *ids = sql_integers(store->sql, cases, &count);
    for (size_t i = 0; i < count; i++)
        store_climb_again(store, ids[i], now);
    free(ids);
}

static void withdraw_address(struct store *store, const char *address, int64_t now)
{
    withdraw_all(store,
                 sql_query(store->sql,
                           "SELECT n.id FROM contact a JOIN notification n ON n.contact_id = a.id WHERE a.address = ?1"
                           " AND n.state IN (1, 2, 4) AND n.kind = 0",
                           "t", address),
                 now);
    climb_all(store,
              sql_query(store->sql,
                        "SELECT k.id FROM contact a JOIN \"case\" k ON k.contact_id = a.id AND k.state = 3"
                        " AND k.notification_id IS NULL WHERE a.address = ?1",
                        "t", address),
              now);
}

/* A domain covers its own mailboxes and those of every name below it. No index finds these: what waits is looked through once. */
#define CONTACT_IS_WITHIN "substr(a.address, -length(?1) - 1) IN ('@' || ?1, '.' || ?1)"

static void withdraw_domain(struct store *store, const char *domain, int64_t now)
{
    withdraw_all(store,
                 sql_query(store->sql,
                           "SELECT n.id FROM campaign c CROSS JOIN notification n ON n.campaign_id = c.id"
                           " AND n.state IN (1, 2, 4) AND n.kind = 0 CROSS JOIN contact a ON a.id = n.contact_id"
                           " WHERE " CONTACT_IS_WITHIN,
                           "t", domain),
                 now);
    climb_all(store,
              sql_query(store->sql,
                        "SELECT k.id FROM campaign c CROSS JOIN \"case\" k ON k.campaign_id = c.id AND k.state = 3"
                        " AND k.notification_id IS NULL CROSS JOIN contact a ON a.id = k.contact_id"
                        " WHERE " CONTACT_IS_WITHIN,
                        "t", domain),
              now);
}

void store_withdraw(struct store *store, const char *object, int64_t now)
{
    if (strchr(object, '@'))
        withdraw_address(store, object, now);
    else
        withdraw_domain(store, object, now);
}

static bool is_silenced(struct store *store, int64_t notification, const char *address)
{
    bool opt_out;
    char *why = store_suppressed(store, address, &opt_out);
    free(why);
    return why || sql_integer(store->sql, 0,
                              "SELECT 1 FROM notification_case n JOIN \"case\" k ON k.id = n.case_id"
                              " JOIN suppression s ON s.object = k.target AND s.opt_out = 1"
                              " WHERE n.notification_id = ?1 LIMIT 1",
                              "i", notification);
}

bool store_withdraw_unwanted(struct store *store, int64_t notification, int64_t now)
{
    struct sql *sql = store->sql;
    sqlite3_stmt *row = sql_query(sql,
                                  "SELECT a.address, EXISTS (SELECT 1 FROM suppression), EXISTS (SELECT 1 FROM"
                                  " notification_case t JOIN \"case\" k"
                                  " ON k.id = t.case_id AND k.notification_id = t.notification_id AND k.state IN (3, 4)"
                                  " WHERE t.notification_id = n.id) FROM notification n"
                                  " JOIN contact a ON a.id = n.contact_id WHERE n.id = ?1 AND n.kind = 0",
                                  "i", notification);
    if (!sql_step(sql, row))
        return false;
    char *address = sql_copy(row, 0);
    bool anybody = sqlite3_column_int(row, 1) != 0, wanted = sqlite3_column_int(row, 2) != 0;
    sqlite3_reset(row);
    wanted = wanted && !(anybody && is_silenced(store, notification, address));
    free(address);
    if (!wanted)
        withdraw_notification(store, notification, now);
    return !wanted;
}

/* The target is left alone, in all campaigns. A mail about it that no server has taken is taken back, and its other cases regroup. */
static void silence_target(struct store *store, const char *target, int64_t now)
{
    store_suppress(store, target, "its owner opted out", "tocsind", now, true);
    withdraw_all(store,
                 sql_query(store->sql,
                           "SELECT n.id FROM target_hash t JOIN \"case\" k ON k.id = t.case_id"
                           " JOIN notification n ON n.id = k.notification_id"
                           " WHERE t.hash = hash_of(?1) AND k.target = ?1 AND n.state IN (1, 2, 4)",
                           "t", target),
                 now);
    size_t count;
    int64_t *ids = sql_integers(
        store->sql,
        sql_query(store->sql,
                  "SELECT k.id FROM target_hash t JOIN \"case\" k ON k.id = t.case_id WHERE t.hash = hash_of(?1)"
                  " AND k.target = ?1 AND k.state IN (1, 2, 3)",
                  "t", target),
        &count);
    for (size_t i = 0; i < count; i++)
        store_move_case(store, ids[i], CASE_OPTED_OUT, DUE_NEVER);
    free(ids);
}

static void queue_receipt(struct store *store, const char *address, const char *settings, const char *template_text,
                          int64_t now)
{
    char hash[TEMPLATE_HASH_SIZE];
    store_keep_template(store, template_text, hash);
    sql_run(
        store->sql,
        "INSERT INTO notification (campaign_id, contact_id, kind, state, due, created, date, key_id, renderer, kinds,"
        " primary_kind, party, evidence, template_hash, settings)"
        " VALUES (0, ?1, 1, 2, ?2, ?2, ?2 / 1000, ?3, ?4, '', '', 0, '', ?5, ?6)",
        "iiiitt", store_contact(store, address), now, (int64_t)store->key_id, (int64_t)NOTIFICATION_RENDERER, hash,
        settings);
}

/* Whoever asks has read the mail. The owner speaks for his domain, which is left alone as a whole; a hoster speaks for his mailbox only. One
 * mailbox may be the one for some cases and the other for the rest. */
static void answer_for_cases(struct store *store, int64_t notification, int64_t now)
{
    store_deliver(store, notification, CASE_ANSWERED, now);
    size_t count;
    int64_t *ids =
        sql_integers(store->sql,
                     sql_query(store->sql,
                               "SELECT n.case_id FROM notification_case n JOIN rung r ON r.case_id = n.case_id"
                               " AND r.notification_id = ?1 WHERE n.notification_id = ?1 AND r.party = ?2",
                               "ii", notification, (int64_t)PARTY_OWNER),
                     &count);
    for (size_t i = 0; i < count; i++) {
        sqlite3_stmt *row = sql_query(store->sql, "SELECT target FROM \"case\" WHERE id = ?1", "i", ids[i]);
        if (!sql_step(store->sql, row))
            continue;
        char *target = sql_copy(row, 0);
        sqlite3_reset(row);
        silence_target(store, target, now);
        store_move_case(store, ids[i], CASE_OPTED_OUT, DUE_NEVER);
        free(target);
    }
    free(ids);
}

/* Only those whom we have written to are written to again: anything else would make us answer forgeries. A token proves it, and so does a session
 * with their server. */
static bool have_written_to(struct store *store, int64_t notification, const char *address)
{
    return notification ||
           sql_integer(store->sql, 0,
                       "SELECT 1 FROM contact a JOIN notification n ON n.contact_id = a.id AND n.kind = 0"
                       " AND (n.attempts > 0 OR n.state = 3) JOIN campaign c ON c.id = n.campaign_id"
                       " AND c.redirect_to IS NULL WHERE a.address = ?1 LIMIT 1",
                       "t", address);
}

/* Who is to be left alone: the recipient of NOTIFICATION, or ADDRESS; "" when nobody is. Of a redirected campaign only we have had the mail. */
static void who_asks(struct store *store, int64_t notification, const char *address, char who[ADDRESS_MAX_LENGTH + 1])
{
    who[0] = '\0';
    if (!notification) {
        snprintf(who, ADDRESS_MAX_LENGTH + 1, "%s", address ? address : "");
        return;
    }
    sqlite3_stmt *row = sql_query(store->sql,
                                  "SELECT a.address FROM notification n JOIN campaign c ON c.id = n.campaign_id"
                                  " JOIN contact a ON a.id = n.contact_id WHERE n.id = ?1 AND c.redirect_to IS NULL",
                                  "i", notification);
    if (sql_step(store->sql, row)) {
        snprintf(who, ADDRESS_MAX_LENGTH + 1, "%s", sql_text(row, 0));
        sqlite3_reset(row);
    }
}

void store_opt_out(struct store *store, int64_t notification, const char *address, const char *settings,
                   const char *template_text, int64_t now)
{
    char who[ADDRESS_MAX_LENGTH + 1];
    who_asks(store, notification, address, who);
    if (!who[0])
        return;
    bool first = store_suppress(store, who, "opted out by mail", "tocsind", now, true);
    if (notification)
        answer_for_cases(store, notification, now);
    store_withdraw(store, who, now);
    if (!first)
        return;
    store_audit(store, now, "tocsind", "opt-out", who, "by mail%s", notification ? ", with our token" : "");
    if (settings && template_text && have_written_to(store, notification, who))
        queue_receipt(store, who, settings, template_text, now);
}

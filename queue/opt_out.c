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

/* An address stands alone; a domain covers its own mailboxes and those of every name below it. */
#define CONTACT_IS_OBJECT                                                                                              \
    "(a.address = ?1 OR (instr(?1, '@') = 0 AND (a.address LIKE '%@' || ?1 OR a.address LIKE '%.' || ?1)))"

/* A composed mail that nobody has begun to send is taken back whole: its set of cases never changes. */
static void withdraw_notification(struct store *store, int64_t id, int64_t now)
{
    size_t count;
    int64_t *cases = store_cases_at(store, id, &count);
    if (store_move_notification(store, id, NOTIFICATION_CANCELLED, DUE_NEVER))
        for (size_t i = 0; i < count; i++)
            store_climb_again(store, cases[i], now);
    free(cases);
}

void store_withdraw(struct store *store, const char *object, int64_t now)
{
    int64_t id, last = 0;
    while ((id = sql_integer(store->sql, 0,
                             "SELECT n.id FROM contact a JOIN notification n ON n.contact_id = a.id"
                             " AND n.state IN (1, 2, 4) AND n.kind = 0 WHERE " CONTACT_IS_OBJECT " LIMIT 1",
                             "t", object)) &&
           id != last) {
        withdraw_notification(store, id, now);
        last = id;
    }
    last = 0;
    while ((id = sql_integer(store->sql, 0,
                             "SELECT k.id FROM contact a JOIN \"case\" k ON k.contact_id = a.id AND k.state = 3"
                             " AND k.notification_id IS NULL WHERE " CONTACT_IS_OBJECT " LIMIT 1",
                             "t", object)) &&
           id != last) {
        store_climb_again(store, id, now);
        last = id;
    }
}

/* The same target may wait in other campaigns. A mail that is about other targets too stays as it is. */
static void silence_target(struct store *store, const char *target, int64_t now)
{
    int64_t id, last = 0;
    while ((id = sql_integer(
                store->sql, 0,
                "SELECT id FROM \"case\" WHERE target = ?1 AND state IN (1, 2, 3) AND (notification_id IS NULL"
                " OR (SELECT count(*) FROM notification_case n WHERE n.notification_id = \"case\".notification_id) = 1)"
                " LIMIT 1",
                "t", target)) &&
           id != last) {
        int64_t mail = sql_integer(store->sql, 0, "SELECT notification_id FROM \"case\" WHERE id = ?1", "i", id);
        if (mail)
            withdraw_notification(store, mail, now);
        store_move_case(store, id, CASE_OPTED_OUT, DUE_NEVER);
        last = id;
    }
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

/* The owner speaks for his domain: it is left alone as a whole. A hoster speaks for his mailbox only. */
static void silence_targets(struct store *store, int64_t notification, int64_t now)
{
    struct notification *mail = store_load_notification(store->sql, notification);
    if (!mail)
        return;
    bool owner = strcmp(mail->party, party_name(PARTY_OWNER)) == 0;
    for (size_t i = 0; i < mail->case_count; i++) {
        const struct notification_case *one = &mail->cases[i];
        if (owner) {
            store_suppress(store, one->target, "its owner opted out", "tocsind", now, true);
            store_move_case(store, one->id, CASE_OPTED_OUT, DUE_NEVER);
            silence_target(store, one->target, now);
        }
    }
    notification_free(mail);
    if (!owner)
        store_deliver(store, notification, CASE_ANSWERED, now);
    else
        store_move_notification(store, notification, NOTIFICATION_DELIVERED, DUE_NEVER);
}

void store_opt_out(struct store *store, int64_t notification, const char *address, const char *settings,
                   const char *template_text, int64_t now)
{
    char who[ADDRESS_MAX_LENGTH + 1] = "";
    bool known = false;
    sqlite3_stmt *row = sql_query(store->sql,
                                  "SELECT a.address, EXISTS (SELECT 1 FROM notification n WHERE n.contact_id = a.id)"
                                  " FROM contact a WHERE a.id = (SELECT n.contact_id FROM notification n"
                                  " JOIN campaign c ON c.id = n.campaign_id WHERE n.id = ?1 AND c.redirect_to IS NULL)"
                                  " OR (?1 = 0 AND a.address = ?2)",
                                  "it", notification, address);
    if (sql_step(store->sql, row)) {
        strncpy(who, sql_text(row, 0), ADDRESS_MAX_LENGTH);
        known = sqlite3_column_int(row, 1) != 0;
        sqlite3_reset(row);
    } else if (!notification && address) {
        strncpy(who, address, ADDRESS_MAX_LENGTH);
    }
    if (!who[0])
        return;
    bool first = store_suppress(store, who, "opted out by mail", "tocsind", now, true);
    if (notification)
        silence_targets(store, notification, now);
    store_withdraw(store, who, now);
    if (!first)
        return;
    store_audit(store, now, "tocsind", "opt-out", who, "by mail%s", notification ? ", with our token" : "");
    /* Only those whom we have written to are written to again: anything else would make us answer forgeries. */
    if (known && settings && template_text)
        queue_receipt(store, who, settings, template_text, now);
}

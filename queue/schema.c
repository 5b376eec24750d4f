#include "queue/schema.h"

#include "daemon/base/log.h"
#include "daemon/base/mem.h"

#include <errno.h>
#include <stdlib.h>

/* Each row takes a store from the version before it to its own. To change the schema, add a row; never edit one that has been released.
 *
 * Numbers of states are those of states.h. `due` is in milliseconds; DUE_NEVER (9223372036854775807) keeps a row out of every queue. */
static const char *const migrations[] = {
    /* 1 */
    "CREATE TABLE template (hash TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;"

    "CREATE TABLE campaign ("
    " id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, owner TEXT NOT NULL DEFAULT '',"
    " profile TEXT NOT NULL, state INTEGER NOT NULL,"
    " created INTEGER NOT NULL, expires INTEGER NOT NULL, ended INTEGER, paused_why TEXT,"
    " refusals INTEGER NOT NULL DEFAULT 0," /* about us, in a row: the brake */
    " open_cases INTEGER NOT NULL DEFAULT 0,"
    " settings TEXT NOT NULL, template_hash TEXT NOT NULL, redirect_to TEXT);"
    /* The house's own mail (receipts) belongs to no campaign of anybody's. */
    "INSERT INTO campaign (id, name, profile, state, created, expires, settings, template_hash)"
    " VALUES (0, '', '', 1, 0, 9223372036854775807, '{}', '');"

    "CREATE TABLE feed_file ("
    " id INTEGER PRIMARY KEY, campaign_id INTEGER NOT NULL, claim TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
    " profile TEXT NOT NULL, hash TEXT NOT NULL, size INTEGER NOT NULL, state INTEGER NOT NULL, why TEXT,"
    " approved INTEGER NOT NULL DEFAULT 0, hold INTEGER NOT NULL DEFAULT 0, approve_above INTEGER NOT NULL,"
    " composed INTEGER NOT NULL DEFAULT 0," /* an unapproved file's notifications have been composed, held */
    " loaded_to INTEGER NOT NULL DEFAULT 0, rows INTEGER NOT NULL DEFAULT 0, rejected INTEGER NOT NULL DEFAULT 0,"
    " duplicates INTEGER NOT NULL DEFAULT 0, received INTEGER NOT NULL,"
    " result_written INTEGER NOT NULL DEFAULT 0, result_due INTEGER NOT NULL DEFAULT 9223372036854775807,"
    " result_pending INTEGER NOT NULL DEFAULT 0);" /* the version of result_written may not be in its place */
    "CREATE INDEX feed_file_hash ON feed_file (hash);"
    "CREATE INDEX feed_file_campaign ON feed_file (campaign_id);"
    "CREATE INDEX feed_file_result ON feed_file (result_due);"

    "CREATE TABLE \"case\" ("
    " id INTEGER PRIMARY KEY, campaign_id INTEGER NOT NULL, file_id INTEGER NOT NULL, target TEXT NOT NULL,"
    " host TEXT, ip TEXT, state INTEGER NOT NULL, due INTEGER NOT NULL,"
    " position INTEGER NOT NULL DEFAULT 0," /* of its rung; 0: none yet */
    " contact_id INTEGER, notification_id INTEGER, notified INTEGER,"
    " resolve_since INTEGER NOT NULL DEFAULT 0, resolve_tries INTEGER NOT NULL DEFAULT 0, note TEXT);"
    "CREATE INDEX case_target ON \"case\" (target, campaign_id);"
    "CREATE INDEX case_due ON \"case\" (campaign_id, state, due);"
    "CREATE INDEX case_file ON \"case\" (file_id, state);"
    "CREATE INDEX case_group ON \"case\" (contact_id, campaign_id) WHERE state = 3;"
    /* What of a file that waits for approval is not composed yet: a step finds its contacts without looking at those that are. */
    "CREATE INDEX case_uncomposed ON \"case\" (file_id, contact_id) WHERE state = 3 AND notification_id IS NULL;"

    "CREATE TABLE incident ("
    " file_id INTEGER NOT NULL, line INTEGER NOT NULL, case_id INTEGER NOT NULL," /* 0: known already */
    " known_in INTEGER NOT NULL," /* the case that tells of the same finding; 0: none */
    " data TEXT NOT NULL, PRIMARY KEY (file_id, line)) WITHOUT ROWID;"
    "CREATE INDEX incident_case ON incident (case_id, file_id, line) WHERE case_id > 0;"

    "CREATE TABLE finding ("
    " hash INTEGER NOT NULL, key TEXT NOT NULL, case_id INTEGER NOT NULL, count INTEGER NOT NULL,"
    " first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, PRIMARY KEY (hash, key)) WITHOUT ROWID;"

    "CREATE TABLE contact ("
    " id INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE, accepted INTEGER NOT NULL DEFAULT 0,"
    " bounced INTEGER NOT NULL DEFAULT 0, dead_reason TEXT, dead_since INTEGER);"

    "CREATE TABLE rung ("
    " case_id INTEGER NOT NULL, position INTEGER NOT NULL, contact_id INTEGER NOT NULL, kinds TEXT NOT NULL,"
    " party INTEGER NOT NULL, score REAL NOT NULL, evidence TEXT NOT NULL,"
    " state INTEGER NOT NULL DEFAULT 0, notification_id INTEGER, why TEXT,"
    " PRIMARY KEY (case_id, position)) WITHOUT ROWID;"

    "CREATE TABLE notification ("
    " id INTEGER PRIMARY KEY, campaign_id INTEGER NOT NULL, contact_id INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " state INTEGER NOT NULL, due INTEGER NOT NULL, created INTEGER NOT NULL, date INTEGER NOT NULL,"
    " hold INTEGER NOT NULL DEFAULT 0," /* 1: for approval, 2: after a refusal that is about us */
    " attempts INTEGER NOT NULL DEFAULT 0, first_attempt INTEGER, accepted INTEGER,"
    " bounced INTEGER NOT NULL DEFAULT 0," /* 1: in the session, 2: later */
    " reason TEXT, key_id INTEGER NOT NULL, renderer INTEGER NOT NULL, kinds TEXT NOT NULL,"
    " primary_kind TEXT NOT NULL, party INTEGER NOT NULL, evidence TEXT NOT NULL, template_hash TEXT NOT NULL,"
    " settings TEXT);" /* NULL: the campaign's */
    "CREATE INDEX notification_due ON notification (campaign_id, state, due);"
    "CREATE INDEX notification_contact ON notification (contact_id, campaign_id, created);"

    "CREATE TABLE notification_case (notification_id INTEGER NOT NULL, case_id INTEGER NOT NULL,"
    " PRIMARY KEY (notification_id, case_id)) WITHOUT ROWID;"

    "CREATE TABLE attempt (id INTEGER PRIMARY KEY, notification_id INTEGER NOT NULL, time INTEGER NOT NULL,"
    " verdict INTEGER NOT NULL, stage TEXT NOT NULL, code INTEGER NOT NULL, enhanced TEXT, reason TEXT, text TEXT);"
    "CREATE INDEX attempt_notification ON attempt (notification_id);"

    "CREATE TABLE returned (id INTEGER PRIMARY KEY, notification_id INTEGER NOT NULL, time INTEGER NOT NULL,"
    " class TEXT NOT NULL, reason TEXT, status TEXT, reply TEXT, diagnostic TEXT, sender TEXT, token_fault TEXT);"
    "CREATE INDEX returned_notification ON returned (notification_id);"

    /* `object` is an address or a domain. */
    "CREATE TABLE suppression (object TEXT PRIMARY KEY, why TEXT NOT NULL, who TEXT NOT NULL, time INTEGER NOT NULL,"
    " opt_out INTEGER NOT NULL) WITHOUT ROWID;"

    "CREATE TABLE audit (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL,"
    " object TEXT NOT NULL, detail TEXT NOT NULL);"

    "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;",

    /* 2: proofs of the bounce path. `recipient` NULL: ourselves; else an address that does not exist, whose bounce is to come back. */
    "CREATE TABLE proof (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, who TEXT NOT NULL, recipient TEXT,"
    " answered INTEGER, answer TEXT, text TEXT," /* the relay's, or why there is none */
    " returned INTEGER, class TEXT, way TEXT);"
    "CREATE INDEX proof_returned ON proof (returned);",

    /* 3: reminders. `reminder` 0: the case tells of its findings for the first time; N: it is the Nth reminder of what case `reminds` told first, and
     * case `previous` last. A mail about reminders refers to the mails in notification_reference. */
    "ALTER TABLE \"case\" ADD COLUMN reminder INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE \"case\" ADD COLUMN reminds INTEGER;"
    "ALTER TABLE \"case\" ADD COLUMN previous INTEGER;"
    "ALTER TABLE incident ADD COLUMN spent INTEGER NOT NULL DEFAULT 0;" /* 1: known, and there is to be no further reminder */
    "ALTER TABLE campaign ADD COLUMN reminder_hash TEXT;" /* of its template; NULL: of an older Tocsin, the template of all its mails */
    "ALTER TABLE notification ADD COLUMN reminder INTEGER NOT NULL DEFAULT 0;" /* 1: all of its cases are reminders */
    "CREATE TABLE notification_reference (notification_id INTEGER NOT NULL, refers_to INTEGER NOT NULL,"
    " PRIMARY KEY (notification_id, refers_to)) WITHOUT ROWID;",

    /* 4: templates by type and language. A campaign's are frozen when it begins; where it has none, its template_hash is the only one. */
    "CREATE TABLE campaign_template (campaign_id INTEGER NOT NULL, name TEXT NOT NULL, language TEXT NOT NULL,"
    " hash TEXT NOT NULL, PRIMARY KEY (campaign_id, name, language)) WITHOUT ROWID;"
    "ALTER TABLE rung ADD COLUMN languages TEXT;", /* that they read there; NULL: not known */

    /* 5: loading a million rows. What comes in no order is found by a hash, in an index of nothing but numbers (load_steps.c); the texts are appended.
     * `file_id` and `line`: the row that was counted last, so that a load that is resumed counts none twice. */
    "ALTER TABLE finding RENAME TO old_finding;"
    "CREATE TABLE finding (id INTEGER PRIMARY KEY, key TEXT NOT NULL, case_id INTEGER NOT NULL, count INTEGER NOT NULL,"
    " first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, file_id INTEGER NOT NULL, line INTEGER NOT NULL);"
    "INSERT INTO finding (key, case_id, count, first_seen, last_seen, file_id, line)"
    " SELECT key, case_id, count, first_seen, last_seen, 0, 0 FROM old_finding;"
    "DROP TABLE old_finding;"
    "CREATE TABLE finding_hash (hash INTEGER NOT NULL, finding_id INTEGER NOT NULL, PRIMARY KEY (hash, finding_id))"
    " WITHOUT ROWID;" /* of the key without the feed's name */
    "INSERT INTO finding_hash SELECT hash_of(substr(key, instr(key, char(31)) + 1)), id FROM finding;"
    "CREATE TABLE target_hash (hash INTEGER NOT NULL, case_id INTEGER NOT NULL, PRIMARY KEY (hash, case_id)) WITHOUT "
    "ROWID;"
    "INSERT INTO target_hash SELECT hash_of(target), id FROM \"case\";"
    "DROP INDEX case_target;"
    "CREATE INDEX incident_known ON incident (known_in, file_id, line) WHERE known_in > 0;"
    "CREATE INDEX notification_case_case ON notification_case (case_id);",

    /* 6: hosts by two names. `address_finding`: findings about an address without a name; `address_name`: the first finding whose row names the address beside a name.
     * `hash`: of the key (without the feed's name) with the address as the host. */
    ("CREATE TABLE address_finding (hash INTEGER PRIMARY KEY, finding_id INTEGER NOT NULL);"
     "CREATE TABLE address_name (hash INTEGER PRIMARY KEY, finding_id INTEGER NOT NULL);"),

    /* 7: what a profile tells apart in the mails to one contact: a hash (grouping.h), 0: by contact alone. */
    "ALTER TABLE \"case\" ADD COLUMN grouping INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE notification ADD COLUMN grouping INTEGER NOT NULL DEFAULT 0;"
    "DROP INDEX case_group;"
    "CREATE INDEX case_group ON \"case\" (contact_id, campaign_id, grouping) WHERE state = 3;"
    "DROP INDEX notification_contact;"
    "CREATE INDEX notification_contact ON notification (contact_id, campaign_id, grouping);",

    /* 8: an address, and the one name that resolves to it (same_host.c). Of a file, `addresses`: cases about an address alone; `matching` 0: not, or no more; 1: its
     * names' addresses are looked up; 2: its rows become one; `matched_to`: the case up to which the step under way has come. `key`: as of a row that names the
     * address as its host; `named`: the row names another. Of address_name, `resolved`: when DNS said so, and where two names have the address `finding_id` is 0; 0: a
     * row names both. */
    "ALTER TABLE feed_file ADD COLUMN addresses INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE feed_file ADD COLUMN matching INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE feed_file ADD COLUMN matched_to INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX feed_file_matching ON feed_file (id) WHERE matching > 0;"
    "CREATE TABLE same_host (file_id INTEGER NOT NULL, key TEXT NOT NULL, case_id INTEGER NOT NULL,"
    " line INTEGER NOT NULL, named INTEGER NOT NULL, PRIMARY KEY (file_id, key, case_id, line)) WITHOUT ROWID;"
    "ALTER TABLE address_name ADD COLUMN resolved INTEGER NOT NULL DEFAULT 0;",

    /* 9: `tocsin status` counts faulty tokens each time, and what has ever come back is much. */
    "CREATE INDEX returned_fault ON returned (token_fault) WHERE token_fault IS NOT NULL;",
};

#define VERSION ((int)(sizeof migrations / sizeof migrations[0]))

/* Should the change turn out to be a mistake, the older Tocsin goes on with this. */
static int keep_copy(struct sql *sql, const char *path, int version, struct error *error)
{
    char *copy = mem_format("%s.schema-%d", path, version);
    struct error why = { "" };
    int status = sql_copy_to(sql, copy, &why);
    if (status)
        error_set(error, status,
                  "%s: must be brought to schema %d, but cannot be copied first: %s; nothing was changed", path,
                  VERSION, why.text);
    else
        log_notice("store: brought from schema %d to %d; as it was before it is kept as %s", version, VERSION, copy);
    free(copy);
    return status;
}

int schema_check(struct sql *sql, const char *path, struct error *error)
{
    int version = (int)sql_integer(sql, 0, "PRAGMA user_version", "");
    if (sql_failed(sql))
        return error_set(error, sql_status(sql), "%s: %s", path, sql_message(sql));
    if (version != VERSION)
        return error_set(error, -EPROTO, "%s: the store has schema %d, and this tocsin knows %d", path, version,
                         VERSION);
    return 0;
}

int schema_migrate(struct sql *sql, const char *path, struct error *error)
{
    int version = (int)sql_integer(sql, 0, "PRAGMA user_version", "");
    if (version < 0)
        return error_set(error, -EPROTO, "%s: is no store of Tocsin's (schema %d): set paths.store to another file",
                         path, version);
    if (version > VERSION)
        return error_set(error, -EPROTO,
                         "%s: was written by a newer Tocsin (schema %d, this one knows %d): use that one", path,
                         version, VERSION);
    if (version && version < VERSION && !sql_failed(sql)) {
        int status = keep_copy(sql, path, version, error);
        if (status)
            return status;
    }
    for (; version < VERSION && !sql_failed(sql); version++) {
        char *number = mem_format("PRAGMA user_version = %d", version + 1);
        sql_script(sql, "BEGIN IMMEDIATE");
        sql_script(sql, migrations[version]);
        sql_script(sql, number);
        sql_script(sql, "COMMIT");
        free(number);
    }
    if (sql_failed(sql))
        return error_set(error, sql_status(sql), "%s: cannot bring the store to schema %d: %s", path, VERSION,
                         sql_message(sql));
    return 0;
}

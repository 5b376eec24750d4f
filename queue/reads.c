#include "queue/reads.h"

#include "daemon/base/mem.h"
#include "queue/read_explain.h"
#include "queue/read_outlook.h"
#include "queue/read_report.h"
#include "queue/row_json.h"
#include "queue/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef int read_function(struct sql *sql, const json_t *arguments, json_t *result, struct error *error);

static const char *text_of(const json_t *arguments, const char *name)
{
    return json_string_value(json_object_get(arguments, name));
}

static int64_t number_of(const json_t *arguments, const char *name, int64_t otherwise)
{
    const json_t *value = json_object_get(arguments, name);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

/* A page of a list: memory stays flat, and no read holds its snapshot for long. Events and audits, of which only the last are of interest, have but
 * one. */
#define PAGE 500
#define LAST 10000

static int64_t limit_of(const json_t *arguments, int64_t most)
{
    int64_t limit = number_of(arguments, "limit", most);
    return limit < 1 || limit > most ? most : limit;
}

/* Put LIST into RESULT, and where it fills its page, the KEY of its last as what comes before the next. */
static void set_page(json_t *result, const char *name, json_t *list, const char *key, int64_t limit)
{
    size_t count = json_array_size(list);
    json_object_set_new(result, name, list);
    if (count && (int64_t)count == limit)
        json_object_set(result, "next", json_object_get(json_array_get(list, count - 1), key));
}

static int find_campaign(struct sql *sql, const json_t *arguments, int64_t *id, struct error *error)
{
    const char *name = text_of(arguments, "campaign");
    *id = name
              ? sql_integer(sql, 0, "SELECT id FROM campaign WHERE name = ?1 AND id > 0 AND (?2 IS NULL OR owner = ?2)",
                            "tt", name, text_of(arguments, "owner"))
              : 0;
    if (*id)
        return 0;
    return error_set(error, -ENOENT, "there is no campaign called '%s': `tocsin campaign list` names them",
                     name ? name : "");
}

/* ---- Campaigns ----------------------------------------------------------------------------------------------------------------------- */

json_t *read_ends(struct sql *sql, int64_t campaign)
{
    json_t *ends = json_object();
    for (int state = CASE_DELIVERED; state < CASE_STATES; state++)
        json_object_set_new(ends, case_state_name((enum case_state)state), json_integer(0));
    int64_t open = 0;
    sqlite3_stmt *rows =
        sql_query(sql, "SELECT state, count(*) FROM \"case\" WHERE campaign_id = ?1 GROUP BY state", "i", campaign);
    while (sql_step(sql, rows)) {
        enum case_state state = (enum case_state)sqlite3_column_int(rows, 0);
        if (case_ended(state))
            json_object_set_new(ends, case_state_name(state), json_integer(sqlite3_column_int64(rows, 1)));
        else
            open += sqlite3_column_int64(rows, 1);
    }
    json_object_set_new(ends, "open", json_integer(open));
    return ends;
}

static int64_t in_state(struct sql *sql, int64_t campaign, enum notification_state state)
{
    return sql_integer(sql, 0, "SELECT count(*) FROM notification WHERE campaign_id = ?1 AND state = ?2", "ii",
                       campaign, (int64_t)state);
}

/* Cases whose contacts are being looked up; and those that wait for others to go out in one mail with, until when the first of them does. */
static void add_waiting(struct sql *sql, int64_t id, json_t *campaign)
{
    sqlite3_stmt *row = sql_query(
        sql,
        "SELECT (SELECT count(*) FROM \"case\" WHERE campaign_id = ?1 AND state IN (1, 2)) AS searching,"
        " count(*) AS gathering, min(due) AS \"@gathering_until\" FROM \"case\" WHERE campaign_id = ?1 AND state = 3"
        " AND due < 9223372036854775807",
        "i", id);
    if (!sql_step(sql, row))
        return;
    json_t *found = row_json(row);
    sqlite3_reset(row);
    json_object_update(campaign, found);
    json_decref(found);
}

static void add_campaign_counts(struct sql *sql, json_t *campaign)
{
    int64_t id = json_integer_value(json_object_get(campaign, "id"));
    json_object_set_new(campaign, "ends", read_ends(sql, id));
    json_object_set_new(campaign, "held", json_integer(in_state(sql, id, NOTIFICATION_HELD)));
    json_object_set_new(campaign, "queued", json_integer(in_state(sql, id, NOTIFICATION_QUEUED)));
    json_object_set_new(campaign, "leased", json_integer(in_state(sql, id, NOTIFICATION_LEASED)));
    json_object_set_new(campaign, "deferred", json_integer(in_state(sql, id, NOTIFICATION_DEFERRED)));
    json_object_set_new(campaign, "accepted", json_integer(in_state(sql, id, NOTIFICATION_ACCEPTED)));
    add_waiting(sql, id, campaign);
}

/* Files with too many rows that could not be read (feed_file.hold 3), what was in them, and the name of one. */
#define DOUBTFUL_FROM                                                                                                  \
    " FROM feed_file f WHERE f.campaign_id = c.id AND f.state = 2 AND f.approved = 0 AND f.hold = 3"                   \
    " AND c.state IN (1, 2))"
#define DOUBTFUL_COLUMNS                                                                                               \
    " (SELECT count(*)" DOUBTFUL_FROM " AS doubtful,"                                                                  \
    " (SELECT coalesce(sum(f.rows), 0)" DOUBTFUL_FROM " AS doubtful_rows,"                                             \
    " (SELECT coalesce(sum(f.rejected), 0)" DOUBTFUL_FROM " AS doubtful_rejected,"                                     \
    " (SELECT min(f.name)" DOUBTFUL_FROM " AS doubtful_file,"

/* An unapproved file that is composed is ready to be looked at; one that is not is still finding its contacts. */
#define CAMPAIGN_COLUMNS                                                                                               \
    "SELECT c.id, c.name, c.profile, c.state AS \"%state\", c.paused_why, c.created AS \"@created\","                  \
    " c.expires AS \"@expires\", c.ended AS \"@ended\", c.redirect_to, c.open_cases AS open,"                          \
    " (SELECT count(*) FROM \"case\" k WHERE k.campaign_id = c.id) AS cases,"                                          \
    " (SELECT count(*) FROM feed_file f WHERE f.campaign_id = c.id) AS files,"                                         \
    " (SELECT coalesce(sum(f.rejected), 0) FROM feed_file f WHERE f.campaign_id = c.id) AS rejected,"                  \
    " (SELECT count(*) FROM feed_file f WHERE f.campaign_id = c.id AND f.state = 1) AS files_loading,"                 \
    " (SELECT count(*) FROM feed_file f WHERE f.campaign_id = c.id AND f.state = 2 AND f.approved = 0 AND c.state IN " \
    "(1, 2))"                                                                                                          \
    " AS waiting_for_approval,"                                                                                        \
    " (SELECT count(*) FROM feed_file f WHERE f.campaign_id = c.id AND f.state = 2 AND f.approved = 0 AND f.hold = 2"  \
    " AND c.state IN (1, 2)) AS waiting_for_proof," DOUBTFUL_COLUMNS                                                   \
    " (SELECT count(*) FROM feed_file f WHERE f.campaign_id = c.id AND f.state = 2 AND f.approved = 0 AND f.composed " \
    "= 1"                                                                                                              \
    " AND c.state IN (1, 2)) AS ready_for_approval"                                                                    \
    " FROM campaign c WHERE c.id > 0 "

#define PROOF_COLUMNS                                                                                                  \
    "SELECT id, time AS \"@time\", time AS began, who, recipient, answered, answer, text, returned AS \"@came_back\"," \
    " returned, class, way FROM proof "

/* The last that came back and, where it is later, the last that was sent; not one that was to provoke a bounce and was refused at once: it says nothing
 * about the way back. */
static void add_proof(struct sql *sql, json_t *result)
{
    json_t *proofs =
        rows_json(sql, sql_query(sql,
                                 PROOF_COLUMNS "WHERE id = (SELECT id FROM proof WHERE returned IS NOT NULL"
                                               " ORDER BY returned DESC, id DESC LIMIT 1)"
                                               " OR id = (SELECT max(id) FROM proof WHERE recipient IS NULL"
                                               " OR answer IS NOT 'refused') ORDER BY returned IS NULL, id",
                                 ""));
    json_object_set_new(result, "proofs", proofs);
}

/* Does the bounce window's clock stand still? */
static void add_clock(struct sql *sql, json_t *result)
{
    sqlite3_stmt *row = sql_query(sql,
                                  "SELECT CAST(value AS INTEGER) AS \"@since\", coalesce((SELECT value FROM setting"
                                  " WHERE name = 'intake_why'), 'a proof of the bounce path has not come back')"
                                  " AS why FROM setting WHERE name = 'standstill'",
                                  "");
    bool stands = sql_step(sql, row);
    json_object_set_new(result, "standstill", stands ? row_json(row) : json_null());
    if (stands)
        sqlite3_reset(row);
}

static int read_proof(struct sql *sql, const json_t *arguments, json_t *result, struct error *error)
{
    int64_t id = number_of(arguments, "proof", 0);
    sqlite3_stmt *row = sql_query(sql, PROOF_COLUMNS "WHERE id = ?1", "i", id);
    if (!sql_step(sql, row))
        return error_set(error, -ENOENT, "there is no proof %lld", (long long)id);
    json_t *found = row_json(row);
    sqlite3_reset(row);
    json_object_update(result, found);
    json_decref(found);
    return 0;
}

static int read_status(struct sql *sql, const json_t *arguments, json_t *result, struct error *error)
{
    (void)error;
    json_t *campaigns = rows_json(sql, sql_query(sql, CAMPAIGN_COLUMNS "AND (?1 IS NULL OR c.owner = ?1) ORDER BY c.id",
                                                 "t", text_of(arguments, "owner")));
    size_t index;
    json_t *campaign;
    json_array_foreach(campaigns, index, campaign) add_campaign_counts(sql, campaign);
    json_object_set_new(result, "campaigns", campaigns);
    bool stopped = sql_integer(sql, 0, "SELECT value <> '' FROM setting WHERE name = 'stopped'", "") != 0;
    json_object_set_new(result, "stopped", json_boolean(stopped));
    add_proof(sql, result);
    add_clock(sql, result);
    json_object_set_new(result, "suppressions",
                        json_integer(sql_integer(sql, 0, "SELECT count(*) FROM suppression", "")));
    json_object_set_new(
        result, "forged_bounces",
        json_integer(sql_integer(sql, 0, "SELECT count(*) FROM returned WHERE token_fault = 'forged'", "")));
    json_object_set_new(
        result, "stale_bounces",
        json_integer(sql_integer(sql, 0, "SELECT count(*) FROM returned WHERE token_fault = 'stale'", "")));
    return 0;
}

void reads_add_rungs(struct sql *sql, json_t *one)
{
    sqlite3_stmt *rungs = sql_query(sql,
                                    "SELECT r.position, a.address, r.kinds, r.party AS \"&party\", r.score, r.evidence,"
                                    " r.state AS \"/state\", r.why, r.notification_id AS notification FROM rung r"
                                    " JOIN contact a ON a.id = r.contact_id WHERE r.case_id = ?1 ORDER BY r.position",
                                    "i", (int64_t)json_integer_value(json_object_get(one, "id")));
    json_object_set_new(one, "rungs", rows_json(sql, rungs));
}

static void add_cases(struct sql *sql, int64_t campaign, const json_t *arguments, json_t *result)
{
    int64_t limit = limit_of(arguments, PAGE);
    /* `+`: in the order of their numbers, without sorting all of the campaign's for each page. */
    json_t *cases =
        rows_json(sql, sql_query(sql,
                                 "SELECT id, target, host, ip, state AS \":state\", due AS \"@due\", position, note,"
                                 " notified AS \"@notified\" FROM \"case\" WHERE +campaign_id = ?1 AND id > ?2"
                                 " ORDER BY id LIMIT ?3",
                                 "iii", campaign, number_of(arguments, "after", 0), limit));
    size_t index;
    json_t *one;
    json_array_foreach(cases, index, one) reads_add_rungs(sql, one);
    set_page(result, "cases_list", cases, "id", limit);
}

static void add_files(struct sql *sql, int64_t campaign, json_t *result)
{
    sqlite3_stmt *files =
        sql_query(sql,
                  "SELECT name, hash, size, CASE state WHEN 1 THEN 'loading' WHEN 2 THEN 'loaded' ELSE 'failed' END"
                  " AS state, why, approved AS \"?approved\", rows, rejected, duplicates, received AS \"@received\""
                  " FROM feed_file WHERE campaign_id = ?1 ORDER BY id",
                  "i", campaign);
    json_object_set_new(result, "feed_files", rows_json(sql, files));
}

static int read_campaign(struct sql *sql, const json_t *arguments, json_t *result, struct error *error)
{
    int64_t id;
    int status = find_campaign(sql, arguments, &id, error);
    if (status)
        return status;
    bool cases = json_is_true(json_object_get(arguments, "cases"));
    if (cases && json_object_get(arguments, "after")) {
        add_cases(sql, id, arguments, result);
        return 0;
    }
    sqlite3_stmt *row = sql_query(sql, CAMPAIGN_COLUMNS "AND c.id = ?1", "i", id);
    if (sql_step(sql, row)) {
        json_t *campaign = row_json(row);
        sqlite3_reset(row);
        json_object_update(result, campaign);
        json_decref(campaign);
    }
    add_campaign_counts(sql, result);
    add_files(sql, id, result);
    if (cases)
        add_cases(sql, id, arguments, result);
    return 0;
}

/* ---- The queue ------------------------------------------------------------------------------------------------------------------------- */

#define NOTIFICATION_COLUMNS                                                                                           \
    "SELECT n.id, c.name AS campaign, a.address AS recipient, n.state AS \";state\", n.primary_kind AS kind, n.kinds," \
    " n.party AS \"&party\", n.attempts, n.due AS \"@due\", n.created AS \"@created\","                                \
    " n.accepted IS NOT NULL AS \"?accepted\", CASE n.bounced WHEN 1 THEN 'session' WHEN 2 THEN 'later' END AS "       \
    "bounced,"                                                                                                         \
    " n.reason, CASE WHEN n.state = 1 THEN CASE n.hold WHEN 1 THEN 'approval' ELSE 'refusal' END END AS held_for,"     \
    " n.kind = 1 AS \"?receipt\", (SELECT count(*) FROM notification_case k WHERE k.notification_id = n.id) AS cases"  \
    " FROM notification n JOIN campaign c ON c.id = n.campaign_id JOIN contact a ON a.id = n.contact_id "

static void add_targets(struct sql *sql, json_t *notification)
{
    json_t *targets = json_array();
    sqlite3_stmt *rows = sql_query(sql,
                                   "SELECT k.target FROM notification_case n JOIN \"case\" k ON k.id = n.case_id"
                                   " WHERE n.notification_id = ?1 ORDER BY k.target",
                                   "i", (int64_t)json_integer_value(json_object_get(notification, "id")));
    while (sql_step(sql, rows))
        json_array_append_new(targets, json_string(sql_text(rows, 0)));
    json_object_set_new(notification, "targets", targets);
}

/* -ENOENT also where it is another's: a claim tells nobody that it is there. */
static int read_file(struct sql *sql, const json_t *arguments, json_t *result, struct error *error)
{
    sqlite3_stmt *row = sql_query(
        sql,
        "SELECT CASE f.state WHEN 1 THEN 'loading' WHEN 2 THEN 'loaded' ELSE 'failed' END AS state, f.why,"
        " c.name AS campaign, f.approved AS \"?approved\", f.hold = 2 AS \"?unproved\", f.rows, f.rejected, "
        "f.duplicates,"
        " (SELECT count(*) FROM \"case\" WHERE file_id = f.id) AS targets"
        " FROM feed_file f JOIN campaign c ON c.id = f.campaign_id WHERE f.claim = ?1 AND (?2 IS NULL OR c.owner = ?2)",
        "tt", text_of(arguments, "claim"), text_of(arguments, "owner"));
    if (!sql_step(sql, row))
        return error_set(error, -ENOENT, "nothing is known of this file");
    json_t *file = row_json(row);
    sqlite3_reset(row);
    json_object_update(result, file);
    json_decref(file);
    return 0;
}

static int read_queue(struct sql *sql, const json_t *arguments, json_t *result, struct error *error)
{
    int64_t campaign = 0, all = json_is_true(json_object_get(arguments, "all"));
    const char *state = text_of(arguments, "state");
    if (text_of(arguments, "campaign")) {
        int status = find_campaign(sql, arguments, &campaign, error);
        if (status)
            return status;
    }
    int64_t wanted = 0;
    for (int i = 1; state && i < NOTIFICATION_STATES; i++)
        if (strcmp(state, notification_state_name((enum notification_state)i)) == 0)
            wanted = i;
    if (state && !wanted)
        return error_set(error, -EINVAL,
                         "'%s' is no state: held queued leased deferred accepted delivered bounced given-up cancelled",
                         state);
    int64_t limit = limit_of(arguments, PAGE);
    json_t *list = rows_json(sql, sql_query(sql,
                                            NOTIFICATION_COLUMNS
                                            "WHERE (?1 = 0 OR n.campaign_id = ?1) AND (?2 OR n.state < 5 OR ?3)"
                                            " AND (?3 = 0 OR n.state = ?3) AND (?5 IS NULL OR c.owner = ?5)"
                                            " AND n.id > ?6 ORDER BY n.id LIMIT ?4",
                                            "iiiiti", campaign, all, wanted, limit, text_of(arguments, "owner"),
                                            number_of(arguments, "after", 0)));
    size_t index;
    json_t *one;
    json_array_foreach(list, index, one) add_targets(sql, one);
    set_page(result, "notifications", list, "id", limit);
    return 0;
}

void reads_add_history(struct sql *sql, json_t *notification)
{
    int64_t id = number_of(notification, "id", 0);
    json_object_set_new(
        notification, "history",
        rows_json(
            sql,
            sql_query(
                sql,
                "SELECT time AS \"@time\", CASE verdict WHEN 0 THEN 'accepted' WHEN 1 THEN 'deferred'"
                " WHEN 2 THEN 'bounced' ELSE 'refused: about us' END AS verdict, stage, code, enhanced, reason, text"
                " FROM attempt WHERE notification_id = ?1 ORDER BY id",
                "i", id)));
    json_object_set_new(
        notification, "returned",
        rows_json(sql, sql_query(sql,
                                 "SELECT time AS \"@time\", class, reason, status, reply, diagnostic, sender"
                                 " FROM returned WHERE notification_id = ?1 ORDER BY id",
                                 "i", id)));
}

static int read_notification(struct sql *sql, const json_t *arguments, json_t *result, struct error *error)
{
    int64_t id = number_of(arguments, "notification", 0);
    sqlite3_stmt *row = sql_query(sql, NOTIFICATION_COLUMNS "WHERE n.id = ?1 AND (?2 IS NULL OR c.owner = ?2)", "it",
                                  id, text_of(arguments, "owner"));
    if (!sql_step(sql, row))
        return error_set(error, -ENOENT, "there is no notification %lld", (long long)id);
    json_t *found = row_json(row);
    sqlite3_reset(row);
    json_object_update(result, found);
    json_decref(found);
    add_targets(sql, result);
    reads_add_history(sql, result);
    return 0;
}

/* ---- Suppressions and history -------------------------------------------------------------------------------------------------------------- */

static int read_suppressions(struct sql *sql, const json_t *arguments, json_t *result, struct error *error)
{
    (void)error;
    const char *after = text_of(arguments, "after");
    int64_t limit = limit_of(arguments, PAGE);
    json_t *list =
        rows_json(sql, sql_query(sql,
                                 "SELECT object, why, who, time AS \"@time\", opt_out AS \"?opt_out\" FROM suppression"
                                 " WHERE object > ?1 ORDER BY object LIMIT ?2",
                                 "ti", after ? after : "", limit));
    set_page(result, "suppressions", list, "object", limit);
    return 0;
}

/* OBJECT itself, or the nearest domain above it. */
void reads_add_suppression(struct sql *sql, const char *object, json_t *list)
{
    const char *at = object, *domain = strchr(object, '@');
    while (at) {
        sqlite3_stmt *row = sql_query(sql,
                                      "SELECT ?1 AS object, object AS by, why, opt_out AS \"?opt_out\" FROM suppression"
                                      " WHERE object = ?2",
                                      "tt", object, at);
        if (sql_step(sql, row)) {
            json_array_append_new(list, row_json(row));
            sqlite3_reset(row);
            return;
        }
        at = at == object && domain ? domain + 1 : (at = strchr(at, '.')) ? at + 1 : NULL;
    }
}

static int read_suppressed(struct sql *sql, const json_t *arguments, json_t *result, struct error *error)
{
    (void)error;
    json_t *list = json_array(), *object;
    size_t index;
    json_array_foreach(json_object_get(arguments, "objects"), index, object)
    {
        if (json_is_string(object))
            reads_add_suppression(sql, json_string_value(object), list);
    }
    json_object_set_new(result, "suppressed", list);
    return 0;
}

static int read_audit(struct sql *sql, const json_t *arguments, json_t *result, struct error *error)
{
    (void)error;
    json_object_set_new(
        result, "audit",
        rows_json(sql, sql_query(sql,
                                 "SELECT * FROM (SELECT id, time AS \"@time\", who, action, object, detail FROM audit"
                                 " ORDER BY id DESC LIMIT ?1) ORDER BY id",
                                 "i", limit_of(arguments, LAST))));
    return 0;
}

/* What happened, from the tables that keep it: nothing is written twice for the sake of a log. What came back and is about no notification of ours
 * is nobody's in particular: only who may see everything sees it, where he asks for no campaign and no target. */
static const char log_text[] =
    "WITH chosen AS (SELECT n.id, n.created, c.name AS campaign, a.address AS recipient FROM notification n"
    " JOIN campaign c ON c.id = n.campaign_id JOIN contact a ON a.id = n.contact_id"
    " WHERE (?1 = 0 OR n.campaign_id = ?1) AND (?2 IS NULL OR a.address = ?2) AND (?5 IS NULL OR c.owner = ?5)"
    " AND (?3 IS NULL OR n.id IN (SELECT t.notification_id FROM notification_case t WHERE t.case_id IN"
    " (SELECT k.id FROM target_hash h JOIN \"case\" k ON k.id = h.case_id WHERE h.hash = hash_of(?3) AND k.target = "
    "?3))))"
    " SELECT at AS \"@time\", what, campaign, notification, recipient, detail FROM ("
    " SELECT created AS at, 0 AS rank, 'composed' AS what, campaign, id AS notification, recipient, '' AS detail"
    " FROM chosen"
    " UNION ALL SELECT t.time, 1, CASE t.verdict WHEN 0 THEN 'accepted' WHEN 1 THEN 'deferred'"
    " WHEN 2 THEN 'bounced' ELSE 'refused' END, campaign, chosen.id, recipient, t.stage || ':' ||"
    " CASE WHEN t.code > 0 THEN ' ' || t.code ELSE '' END || coalesce(' ' || t.enhanced, '') ||"
    " coalesce(' ' || t.text, '')"
    " FROM attempt t JOIN chosen ON chosen.id = t.notification_id"
    " UNION ALL SELECT r.time, 2, r.class, campaign, chosen.id, recipient, coalesce(r.diagnostic, '')"
    " FROM returned r JOIN chosen ON chosen.id = r.notification_id"
    " UNION ALL SELECT r.time, 2, r.class, NULL, NULL, r.sender,"
    " coalesce(r.token_fault || ' token', r.diagnostic, '') FROM returned r WHERE r.notification_id = 0"
    " AND ?1 = 0 AND ?3 IS NULL AND ?5 IS NULL AND (?2 IS NULL OR r.sender = ?2)"
    " ORDER BY at DESC, rank DESC LIMIT ?4) ORDER BY at, rank";

static int read_log(struct sql *sql, const json_t *arguments, json_t *result, struct error *error)
{
    int64_t campaign = 0;
    if (text_of(arguments, "campaign")) {
        int status = find_campaign(sql, arguments, &campaign, error);
        if (status)
            return status;
    }
    sqlite3_stmt *rows =
        sql_query(sql, log_text, "ittit", campaign, text_of(arguments, "address"), text_of(arguments, "target"),
                  limit_of(arguments, LAST), text_of(arguments, "owner"));
    json_object_set_new(result, "events", rows_json(sql, rows));
    return 0;
}

static int read_report(struct sql *sql, const json_t *arguments, json_t *result, struct error *error)
{
    int64_t id;
    int status = find_campaign(sql, arguments, &id, error);
    if (!status)
        read_report_counts(sql, id, result);
    return status;
}

static int read_campaign_outlook(struct sql *sql, const json_t *arguments, json_t *result, struct error *error)
{
    int64_t id;
    int status = find_campaign(sql, arguments, &id, error);
    if (!status)
        read_outlook(sql, id, result);
    return status;
}

/* To add a read: a function above and a row here; say in reads.h what it takes and gives. */
static const struct {
    const char *name;
    read_function *run;
} reads[] = {
    { "status", read_status },
    { "campaign", read_campaign },
    { "queue", read_queue },
    { "notification", read_notification },
    { "report", read_report },
    { "suppressions", read_suppressions },
    { "log", read_log },
    { "audit", read_audit },
    { "proof", read_proof },
    { "suppressed", read_suppressed },
    { "explain", read_explain },
    { "file", read_file },
    { "outlook", read_campaign_outlook },
};

int reads_run(struct sql *sql, const char *name, const json_t *arguments, json_t **result, struct error *error)
{
    for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++) {
        if (strcmp(reads[i].name, name) != 0)
            continue;
        *result = json_object();
        int status = reads[i].run(sql, arguments, *result, error);
        if (!status && sql_failed(sql))
            status = error_set(error, -EIO, "the store failed: %s", sql_message(sql));
        if (status) {
            json_decref(*result);
            *result = NULL;
        }
        return status;
    }
    return error_set(error, -ENOSYS, "there is no read '%s'", name);
}

/* Without a daemon the last one may still have left a write-ahead log, which only a connection that may write can take in; where we may not, the
 * file alone is read, as it is. */
int reads_run_offline(const char *path, const char *name, const json_t *arguments, json_t **result, struct error *error)
{
    struct sql *sql;
    int status = sql_open(path, SQL_READ, &sql, error);
    if (status)
        status = sql_open(path, SQL_IMMUTABLE, &sql, error);
    if (status)
        return -ENXIO;
    status = reads_run(sql, name, arguments, result, error);
    sql_close(sql);
    return status;
}

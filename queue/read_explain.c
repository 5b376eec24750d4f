/* All that the store knows about one target: what the result files say row by row, gathered. */
#include "queue/read_explain.h"

#include "queue/finding.h"
#include "queue/row_json.h"
#include "queue/states.h"

#include <errno.h>

/* Of each list the last so many. */
#define MOST "1000"

/* The cases of target ?1 that OWNER ?2 may see. */
#define CASES                                                                                                          \
    "(SELECT k.id FROM target_hash t JOIN \"case\" k ON k.id = t.case_id JOIN campaign c ON c.id = k.campaign_id"      \
    " WHERE t.hash = hash_of(?1) AND k.target = ?1 AND (?2 IS NULL OR c.owner = ?2) ORDER BY k.id DESC LIMIT " MOST    \
    ")"

/* The rows that tell of the target, and those whose findings its cases had told of before; ?2 sees those of his own files. */
#define ROWS                                                                                                           \
    "(SELECT i.* FROM incident i WHERE i.case_id > 0 AND i.case_id IN " CASES                                          \
    " UNION ALL SELECT i.* FROM incident i WHERE i.known_in > 0 AND i.known_in IN (SELECT k.id FROM target_hash t"     \
    " JOIN \"case\" k ON k.id = t.case_id WHERE t.hash = hash_of(?1) AND k.target = ?1)"                               \
    " ORDER BY file_id DESC, line DESC LIMIT " MOST ")"

#define KEY FINDING_KEY("coalesce(data ->> '$.\"source.fqdn\"', data ->> '$.\"source.ip\"', '')")

static json_t *findings_of(struct sql *sql, const char *target, const char *owner)
{
    return rows_json(
        sql,
        sql_query(sql,
                  "WITH seen AS (SELECT DISTINCT f.profile || char(31) || " KEY " AS key, " KEY " AS short,"
                  " data ->> '$.\"classification.type\"' AS type,"
                  " data ->> '$.\"classification.identifier\"' AS identifier,"
                  " coalesce(data ->> '$.\"source.fqdn\"', data ->> '$.\"source.ip\"') AS host,"
                  " data ->> '$.\"source.port\"' AS port, data ->> '$.\"source.url\"' AS url FROM " ROWS " i"
                  " JOIN feed_file f ON f.id = i.file_id JOIN campaign c ON c.id = f.campaign_id"
                  " WHERE ?2 IS NULL OR c.owner = ?2)"
                  " SELECT seen.type, seen.identifier, seen.host, seen.port, seen.url, n.count,"
                  " n.first_seen AS \"@first_seen\", n.last_seen AS \"@last_seen\", n.case_id AS \"case\" FROM seen"
                  " JOIN finding_hash h ON h.hash = hash_of(seen.short) JOIN finding n ON n.id = h.finding_id"
                  " AND n.key = seen.key ORDER BY n.first_seen, n.id",
                  "tt", target, owner));
}

static json_t *rows_of(struct sql *sql, const char *target, const char *owner)
{
    json_t *rows = rows_json(sql, sql_query(sql,
                                            "SELECT f.name AS file, c.name AS campaign, " ROW_COLUMNS ", " ROW_WHY
                                            ", i.data AS incident FROM " ROWS " i JOIN feed_file f ON f.id = i.file_id"
                                            " JOIN campaign c ON c.id = f.campaign_id"
                                            " LEFT JOIN \"case\" k ON k.id = i.case_id AND i.case_id > 0"
                                            " WHERE ?2 IS NULL OR c.owner = ?2 ORDER BY i.file_id, i.line",
                                            "tt", target, owner));
    size_t index;
    json_t *row;
    json_array_foreach(rows, index, row)
    {
        json_t *incident = json_loads(json_string_value(json_object_get(row, "incident")), 0, NULL);
        if (incident)
            json_object_set_new(row, "incident", incident);
    }
    return rows;
}

/* The mails about a case, with their attempts and what came back. */
static json_t *mails_of(struct sql *sql, int64_t id)
{
    json_t *mails = rows_json(
        sql, sql_query(sql,
                       "SELECT n.id, a.address AS recipient, n.state AS \";state\", n.primary_kind AS kind,"
                       " n.attempts, n.created AS \"@created\", n.accepted AS \"@accepted\", n.due AS \"@due\","
                       " n.reason, CASE WHEN n.state = 1 THEN CASE n.hold WHEN 1 THEN 'approval' ELSE"
                       " 'refusal' END END AS held_for FROM notification_case t"
                       " JOIN notification n ON n.id = t.notification_id"
                       " JOIN contact a ON a.id = n.contact_id WHERE t.case_id = ?1 ORDER BY n.id",
                       "i", id));
    size_t index;
    json_t *mail;
    json_array_foreach(mails, index, mail) reads_add_history(sql, mail);
    return mails;
}

static json_t *cases_of(struct sql *sql, const char *target, const char *owner)
{
    json_t *cases =
        rows_json(sql, sql_query(sql,
                                 "SELECT k.id, c.name AS campaign, f.name AS file, k.host, k.ip,"
                                 " k.state AS \":state\", k.due AS \"@due\", k.notified AS \"@notified\", k.note,"
                                 " nullif(k.reminder, 0) AS reminder, k.reminds, CASE k.state"
                                 " WHEN 3 THEN f.approved = 0 END AS \"?waits_for_approval\" FROM \"case\" k"
                                 " JOIN campaign c ON c.id = k.campaign_id JOIN feed_file f ON f.id = k.file_id"
                                 " WHERE k.id IN " CASES " ORDER BY k.id",
                                 "tt", target, owner));
    size_t index;
    json_t *one;
    json_array_foreach(cases, index, one)
    {
        int64_t id = (int64_t)json_integer_value(json_object_get(one, "id"));
        reads_add_rungs(sql, one);
        json_object_set_new(one, "notifications", mails_of(sql, id));
    }
    return cases;
}

int read_explain(struct sql *sql, const json_t *arguments, json_t *result, struct error *error)
{
    const char *target = json_string_value(json_object_get(arguments, "target"));
    const char *owner = json_string_value(json_object_get(arguments, "owner"));
    if (!target)
        return error_set(error, -EINVAL, "explain wants a target: a domain or an IP address");
    json_t *suppressed = json_array();
    if (!owner)
        reads_add_suppression(sql, target, suppressed);
    json_object_set_new(result, "target", json_string(target));
    json_object_set_new(result, "suppressed", suppressed);
    json_object_set_new(result, "findings", findings_of(sql, target, owner));
    json_object_set_new(result, "cases", cases_of(sql, target, owner));
    json_object_set_new(result, "rows", rows_of(sql, target, owner));
    return 0;
}

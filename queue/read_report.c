#include "queue/read_report.h"

#include "queue/row_json.h"
#include "queue/states.h"

static int64_t count(struct sql *sql, const char *text, int64_t campaign)
{
    return sql_integer(sql, 0, text, "i", campaign);
}

static void add_head(struct sql *sql, int64_t campaign, json_t *result)
{
    sqlite3_stmt *row =
        sql_query(sql,
                  "SELECT c.name AS campaign, c.profile, c.state AS \"%state\", c.created AS \"@started\","
                  " c.ended AS \"@ended\", coalesce(sum(f.rows), 0) AS rows, coalesce(sum(f.rejected), 0) AS rejected,"
                  " coalesce(sum(f.duplicates), 0) AS duplicates, coalesce(sum(f.rows - f.rejected), 0) AS incidents"
                  " FROM campaign c LEFT JOIN feed_file f ON f.campaign_id = c.id AND f.state = 2 WHERE c.id = ?1",
                  "i", campaign);
    if (!sql_step(sql, row))
        return;
    json_t *head = row_json(row);
    sqlite3_reset(row);
    json_object_update(result, head);
    json_decref(head);
}

/* Mails: notifications that a session was begun for. Each counts once, under its primary kind. */
#define MAILS "FROM notification WHERE campaign_id = ?1 AND attempts > 0 "

static json_t *kinds(struct sql *sql, int64_t campaign)
{
    /* Answered: some case of it ended so while it stood there. */
    return rows_json(
        sql,
        sql_query(sql,
                  "SELECT primary_kind AS kind, count(*) AS mails, sum(accepted IS NOT NULL) AS accepted,"
                  " sum(state = 7 AND bounced = 1) AS bounced_session, sum(state = 7 AND bounced = 2) AS bounced_later,"
                  " sum(state = 8) AS given_up, sum(state = 6) AS delivered,"
                  " sum(state = 6 AND EXISTS (SELECT 1 FROM notification_case t JOIN \"case\" k ON k.id = t.case_id"
                  " WHERE t.notification_id = notification.id AND k.notification_id = notification.id AND k.state = 7))"
                  " AS answered, sum(state < 6) AS pending, sum(state = 9) AS cancelled " MAILS "GROUP BY primary_kind"
                  " ORDER BY mails DESC, primary_kind",
                  "i", campaign));
}

static json_t *reasons(struct sql *sql, int64_t campaign)
{
    json_t *object = json_object();
    sqlite3_stmt *rows =
        sql_query(sql, "SELECT coalesce(reason, 'unknown'), count(*) " MAILS "AND state = 7 GROUP BY 1 ORDER BY 2 DESC",
                  "i", campaign);
    while (sql_step(sql, rows))
        json_object_set_new(object, sql_text(rows, 0), json_integer(sqlite3_column_int64(rows, 1)));
    return object;
}

/* Rung by rung: how many cases a mail went out for, and what became of it there. */
static json_t *funnel(struct sql *sql, int64_t campaign)
{
    return rows_json(
        sql,
        sql_query(sql,
                  "SELECT r.position AS rung, sum(r.state IN (2, 3, 4)) AS cases, sum(r.state = 3) AS bounced,"
                  " sum(r.state = 4) AS given_up, sum(r.state = 2 AND k.position = r.position AND k.state IN (6, 7))"
                  " AS delivered, sum(r.state = 5) AS skipped FROM \"case\" k JOIN rung r ON r.case_id = k.id"
                  " WHERE k.campaign_id = ?1 GROUP BY r.position HAVING cases + skipped > 0 ORDER BY r.position",
                  "i", campaign));
}

void read_report_counts(struct sql *sql, int64_t campaign, json_t *result)
{
    add_head(sql, campaign, result);
    json_t *ends = read_ends(sql, campaign);
    json_int_t told =
        json_integer_value(json_object_get(ends, "delivered")) + json_integer_value(json_object_get(ends, "answered"));
    json_object_set_new(result, "ends", ends);
    json_object_set_new(result, "told", json_integer(told));
    json_object_set_new(result, "cases",
                        json_integer(count(sql, "SELECT count(*) FROM \"case\" WHERE campaign_id = ?1", campaign)));
    json_object_set_new(result, "mails", json_integer(count(sql, "SELECT count(*) " MAILS, campaign)));
    json_object_set_new(result, "attempts",
                        json_integer(count(sql, "SELECT coalesce(sum(attempts), 0) " MAILS, campaign)));
    json_object_set_new(result, "kinds", kinds(sql, campaign));
    json_object_set_new(result, "reasons", reasons(sql, campaign));
    json_object_set_new(result, "funnel", funnel(sql, campaign));
    json_object_set_new(
        result, "complaints",
        json_integer(count(sql,
                           "SELECT count(*) FROM returned r JOIN notification n ON n.id = r.notification_id"
                           " WHERE n.campaign_id = ?1 AND r.class = 'feedback'",
                           campaign)));
    json_object_set_new(
        result, "forged_bounces",
        json_integer(sql_integer(sql, 0, "SELECT count(*) FROM returned WHERE token_fault = 'forged'", "")));
}

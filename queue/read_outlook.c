/* What a campaign would do next, in a few figures: for whoever is to approve it. */
#include "queue/read_outlook.h"

#include "queue/row_json.h"

/* Mails that have not been begun: held, queued or deferred. */
#define TO_COME "notification n JOIN contact a ON a.id = n.contact_id WHERE n.campaign_id = ?1 AND n.state IN (1, 2, 4)"
/* Of an address, or of a column with one. */
#define DOMAIN "substr(a.address, instr(a.address, '@') + 1)"

static json_t *one_row(struct sql *sql, const char *text, int64_t campaign)
{
    sqlite3_stmt *row = sql_query(sql, text, "i", campaign);
    if (!sql_step(sql, row))
        return json_null();
    json_t *object = row_json(row);
    sqlite3_reset(row);
    return object;
}

void read_outlook(struct sql *sql, int64_t campaign, json_t *result)
{
    json_t *counts =
        one_row(sql, "SELECT count(*) AS mails, count(DISTINCT n.contact_id) AS contacts FROM " TO_COME, campaign);
    json_object_update(result, counts);
    json_decref(counts);
    json_object_set_new(result, "largest",
                        one_row(sql,
                                "SELECT n.id, a.address AS recipient, (SELECT count(*) FROM notification_case t"
                                " WHERE t.notification_id = n.id) AS cases FROM " TO_COME
                                " ORDER BY 3 DESC, n.id LIMIT 1",
                                campaign));
    json_object_set_new(result, "domain",
                        one_row(sql,
                                "SELECT " DOMAIN " AS name, count(*) AS mails FROM " TO_COME
                                " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1",
                                campaign));
    json_t *passed =
        one_row(sql,
                "SELECT coalesce(sum(r.why LIKE 'suppressed: %'), 0) AS suppressed,"
                " coalesce(sum(r.why LIKE 'known dead: %'), 0) AS known_dead"
                " FROM \"case\" k JOIN rung r ON r.case_id = k.id WHERE k.campaign_id = ?1 AND r.state = 5",
                campaign);
    json_object_update(result, passed);
    json_decref(passed);
    json_object_set_new(result, "sending",
                        one_row(sql,
                                "SELECT settings ->> '$.send' AS send, settings ->> '$.send_at' AS send_at,"
                                " settings ->> '$.business_hours' AS business_hours,"
                                " settings ->> '$.time_zone' AS time_zone FROM campaign"
                                " WHERE id = ?1 AND redirect_to IS NULL AND json_valid(settings)"
                                " AND settings ->> '$.send' IS NOT NULL",
                                campaign));
    json_object_set_new(
        result, "without_contact",
        json_integer(sql_integer(
            sql, 0, "SELECT count(*) FROM \"case\" WHERE campaign_id = ?1 AND state = 8 AND notified IS NULL", "i",
            campaign)));
}

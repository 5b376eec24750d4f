/* The movers: the only code that writes a state column (DESIGN.md, "Where a case can go"). */
#include "daemon/base/log.h"
#include "queue/store.h"

bool store_move_case(struct store *store, int64_t id, enum case_state to, int64_t due)
{
    struct sql *sql = store->sql;
    enum case_state from = (enum case_state)sql_integer(sql, 0, "SELECT state FROM \"case\" WHERE id = ?1", "i", id);
    if (!case_may(from, to)) {
        log_debug("case %lld: %s does not lead to %s", (long long)id, from ? case_state_name(from) : "nothing",
                  case_state_name(to));
        return false;
    }
    log_about(LOG_DEBUG_LEVEL, &(struct log_about){ .event = LOG_MOVED, .case_id = id }, "case %lld: %s, from %s",
              (long long)id, case_state_name(to), case_state_name(from));
    sql_run(sql, "UPDATE \"case\" SET state = ?2, due = ?3 WHERE id = ?1", "iii", id, (int64_t)to, due);
    if (case_ended(to) || to == CASE_NOTIFIED)
        /* The result file tells of it at its next turn. */
        sql_run(sql,
                "UPDATE feed_file SET result_due = result_written + ?2 WHERE result_due = 9223372036854775807"
                " AND id = (SELECT file_id FROM \"case\" WHERE id = ?1)",
                "ii", id, store->config->spool.result_every);
    /* A case that reopens (a bounce after the window) reopens its campaign. */
    if (case_ended(from) != case_ended(to))
        sql_run(sql,
                "UPDATE campaign SET open_cases = open_cases + ?2,"
                " state = CASE WHEN ?2 > 0 AND state = 4 THEN 1 ELSE state END,"
                " ended = CASE WHEN ?2 > 0 THEN NULL ELSE ended END"
                " WHERE id = (SELECT campaign_id FROM \"case\" WHERE id = ?1)",
                "ii", id, (int64_t)(case_ended(to) ? -1 : 1));
    return true;
}

bool store_move_notification(struct store *store, int64_t id, enum notification_state to, int64_t due)
{
    struct sql *sql = store->sql;
    enum notification_state from =
        (enum notification_state)sql_integer(sql, 0, "SELECT state FROM notification WHERE id = ?1", "i", id);
    if (!notification_may(from, to)) {
        log_debug("notification %lld: %s does not lead to %s", (long long)id,
                  from ? notification_state_name(from) : "nothing", notification_state_name(to));
        return false;
    }
    log_about(LOG_DEBUG_LEVEL, &(struct log_about){ .event = LOG_MOVED, .notification = id },
              "notification T-%lld: %s, from %s", (long long)id, notification_state_name(to),
              notification_state_name(from));
    sql_run(sql, "UPDATE notification SET state = ?2, due = ?3 WHERE id = ?1", "iii", id, (int64_t)to, due);
    return true;
}

/* The movers: the only code that writes a state column (states.c has where each may go). */
#include "daemon/base/log.h"
#include "queue/store.h"

/* From one of the states in BEFORE only. */
static bool move_case(struct store *store, int64_t id, enum case_state to, int64_t due, unsigned before)
{
    return sql_run(store->sql, "UPDATE \"case\" SET state = ?2, due = ?3 WHERE id = ?1 AND ?4 >> state & 1", "iiii", id,
                   (int64_t)to, due, (int64_t)before) > 0;
}

/* The result file tells of it at its next turn. */
static void touch_result(struct store *store, int64_t id)
{
    sql_run(store->sql,
            "UPDATE feed_file SET result_due = result_written + ?2 WHERE result_due = 9223372036854775807"
            " AND id = (SELECT file_id FROM \"case\" WHERE id = ?1)",
            "ii", id, store->config->spool.result_every);
}

static void log_case(int64_t id, enum case_state to)
{
    log_about(LOG_DEBUG_LEVEL, &(struct log_about){ .event = LOG_MOVED, .case_id = id }, "case %lld: %s", (long long)id,
              case_state_name(to));
}

static void refuse_case(struct store *store, int64_t id, enum case_state to)
{
    enum case_state from =
        (enum case_state)sql_integer(store->sql, 0, "SELECT state FROM \"case\" WHERE id = ?1", "i", id);
    log_debug("case %lld: %s does not lead to %s", (long long)id, from ? case_state_name(from) : "nothing",
              case_state_name(to));
}

static void count_open(struct store *store, int64_t id, int64_t difference)
{
    /* A case that reopens (a bounce after the window) reopens its campaign. */
    sql_run(store->sql,
            "UPDATE campaign SET open_cases = open_cases + ?2,"
            " state = CASE WHEN ?2 > 0 AND state = 4 THEN 1 ELSE state END,"
            " ended = CASE WHEN ?2 > 0 THEN NULL ELSE ended END"
            " WHERE id = (SELECT campaign_id FROM \"case\" WHERE id = ?1)",
            "ii", id, difference);
}

bool store_move_case(struct store *store, int64_t id, enum case_state to, int64_t due)
{
    unsigned before = case_before(to), ends = case_ends();
    if (move_case(store, id, to, due, before & ~ends)) {
        if (case_ended(to))
            count_open(store, id, -1);
    } else if (move_case(store, id, to, due, before & ends)) {
        if (!case_ended(to))
            count_open(store, id, 1);
    } else {
        refuse_case(store, id, to);
        return false;
    }
    log_case(id, to);
    if (case_ended(to) || to == CASE_NOTIFIED)
        touch_result(store, id);
    return true;
}

void store_tell_case(struct store *store, int64_t id, int64_t now)
{
    /* One statement as a rule, and not with RETURNING: SQLite makes a table for what that returns, at three times the price. */
    if (sql_run(store->sql,
                "UPDATE \"case\" SET notified = coalesce(notified, ?2), state = 4, due = 9223372036854775807"
                " WHERE id = ?1 AND ?3 >> state & 1",
                "iii", id, now, (int64_t)(case_before(CASE_NOTIFIED) & ~case_ends())))
        log_case(id, CASE_NOTIFIED);
    else /* it had come to another state before */
        sql_run(store->sql, "UPDATE \"case\" SET notified = ?2 WHERE id = ?1 AND notified IS NULL", "ii", id, now);
    touch_result(store, id);
}

static void log_notification(int64_t id, enum notification_state to)
{
    log_about(LOG_DEBUG_LEVEL, &(struct log_about){ .event = LOG_MOVED, .notification = id }, "notification T-%lld: %s",
              (long long)id, notification_state_name(to));
}

static void refuse_notification(struct store *store, int64_t id, enum notification_state to)
{
    enum notification_state from =
        (enum notification_state)sql_integer(store->sql, 0, "SELECT state FROM notification WHERE id = ?1", "i", id);
    log_debug("notification %lld: %s does not lead to %s", (long long)id,
              from ? notification_state_name(from) : "nothing", notification_state_name(to));
}

bool store_move_notification(struct store *store, int64_t id, enum notification_state to, int64_t due)
{
    if (sql_run(store->sql, "UPDATE notification SET state = ?2, due = ?3 WHERE id = ?1 AND ?4 >> state & 1", "iiii",
                id, (int64_t)to, due, (int64_t)notification_before(to))) {
        log_notification(id, to);
        return true;
    }
    refuse_notification(store, id, to);
    return false;
}

void store_accept_notification(struct store *store, int64_t id, int64_t time, int64_t due)
{
    if (sql_run(store->sql,
                "UPDATE notification SET attempts = attempts + 1, first_attempt = coalesce(first_attempt, ?2),"
                " accepted = ?2, state = 5, due = ?3 WHERE id = ?1 AND ?4 >> state & 1",
                "iiii", id, time, due, (int64_t)notification_before(NOTIFICATION_ACCEPTED)))
        log_notification(id, NOTIFICATION_ACCEPTED);
    else /* what came back has moved it further already */
        sql_run(store->sql,
                "UPDATE notification SET attempts = attempts + (state NOT IN (6, 7)),"
                " first_attempt = coalesce(first_attempt, ?2), accepted = ?2 WHERE id = ?1",
                "ii", id, time);
}

/* Composition: cases that wait for the same contact become one notification, whose set of cases never changes again once it may go out. */
#include "daemon/base/mem.h"
#include "queue/store.h"

#include <stdlib.h>
#include <string.h>

enum { HOLD_NONE, HOLD_APPROVAL };

/* While the cases waited, their contact may have been suppressed or found dead: then each goes on to its next rung. */
static bool contact_is_closed(struct store *store, int64_t contact)
{
    bool closed = false, opt_out;
    sqlite3_stmt *found =
        sql_query(store->sql, "SELECT address, dead_reason IS NOT NULL FROM contact WHERE id = ?1", "i", contact);
    if (!sql_step(store->sql, found))
        return false;
    char *address = sql_copy(found, 0);
    closed = sqlite3_column_int(found, 1) != 0;
    sqlite3_reset(found);
    char *why = closed ? NULL : store_suppressed(store, address, &opt_out);
    closed = closed || why;
    free(why);
    free(address);
    return closed;
}

static void send_on(struct store *store, int64_t campaign, int64_t contact, int64_t now)
{
    int64_t id, last = 0;
    while ((id = sql_integer(store->sql, 0,
                             "SELECT id FROM \"case\" WHERE contact_id = ?1 AND campaign_id = ?2 AND state = 3"
                             " AND notification_id IS NULL LIMIT 1",
                             "ii", contact, campaign)) &&
           id != last) {
        store_climb_again(store, id, now);
        last = id;
    }
}

/* Later cases gather for the next mail. True when it is too early for one. */
static bool postponed(struct store *store, const struct group *group, int64_t now)
{
    int64_t first = sql_integer(store->sql, 0,
                                "SELECT id FROM \"case\" WHERE contact_id = ?1 AND campaign_id = ?2 AND grouping = ?3"
                                " AND state = 3 AND notification_id IS NULL LIMIT 1",
                                "iii", group->contact, group->campaign, group->grouping);
    int64_t next = store_mail_from(store, group, first, now);
    if (next <= now)
        return false;
    /* `+` keeps the planner from all that waits in the campaign: a contact has fewer. */
    sql_run(store->sql,
            "UPDATE \"case\" SET due = ?4 WHERE contact_id = ?1 AND campaign_id = ?2 AND grouping = ?3 AND state = 3"
            " AND notification_id IS NULL AND +due < ?4",
            "iiii", group->contact, group->campaign, group->grouping, next);
    return true;
}

/* Mails that one mail refers to at most: a hoster's reminders of hundreds of cases nearly always refer to a few. */
#define REFERENCES "20"

/* Freeze which mails the reminders of NOTIFICATION refer to: of each, the first about it that was taken and did not come back. */
static void refer(struct store *store, int64_t notification)
{
    sql_run(store->sql, "DELETE FROM notification_reference WHERE notification_id = ?1", "i", notification);
    sql_run(store->sql,
            "INSERT INTO notification_reference SELECT DISTINCT ?1, (SELECT min(m.id) FROM rung r JOIN notification m"
            " ON m.id = r.notification_id WHERE r.case_id = k.reminds AND m.accepted IS NOT NULL"
            " AND m.state IN (5, 6)) AS mail FROM notification_case n JOIN \"case\" k ON k.id = n.case_id"
            " WHERE n.notification_id = ?1 AND mail IS NOT NULL ORDER BY mail LIMIT " REFERENCES,
            "i", notification);
}

/* Cases k of a group that are to be composed. Those whose file waits for approval (due never) are left out, unless it is that file (?4) that is composed. */
#define TO_COMPOSE                                                                                                     \
    " k.contact_id = ?1 AND k.campaign_id = ?2 AND k.grouping = ?3 AND k.state = 3 AND k.notification_id IS NULL"      \
    " AND (k.file_id = ?4 OR (?4 = 0 AND k.due < 9223372036854775807))"

/* Files of one campaign that wait for the same yes are told of in one mail, like those that wait for nothing: a day's reports are approved together, and
 * their contacts are not to get one every contact_interval. 0: no mail waits so. */
static int64_t find_held(struct store *store, const struct group *group, int64_t reminder)
{
    return sql_integer(store->sql, 0,
                       "SELECT id FROM notification WHERE contact_id = ?1 AND campaign_id = ?2 AND grouping = ?3"
                       " AND kind = 0 AND state = 1 AND hold = ?4 AND reminder = ?5",
                       "iiiii", group->contact, group->campaign, group->grouping, (int64_t)HOLD_APPROVAL, reminder);
}

/* A notification whose words are those of case FIRST. */
static int64_t begin_notification(struct store *store, int64_t first, bool held, int64_t now)
{
    sql_run(
        store->sql,
        "INSERT INTO notification (campaign_id, contact_id, kind, state, due, created, date, hold, key_id, renderer,"
        " kinds, primary_kind, party, evidence, template_hash, reminder, grouping)"
        " SELECT k.campaign_id, k.contact_id, 0, ?2, CASE WHEN ?3 THEN 9223372036854775807 ELSE ?4 END, ?4,"
        " ?4 / 1000, ?3, ?5, ?6, r.kinds, CASE instr(r.kinds, ',') WHEN 0 THEN r.kinds"
        " ELSE substr(r.kinds, 1, instr(r.kinds, ',') - 1) END, r.party, r.evidence,"
        " CASE k.reminder WHEN 0 THEN c.template_hash ELSE coalesce(c.reminder_hash, c.template_hash) END,"
        " k.reminder > 0, k.grouping FROM \"case\" k JOIN rung r ON r.case_id = k.id AND r.position = k.position"
        " JOIN campaign c ON c.id = k.campaign_id WHERE k.id = ?1",
        "iiiiii", first, (int64_t)(held ? NOTIFICATION_HELD : NOTIFICATION_QUEUED),
        (int64_t)(held ? HOLD_APPROVAL : HOLD_NONE), now, (int64_t)store->key_id, (int64_t)NOTIFICATION_RENDERER);
    return sql_last_id(store->sql);
}

static void gather(struct store *store, const struct group *group, int64_t file, int64_t reminder, int64_t id)
{
    sql_run(store->sql,
            "INSERT INTO notification_case SELECT ?6, k.id FROM \"case\" k WHERE" TO_COMPOSE
            " AND (k.reminder > 0) = ?5",
            "iiiiii", group->contact, group->campaign, group->grouping, file, reminder, id);
    sql_run(store->sql,
            "UPDATE \"case\" AS k SET notification_id = ?6, due = 9223372036854775807 WHERE" TO_COMPOSE
            " AND (k.reminder > 0) = ?5",
            "iiiiii", group->contact, group->campaign, group->grouping, file, reminder, id);
    sql_run(store->sql,
            "UPDATE rung SET notification_id = ?1 FROM notification_case n JOIN \"case\" k ON k.id = n.case_id"
            " WHERE n.notification_id = ?1 AND rung.case_id = k.id AND rung.position = k.position",
            "i", id);
}

/* Reminders and what is told for the first time are mails of their own: each has its words. */
void store_compose(struct store *store, const struct group *group, int64_t file, int64_t now)
{
    if (contact_is_closed(store, group->contact)) {
        send_on(store, group->campaign, group->contact, now);
        return;
    }
    if (!file && postponed(store, group, now))
        return;
    int64_t first = sql_integer(store->sql, 0, "SELECT k.id FROM \"case\" k WHERE" TO_COMPOSE " ORDER BY k.id LIMIT 1",
                                "iiii", group->contact, group->campaign, group->grouping, file);
    if (!first)
        return;
    int64_t reminder = sql_integer(store->sql, 0, "SELECT reminder > 0 FROM \"case\" WHERE id = ?1", "i", first);
    int64_t id = file ? find_held(store, group, reminder) : 0;
    if (!id)
        id = begin_notification(store, first, file != 0, now);
    gather(store, group, file, reminder, id);
    if (reminder)
        refer(store, id);
    store_choose_template(store, id, group->campaign);
}

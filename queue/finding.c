/* A finding that is seen again: known already, a reminder, or free to be told as if for the first time.
 *
 * The window is counted from when a server last took a mail about the finding to when the file that reports it again came. A row's own time is a stranger's
 * word: it may be that of the first sight, of another time zone or of next year, and what is promised here is how often somebody gets mail. The times that are
 * kept as first and last seen are the rows'. A file's arrival is kept with it, so that a load that is resumed judges as it did before. */
#include "queue/finding.h"

void finding_rules(const struct config *config, const char *profile, struct finding_rules *rules)
{
    const struct config_profile *own = config_profile(config, profile);
    rules->window = own && own->dedup_window >= 0 ? own->dedup_window : config->campaigns.dedup_window;
    rules->most = own && own->max_reminders >= 0 ? own->max_reminders : config->campaigns.max_reminders;
}

struct told {
    int64_t state, file, reminder, reminds, previous;
    bool notified; /* a mail about it went out */
    bool under_way; /* the mail that it stands at, or the next one, is still to be taken by a server */
    bool stands; /* some mail was taken, and did not come back */
    int64_t since; /* a server last took one; before any did, a session for one began */
};

static bool told_in(struct store *store, int64_t id, struct told *told)
{
    sqlite3_stmt *row =
        sql_query(store->sql,
                  "SELECT k.state, k.file_id, k.reminder, coalesce(k.reminds, 0), coalesce(k.previous, 0),"
                  " k.notified IS NOT NULL, k.state < 4 OR (k.state = 4 AND coalesce(n.state, 1) < 5),"
                  " (SELECT count(*) FROM rung r JOIN notification m ON m.id = r.notification_id"
                  " WHERE r.case_id = k.id AND m.accepted IS NOT NULL AND m.state IN (5, 6)),"
                  " coalesce((SELECT max(m.accepted) FROM rung r JOIN notification m ON m.id = r.notification_id"
                  " WHERE r.case_id = k.id), k.notified) FROM \"case\" k"
                  " LEFT JOIN notification n ON n.id = k.notification_id WHERE k.id = ?1",
                  "i", id);
    if (!sql_step(store->sql, row))
        return false;
    *told = (struct told){
        .state = sqlite3_column_int64(row, 0),
        .file = sqlite3_column_int64(row, 1),
        .reminder = sqlite3_column_int64(row, 2),
        .reminds = sqlite3_column_int64(row, 3),
        .previous = sqlite3_column_int64(row, 4),
        .notified = sqlite3_column_int(row, 5) != 0,
        .under_way = sqlite3_column_int(row, 6) != 0,
        .stands = sqlite3_column_int(row, 7) != 0,
        .since = sqlite3_column_int64(row, 8),
    };
    sqlite3_reset(row);
    return true;
}

static struct verdict known(int64_t id, enum fate fate)
{
    return (struct verdict){ .fate = fate, .known_in = id };
}

struct verdict finding_judge(struct store *store, int64_t id, const struct finding_rules *rules)
{
    struct told told;
    if (!told_in(store, id, &told))
        return (struct verdict){ .fate = FATE_TOLD };
    const struct verdict in_its_place = {
        .fate = FATE_TOLD, .reminder = told.reminder, .reminds = told.reminds, .previous = id
    };
    /* Another row of this very file: they are told of in the same mail. */
    if (told.file == rules->file)
        return (struct verdict){ .fate = FATE_TOLD,
                                 .joins = id,
                                 .reminder = told.reminder,
                                 .reminds = told.reminds,
                                 .previous = told.previous };
    /* A case that was cancelled or came to nothing before any mail went out tells nobody. */
    bool ended = case_ended((enum case_state)told.state);
    if (ended && !told.notified)
        return in_its_place;
    /* Whoever has had the mail and asked for silence gets no reminder. */
    if (told.under_way || told.state == CASE_OPTED_OUT || rules->received - told.since < rules->window)
        return known(id, FATE_KNOWN);
    /* All mails came back: nobody could be reminded. Perhaps somebody can be found now. */
    if (ended && !told.stands && told.state != CASE_ANSWERED)
        return in_its_place;
    if (told.reminder >= rules->most)
        return known(id, FATE_SPENT);
    return (struct verdict){
        .fate = FATE_TOLD, .reminder = told.reminder + 1, .reminds = told.reminds ? told.reminds : id, .previous = id
    };
}

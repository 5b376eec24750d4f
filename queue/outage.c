/* While no daemon runs, no bounce can come in, and silence says nothing: the bounce window's clock stands still (DESIGN.md, "delivered"). While one
 * runs, its intake is open. */
#include "daemon/base/log.h"
#include "queue/store.h"

/* How often the store notes that a daemon runs; turns are never further apart. */
#define NOTE_MS INT64_C(60000)
/* A shorter time than this between the last note and the next daemon is a restart: a relay that found nobody tries again within the window. */
#define OUTAGE_MS INT64_C(120000)

/* Turns run again when their commit fails: what has been done is known by the note alone. */
void store_note_running(struct store *store, int64_t now)
{
    struct sql *sql = store->sql;
    int64_t last = sql_integer(sql, 0, "SELECT CAST(value AS INTEGER) FROM setting WHERE name = 'running'", "");
    int64_t gap = store->opened - last;
    if (last && gap > OUTAGE_MS) {
        int mails = sql_run(sql,
                            "UPDATE notification SET due = due + ?1 WHERE campaign_id IN (SELECT id FROM campaign)"
                            " AND state = 5",
                            "i", gap);
        log_notice("no daemon ran for %lld minutes: the bounce windows of %d mails end that much later",
                   (long long)(gap / 60000), mails);
    }
    if (now - last >= NOTE_MS || now < last)
        sql_run(sql,
                "INSERT INTO setting (name, value) VALUES ('running', ?1) ON CONFLICT (name) DO UPDATE SET value = ?1",
                "i", now > store->opened ? now : store->opened);
}

/* The bounce window's clock (ARCHITECTURE.md, "bounce window"): it stands still while no bounce can come in, since silence says nothing then. That is so while no daemon runs,
 * while the intake has trouble, and while a proof of the bounce path is overdue. Windows are put off when it goes on; meanwhile none ends. */
#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "queue/store.h"

#include <stdlib.h>

/* How often the store notes that a daemon runs; turns are never further apart. */
#define NOTE_MS INT64_C(60000)
/* A shorter time than this is a restart: a relay that found nobody tries again within the window. */
#define OUTAGE_MS INT64_C(120000)
/* The same as a share of the window, where that is less. */
#define WINDOW_SHARE 100
/* A proof that the relay took, and that is not back after this long, is not on its way any more: greylisting and queues take less. */
#define PROOF_LATE_MS INT64_C(3600000)

static int64_t get(struct store *store, const char *name)
{
    return sql_integer(store->sql, 0, "SELECT CAST(value AS INTEGER) FROM setting WHERE name = ?1", "t", name);
}

static void set(struct store *store, const char *name, int64_t value)
{
    sql_run(store->sql, "INSERT INTO setting (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2",
            "ti", name, value);
}

static void forget(struct store *store, const char *name)
{
    sql_run(store->sql, "DELETE FROM setting WHERE name = ?1", "t", name);
}

static void log_put_off(const char *why, int64_t length, int mails)
{
    log_notice("%s for %lld minutes: the bounce windows of %d mails end that much later", why,
               (long long)(length / 60000), mails);
}

/* From SINCE until NOW the clock stood still: for a mail that was accepted in between, only after that. */
static void put_off(struct store *store, int64_t since, int64_t now)
{
    int mails = sql_run(store->sql,
                        "UPDATE notification SET due = due + ?2 - CASE WHEN accepted > ?1 THEN accepted ELSE ?1 END"
                        " WHERE campaign_id IN (SELECT id FROM campaign) AND state = 5 AND accepted < ?2",
                        "ii", since, now);
    log_put_off("no bounces came in", now - since, mails);
}

/* Turns run again when their commit fails: what has been done is known by the note alone. */
void store_note_running(struct store *store, int64_t now)
{
    int64_t last = get(store, "running");
    /* Where the clock stood still before, it has not gone on. */
    int64_t gap = store->opened - last;
    if (last && gap > OUTAGE_MS && !get(store, "standstill")) {
        int mails = sql_run(store->sql,
                            "UPDATE notification SET due = due + ?1 WHERE campaign_id IN (SELECT id FROM campaign)"
                            " AND state = 5",
                            "i", gap);
        log_put_off("no daemon ran", gap, mails);
    }
    if (now - last >= NOTE_MS || now < last)
        set(store, "running", now > store->opened ? now : store->opened);
}

/* When the proof was sent that is overdue; 0: none is. Whatever has come back since with a token of ours shows the same as the proof would. */
static int64_t overdue_proof(struct store *store, int64_t now)
{
    if (!store->config->campaigns.bounce_proof)
        return 0;
    int64_t sent = sql_integer(store->sql, 0,
                               "SELECT min(time) FROM proof WHERE recipient IS NULL AND answer = 'accepted'"
                               " AND returned IS NULL AND time <= ?1 AND time > ?2",
                               "ii", now - PROOF_LATE_MS, store_newest_proof(store, now));
    if (!sent)
        return 0;
    int64_t heard =
        sql_integer(store->sql, 0, "SELECT time FROM returned WHERE notification_id > 0 ORDER BY id DESC LIMIT 1", "");
    return heard > sent && heard <= now + STORE_BACK_MS ? 0 : sent;
}

static int64_t earlier(int64_t one, int64_t other)
{
    return !one || (other && other < one) ? other : one;
}

bool store_clock_runs(struct store *store, int64_t now)
{
    int64_t since = earlier(get(store, "intake_down"), overdue_proof(store, now)), stood = get(store, "standstill");
    if (since && !stood) {
        set(store, "standstill", since);
        log_warning("the clock of the bounce windows stands still: bounces cannot come in, or do not come back");
    } else if (!since && stood) {
        int64_t least = store->config->bounces.window / WINDOW_SHARE;
        if (now - stood > (least < OUTAGE_MS ? least : OUTAGE_MS))
            put_off(store, stood, now);
        forget(store, "standstill");
    }
    return !since;
}

/* ---- The intake ------------------------------------------------------------------------------------------------------------------------- */

struct note {
    struct request request;
    int64_t since, now;
    char *why;
};

static int run_note(struct store *store, struct request *request)
{
    const struct note *note = (struct note *)request;
    if (note->since) {
        set(store, "intake_down", note->since);
        sql_run(store->sql,
                "INSERT INTO setting (name, value) VALUES ('intake_why', ?1) ON CONFLICT (name) DO UPDATE SET"
                " value = ?1",
                "t", note->why);
    } else {
        forget(store, "intake_down");
        forget(store, "intake_why");
    }
    store_clock_runs(store, note->now);
    return 0;
}

static void finish_note(struct request *request)
{
    struct note *note = (struct note *)request;
    free(note->why);
    free(note);
}

void queue_note_intake(struct queue *queue, int64_t since, const char *why, int64_t now)
{
    struct note *note = mem_zero(1, sizeof *note);
    note->request.run = run_note;
    note->request.finish = finish_note;
    note->since = since;
    note->now = now;
    note->why = mem_string(why ? why : "");
    store_submit(queue, &note->request);
}

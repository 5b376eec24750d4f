/* A clock that was set: what waits, waits on for as long as it would have. What is over keeps the time that was written down for it. */
#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "queue/store.h"

#include <stdlib.h>

struct clock_set {
    struct request request;
    int64_t before, jump;
    int64_t opened; /* opened: what the store had there before; 0: not asked yet */
};

/* What a contact was sent last keeps the next mail to it waiting (store_mail_from), for up to campaigns.contact_interval. */
static void shift_last_mails(struct store *store, int64_t before, int64_t jump)
{
    sql_run(store->sql,
            "UPDATE notification SET accepted = accepted + ?1,"
            " created = CASE WHEN accepted IS NULL THEN created + ?1 ELSE created END"
            " WHERE campaign_id IN (SELECT id FROM campaign WHERE ended IS NULL OR ended > ?2) AND kind = 0"
            " AND state IN (6, 7, 8) AND coalesce(accepted, created) > ?2",
            "ii", jump, before - store->config->campaigns.contact_interval);
}

void store_shift(struct store *store, int64_t before, int64_t jump)
{
    /* The campaign's number lets the index find what waits; `due` never is beyond all jumps. */
#define OPEN "campaign_id IN (SELECT id FROM campaign WHERE ended IS NULL)"
    static const char *const shifts[] = {
        "UPDATE notification SET due = due + ?1 WHERE " OPEN " AND state IN (1, 2, 4, 5) AND due < 9223372036854775807",
        "UPDATE notification SET accepted = accepted + ?1 WHERE " OPEN " AND state = 5",
        "UPDATE notification SET first_attempt = first_attempt + ?1 WHERE " OPEN " AND state IN (1, 2, 3, 4)",
        "UPDATE \"case\" SET due = due + ?1 WHERE " OPEN " AND state IN (1, 3) AND due < 9223372036854775807",
        "UPDATE \"case\" SET resolve_since = resolve_since + ?1 WHERE " OPEN
        " AND state IN (1, 2) AND resolve_since > 0",
        "UPDATE campaign SET expires = expires + ?1 WHERE ended IS NULL AND expires < 9223372036854775807",
        "UPDATE feed_file SET result_due = result_due + ?1 WHERE result_due > 0 AND result_due < 9223372036854775807",
        /* What shows that bounces come back: its age counts, and what came after what. */
        "UPDATE proof SET time = time + ?1, answered = answered + ?1, returned = returned + ?1",
        "UPDATE returned SET time = time + ?1 WHERE id = (SELECT max(id) FROM returned WHERE notification_id > 0)",
        "UPDATE setting SET value = CAST(value AS INTEGER) + ?1 WHERE name IN ('running', 'intake_down', 'standstill')",
    };
    for (size_t i = 0; i < sizeof shifts / sizeof shifts[0]; i++)
        sql_run(store->sql, shifts[i], "i", jump);
    shift_last_mails(store, before, jump);
}

static int run_clock_set(struct store *store, struct request *request)
{
    struct clock_set *set = (struct clock_set *)request;
    if (!set->opened)
        set->opened = store->opened;
    store->opened = set->opened + set->jump;
    store_shift(store, set->before, set->jump);
    return 0;
}

static void finish_clock_set(struct request *request)
{
    free(request);
}

void queue_clock_set(struct queue *queue, int64_t before, int64_t jump)
{
    struct clock_set *set = mem_zero(1, sizeof *set);
    set->request.run = run_clock_set;
    set->request.finish = finish_clock_set;
    set->request.barrier = true;
    set->before = before;
    set->jump = jump;
    store_submit(queue, &set->request);
}

void store_check_clock(struct store *store)
{
    int64_t last = sql_integer(store->sql, 0, "SELECT CAST(value AS INTEGER) FROM setting WHERE name = 'running'", "");
    if (store->opened >= last - STORE_BACK_MS)
        return;
    log_warning("the clock is %lld minutes behind where the last daemon saw it: what waits, waits on from there",
                (long long)((last - store->opened) / 60000));
    store_shift(store, last, store->opened - last);
    /* For how long no daemon ran cannot be known then: for longer than a proof counts, perhaps. */
    sql_run(store->sql, "UPDATE proof SET time = time - ?1, answered = answered - ?1, returned = returned - ?1", "i",
            store->config->campaigns.bounce_proof);
}

/* What contact found about a case, and its first rung. */
#include "daemon/base/mem.h"
#include "queue/store.h"

#include <stdlib.h>

struct set_ladder {
    struct request request;
    int64_t id, now;
    struct ladder ladder;
};

static int run_set_ladder(struct store *store, struct request *request)
{
    const struct set_ladder *set = (struct set_ladder *)request;
    struct sql *sql = store->sql;
    /* Cancelled, expired or opted out while the search was under way: nothing to do. */
    if (sql_integer(sql, 0, "SELECT state FROM \"case\" WHERE id = ?1", "i", set->id) != CASE_RESOLVING)
        return 0;
    sql_run(sql, "DELETE FROM rung WHERE case_id = ?1", "i", set->id);
    for (size_t i = 0; i < set->ladder.count; i++) {
        const struct rung *rung = &set->ladder.rungs[i];
        sql_run(sql,
                "INSERT INTO rung (case_id, position, contact_id, kinds, party, score, evidence, languages)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                "iiitidtt", set->id, (int64_t)i + 1, store_contact(store, rung->address), rung->kinds,
                (int64_t)rung->party, rung->score, rung->evidence, rung->languages);
    }
    sql_run(sql, "UPDATE \"case\" SET note = ?2, position = 0 WHERE id = ?1", "it", set->id, set->ladder.note);
    store_climb(store, set->id, set->now);
    return 0;
}

static void finish_set_ladder(struct request *request)
{
    struct set_ladder *set = (struct set_ladder *)request;
    ladder_clear(&set->ladder);
    free(set);
}

void queue_set_ladder(struct queue *queue, int64_t id, const struct ladder *ladder, int64_t now)
{
    struct set_ladder *set = mem_zero(1, sizeof *set);
    set->request.run = run_set_ladder;
    set->request.finish = finish_set_ladder;
    set->id = id;
    set->now = now;
    for (size_t i = 0; i < ladder->count; i++) {
        const struct rung *rung = &ladder->rungs[i];
        ladder_add(&set->ladder, rung->address, rung->kinds, rung->party, rung->score, rung->evidence);
        ladder_set_languages(&set->ladder, rung->address, rung->languages);
    }
    set->ladder.note = mem_string(ladder->note);
    store_submit(queue, &set->request);
}

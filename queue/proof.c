/* Proofs of the bounce path: mails to ourselves, and whether they came back. */
#include "daemon/base/mem.h"
#include "queue/store.h"

#include <stdlib.h>

struct proof {
    struct request request;
    int64_t id, now;
    char *who, *recipient, *answer, *text, *class, *way;
    void (*begun)(void *context, int status, const char *message, int64_t id);
    queue_done *done;
    void *context;
};

int64_t store_newest_proof(struct store *store, int64_t now)
{
    return sql_integer(store->sql, 0, "SELECT max(returned) FROM proof WHERE returned <= ?1", "i", now + STORE_BACK_MS);
}

static void free_proof(struct proof *proof)
{
    char *const strings[] = { proof->who, proof->recipient, proof->answer, proof->text, proof->class, proof->way };
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        free(strings[i]);
    free(proof);
}

static struct proof *new_proof(int (*run)(struct store *, struct request *), void (*finish)(struct request *),
                               int64_t now, void *context)
{
    struct proof *proof = mem_zero(1, sizeof *proof);
    proof->request.run = run;
    proof->request.finish = finish;
    proof->now = now;
    proof->context = context;
    return proof;
}

static int run_begin(struct store *store, struct request *request)
{
    struct proof *proof = (struct proof *)request;
    sql_run(store->sql, "INSERT INTO proof (time, who, recipient) VALUES (?1, ?2, ?3)", "itt", proof->now, proof->who,
            proof->recipient);
    proof->id = sql_last_id(store->sql);
    store_audit(store, proof->now, proof->who, "prove", "the bounce path", "proof %lld%s%s", (long long)proof->id,
                proof->recipient ? ", by a mail to " : "", proof->recipient ? proof->recipient : "");
    return 0;
}

static void finish_begin(struct request *request)
{
    struct proof *proof = (struct proof *)request;
    proof->begun(proof->context, request->status, request->error.text, request->status ? 0 : proof->id);
    free_proof(proof);
}

void queue_proof_begin(struct queue *queue, const char *who, const char *recipient, int64_t now,
                       void (*done)(void *context, int status, const char *message, int64_t id), void *context)
{
    struct proof *proof = new_proof(run_begin, finish_begin, now, context);
    proof->who = mem_string(who);
    proof->recipient = mem_string(recipient);
    proof->begun = done;
    proof->request.repeatable = true;
    store_submit(queue, &proof->request);
}

static int run_answered(struct store *store, struct request *request)
{
    const struct proof *proof = (struct proof *)request;
    sql_run(store->sql, "UPDATE proof SET answered = ?2, answer = ?3, text = ?4 WHERE id = ?1", "iitt", proof->id,
            proof->now, proof->answer, proof->text);
    return 0;
}

static void finish_plain(struct request *request)
{
    free_proof((struct proof *)request);
}

void queue_proof_answered(struct queue *queue, int64_t id, const char *answer, const char *text, int64_t now)
{
    struct proof *proof = new_proof(run_answered, finish_plain, now, NULL);
    proof->id = id;
    proof->answer = mem_string(answer);
    proof->text = mem_string(text);
    store_submit(queue, &proof->request);
}

/* Only the first time: an old one that somebody hands in again shows nothing about the path of today. */
static int run_returned(struct store *store, struct request *request)
{
    const struct proof *proof = (struct proof *)request;
    sql_run(store->sql, "UPDATE proof SET returned = ?2, class = ?3, way = ?4 WHERE id = ?1 AND returned IS NULL",
            "iitt", proof->id, proof->now, proof->class, proof->way);
    return 0;
}

static void finish_returned(struct request *request)
{
    struct proof *proof = (struct proof *)request;
    proof->done(proof->context, request->status, request->error.text);
    free_proof(proof);
}

void queue_proof_returned(struct queue *queue, int64_t id, const char *class, const char *way, int64_t now,
                          queue_done *done, void *context)
{
    struct proof *proof = new_proof(run_returned, finish_returned, now, context);
    proof->id = id;
    proof->class = mem_string(class);
    proof->way = mem_string(way);
    proof->done = done;
    proof->request.repeatable = true;
    store_submit(queue, &proof->request);
}

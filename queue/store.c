#include "queue/store.h"

#include "daemon/base/crash.h"
#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/base/outbox.h"
#include "daemon/base/pulse.h"
#include "daemon/base/thread.h"
#include "daemon/base/wall.h"
#include "queue/reads.h"
#include "queue/row_json.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Requests a commit at the most: beyond this the gain is gone and the first of them waits too long. */
#define GROUP 256
/* While requests come close together each commit waits so long for company: what a commit costs, it costs whatever is in it. */
#define GATHER_US 400
/* As many in one group show that they do. */
#define COMPANY 4
/* Times that a store that fails is tried again once the daemon ends, a second apart. */
#define LATE_TRIES 2

struct queue {
    struct store store;
    struct sql *reader;
    struct inbox *writes, *reads;
    struct outbox *done;
    pthread_t write_thread, read_thread;
    struct pulse write_pulse, read_pulse;
    atomic_uint pending;
    int lock;
    json_t *mailboxes; /* as of the opening */
    /* The loop thread's: */
    bool stopped;
    void (*changed)(void *context, enum queue_health health, const char *why);
    void *changed_context;
    /* The store thread's: */
    struct inbox_item *waiting, **last; /* came while the store failed */
    bool damaged;
};

/* The store's health has changed: on its way to the loop. */
struct notice {
    struct request request;
    enum queue_health health;
};

unsigned queue_pending(const struct queue *queue)
{
    return atomic_load(&queue->pending);
}

const json_t *queue_mailboxes(const struct queue *queue)
{
    return queue->mailboxes;
}

bool queue_stopped(const struct queue *queue)
{
    return queue->stopped;
}

void store_submit(struct queue *queue, struct request *request)
{
    queue->pending++;
    request->queue = queue;
    if (inbox_push(request->reading ? queue->reads : queue->writes, &request->item))
        return;
    /* The queue is closing: the caller's last callbacks may still ask for things. */
    request->status = error_set(&request->error, -ECANCELED, "the daemon is ending");
    queue->pending--;
    request->finish(request);
}

void store_push(struct queue *queue, struct request *request)
{
    request->queue = queue;
    inbox_push(queue->writes, &request->item);
}

static void deliver(void *context, struct inbox_item *item)
{
    struct queue *queue = context;
    struct request *request = (struct request *)item;
    if (!request->own)
        queue->pending--;
    request->finish(request);
}

void queue_watch(struct queue *queue, void (*changed)(void *context, enum queue_health health, const char *why),
                 void *context)
{
    queue->changed = changed;
    queue->changed_context = context;
}

static void finish_notice(struct request *request)
{
    struct notice *notice = (struct notice *)request;
    const struct queue *queue = request->queue;
    if (queue->changed)
        queue->changed(queue->changed_context, notice->health, request->error.text);
    free(notice);
}

/* On the store thread or the reader thread. */
static void tell(struct queue *queue, enum queue_health health, const char *why)
{
    struct notice *notice = mem_zero(1, sizeof *notice);
    notice->request.finish = finish_notice;
    notice->request.queue = queue;
    notice->request.own = true;
    notice->health = health;
    error_set(&notice->request.error, 0, "%s", why);
    outbox_post(queue->done, &notice->request.item);
}

/* ---- The store thread ----------------------------------------------------------------------------------------------------------- */

static bool out_of_service(int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_READONLY:
        return true;
    default:
        return false;
    }
}

static bool damaged(int code)
{
    return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

/* How a run of a group ended. FAILED: it may succeed later. DAMAGED: it never will. */
enum run { RUN_DONE, RUN_REFUSED, RUN_FAILED, RUN_DAMAGED };

static enum run run_of(int code)
{
    return damaged(code) ? RUN_DAMAGED : out_of_service(code) ? RUN_FAILED : RUN_REFUSED;
}

/* The same for what is no request's own statement. */
static enum run run_of_ours(const struct sql *sql)
{
    return !sql_failed(sql) ? RUN_DONE : damaged(sql_failed(sql)) ? RUN_DAMAGED : RUN_FAILED;
}

/* One request inside the group's transaction. */
static enum run run_apart(struct store *store, struct request *request)
{
    struct sql *sql = store->sql;
    sql_run(sql, "SAVEPOINT request", "");
    int status = request->run(store, request);
    if (sql_failed(sql)) {
        if (run_of(sql_failed(sql)) != RUN_REFUSED)
            return run_of(sql_failed(sql));
        log_error("store: %s", sql_message(sql));
        status = error_set(&request->error, -EIO, "the store failed: %s", sql_message(sql));
        sql_clear(sql);
    }
    if (status)
        sql_run(sql, "ROLLBACK TO request", "");
    sql_run(sql, "RELEASE request", "");
    request->status = status;
    return run_of_ours(sql);
}

/* The same where nearly all requests succeed: one that does not has no savepoint of its own, and ends the run. */
static enum run run_together(struct store *store, struct request *request)
{
    int code, status = request->run(store, request);
    request->status = 0;
    if ((code = sql_failed(store->sql)))
        return run_of(code);
    return status ? RUN_REFUSED : RUN_DONE;
}

static bool all_lazy(const struct inbox_item *group)
{
    while (group && ((const struct request *)group)->lazy)
        group = group->next;
    return !group;
}

static enum run run_group(struct store *store, struct inbox_item *group,
                          enum run (*run_one)(struct store *store, struct request *request))
{
    struct sql *sql = store->sql;
    sql_sync(sql, !all_lazy(group));
    sql_run(sql, "BEGIN IMMEDIATE", "");
    for (struct inbox_item *item = group; item; item = item->next) {
        struct request *request = (struct request *)item;
        if (!request->own)
            request->error.text[0] = '\0';
        pulse_beat(0);
        enum run end = run_one(store, request);
        if (end != RUN_DONE)
            return end;
    }
    crash_point("before-commit");
    pulse_beat(0);
    sql_run(sql, "COMMIT", "");
    if (!sql_failed(sql))
        crash_point("after-commit");
    return run_of_ours(sql);
}

/* It has another step, and waits for it behind those that have come meanwhile. */
static bool goes_on(struct queue *queue, struct request *request)
{
    if (!request->next || request->status || !request->next(request))
        return false;
    if (inbox_push(queue->writes, &request->item))
        return true;
    request->status = error_set(&request->error, -ECANCELED, "the daemon is ending");
    return false;
}

static void post_group(struct queue *queue, struct inbox_item *group)
{
    while (group) {
        struct request *request = (struct request *)group;
        group = group->next;
        if (request->committed)
            request->committed(request);
        if (goes_on(queue, request))
            continue;
        if (request->home)
            inbox_push(request->home, &request->item);
        else
            outbox_post(queue->done, &request->item);
    }
}

/* Cut the list after the *LENGTH items that make a group: GROUP at most, urgent ones apart. Returns the rest. */
static struct inbox_item *cut(struct inbox_item *items, unsigned *length)
{
    *length = 0;
    if (!items)
        return NULL;
    bool urgent = ((struct request *)items)->committed;
    for (*length = 1; items->next && *length < GROUP && !((struct request *)items->next)->committed == !urgent;
         ++*length)
        items = items->next;
    struct inbox_item *rest = items->next;
    items->next = NULL;
    return rest;
}

/* ---- The store thread, while the store fails -------------------------------------------------------------------------------------- */

/* The daemon ends and the store still fails, or the store is damaged: what is lost now is what a `kill -9` would lose, and nobody has been told that it
 * was kept. */
static void give_up(struct inbox_item *group, const char *why)
{
    for (struct inbox_item *item = group; item; item = item->next) {
        struct request *request = (struct request *)item;
        request->status = error_set(&request->error, -EIO, "%s", why);
        request->committed = NULL;
    }
}

/* Refuse those of ITEMS that can be asked for again; returns the others. */
static struct inbox_item *refuse(struct queue *queue, struct inbox_item *items, const struct error *why, int status)
{
    struct inbox_item *kept = NULL, **last = &kept;
    while (items) {
        struct request *request = (struct request *)items;
        items = items->next;
        request->item.next = NULL;
        if (request->repeatable) {
            request->status = error_set(&request->error, status, "the store cannot be written: %s", why->text);
            outbox_post(queue->done, &request->item);
        } else {
            *last = &request->item;
            last = &request->item.next;
        }
    }
    return kept;
}

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until the next try: who asks meanwhile is answered at once, or waits his turn. */
static void wait_a_second(struct queue *queue, const struct error *why, int status)
{
    int64_t end = monotonic_ms() + 1000, left;
    while ((left = end - monotonic_ms()) > 0) {
        struct inbox_item *item = inbox_pop(queue->writes, (int)left);
        if (!item && inbox_closed(queue->writes))
            usleep((useconds_t)left * 1000);
        for (item = refuse(queue, item, why, status); item; item = item->next) {
            *queue->last = item;
            queue->last = &item->next;
        }
    }
}

/* Room for this much is asked for before the store counts as working again: about what a full group writes. What a group that failed had written stays
 * allocated, so that a small one would succeed where the next real one fails again. */
#define PROBE "1000000"

static void probe(struct sql *sql)
{
    sql_run(sql, "INSERT OR REPLACE INTO setting (name, value) VALUES ('probe', zeroblob(" PROBE "))", "");
    sql_run(sql, "DELETE FROM setting WHERE name = 'probe'", "");
}

static enum run try_again(struct queue *queue, struct inbox_item *group)
{
    struct sql *sql = queue->store.sql;
    sql_clear(sql);
    sql_script(sql, "ROLLBACK");
    sql_clear(sql);
    pulse_beat(0);
    if (group)
        return run_group(&queue->store, group, run_apart);
    probe(sql);
    return run_of_ours(sql);
}

/* The next of those who have waited; NULL: there is none. */
static struct inbox_item *next_waiting(struct queue *queue)
{
    struct inbox_item *group = queue->waiting;
    unsigned length;
    queue->waiting = cut(group, &length);
    if (!queue->waiting)
        queue->last = &queue->waiting;
    return group;
}

/* What waits is in the queue's list even when nothing of GROUP is left. */
static void end_without(struct queue *queue, struct inbox_item *group, const char *why)
{
    for (group = group ? group : next_waiting(queue); group; group = next_waiting(queue)) {
        give_up(group, why);
        post_group(queue, group);
    }
    sql_clear(queue->store.sql);
}

/* Nothing more is written to a damaged store: that would make it worse. */
static void end_damaged(struct queue *queue, struct inbox_item *group)
{
    if (!queue->damaged)
        tell(queue, QUEUE_DAMAGED, sql_message(queue->store.sql));
    queue->damaged = true;
    end_without(queue, group, "the store is damaged");
}

/* GROUP has failed: it and those who come are tried again until the store works, or there is no hope. */
static void endure(struct queue *queue, struct inbox_item *group)
{
    struct sql *sql = queue->store.sql;
    struct error why = { "" };
    enum run end = RUN_FAILED;
    error_set(&why, 0, "%s", sql_message(sql));
    tell(queue, QUEUE_FAILS, why.text);
    for (unsigned late = 0; end != RUN_DAMAGED;) {
        if (end == RUN_FAILED) {
            int status = sql_full(sql) ? -ENOSPC : -EAGAIN;
            group = refuse(queue, group, &why, status);
            if (inbox_closed(queue->writes) && late++ >= LATE_TRIES) {
                log_error("store: ends without what it could not commit: mails that were under way may go out again");
                end_without(queue, group, "the store failed, and the daemon is ending");
                return;
            }
            wait_a_second(queue, &why, status);
        } else if (group || queue->waiting) {
            post_group(queue, group);
            group = next_waiting(queue);
        } else {
            tell(queue, QUEUE_WORKS, "");
            return;
        }
        end = try_again(queue, group);
    }
    end_damaged(queue, group);
}

static void commit_group(struct queue *queue, struct inbox_item *group)
{
    enum run end = queue->damaged ? RUN_DAMAGED : run_group(&queue->store, group, run_together);
    if (end == RUN_REFUSED)
        end = try_again(queue, group);
    if (end == RUN_FAILED)
        endure(queue, group);
    else if (end == RUN_DAMAGED)
        end_damaged(queue, group);
    else
        post_group(queue, group);
}

/* Those whose commit somebody waits for come first, in their order, then the others in theirs; what comes after a barrier stays there. */
static struct inbox_item *urgent_first(struct inbox_item *items)
{
    struct inbox_item *urgent = NULL, **urgent_end = &urgent, *others = NULL, **others_end = &others;
    for (; items && !((struct request *)items)->barrier; items = items->next) {
        struct inbox_item ***end = ((struct request *)items)->committed ? &urgent_end : &others_end;
        **end = items;
        *end = &items->next;
    }
    *others_end = items;
    *urgent_end = others;
    return urgent;
}

static void *write_main(void *argument)
{
    struct queue *queue = argument;
    struct inbox_item *first;
    unsigned length = 0;
    pthread_setname_np(pthread_self(), "store");
    pulse_attach(&queue->write_pulse);
    while ((first = inbox_pop(queue->writes, -1))) {
        if (length >= COMPANY && !inbox_closed(queue->writes))
            usleep(GATHER_US);
        first->next = inbox_pop_all(queue->writes);
        for (struct inbox_item *group = urgent_first(first); group;) {
            struct inbox_item *rest = cut(group, &length);
            commit_group(queue, group);
            group = rest;
        }
    }
    return NULL;
}

/* ---- The reader thread: short transactions on a connection of its own -------------------------------------------------------------- */

/* What the reader thread finds is the store thread's to judge: it writes no more. */
static int run_condemned(struct store *store, struct request *request)
{
    sql_condemn(store->sql, request->error.text);
    return 0;
}

static void finish_condemned(struct request *request)
{
    free(request);
}

static void condemn(struct queue *queue, const char *why)
{
    struct request *request = mem_zero(1, sizeof *request);
    request->run = run_condemned;
    request->finish = finish_condemned;
    request->own = true;
    error_set(&request->error, 0, "%s", why);
    store_push(queue, request);
}

static void *read_main(void *argument)
{
    struct queue *queue = argument;
    /* Reads need no configuration: a reload is the store thread's business alone. */
    struct store store = { .sql = queue->reader, .key_id = queue->store.key_id };
    struct inbox_item *item;
    pthread_setname_np(pthread_self(), "reader");
    pulse_attach(&queue->read_pulse);
    while ((item = inbox_pop(queue->reads, -1))) {
        struct request *request = (struct request *)item;
        pulse_beat(0);
        sql_run(store.sql, "BEGIN", "");
        request->status = request->run(&store, request);
        if (sql_failed(store.sql)) {
            request->status = error_set(&request->error, -EIO, "the store failed: %s", sql_message(store.sql));
            if (damaged(sql_failed(store.sql)))
                condemn(queue, sql_message(store.sql));
            sql_clear(store.sql);
        }
        sql_run(store.sql, "COMMIT", "");
        sql_clear(store.sql);
        outbox_post(queue->done, &request->item);
    }
    texts_clear(&store.texts);
    return NULL;
}

/* ---- Opening and closing --------------------------------------------------------------------------------------------------------- */

/* Every mail went out with what its campaign froze, or, a receipt (of campaign 0), with its own. */
static json_t *read_mailboxes(struct sql *sql)
{
    return rows_json(sql,
                     sql_query(sql,
                               "SELECT DISTINCT json_extract(settings, '$.bounce') AS bounce,"
                               " json_extract(settings, '$.opt_out') AS opt_out FROM (SELECT settings FROM campaign"
                               " UNION SELECT settings FROM notification WHERE campaign_id = 0)"
                               " WHERE CASE WHEN json_valid(settings) THEN json_type(settings) = 'object' END",
                               ""));
}

static int open_connections(struct queue *queue, struct error *error)
{
    const char *path = queue->store.config->paths.store;
    queue->lock = queue_lock_file(path, error);
    if (queue->lock < 0)
        return queue->lock;
    int status = store_open(&queue->store, error);
    if (status)
        return status;
    queue->stopped =
        sql_integer(queue->store.sql, 0, "SELECT 1 FROM setting WHERE name = 'stopped' AND value <> ''", "") != 0;
    queue->mailboxes = read_mailboxes(queue->store.sql);
    if (sql_failed(queue->store.sql))
        return error_set(error, sql_status(queue->store.sql), "%s: %s%s", path, sql_message(queue->store.sql),
                         sql_failed(queue->store.sql) == SQLITE_BUSY ? ": has another program opened it?" : "");
    return sql_open(path, SQL_READ, &queue->reader, error);
}

static void release(struct queue *queue)
{
    texts_clear(&queue->store.texts);
    inbox_free(queue->writes);
    inbox_free(queue->reads);
    json_decref(queue->mailboxes);
    sql_close(queue->reader);
    sql_close(queue->store.sql);
    if (queue->lock >= 0)
        close(queue->lock);
    free(queue);
}

static int start_threads(struct queue *queue, struct error *error)
{
    int status = thread_start(&queue->write_thread, write_main, queue, "the store thread", error);
    if (status)
        return status;
    status = thread_start(&queue->read_thread, read_main, queue, "the reader thread", error);
    if (status) {
        inbox_close(queue->writes);
        pthread_join(queue->write_thread, NULL);
    }
    return status;
}

int queue_open(uv_loop_t *loop, const struct config *config, unsigned key_id, struct queue **out, struct error *error)
{
    struct queue *queue = mem_zero(1, sizeof *queue);
    queue->store.config = config;
    queue->store.key_id = key_id;
    queue->store.opened = wall_now();
    queue->lock = -1;
    queue->writes = inbox_new(0);
    queue->last = &queue->waiting;
    queue->reads = inbox_new(0);
    int status = open_connections(queue, error);
    if (!status && !(queue->done = outbox_open(loop, deliver, queue)))
        status = error_set(error, -errno, "the store: %s", strerror(errno));
    if (!status)
        status = start_threads(queue, error);
    if (!status) {
        *out = queue;
        return 0;
    }
    if (queue->done)
        outbox_close(queue->done);
    release(queue);
    return status;
}

void queue_close(struct queue *queue)
{
    inbox_close(queue->reads);
    pthread_join(queue->read_thread, NULL);
    inbox_close(queue->writes);
    pthread_join(queue->write_thread, NULL);
    outbox_close(queue->done);
    release(queue);
}

/* ---- Another configuration --------------------------------------------------------------------------------------------------------- */

struct reload {
    struct request request;
    const struct config *config;
    queue_done *done;
    void *context;
};

static int run_reload(struct store *store, struct request *request)
{
    store->config = ((struct reload *)request)->config;
    return 0;
}

static void finish_reload(struct request *request)
{
    struct reload *reload = (struct reload *)request;
    reload->done(reload->context, request->status, request->error.text);
    free(reload);
}

void queue_reload(struct queue *queue, const struct config *config, queue_done *done, void *context)
{
    struct reload *reload = mem_zero(1, sizeof *reload);
    reload->request.run = run_reload;
    reload->request.finish = finish_reload;
    reload->config = config;
    reload->done = done;
    reload->context = context;
    store_submit(queue, &reload->request);
}

const char *queue_stuck(const struct queue *queue, int64_t patience)
{
    if (pulse_overdue(&queue->write_pulse) > patience)
        return "the store thread";
    return pulse_overdue(&queue->read_pulse) > patience ? "the reader thread" : NULL;
}

void store_set_stopped(struct queue *queue, bool stopped)
{
    queue->stopped = stopped;
}

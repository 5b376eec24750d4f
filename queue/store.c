#include "queue/store.h"

#include "daemon/base/crash.h"
#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/base/outbox.h"
#include "queue/reads.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

/* Requests a commit at the most: beyond this the gain is gone and the first of them waits too long. */
#define GROUP 256
/* Times that a store that fails is tried again once the daemon ends, a second apart. */
#define LATE_TRIES 2

struct queue {
    struct store store;
    struct sql *reader;
    struct inbox *writes, *reads;
    struct outbox *done;
    pthread_t write_thread, read_thread;
    unsigned pending;
    int lock;
    bool stopped; /* the loop thread's */
};

unsigned queue_pending(const struct queue *queue)
{
    return queue->pending;
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
    queue->pending--;
    request->finish(request);
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

/* How a run of a group ended. */
enum run { RUN_DONE, RUN_REFUSED, RUN_FAILED };

/* One request inside the group's transaction. */
static enum run run_apart(struct store *store, struct request *request)
{
    struct sql *sql = store->sql;
    sql_run(sql, "SAVEPOINT request", "");
    int status = request->run(store, request);
    if (sql_failed(sql)) {
        if (out_of_service(sql_failed(sql)))
            return RUN_FAILED;
        log_error("store: %s", sql_message(sql));
        status = error_set(&request->error, -EIO, "the store failed: %s", sql_message(sql));
        sql_clear(sql);
    }
    if (status)
        sql_run(sql, "ROLLBACK TO request", "");
    sql_run(sql, "RELEASE request", "");
    request->status = status;
    return sql_failed(sql) ? RUN_FAILED : RUN_DONE;
}

/* The same where nearly all requests succeed: one that does not has no savepoint of its own, and ends the run. */
static enum run run_together(struct store *store, struct request *request)
{
    int code, status = request->run(store, request);
    request->status = 0;
    if ((code = sql_failed(store->sql)))
        return out_of_service(code) ? RUN_FAILED : RUN_REFUSED;
    return status ? RUN_REFUSED : RUN_DONE;
}

static enum run run_group(struct store *store, struct inbox_item *group,
                          enum run (*run_one)(struct store *store, struct request *request))
{
    struct sql *sql = store->sql;
    sql_run(sql, "BEGIN IMMEDIATE", "");
    for (struct inbox_item *item = group; item; item = item->next) {
        struct request *request = (struct request *)item;
        request->error.text[0] = '\0';
        enum run end = run_one(store, request);
        if (end != RUN_DONE)
            return end;
    }
    crash_point("before-commit");
    sql_run(sql, "COMMIT", "");
    if (sql_failed(sql))
        return RUN_FAILED;
    crash_point("after-commit");
    return RUN_DONE;
}

static void post_group(struct queue *queue, struct inbox_item *group)
{
    while (group) {
        struct request *request = (struct request *)group;
        group = group->next;
        if (request->home)
            inbox_push(request->home, &request->item);
        else
            outbox_post(queue->done, &request->item);
    }
}

/* Cut the list after GROUP items; returns the rest. */
static struct inbox_item *cut(struct inbox_item *items)
{
    for (int i = 1; items && i < GROUP; i++)
        items = items->next;
    if (!items)
        return NULL;
    struct inbox_item *rest = items->next;
    items->next = NULL;
    return rest;
}

/* The daemon ends and the store still fails: what is lost now is what a `kill -9` would lose, and nobody has been told that it was kept. */
static bool give_up(struct queue *queue, struct inbox_item *group, unsigned *late)
{
    if (!inbox_closed(queue->writes) || (*late)++ < LATE_TRIES)
        return false;
    log_error("store: ends without what it could not commit: mails that were under way may go out again");
    for (struct inbox_item *item = group; item; item = item->next) {
        struct request *request = (struct request *)item;
        request->status = error_set(&request->error, -EIO, "the store failed, and the daemon is ending");
    }
    return true;
}

static void commit_group(struct queue *queue, struct inbox_item *group)
{
    bool warned = false;
    unsigned late = 0;
    enum run end = run_group(&queue->store, group, run_together);
    while (end != RUN_DONE) {
        if (end == RUN_FAILED && !warned)
            log_error("store: %s; trying again every second, nothing is lost", sql_message(queue->store.sql));
        warned = warned || end == RUN_FAILED;
        sql_clear(queue->store.sql);
        sql_script(queue->store.sql, "ROLLBACK");
        sql_clear(queue->store.sql);
        if (end == RUN_FAILED && give_up(queue, group, &late))
            break;
        if (end == RUN_FAILED)
            sleep(1);
        end = run_group(&queue->store, group, run_apart);
    }
    if (warned && end == RUN_DONE)
        log_notice("store: works again");
    post_group(queue, group);
}

static void *write_main(void *argument)
{
    struct queue *queue = argument;
    struct inbox_item *first;
    while ((first = inbox_pop(queue->writes, -1))) {
        first->next = inbox_pop_all(queue->writes);
        for (struct inbox_item *group = first; group;) {
            struct inbox_item *rest = cut(group);
            commit_group(queue, group);
            group = rest;
        }
    }
    return NULL;
}

/* ---- The reader thread: short transactions on a connection of its own -------------------------------------------------------------- */

static void *read_main(void *argument)
{
    struct queue *queue = argument;
    struct store store = { .sql = queue->reader, .config = queue->store.config, .key_id = queue->store.key_id };
    struct inbox_item *item;
    while ((item = inbox_pop(queue->reads, -1))) {
        struct request *request = (struct request *)item;
        sql_run(store.sql, "BEGIN", "");
        request->status = request->run(&store, request);
        if (sql_failed(store.sql)) {
            request->status = error_set(&request->error, -EIO, "the store failed: %s", sql_message(store.sql));
            sql_clear(store.sql);
        }
        sql_run(store.sql, "COMMIT", "");
        sql_clear(store.sql);
        outbox_post(queue->done, &request->item);
    }
    return NULL;
}

/* ---- Opening and closing --------------------------------------------------------------------------------------------------------- */

int queue_lock_file(const char *path, struct error *error)
{
    char *name = mem_format("%s.lock", path);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    int status = fd < 0 ? -errno : 0;
    if (status)
        error_set(error, status, "%s: %s: does its directory exist, and may I write there?", name, strerror(-status));
    else if (flock(fd, LOCK_EX | LOCK_NB)) {
        status = error_set(error, -EEXIST, "%s: another tocsind has the store open", path);
        close(fd);
    }
    free(name);
    return status ? status : fd;
}

/* A daemon that died leaves leases, half-made ladders and half-written results behind: all of it is done again. */
static void recover(struct store *store)
{
    struct sql *sql = store->sql;
    sql_run(sql, "BEGIN IMMEDIATE", "");
#ifndef TOCSIN_MUTANT_no_lease_recovery
    sql_run(sql,
            "UPDATE notification SET state = 2, due = ?1 WHERE campaign_id IN (SELECT id FROM campaign) AND state = 3",
            "i", store->opened);
#endif
    sql_run(sql, "UPDATE \"case\" SET state = 1, due = ?1 WHERE campaign_id IN (SELECT id FROM campaign) AND state = 2",
            "i", store->opened);
    sql_run(sql, "UPDATE feed_file SET result_due = ?1 WHERE result_pending = 1", "i", store->opened);
    sql_run(sql, "COMMIT", "");
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int open_connections(struct queue *queue, struct error *error)
{
    const char *path = queue->store.config->paths.store;
    queue->lock = queue_lock_file(path, error);
    if (queue->lock < 0)
        return queue->lock;
    int status = sql_open(path, SQL_WRITE, &queue->store.sql, error);
    if (!status)
        status = schema_migrate(queue->store.sql, path, error);
    if (status)
        return status;
    recover(&queue->store);
    queue->stopped =
        sql_integer(queue->store.sql, 0, "SELECT 1 FROM setting WHERE name = 'stopped' AND value <> ''", "") != 0;
    if (sql_failed(queue->store.sql))
        return error_set(error, -EIO, "%s: %s", path, sql_message(queue->store.sql));
    return sql_open(path, SQL_READ, &queue->reader, error);
}

static void release(struct queue *queue)
{
    inbox_free(queue->writes);
    inbox_free(queue->reads);
    sql_close(queue->reader);
    sql_close(queue->store.sql);
    if (queue->lock >= 0)
        close(queue->lock);
    free(queue);
}

int queue_open(uv_loop_t *loop, const struct config *config, unsigned key_id, struct queue **out, struct error *error)
{
    struct queue *queue = mem_zero(1, sizeof *queue);
    queue->store.config = config;
    queue->store.key_id = key_id;
    queue->store.opened = now_ms();
    queue->lock = -1;
    int status = open_connections(queue, error);
    if (status) {
        release(queue);
        return status;
    }
    queue->writes = inbox_new(0);
    queue->reads = inbox_new(0);
    queue->done = outbox_open(loop, deliver, queue);
    pthread_create(&queue->write_thread, NULL, write_main, queue);
    pthread_create(&queue->read_thread, NULL, read_main, queue);
    *out = queue;
    return 0;
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

void store_set_stopped(struct queue *queue, bool stopped)
{
    queue->stopped = stopped;
}

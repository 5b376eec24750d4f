/* Opening the store: one daemon at a time, whole, of this schema, and with what a dead daemon left behind taken back. */
#include "daemon/base/mem.h"
#include "queue/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int queue_lock_file(const char *path, struct error *error)
{
    /* By its real name: another link to it is the same store. */
    char *real = realpath(path, NULL), *name = mem_format("%s.lock", real ? real : path);
    free(real);
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
    store_check_clock(store);
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

bool store_has_log(const char *path)
{
    struct stat status;
    char *name = mem_format("%s-wal", path);
    bool has = stat(name, &status) == 0 && status.st_size > 0;
    free(name);
    return has;
}

/* Damage comes with power cuts and kernels that die, as a rule: after such an end it is looked for, but the start does not wait for long. */
#define LOOK_MS 5000

static int look_through(struct sql *sql, const char *path, struct error *error)
{
    struct error found = { "" };
    int status = sql_look_through(sql, LOOK_MS, &found);
    if (status)
        error_set(error, status, "%s: the store is damaged (%s): nothing was written to it. " STORE_DAMAGED, path,
                  found.text);
    return status;
}

int store_open(struct store *store, struct error *error)
{
    const char *path = store->config->paths.store;
    bool cut_short = store_has_log(path);
    int status = sql_open(path, SQL_WRITE, &store->sql, error);
    if (!status && cut_short)
        status = look_through(store->sql, path, error);
    if (!status)
        status = schema_migrate(store->sql, path, error);
    if (!status)
        recover(store);
    return status;
}

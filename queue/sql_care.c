/* Care for the database as a whole: a copy of it, and a look for damage. */
#include "daemon/base/mem.h"
#include "queue/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    int status = fd < 0 || fsync(fd) ? -errno : 0;
    if (fd >= 0)
        close(fd);
    return status;
}

static int copy_pages(sqlite3 *from, const char *to, struct error *error)
{
    sqlite3 *copy = NULL;
    int code = sqlite3_open_v2(to, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    sqlite3_backup *backup = code == SQLITE_OK ? sqlite3_backup_init(copy, "main", from, "main") : NULL;
    if (backup) {
        sqlite3_backup_step(backup, -1);
        sqlite3_backup_finish(backup);
    }
    code = sqlite3_errcode(copy);
    int status = code == SQLITE_OK ? 0 : (code & 0xff) == SQLITE_FULL ? -EAGAIN : -EIO;
    if (status)
        error_set(error, status, "%s: %s", to, sqlite3_errmsg(copy));
    sqlite3_close(copy);
    return status;
}

int sql_copy_to(struct sql *sql, const char *to, struct error *error)
{
    char *half = mem_format("%s.tmp", to), *directory = mem_string(to);
    unlink(half);
    int status = copy_pages(sql_handle(sql), half, error);
    if (!status) {
        status = sync_path(half, O_RDWR);
        if (!status && rename(half, to))
            status = -errno;
        if (!status)
            status = sync_path(dirname(directory), O_RDONLY | O_DIRECTORY);
        if (status)
            error_set(error, status, "%s: %s", to, strerror(-status));
    }
    if (status)
        unlink(half);
    free(half);
    free(directory);
    return status;
}

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int is_over(void *end)
{
    return monotonic_ms() > *(const int64_t *)end;
}

/* How often the time is looked at: instructions of SQLite's machine, some milliseconds' worth. */
#define LOOK_EVERY 100000

int sql_look_through(struct sql *sql, int limit_ms, struct error *error)
{
    sqlite3 *db = sql_handle(sql);
    sqlite3_stmt *check = NULL;
    int64_t end = monotonic_ms() + limit_ms;
    int status = 0;
    sqlite3_progress_handler(db, LOOK_EVERY, is_over, &end);
    int code = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &check, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(check);
    const char *found = code == SQLITE_ROW ? (const char *)sqlite3_column_text(check, 0) : sqlite3_errmsg(db);
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB || (code == SQLITE_ROW && found && strcmp(found, "ok") != 0))
        status = error_set(error, -EIO, "%s", found);
    if (status)
        sql_condemn(sql, found);
    sqlite3_finalize(check);
    sqlite3_progress_handler(db, 0, NULL, NULL);
    return status;
}

#include "queue/sql.h"

#include "daemon/base/mem.h"
#include "daemon/base/pulse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than all SQL in queue/; a power of two. */
#define STATEMENTS 512

struct sql {
    sqlite3 *db;
    struct {
        const char *text;
        sqlite3_stmt *statement;
    } cache[STATEMENTS];
    int failed;
    bool full, lazy;
    char message[512];
};

/* Nothing is to be written to a damaged file, as taking the log in at the end would. */
static void keep_log(sqlite3 *db)
{
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

static bool is_damage(int code)
{
    return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

static void fail(struct sql *sql, int code, const char *text)
{
    if (sql->failed)
        return;
    if (is_damage(code))
        keep_log(sql->db);
    sql->failed = code;
    int reason = sqlite3_system_errno(sql->db);
    sql->full =
        (code & 0xff) == SQLITE_FULL || ((code & 0xff) == SQLITE_IOERR && (reason == ENOSPC || reason == EDQUOT));
    snprintf(sql->message, sizeof sql->message, "%s (SQLite %d) in: %.200s", sqlite3_errmsg(sql->db),
             sqlite3_extended_errcode(sql->db), text);
}

static int open_file(const char *path, enum sql_mode mode, sqlite3 **db)
{
    if (mode == SQL_IMMUTABLE) {
        char *uri = sqlite3_mprintf("file:%s?immutable=1", path);
        int code = sqlite3_open_v2(uri, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
        sqlite3_free(uri);
        return code;
    }
    int flags = mode == SQL_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE;
    return sqlite3_open_v2(path, db, flags | SQLITE_OPEN_NOMUTEX, NULL);
}

/* FULL: a commit is on disk before anyone acts on it. The cache is small because resident memory must stay flat whatever the store's
 * size; the kernel's page cache does the rest. */
#ifdef TOCSIN_MUTANT_no_sync
#define SYNCHRONOUS "OFF"
#define LAZY "OFF"
#else
#define SYNCHRONOUS "FULL"
#define LAZY "NORMAL"
#endif
static const char writer_settings[] =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=" SYNCHRONOUS "; PRAGMA cache_size=-16000;"
    "PRAGMA wal_autocheckpoint=2000; PRAGMA foreign_keys=OFF; PRAGMA temp_store=MEMORY;";
static const char reader_settings[] = "PRAGMA query_only=ON; PRAGMA cache_size=-4000;";

/* Who else has the store open should be done by then. The store thread tries again by itself, and nobody waits longer for a word that it fails. */
#define BUSY_MS 1000

/* Each connection is one thread's: its many small blocks come from memory of its own, uncounted, and not from the heap of all threads. */
#define SMALL_BLOCK 512
#define SMALL_BLOCKS 400

/* A long statement is no thread that is stuck: a few milliseconds' worth of SQLite's steps. */
#define PROGRESS_STEPS 50000

static int on_progress(void *context)
{
    (void)context;
    pulse_beat(0);
    return 0;
}

int64_t sql_hash(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return (int64_t)hash;
}

static void hash_of(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    const unsigned char *text = sqlite3_value_text(values[0]);
    if (text)
        sqlite3_result_int64(context, sql_hash((const char *)text));
}

static int status_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_NOMEM:
        return -EAGAIN;
    default:
        return -EIO;
    }
}

static int first_integer(void *out, int count, char **values, char **names)
{
    (void)count;
    (void)names;
    *(int64_t *)out = values[0] ? strtoll(values[0], NULL, 10) : 0;
    return 0;
}

/* Before a byte is written: a database that has tables but no version is somebody else's. */
static int check_owner(sqlite3 *db)
{
    int64_t tables = 0, version = 0;
    int code = sqlite3_exec(db, "SELECT count(*) FROM sqlite_schema", first_integer, &tables, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, "PRAGMA user_version", first_integer, &version, NULL);
    return code == SQLITE_OK && tables && !version ? SQLITE_MISMATCH : code;
}

int sql_open(const char *path, enum sql_mode mode, struct sql **out, struct error *error)
{
    struct sql *sql = mem_zero(1, sizeof *sql);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* heeded before the first connection is opened */
    int code = open_file(path, mode, &sql->db);
    if (code == SQLITE_OK) {
        sqlite3_busy_timeout(sql->db, BUSY_MS);
        sqlite3_progress_handler(sql->db, PROGRESS_STEPS, on_progress, NULL);
        sqlite3_db_config(sql->db, SQLITE_DBCONFIG_LOOKASIDE, NULL, SMALL_BLOCK, SMALL_BLOCKS);
        sqlite3_create_function(sql->db, "hash_of", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, hash_of, NULL, NULL);
        code = mode == SQL_WRITE ? check_owner(sql->db) : SQLITE_OK;
    }
    if (code == SQLITE_OK) {
        code = sqlite3_exec(sql->db, mode == SQL_WRITE ? writer_settings : reader_settings, NULL, NULL, NULL);
    }
    if (code == SQLITE_OK)
        code = sqlite3_exec(sql->db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    if (code != SQLITE_OK) {
        int result = code == SQLITE_CANTOPEN ? -ENOENT : status_of(code);
        error_set(error, result, "%s: cannot open the store: %s%s", path,
                  code == SQLITE_MISMATCH ? "it is the database of something else; paths.store must name another file"
                                          : sqlite3_errmsg(sql->db),
                  is_damage(code)       ? ": it is damaged, or no store; nothing was written to it"
                  : code == SQLITE_BUSY ? ": has another program opened it?"
                                        : "");
        if (is_damage(code))
            keep_log(sql->db);
        sqlite3_close(sql->db);
        free(sql);
        return result;
    }
    *out = sql;
    return 0;
}

sqlite3 *sql_handle(struct sql *sql)
{
    return sql->db;
}

void sql_close(struct sql *sql)
{
    if (!sql)
        return;
    for (size_t i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(sql->cache[i].statement);
    sqlite3_close(sql->db);
    free(sql);
}

static sqlite3_stmt *prepared(struct sql *sql, const char *text)
{
    size_t slot = ((uintptr_t)text >> 3) * 2654435761u % STATEMENTS;
    size_t tried = 0;
    while (sql->cache[slot].text && sql->cache[slot].text != text && tried++ < STATEMENTS)
        slot = (slot + 1) % STATEMENTS;
    if (sql->cache[slot].text == text)
        return sql->cache[slot].statement;
    if (tried >= STATEMENTS)
        abort(); /* STATEMENTS is too small */
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v3(sql->db, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
    if (code != SQLITE_OK) {
        fail(sql, code, text);
        return NULL;
    }
    sql->cache[slot].text = text;
    sql->cache[slot].statement = statement;
    return statement;
}

static void bind(sqlite3_stmt *statement, const char *types, va_list *args)
{
    for (int i = 1; *types; types++, i++) {
        switch (*types) {
        case 'i':
            sqlite3_bind_int64(statement, i, va_arg(*args, int64_t));
            break;
        case 'd':
            sqlite3_bind_double(statement, i, va_arg(*args, double));
            break;
        case 't':
            /* The text outlives the statement's run in every verb: no copy. */
            sqlite3_bind_text(statement, i, va_arg(*args, const char *), -1, SQLITE_STATIC);
            break;
        case 'b': {
            const void *bytes = va_arg(*args, const void *);
            sqlite3_bind_blob64(statement, i, bytes, va_arg(*args, size_t), SQLITE_STATIC);
            break;
        }
        default:
            abort();
        }
    }
}

sqlite3_stmt *sql_query(struct sql *sql, const char *text, const char *types, ...)
{
    sqlite3_stmt *statement = sql->failed ? NULL : prepared(sql, text);
    if (!statement)
        return NULL;
    va_list args;
    va_start(args, types);
    sqlite3_reset(statement);
    bind(statement, types, &args);
    va_end(args);
    return statement;
}

bool sql_step(struct sql *sql, sqlite3_stmt *statement)
{
    if (!statement)
        return false;
    if (sql->failed) {
        sqlite3_reset(statement); /* a loop that another statement's failure ends must not hold its snapshot */
        return false;
    }
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE)
        fail(sql, code, sqlite3_sql(statement));
    sqlite3_reset(statement);
    return false;
}

int sql_run(struct sql *sql, const char *text, const char *types, ...)
{
    sqlite3_stmt *statement = sql->failed ? NULL : prepared(sql, text);
    if (!statement)
        return 0;
    va_list args;
    va_start(args, types);
    bind(statement, types, &args);
    va_end(args);
    while (sql_step(sql, statement)) {
    }
    return sql->failed ? 0 : sqlite3_changes(sql->db);
}

int64_t sql_integer(struct sql *sql, int64_t otherwise, const char *text, const char *types, ...)
{
    sqlite3_stmt *statement = sql->failed ? NULL : prepared(sql, text);
    if (!statement)
        return otherwise;
    va_list args;
    va_start(args, types);
    bind(statement, types, &args);
    va_end(args);
    int64_t value = otherwise;
    if (sql_step(sql, statement)) {
        if (sqlite3_column_type(statement, 0) != SQLITE_NULL)
            value = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    return value;
}

int64_t *sql_integers(struct sql *sql, sqlite3_stmt *statement, size_t *count)
{
    int64_t *numbers = NULL;
    size_t room = 0;
    *count = 0;
    while (sql_step(sql, statement)) {
        if (*count == room)
            numbers = mem_resize(numbers, room = room ? room * 2 : 8, sizeof *numbers);
        numbers[(*count)++] = sqlite3_column_int64(statement, 0);
    }
    return numbers;
}

int64_t sql_last_id(struct sql *sql)
{
    return sqlite3_last_insert_rowid(sql->db);
}

const char *sql_text(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text ? (const char *)text : "";
}

char *sql_copy(sqlite3_stmt *statement, int column)
{
    return mem_string((const char *)sqlite3_column_text(statement, column));
}

int sql_failed(const struct sql *sql)
{
    return sql->failed;
}

bool sql_full(const struct sql *sql)
{
    return sql->failed && sql->full;
}

int sql_status(const struct sql *sql)
{
    return sql->failed ? sql->full ? -EAGAIN : status_of(sql->failed) : 0;
}

const char *sql_message(const struct sql *sql)
{
    return sql->message;
}

void sql_keep_log(struct sql *sql)
{
    keep_log(sql->db);
}

void sql_condemn(struct sql *sql, const char *message)
{
    keep_log(sql->db);
    sql->failed = SQLITE_CORRUPT;
    snprintf(sql->message, sizeof sql->message, "%s", message);
}

void sql_clear(struct sql *sql)
{
    sql->failed = 0;
    sql->message[0] = '\0';
}

void sql_sync(struct sql *sql, bool each)
{
    if (sql->lazy == !each || sql->failed)
        return;
    sql_script(sql, each ? "PRAGMA synchronous = " SYNCHRONOUS : "PRAGMA synchronous = " LAZY);
    sql->lazy = !each;
}

int sql_script(struct sql *sql, const char *script)
{
    int code = sql->failed ? SQLITE_OK : sqlite3_exec(sql->db, script, NULL, NULL, NULL);
    if (code != SQLITE_OK)
        fail(sql, code, script);
    return sql->failed;
}

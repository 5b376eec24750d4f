/* One SQLite connection with statements that are prepared once, and an error that sticks. Internal to queue/.
 *
 * The SQL text must be a string literal: a statement is remembered by the address of its text. Bound values follow TYPES, a letter
 * each: i int64_t, t text (may be NULL), d double, b bytes (pointer, then size_t). After a failure every further call does nothing until sql_clear(),
 * so that a verb may run its statements in a row and be judged once. One thread at a time. */
#ifndef TOCSIN_QUEUE_SQL_H
#define TOCSIN_QUEUE_SQL_H

#include "daemon/base/error.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sql;

enum sql_mode {
    SQL_WRITE, /* the daemon's only writer: WAL, synchronous=FULL; makes the file if there is none; refuses one that is not Tocsin's */
    SQL_READ, /* beside a writer */
    SQL_IMMUTABLE, /* nobody else has it open */
};

/* -ENOENT where there is none, -EAGAIN where another program keeps it or the disk is full, -EIO when it is damaged or no database. */
int sql_open(const char *path, enum sql_mode mode, struct sql **out, struct error *error);
void sql_close(struct sql *sql);
/* sql_close() leaves the write-ahead log where it is. */
void sql_keep_log(struct sql *sql);

/* The connection itself, for sql_care.c, which holds the next two. */
sqlite3 *sql_handle(struct sql *sql);

/* Copy the whole database to the new file TO, durably; one that is there is replaced when the copy is whole. The status is as sql_open()'s. */
int sql_copy_to(struct sql *sql, const char *to, struct error *error);

/* Look the database through for damage, LIMIT_MS at the most: 0: none was found, -EIO: ERROR says what. */
int sql_look_through(struct sql *sql, int limit_ms, struct error *error);

/* Run TEXT to its end. Returns the number of rows it changed. */
int sql_run(struct sql *sql, const char *text, const char *types, ...);

/* Begin TEXT: step it with sql_step() until that is false. A loop that is left early must call sqlite3_reset(). */
sqlite3_stmt *sql_query(struct sql *sql, const char *text, const char *types, ...);
bool sql_step(struct sql *sql, sqlite3_stmt *statement);

/* The first column of the first row, or OTHERWISE when there is none or it is NULL. */
int64_t sql_integer(struct sql *sql, int64_t otherwise, const char *text, const char *types, ...);

/* The first column of all rows, to be freed: for loops that change what they read. NULL or not when *COUNT is 0. */
int64_t *sql_integers(struct sql *sql, sqlite3_stmt *statement, size_t *count);

int64_t sql_last_id(struct sql *sql);

/* What the function hash_of() of all statements says of TEXT: FNV-1a, 64 bits. Texts that differ may have the same. It stands in stores: never change it. */
int64_t sql_hash(const char *text);

/* Between transactions: is each commit on disk when it returns (it is, unless said otherwise), or only whole and in order? */
void sql_sync(struct sql *sql, bool each);

/* Text of a column: "" for NULL; lives until the next step. */
const char *sql_text(sqlite3_stmt *statement, int column);
/* A copy of it (mem_string), NULL for NULL. */
char *sql_copy(sqlite3_stmt *statement, int column);

/* 0, or the SQLite code of the first failure since sql_clear(). */
int sql_failed(const struct sql *sql);
/* Was it for want of space? */
bool sql_full(const struct sql *sql);
/* -EAGAIN where it may work later, -EIO where it will not. */
int sql_status(const struct sql *sql);
/* What it said. */
const char *sql_message(const struct sql *sql);
void sql_clear(struct sql *sql);
/* The database is damaged, as MESSAGE says: it counts as failed, and closing does not take the log in. A failure that says so itself does the same. */
void sql_condemn(struct sql *sql, const char *message);

/* Run a script of several statements (migrations). */
int sql_script(struct sql *sql, const char *script);

#endif

/* Verbs of the reader thread: reads by name, previews, result files. */
#include "daemon/base/mem.h"
#include "queue/reads.h"
#include "queue/row_json.h"
#include "queue/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Reads by name --------------------------------------------------------------------------------------------------------------------- */

struct reading {
    struct request request;
    char *name;
    json_t *arguments, *result;
    void (*done)(void *context, int status, const char *message, json_t *result);
    void *context;
};

static int run_reading(struct store *store, struct request *request)
{
    struct reading *reading = (struct reading *)request;
    return reads_run(store->sql, reading->name, reading->arguments, &reading->result, &request->error);
}

static void finish_reading(struct request *request)
{
    struct reading *reading = (struct reading *)request;
    reading->done(reading->context, request->status, request->error.text, reading->result);
    json_decref(reading->arguments);
    json_decref(reading->result);
    free(reading->name);
    free(reading);
}

void queue_read(struct queue *queue, const char *name, const json_t *arguments,
                void (*done)(void *context, int status, const char *message, json_t *result), void *context)
{
    struct reading *reading = mem_zero(1, sizeof *reading);
    reading->request.run = run_reading;
    reading->request.finish = finish_reading;
    reading->request.reading = true;
    reading->name = mem_string(name);
    reading->arguments = json_deep_copy(arguments);
    reading->done = done;
    reading->context = context;
    store_submit(queue, &reading->request);
}

/* ---- Previews ---------------------------------------------------------------------------------------------------------------------------- */

struct preview {
    struct request request;
    char *campaign, *owner;
    int64_t one;
    unsigned offset, limit;
    struct notification **notifications;
    size_t count, total;
    void (*done)(void *context, int status, const char *message, struct notification **notifications, size_t count,
                 size_t total);
    void *context;
};

#define UNSENT                                                                                                         \
    "FROM notification n JOIN campaign c ON c.id = n.campaign_id WHERE c.name = ?1 AND n.state IN (1, 2) AND "         \
    "n.attempts = 0"

static int run_preview(struct store *store, struct request *request)
{
    struct preview *preview = (struct preview *)request;
    struct sql *sql = store->sql;
    if (preview->one && preview->owner &&
        !sql_integer(
            sql, 0,
            "SELECT 1 FROM notification n JOIN campaign c ON c.id = n.campaign_id WHERE n.id = ?1 AND c.owner = ?2",
            "it", preview->one, preview->owner))
        return error_set(&request->error, -EACCES, "notification %lld is not yours", (long long)preview->one);
    if (preview->one) {
        struct notification *one = store_load_notification(store, preview->one);
        if (!one)
            return error_set(&request->error, -ENOENT, "there is no notification %lld", (long long)preview->one);
        store_append(&preview->notifications, &preview->count, one);
        preview->total = 1;
        return 0;
    }
    if (!sql_integer(sql, 0, "SELECT 1 FROM campaign WHERE name = ?1 AND id > 0 AND (?2 IS NULL OR owner = ?2)", "tt",
                     preview->campaign, preview->owner))
        return error_set(&request->error, -ENOENT,
                         "there is no campaign called '%s': `tocsin campaign list` names them", preview->campaign);
    preview->total = (size_t)sql_integer(sql, 0, "SELECT count(*) " UNSENT, "t", preview->campaign);
    int64_t *ids = mem_zero(preview->limit, sizeof *ids);
    size_t count = 0;
    sqlite3_stmt *rows = sql_query(sql, "SELECT n.id " UNSENT " ORDER BY n.id LIMIT ?2 OFFSET ?3", "tii",
                                   preview->campaign, (int64_t)preview->limit, (int64_t)preview->offset);
    while (sql_step(sql, rows))
        ids[count++] = sqlite3_column_int64(rows, 0);
    for (size_t i = 0; i < count; i++) {
        struct notification *one = store_load_notification(store, ids[i]);
        if (one)
            store_append(&preview->notifications, &preview->count, one);
    }
    free(ids);
    return 0;
}

static void finish_preview(struct request *request)
{
    struct preview *preview = (struct preview *)request;
    preview->done(preview->context, request->status, request->error.text, preview->notifications, preview->count,
                  preview->total);
    free(preview->notifications);
    free(preview->campaign);
    free(preview->owner);
    free(preview);
}

void queue_preview(struct queue *queue, const char *campaign, const char *owner, int64_t one, unsigned offset,
                   unsigned limit,
                   void (*done)(void *context, int status, const char *message, struct notification **notifications,
                                size_t count, size_t total),
                   void *context)
{
    struct preview *preview = mem_zero(1, sizeof *preview);
    preview->request.run = run_preview;
    preview->request.finish = finish_preview;
    preview->request.reading = true;
    preview->campaign = mem_string(campaign);
    preview->owner = mem_string(owner);
    preview->one = one;
    preview->offset = offset;
    preview->limit = limit;
    preview->done = done;
    preview->context = context;
    store_submit(queue, &preview->request);
}

/* ---- Result files -------------------------------------------------------------------------------------------------------------------------- */

struct results {
    struct request request;
    int64_t file;
    char *path;
    queue_done *done;
    void *context;
};

/* One line of a result file: LINE, and as its last member the incident, whose compact JSON goes out as it is stored. */
static int write_row(json_t *line, const char *incident, FILE *out)
{
    char *text = json_dumps(line, JSON_COMPACT);
    int written = text ? fprintf(out, "%.*s,\"incident\":%s}\n", (int)strlen(text) - 1, text, incident) : -1;
    free(text);
    return written < 0 ? -errno : 0;
}

static int write_rows(struct sql *sql, int64_t file, FILE *out)
{
    sqlite3_stmt *rows = sql_query(
        sql,
        "SELECT " ROW_COLUMNS ", k.target, k.state AS \":state\", a.address AS contact, r.kinds, "
        "k.notification_id AS notification, n.state AS \";notification_state\", " ROW_WHY ", i.data FROM incident i"
        " JOIN feed_file f ON f.id = i.file_id"
        " LEFT JOIN \"case\" k ON k.id = i.case_id AND i.case_id > 0"
        " LEFT JOIN rung r ON r.case_id = k.id AND r.position = k.position"
        " LEFT JOIN contact a ON a.id = r.contact_id LEFT JOIN notification n ON n.id = k.notification_id"
        " WHERE i.file_id = ?1 ORDER BY i.line",
        "i", file);
    int status = 0;
    while (!status && sql_step(sql, rows)) {
        json_t *line = row_json(rows);
        json_object_del(line, "data");
        status = write_row(line, sql_text(rows, sqlite3_column_count(rows) - 1), out);
        json_decref(line);
    }
    if (rows && status)
        sqlite3_reset(rows);
    return status;
}

static int run_results(struct store *store, struct request *request)
{
    struct results *results = (struct results *)request;
    FILE *out = fopen(results->path, "we");
    if (!out)
        return error_set(&request->error, -errno, "%s: %s", results->path, strerror(errno));
    int status = write_rows(store->sql, results->file, out);
    if (!status && (fflush(out) || fsync(fileno(out))))
        status = -errno;
    if (fclose(out) && !status)
        status = -errno;
    if (status)
        return error_set(&request->error, status, "%s: %s", results->path, strerror(-status));
    return 0;
}

static void finish_results(struct request *request)
{
    struct results *results = (struct results *)request;
    results->done(results->context, request->status, request->error.text);
    free(results->path);
    free(results);
}

void queue_file_results(struct queue *queue, int64_t file, const char *path, queue_done *done, void *context)
{
    struct results *results = mem_zero(1, sizeof *results);
    results->request.run = run_results;
    results->request.finish = finish_results;
    results->request.reading = true;
    results->file = file;
    results->path = mem_string(path);
    results->done = done;
    results->context = context;
    store_submit(queue, &results->request);
}

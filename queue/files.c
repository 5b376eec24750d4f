/* Feed files as a whole: registered, finished, failed. */
#include "daemon/base/crash.h"
#include "daemon/base/mem.h"
#include "daemon/base/wall.h"
#include "queue/finding.h"
#include "queue/outcome.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- Beginning --------------------------------------------------------------------------------------------------------------------- */

struct begin {
    struct request request;
    struct queue_file file;
    char *campaign, *hash;
    int64_t now;
    struct queue_file_begun begun;
    char *message;
    void (*done)(void *context, const struct queue_file_begun *begun);
    void *context;
};

char *queue_default_campaign(const char *profile, const char *name)
{
    const char *dot = strchr(name, '.');
    char *made = mem_format("%s-%.*s", profile, (int)(dot && dot != name ? dot - name : (long)strlen(name)), name);
    for (char *at = made; *at; at++)
        if ((unsigned char)*at < 0x80 && !isalnum((unsigned char)*at) && !strchr("-_+@.", *at))
            *at = '-';
    return made;
}

/* This very claim, begun before the daemon died; only its move to done/ or failed/ may be missing. */
static bool find_claim(struct store *store, struct begin *begin)
{
    static const enum queue_file_verdict verdicts[FILE_STATES] = {
        [FILE_LOADING] = QUEUE_FILE_LOAD,
        [FILE_LOADED] = QUEUE_FILE_LOADED,
        [FILE_FAILED] = QUEUE_FILE_REFUSED,
    };
    sqlite3_stmt *row =
        sql_query(store->sql,
                  "SELECT f.id, f.state, f.loaded_to, c.name, f.why, f.hash, f.size, f.received FROM feed_file f"
                  " JOIN campaign c ON c.id = f.campaign_id WHERE f.claim = ?1",
                  "t", begin->file.claim);
    if (!sql_step(store->sql, row))
        return false;
    begin->begun.file = sqlite3_column_int64(row, 0);
    begin->begun.verdict = verdicts[sqlite3_column_int(row, 1)];
    begin->begun.resume_after = (unsigned long)sqlite3_column_int64(row, 2);
    free(begin->campaign);
    begin->campaign = sql_copy(row, 3);
    begin->message = sql_copy(row, 4);
    free(begin->hash);
    begin->hash = sql_copy(row, 5);
    begin->begun.size = sqlite3_column_int64(row, 6);
    begin->begun.received = sqlite3_column_int64(row, 7);
    sqlite3_reset(row);
    return true;
}

/* Dropped twice by mistake; after dedup_window it is a feed that reports the same still. */
static bool find_same_bytes(struct store *store, struct begin *begin)
{
    if (begin->file.redirect_to)
        return false;
    struct finding_rules rules;
    finding_rules(store->config, begin->file.profile, &rules);
    sqlite3_stmt *row = sql_query(store->sql,
                                  "SELECT c.name, f.name FROM feed_file f JOIN campaign c ON c.id = f.campaign_id"
                                  " WHERE f.hash = ?1 AND f.profile = ?2 AND f.state IN (1, 2) AND c.state <> 3"
                                  " AND c.redirect_to IS NULL AND f.received > ?3 LIMIT 1",
                                  "tti", begin->file.hash, begin->file.profile, begin->now - rules.window);
    if (!sql_step(store->sql, row))
        return false;
    begin->begun.verdict = QUEUE_FILE_DUPLICATE;
    free(begin->campaign);
    free(begin->message);
    begin->campaign = sql_copy(row, 0);
    begin->message = mem_format("the same bytes came before as %s", sql_text(row, 1));
    sqlite3_reset(row);
    return true;
}

/* A default name that is taken by a campaign that is over gets a number; a name that a person gave does not. */
static void free_name(struct store *store, struct begin *begin)
{
    char *base = mem_string(begin->campaign);
    for (int number = 2; number < 100000; number++) {
        int64_t taken = sql_integer(store->sql, 0, "SELECT 1 FROM campaign WHERE name = ?1", "t", begin->campaign);
        if (!taken)
            break;
        free(begin->campaign);
        begin->campaign = mem_format("%s-%d", base, number);
    }
    free(base);
}

static int64_t make_campaign(struct store *store, const struct begin *begin)
{
    char hash[TEMPLATE_HASH_SIZE], reminder_hash[TEMPLATE_HASH_SIZE];
    store_keep_template(store, begin->file.template_text, hash);
    store_keep_template(store, begin->file.reminder_text, reminder_hash);
    sql_run(store->sql,
            "INSERT INTO campaign (name, profile, state, created, expires, settings, template_hash, redirect_to, owner,"
            " reminder_hash) VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            "ttiittttt", begin->campaign, begin->file.profile, begin->now, begin->now + store->config->campaigns.expire,
            begin->file.settings, hash, begin->file.redirect_to, begin->file.who, reminder_hash);
    int64_t id = sql_last_id(store->sql);
    store_keep_templates(store, id, begin->file.templates, begin->file.template_count);
    return id;
}

/* ?5, a later file's settings, hold a note that is not the campaign's. */
#define OTHER_NOTE                                                                                                     \
    "CASE WHEN json_valid(?5) AND json_valid(settings) THEN json_extract(?5, '$.note') IS NOT NULL"                    \
    " AND json_extract(?5, '$.note') IS NOT json_extract(settings, '$.note') ELSE 0 END"
/* The two that are not the same, where ?6 or a later file's settings, ?5, name another template or language than what the campaign was begun with, which knows of them. */
#define OTHER_TEMPLATE                                                                                                 \
    "CASE WHEN json_valid(settings) AND ?6 <> json_extract(settings, '$.template') THEN"                               \
    " 'is written from the template ' || json_extract(settings, '$.template') || ', and this file names ' || ?6 END"
#define OTHER_LANGUAGE                                                                                                 \
    "CASE WHEN json_valid(?5) AND json_valid(settings) AND json_extract(?5, '$.only_language') IS NOT NULL"            \
    " AND json_extract(settings, '$.template') IS NOT NULL"                                                            \
    " AND json_extract(?5, '$.only_language') IS NOT json_extract(settings, '$.only_language') THEN 'is written in '"  \
    " || coalesce(json_extract(settings, '$.only_language'), 'the language that each recipient reads')"                \
    " || ', and this file names ' || json_extract(?5, '$.only_language') END"

/* A later file joins its campaign as it was approved: same profile, same redirection, no other note, template or language, not over. */
static int64_t join_campaign(struct store *store, struct begin *begin)
{
    sqlite3_stmt *row = sql_query(store->sql,
                                  "SELECT id, profile = ?2, state = 3 OR expires <= ?3, redirect_to IS ?4,"
                                  " " OTHER_NOTE ", coalesce(" OTHER_TEMPLATE ", " OTHER_LANGUAGE ")"
                                  " FROM campaign WHERE name = ?1",
                                  "ttittt", begin->campaign, begin->file.profile, begin->now, begin->file.redirect_to,
                                  begin->file.settings, begin->file.template_name);
    if (!sql_step(store->sql, row))
        return 0;
    int64_t id = sqlite3_column_int64(row, 0);
    bool same_profile = sqlite3_column_int(row, 1) != 0, over = sqlite3_column_int(row, 2) != 0;
    bool same_way = sqlite3_column_int(row, 3) != 0, other_note = sqlite3_column_int(row, 4) != 0;
    char *other_words = sql_copy(row, 5);
    sqlite3_reset(row);
    if (same_profile && !over && same_way && !other_note && !other_words)
        return id;
    begin->begun.verdict = QUEUE_FILE_REFUSED;
    begin->message = mem_format("campaign %s %s: choose another name", begin->campaign,
                                over            ? "is over"
                                : !same_profile ? "belongs to another profile"
                                : other_note    ? "has another note, which all of its mails show"
                                : !same_way     ? "sends its mails elsewhere (redirect_to)"
                                                : other_words);
    free(other_words);
    return -1;
}

static int run_begin(struct store *store, struct request *request)
{
    struct begin *begin = (struct begin *)request;
    const struct queue_file *file = &begin->file;
    bool named = file->campaign != NULL;
    free(begin->campaign);
    free(begin->message);
    free(begin->hash);
    begin->message = NULL;
    begin->hash = mem_string(file->hash);
    begin->campaign = named ? mem_string(file->campaign) : queue_default_campaign(file->profile, file->name);
    begin->begun = (struct queue_file_begun){ .verdict = QUEUE_FILE_LOAD, .size = file->size, .received = begin->now };
    if (find_claim(store, begin) || find_same_bytes(store, begin))
        return 0;
    if (!named)
        free_name(store, begin);
    int64_t campaign = named ? join_campaign(store, begin) : 0;
    if (campaign < 0)
        return 0;
    if (!campaign)
        campaign = make_campaign(store, begin);
    sql_run(
        store->sql,
        "INSERT INTO feed_file (campaign_id, claim, name, profile, hash, size, state, hold, approve_above, received)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?8, ?9)",
        "ittttiiii", campaign, file->claim, file->name, file->profile, file->hash, file->size, (int64_t)file->hold,
        file->approve_above, begin->now);
    begin->begun.file = sql_last_id(store->sql);
    store_audit(store, begin->now, file->who, "submit", begin->campaign, "%s (%lld bytes, SHA-256 %s)%s%s", file->name,
                (long long)file->size, file->hash, file->redirect_to ? ", redirected to " : "",
                file->redirect_to ? file->redirect_to : "");
    return 0;
}

static void finish_begin(struct request *request)
{
    struct begin *begin = (struct begin *)request;
    if (request->status) {
        begin->begun.verdict = QUEUE_FILE_REFUSED;
        free(begin->message);
        begin->message = mem_string(request->error.text);
    }
    begin->begun.campaign = begin->campaign;
    begin->begun.message = begin->message;
    begin->begun.hash = begin->hash;
    begin->done(begin->context, &begin->begun);
    const struct queue_file *file = &begin->file;
    const char *const strings[] = { file->claim,       file->name,     file->profile,       file->campaign,
                                    file->hash,        file->settings, file->template_text, file->reminder_text,
                                    file->redirect_to, file->who,      file->template_name };
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
        free((char *)(uintptr_t)strings[i]);
    for (size_t i = 0; i < file->template_count; i++) {
        free(file->templates[i].name);
        free(file->templates[i].language);
        free(file->templates[i].text);
    }
    free((void *)(uintptr_t)file->templates);
    free(begin->campaign);
    free(begin->message);
    free(begin->hash);
    free(begin);
}

static struct queue_template *copy_templates(const struct queue_file *file)
{
    struct queue_template *copies = mem_zero(file->template_count + 1, sizeof *copies);
    for (size_t i = 0; i < file->template_count; i++)
        copies[i] =
            (struct queue_template){ mem_string(file->templates[i].name), mem_string(file->templates[i].language),
                                     mem_string(file->templates[i].text) };
    return copies;
}

void queue_file_begin(struct queue *queue, const struct queue_file *file,
                      void (*done)(void *context, const struct queue_file_begun *begun), void *context)
{
    struct begin *begin = mem_zero(1, sizeof *begin);
    begin->request.run = run_begin;
    begin->request.finish = finish_begin;
    begin->file = *file;
    begin->file.claim = mem_string(file->claim);
    begin->file.name = mem_string(file->name);
    begin->file.profile = mem_string(file->profile);
    begin->file.campaign = mem_string(file->campaign);
    begin->file.hash = mem_string(file->hash);
    begin->file.settings = mem_string(file->settings);
    begin->file.template_text = mem_string(file->template_text);
    begin->file.reminder_text = mem_string(file->reminder_text);
    begin->file.templates = copy_templates(file);
    begin->file.template_name = mem_string(file->template_name);
    begin->file.redirect_to = mem_string(file->redirect_to);
    begin->file.who = mem_string(file->who);
    begin->now = file->now;
    begin->done = done;
    begin->context = context;
    store_submit(queue, &begin->request);
}

/* ---- Finishing and failing ----------------------------------------------------------------------------------------------------------- */

/* feed_file.hold. 2: it waits for a proof of the bounce path alone (approval.c). 3: so many of its rows could not be read that a person should look
 * whether the others were read right. */
enum { HOLD_BY_ORDER = 1, HOLD_FOR_REJECTED = 3 };

/* A slip or two in a short list say nothing about the rest of it. */
#define REJECTED_FLOOR 3

struct finish {
    struct request request;
    int64_t file, now;
    unsigned long rows, rejected;
    int64_t released, last; /* cases up to this one are; and will be when the step under way is committed */
    char *why;
    struct queue_file_summary summary;
    char *campaign;
    void (*done)(void *context, int status, const char *message, const struct queue_file_summary *summary);
    queue_done *failed;
    void *context;
};

/* Nothing of the file stays: its findings are free again, and a campaign of no other file is gone. */
static void forget(struct store *store, int64_t file, const char *why)
{
    struct sql *sql = store->sql;
    int64_t campaign = sql_integer(sql, 0, "SELECT campaign_id FROM feed_file WHERE id = ?1", "i", file);
    sql_run(
        sql,
        "UPDATE campaign SET open_cases = open_cases - (SELECT count(*) FROM \"case\" WHERE file_id = ?2 AND state < 6)"
        " WHERE id = ?1",
        "ii", campaign, file);
    /* What others have told of before stays known. */
    sql_run(sql,
            "UPDATE finding SET case_id = k.previous, file_id = 0, line = 0 FROM \"case\" k WHERE k.id = "
            "finding.case_id AND k.file_id = ?1"
            " AND k.previous IS NOT NULL",
            "i", file);
    sql_run(sql,
            "DELETE FROM address_finding WHERE finding_id IN"
            " (SELECT f.id FROM finding f JOIN \"case\" k ON k.id = f.case_id AND k.file_id = ?1)",
            "i", file);
    sql_run(sql,
            "DELETE FROM address_name WHERE finding_id IN"
            " (SELECT f.id FROM finding f JOIN \"case\" k ON k.id = f.case_id AND k.file_id = ?1)",
            "i", file);
    sql_run(sql,
            "DELETE FROM finding_hash WHERE finding_id IN"
            " (SELECT f.id FROM finding f JOIN \"case\" k ON k.id = f.case_id AND k.file_id = ?1)",
            "i", file);
    sql_run(sql, "DELETE FROM finding WHERE case_id IN (SELECT id FROM \"case\" WHERE file_id = ?1)", "i", file);
    sql_run(sql, "DELETE FROM target_hash WHERE case_id IN (SELECT id FROM \"case\" WHERE file_id = ?1)", "i", file);
    sql_run(sql, "DELETE FROM incident WHERE file_id = ?1", "i", file);
    sql_run(sql, "DELETE FROM \"case\" WHERE file_id = ?1", "i", file);
    sql_run(sql, "UPDATE feed_file SET state = 3, why = ?2, loaded_to = 0 WHERE id = ?1", "it", file, why);
    sql_run(sql,
            "UPDATE campaign SET state = 5, name = name || ' (failed ' || id || ')' WHERE id = ?1"
            " AND NOT EXISTS (SELECT 1 FROM feed_file WHERE campaign_id = ?1 AND state <> 3)",
            "i", campaign);
}

static bool is_doubtful(const struct store *store, const char *profile, const struct finish *finish)
{
    const struct config_profile *own = config_profile(store->config, profile);
    int64_t most = own && own->max_rejected >= 0 ? own->max_rejected : store->config->campaigns.max_rejected;
    return finish->rejected >= REJECTED_FLOOR && finish->rejected * 100 > finish->rows * (unsigned long)most;
}

static void summarise(struct store *store, struct finish *finish)
{
    sqlite3_stmt *row =
        sql_query(store->sql,
                  "SELECT c.name, (SELECT count(*) FROM incident WHERE file_id = f.id), f.duplicates,"
                  " (SELECT count(*) FROM \"case\" WHERE file_id = f.id), f.hold, f.approve_above,"
                  " (SELECT count(*) FROM \"case\" WHERE campaign_id = c.id), c.redirect_to IS NOT NULL,"
                  " f.profile FROM feed_file f"
                  " JOIN campaign c ON c.id = f.campaign_id WHERE f.id = ?1",
                  "i", finish->file);
    if (!sql_step(store->sql, row))
        return;
    free(finish->campaign);
    finish->campaign = sql_copy(row, 0);
    finish->summary = (struct queue_file_summary){
        .campaign = finish->campaign,
        .incidents = sqlite3_column_int64(row, 1),
        .duplicates = sqlite3_column_int64(row, 2),
        .targets = sqlite3_column_int64(row, 3),
    };
    /* The whole campaign counts: a long list cut into short files waits as well. */
    bool hold = sqlite3_column_int(row, 4) == HOLD_BY_ORDER,
         large = sqlite3_column_int64(row, 6) > sqlite3_column_int64(row, 5),
         redirected = sqlite3_column_int(row, 7) != 0;
    finish->summary.doubtful = finish->summary.targets > 0 && is_doubtful(store, sql_text(row, 8), finish);
    sqlite3_reset(row);
    finish->summary.held = finish->summary.targets > 0 && (hold || large || finish->summary.doubtful);
    finish->summary.unproved =
        finish->summary.targets > 0 && !finish->summary.held && !redirected && !store_is_proved(store, finish->now);
}

/* There is nothing to approve. */
static void reject(struct store *store, struct finish *finish)
{
    char *why =
        mem_format("none of its rows (%lu) could be read: mend it, or say in its profile what its columns are, and"
                   " drop it again",
                   finish->rows);
    forget(store, finish->file, why);
    error_set(&finish->request.error, -EBADMSG, "%s", why);
    free(why);
    finish->summary.targets = -1; /* see finish_finish(): what forget() did must stay */
    finish->last = finish->released;
}

/* Cases a step: outcomes pass between steps, and memory stays flat. */
#define RELEASE_CASES "10000"

static void release_some(struct store *store, struct finish *finish)
{
    finish->last = sql_integer(store->sql, finish->released,
                               "SELECT max(id) FROM (SELECT id FROM \"case\" WHERE file_id = ?1 AND state = 1"
                               " AND id > ?2 ORDER BY id LIMIT " RELEASE_CASES ")",
                               "ii", finish->file, finish->released);
    /* Where the names' addresses are looked up first, what has no name waits for that. */
    sql_run(store->sql,
            "UPDATE \"case\" SET due = CASE WHEN host IS NULL AND (SELECT matching FROM feed_file WHERE id = ?1)"
            " THEN 9223372036854775807 ELSE ?4 END WHERE file_id = ?1 AND state = 1 AND id > ?2 AND id <= ?3",
            "iiii", finish->file, finish->released, finish->last, finish->now);
}

/* One step: release some cases. The file counts as loaded when the last has been; after a crash before that, it is finished once more. */
static int run_finish(struct store *store, struct request *request)
{
    struct finish *finish = (struct finish *)request;
    if (finish->rejected && finish->rejected == finish->rows) {
        reject(store, finish);
        return 0;
    }
    if (!finish->released) {
        summarise(store, finish);
        sql_run(store->sql,
                "UPDATE feed_file SET rows = ?2, rejected = ?3, approved = ?4, matching = ?8, matched_to = 0,"
                " hold = CASE WHEN ?5 THEN 2 WHEN ?6 THEN ?7 WHEN hold IN (2, ?7) THEN 0 ELSE hold END WHERE id = ?1"
                " AND state = 1",
                "iiiiiiii", finish->file, (int64_t)finish->rows, (int64_t)finish->rejected,
                (int64_t)(!finish->summary.held && !finish->summary.unproved), (int64_t)finish->summary.unproved,
                (int64_t)finish->summary.doubtful, (int64_t)HOLD_FOR_REJECTED,
                (int64_t)store_is_matched(store, finish->file));
    }
    release_some(store, finish);
    if (finish->last == finish->released)
        sql_run(store->sql,
                "UPDATE feed_file SET state = 2, result_due = ?2, result_written = ?3 WHERE id = ?1 AND state = 1",
                "iii", finish->file, DUE_NEVER, finish->now);
    return 0;
}

static void finish_finish(struct request *request)
{
    struct finish *finish = (struct finish *)request;
    int status = finish->summary.targets < 0 ? -EBADMSG : request->status;
    if (!status && finish->last > finish->released) {
        finish->released = finish->last;
        store_submit(request->queue, request);
        return;
    }
    finish->done(finish->context, status, request->error.text, status ? NULL : &finish->summary);
    free(finish->campaign);
    free(finish);
}

void queue_file_finish(struct queue *queue, int64_t file, unsigned long rows, unsigned long rejected,
                       void (*done)(void *context, int status, const char *message,
                                    const struct queue_file_summary *summary),
                       void *context)
{
    struct finish *finish = mem_zero(1, sizeof *finish);
    finish->request.run = run_finish;
    finish->request.finish = finish_finish;
    finish->file = file;
    finish->now = wall_now();
    finish->rows = rows;
    finish->rejected = rejected;
    finish->done = done;
    finish->context = context;
    store_submit(queue, &finish->request);
}

static int run_fail(struct store *store, struct request *request)
{
    const struct finish *finish = (struct finish *)request;
    forget(store, finish->file, finish->why);
    return 0;
}

static void finish_fail(struct request *request)
{
    struct finish *finish = (struct finish *)request;
    finish->failed(finish->context, request->status, request->error.text);
    free(finish->why);
    free(finish);
}

void queue_file_fail(struct queue *queue, int64_t file, const char *why, queue_done *done, void *context)
{
    struct finish *finish = mem_zero(1, sizeof *finish);
    finish->request.run = run_fail;
    finish->request.finish = finish_fail;
    finish->file = file;
    finish->why = mem_string(why);
    finish->failed = done;
    finish->context = context;
    store_submit(queue, &finish->request);
}

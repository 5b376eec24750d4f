/* A real store on a real loop and a scratch file, with a clock that the test turns. Each function hands one verb over and waits for its DONE. */
#ifndef TOCSIN_TESTS_UNIT_QUEUE_BENCH_H
#define TOCSIN_TESTS_UNIT_QUEUE_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/base/inbox.h"
#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "queue/queue.h"
#include "queue/sql.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define MANY 64

struct bench {
    uv_loop_t loop;
    struct config *config;
    struct queue *queue;
    char *directory, *store;
    int64_t now;
    struct inbox *home; /* the loader's: its chunk comes back here */
    struct queue_chunk *chunk;
    unsigned drops; /* files dropped so far: claims and hashes are made of it */
    const char *const *ladder;
    const struct host_address *zone; /* what names resolve to */
    size_t zone_count;
    const char *languages;
    /* that all contacts read; NULL: not known */ /* PARTY:ADDRESS words for every case, NULL at the end; NULL: usual_ladder() */

    /* What the last verb gave. */
    int status;
    char message[1024];
    char campaign[128]; /* of the mail that came back */
    json_t *result;
    struct queue_turn turn;
    struct queue_result_due due[8];
    struct notification *claimed[MANY];
    size_t claimed_count, total;
    struct queue_target targets[MANY];
    size_t target_count;
};

/* ---- Opening ------------------------------------------------------------------------------------------------------------------- */

static inline void wait_for_all(struct bench *bench)
{
    while (queue_pending(bench->queue))
        uv_run(&bench->loop, UV_RUN_ONCE);
}

static inline int try_open(struct bench *bench, const struct config *config, struct queue **queue)
{
    struct error error = { "" };
    int status = queue_open(&bench->loop, config, 7, queue, &error);
    snprintf(bench->message, sizeof bench->message, "%s", error.text);
    return status;
}

/* SETTINGS are KEY=VALUE, NULL at the end; or NULL. */
static inline struct bench *bench_open_with(const char *const *settings)
{
    struct bench *bench = mem_zero(1, sizeof *bench);
    char template[] = "/tmp/tocsin-queue-XXXXXX";
    bench->directory = mem_string(mkdtemp(template));
    bench->store = mem_format("%s/tocsin.db", bench->directory);
    char *paths_store = mem_format("paths.store=%s", bench->store);
    const char *all[16] = { paths_store,
                            "sender.address=team@tocsin.test",
                            "sender.name=Team",
                            "return_path.bounce=bounce@tocsin.test",
                            "return_path.opt_out=optout@tocsin.test",
                            "campaigns.bounce_proof=0" };
    size_t count = 6;
    while (settings && *settings)
        all[count++] = *settings++;
    struct config_errors errors = { 0 };
    int status = config_load(NULL, all, count, &bench->config, &errors);
    if (status)
        fail_msg("%s", errors.count ? errors.items[0] : strerror(-status));
    config_errors_free(&errors);
    free(paths_store);
    log_set_level(LOG_ERROR_LEVEL);
    uv_loop_init(&bench->loop);
    bench->home = inbox_new(0);
    bench->chunk = queue_chunk_new(bench->home);
    /* What a file brings carries the time of the wall: the test's clock goes a little before it. */
    bench->now = ((int64_t)time(NULL) + 60) * 1000;
    if (try_open(bench, bench->config, &bench->queue))
        fail_msg("%s", bench->message);
    return bench;
}

static inline struct bench *bench_open(void)
{
    return bench_open_with(NULL);
}

static inline void stop_queue(struct bench *bench)
{
    queue_close(bench->queue);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
}

/* The daemon ends in good order and starts again. */
static inline void reopen(struct bench *bench)
{
    stop_queue(bench);
    if (try_open(bench, bench->config, &bench->queue))
        fail_msg("%s", bench->message);
}

static inline void clear_claimed(struct bench *bench)
{
    for (size_t i = 0; i < bench->claimed_count; i++)
        notification_free(bench->claimed[i]);
    bench->claimed_count = 0;
}

static inline void clear_targets(struct bench *bench)
{
    for (size_t i = 0; i < bench->target_count; i++) {
        free(bench->targets[i].target);
        free(bench->targets[i].hosts);
    }
    bench->target_count = 0;
}

static inline void clear_due(struct bench *bench)
{
    for (size_t i = 0; i < bench->turn.result_count; i++) {
        free(bench->due[i].claim);
        free(bench->due[i].profile);
        free(bench->due[i].name);
    }
    bench->turn.result_count = 0;
}

static inline void bench_close(struct bench *bench)
{
    stop_queue(bench);
    assert_int_equal(uv_loop_close(&bench->loop), 0);
    clear_claimed(bench);
    clear_targets(bench);
    clear_due(bench);
    json_decref(bench->result);
    queue_chunk_free(bench->chunk);
    inbox_free(bench->home);
    config_free(bench->config);
    char *command = mem_format("rm -rf %s", bench->directory);
    assert_int_equal(system(command), 0);
    free(command);
    free(bench->directory);
    free(bench->store);
    free(bench);
}

/* ---- A look into the file, beside the daemon --------------------------------------------------------------------------------------- */

/* The first column of the first row of TEXT with NAME as ?1; a number, or -1. */
static inline int64_t look(const struct bench *bench, const char *text, const char *name)
{
    struct sql *sql;
    struct error error;
    assert_int_equal(sql_open(bench->store, SQL_READ, &sql, &error), 0);
    int64_t value = sql_integer(sql, -1, text, "t", name);
    if (sql_failed(sql))
        fail_msg("%s", sql_message(sql));
    sql_close(sql);
    return value;
}

/* The case of TARGET that was made last. */
static inline int64_t case_of(const struct bench *bench, const char *target)
{
    return look(bench, "SELECT max(id) FROM \"case\" WHERE target = ?1", target);
}

static inline const char *case_at(const struct bench *bench, const char *target)
{
    int64_t state = look(bench, "SELECT state FROM \"case\" WHERE target = ?1 ORDER BY id DESC", target);
    return state < 0 ? "nowhere" : case_state_name((enum case_state)state);
}

static inline const char *mail_at(const struct bench *bench, int64_t notification)
{
    char number[32];
    snprintf(number, sizeof number, "%lld", (long long)notification);
    int64_t state = look(bench, "SELECT state FROM notification WHERE id = ?1", number);
    return state < 0 ? "nowhere" : notification_state_name((enum notification_state)state);
}

static inline const char *campaign_at(const struct bench *bench, const char *campaign)
{
    int64_t state = look(bench, "SELECT state FROM campaign WHERE name = ?1", campaign);
    return state < 0 ? "nowhere" : campaign_state_name((enum campaign_state)state);
}

#define assert_case(bench, target, state) assert_string_equal(case_at(bench, target), state)
#define assert_mail(bench, notification, state) assert_string_equal(mail_at(bench, notification), state)
#define assert_campaign(bench, campaign, state) assert_string_equal(campaign_at(bench, campaign), state)

/* ---- Feed files -------------------------------------------------------------------------------------------------------------------- */

struct drop {
    const char *name; /* "NAME.csv" */
    const char *targets[MANY]; /* a row each; NULL at the end */
    const char *campaign, *profile, *who, *redirect_to, *claim, *hash;
    bool hold;
    int64_t approve_above; /* 0: never */
    unsigned rejected; /* rows besides */
    bool unfinished; /* the daemon dies before its end */
    const char *settings; /* NULL: none to speak of */
    const char *template_name; /* that its submitter names */
    const struct queue_template *templates;
    size_t template_count;
};

struct dropped {
    enum queue_file_verdict verdict;
    int64_t file;
    unsigned long resume_after;
    char campaign[128], why[512];
    int status;
    struct queue_file_summary summary; /* without its strings */
};

static inline void on_begun(void *context, const struct queue_file_begun *begun)
{
    struct dropped *dropped = context;
    dropped->verdict = begun->verdict;
    dropped->file = begun->file;
    dropped->resume_after = begun->resume_after;
    snprintf(dropped->campaign, sizeof dropped->campaign, "%s", begun->campaign ? begun->campaign : "");
    snprintf(dropped->why, sizeof dropped->why, "%s", begun->message ? begun->message : "");
}

static inline void on_finished(void *context, int status, const char *message, const struct queue_file_summary *summary)
{
    struct dropped *dropped = context;
    dropped->status = status;
    snprintf(dropped->why, sizeof dropped->why, "%s", message);
    if (!summary)
        return;
    dropped->summary = *summary;
    assert_string_equal(summary->campaign, dropped->campaign);
    dropped->summary.campaign = NULL;
}

static inline void push_chunk(struct bench *bench, int64_t file, int expected)
{
    queue_chunk_push(bench->queue, bench->chunk, file);
    bench->chunk = (struct queue_chunk *)inbox_pop(bench->home, -1);
    assert_int_equal(queue_chunk_reset(bench->chunk), expected);
    assert_true(queue_chunk_empty(bench->chunk));
}

static inline struct incident incident_of(const char *target, unsigned long line)
{
    return (struct incident){ .line = line,
                              .target = target,
                              .host = target,
                              .type = "spam",
                              .identifier = "open-relay",
                              .json = "{\"source.fqdn\":\"it\"}",
                              .json_length = strlen("{\"source.fqdn\":\"it\"}") };
}

static inline void add_incident(struct bench *bench, int64_t file, const struct incident *incident)
{
    if (queue_chunk_add(bench->chunk, incident))
        return;
    push_chunk(bench, file, 0);
    assert_true(queue_chunk_add(bench->chunk, incident));
}

static inline struct dropped begin_file(struct bench *bench, const struct drop *drop)
{
    struct dropped dropped = { 0 };
    unsigned number = ++bench->drops;
    char *claim = drop->claim ? mem_string(drop->claim) : mem_format("default/%u-%s", number, drop->name);
    char *hash = drop->hash ? mem_string(drop->hash) : mem_format("%064u", number);
    struct queue_file file = {
        .claim = claim,
        .name = drop->name,
        .profile = drop->profile ? drop->profile : "default",
        .campaign = drop->campaign,
        .hash = hash,
        .size = 100,
        .settings = drop->settings ? drop->settings : "{\"sender\":{\"address\":\"team@tocsin.test\"}}",
        .template_name = drop->template_name,
        .templates = drop->templates,
        .template_count = drop->template_count,
        .template_text = "Hello {{first.target}}\n",
        .reminder_text = "Hello again {{first.target}}\n",
        .now = bench->now,
        .redirect_to = drop->redirect_to,
        .hold = drop->hold,
        .approve_above = drop->approve_above ? drop->approve_above : 1000000,
        .who = drop->who ? drop->who : "alice",
    };
    queue_file_begin(bench->queue, &file, on_begun, &dropped);
    free(claim);
    free(hash);
    wait_for_all(bench);
    return dropped;
}

static inline void finish_file(struct bench *bench, struct dropped *dropped, unsigned long rows, unsigned long rejected)
{
    queue_file_finish(bench->queue, dropped->file, rows, rejected, on_finished, dropped);
    wait_for_all(bench);
}

/* Drop a whole file. */
static inline struct dropped drop_file(struct bench *bench, const struct drop *drop)
{
    struct dropped dropped = begin_file(bench, drop);
    if (dropped.verdict != QUEUE_FILE_LOAD)
        return dropped;
    unsigned long rows = 0;
    for (; drop->targets[rows]; rows++) {
        struct incident incident = incident_of(drop->targets[rows], rows + 1);
        if (rows + 1 > dropped.resume_after)
            add_incident(bench, dropped.file, &incident);
    }
    if (!queue_chunk_empty(bench->chunk))
        push_chunk(bench, dropped.file, 0);
    if (!drop->unfinished)
        finish_file(bench, &dropped, rows + drop->rejected, drop->rejected);
    return dropped;
}

/* ---- Contacts ---------------------------------------------------------------------------------------------------------------------- */

static inline void on_targets(void *context, const struct queue_target *targets, size_t count)
{
    struct bench *bench = context;
    assert_true(count <= MANY);
    for (size_t i = 0; i < count; i++) {
        bench->targets[i] = targets[i];
        bench->targets[i].target = mem_string(targets[i].target);
        bench->targets[i].hosts = mem_string(targets[i].hosts);
        bench->targets[i].host = bench->targets[i].ip = NULL;
    }
    bench->target_count = count;
}

static inline size_t claim_targets(struct bench *bench, unsigned limit)
{
    clear_targets(bench);
    queue_claim_targets(bench->queue, bench->now, limit, on_targets, bench);
    wait_for_all(bench);
    return bench->target_count;
}

/* RUNGS are PARTY:ADDRESS; `%` stands for the target. */
static inline void set_ladder(struct bench *bench, int64_t id, const char *target, const char *const *rungs)
{
    struct ladder ladder = { 0 };
    for (; *rungs; rungs++) {
        char party[32], address[256];
        const char *colon = strchr(*rungs, ':'), *percent = strchr(*rungs, '%');
        snprintf(party, sizeof party, "%.*s", (int)(colon - *rungs), *rungs);
        if (percent)
            snprintf(address, sizeof address, "%.*s%s%s", (int)(percent - colon - 1), colon + 1, target, percent + 1);
        else
            snprintf(address, sizeof address, "%s", colon + 1);
        char *kind = mem_format("rfc2142-%.*s", (int)strcspn(address, "@"), address);
        ladder_add(&ladder, address, kind, party_from_name(party), 0.5, "guessed");
        ladder_set_languages(&ladder, address, bench->languages);
        free(kind);
    }
    queue_set_ladder(bench->queue, id, &ladder, bench->now);
    ladder_clear(&ladder);
    wait_for_all(bench);
}

static const char *const usual_ladder[] = { "owner:abuse@%", "owner:postmaster@%", "hoster:abuse@hoster.test", NULL };

/* ---- The clock, delivery ----------------------------------------------------------------------------------------------------------- */

static inline void on_turn(void *context, const struct queue_turn *turn)
{
    struct bench *bench = context;
    size_t had = bench->turn.result_count;
    bench->turn = *turn;
    bench->turn.result_count = had;
    for (size_t i = 0; i < turn->result_count && bench->turn.result_count < 8; i++) {
        struct queue_result_due *due = &bench->due[bench->turn.result_count++];
        *due = turn->results[i];
        due->claim = mem_string(due->claim);
        due->profile = mem_string(due->profile);
        due->name = mem_string(due->name);
    }
}

/* Do all that time brings until now; the results that fell due are in `due`. */
static inline void turn(struct bench *bench)
{
    int turns = 0;
    clear_due(bench);
    do {
        assert_true(turns++ < 1000);
        queue_turn(bench->queue, bench->now, on_turn, bench);
        wait_for_all(bench);
    } while (bench->turn.more);
}

static inline void look_up(struct bench *bench, const struct queue_target *target)
{
    struct host_address found[MANY];
    size_t count = 0;
    for (size_t i = 0; i < bench->zone_count; i++)
        if (strstr(target->hosts, bench->zone[i].host))
            found[count++] = bench->zone[i];
    queue_set_addresses(bench->queue, target->id, found, count);
    wait_for_all(bench);
}

/* Every new case finds its ladder, and every name its addresses where they are asked for. */
static inline void resolve_all(struct bench *bench)
{
    while (claim_targets(bench, MANY)) {
        bool looked_up = false;
        for (size_t i = 0; i < bench->target_count; i++) {
            const struct queue_target *target = &bench->targets[i];
            if (target->hosts)
                look_up(bench, target);
            else
                set_ladder(bench, target->id, target->target, bench->ladder ? bench->ladder : usual_ladder);
            looked_up = looked_up || target->hosts;
        }
        if (looked_up)
            turn(bench);
    }
}

static inline void pass(struct bench *bench, int64_t time)
{
    bench->now += time;
    turn(bench);
}

static inline void on_claimed(void *context, struct notification **notifications, size_t count)
{
    struct bench *bench = context;
    assert_true(count <= MANY);
    for (size_t i = 0; i < count; i++)
        bench->claimed[i] = notifications[i];
    bench->claimed_count = count;
}

static inline size_t claim_due(struct bench *bench, unsigned limit)
{
    clear_claimed(bench);
    queue_claim_due(bench->queue, bench->now, limit, on_claimed, bench);
    wait_for_all(bench);
    return bench->claimed_count;
}

/* The claimed notification to ADDRESS. */
static inline const struct notification *to(const struct bench *bench, const char *address)
{
    for (size_t i = 0; i < bench->claimed_count; i++)
        if (strcmp(bench->claimed[i]->recipient, address) == 0)
            return bench->claimed[i];
    fail_msg("nothing was claimed that goes to %s", address);
    return NULL;
}

/* The only mail that is due; leased now. */
static inline int64_t claim_one(struct bench *bench, const char *address)
{
    assert_int_equal(claim_due(bench, MANY), 1);
    return to(bench, address)->id;
}

static inline void attempt(struct bench *bench, int64_t notification, int verdict, const char *reason)
{
    struct queue_attempt one = {
        .notification = notification,
        .time = bench->now,
        .stage = "rcpt",
        .reached = true,
        .code = verdict == QUEUE_ACCEPTED   ? 250
                : verdict == QUEUE_DEFERRED ? 451
                                            : 550,
        .reason = reason,
        .about_recipient = verdict == QUEUE_BOUNCED,
        .text = "what the server said",
    };
    one.verdict = verdict;
    queue_record_attempt(bench->queue, &one, NULL, NULL, NULL);
    wait_for_all(bench);
}

static inline void on_done(void *context, int status, const char *message)
{
    struct bench *bench = context;
    bench->status = status;
    snprintf(bench->message, sizeof bench->message, "%s", message);
}

static inline void on_returned(void *context, int status, const char *message, const char *campaign)
{
    struct bench *bench = context;
    on_done(bench, status, message);
    snprintf(bench->campaign, sizeof bench->campaign, "%s", campaign ? campaign : "");
}

static inline void come_back_as(struct bench *bench, struct queue_returned *returned)
{
    returned->time = bench->now;
    bench->status = 1;
    queue_record_returned(bench->queue, returned, on_returned, bench);
    wait_for_all(bench);
    assert_int_equal(bench->status, 0);
}

static inline void come_back(struct bench *bench, int64_t notification, int meaning, const char *reason)
{
    static const char *const classes[] = { "delayed", "hard", "hard", "delivered", "reply", "feedback", "optout" };
    struct queue_returned returned = { .notification = notification,
                                       .class = classes[meaning],
                                       .reason = reason,
                                       .about_recipient = meaning == QUEUE_RETURNED_BOUNCE,
                                       .status = "5.1.1",
                                       .reply = "550",
                                       .diagnostic = "no such user",
                                       .from = "someone@a.test",
                                       .receipt_settings = "{}",
                                       .receipt_template = "You will hear no more from us.\n" };
    returned.meaning = meaning;
    come_back_as(bench, &returned);
}

/* ---- Orders and reads --------------------------------------------------------------------------------------------------------------- */

static inline void on_result(void *context, int status, const char *message, json_t *result)
{
    struct bench *bench = context;
    on_done(bench, status, message);
    json_decref(bench->result);
    bench->result = json_incref(result);
}

/* Takes ORDER. */
static inline int order(struct bench *bench, json_t *order)
{
    assert_non_null(order);
    bench->status = 1;
    queue_order(bench->queue, order, "root", bench->now, on_result, bench);
    json_decref(order);
    wait_for_all(bench);
    assert_int_equal(bench->status == 0, bench->result != NULL);
    return bench->status;
}

static inline int order_about(struct bench *bench, const char *verb, const char *key, const char *value)
{
    return order(bench, json_pack("{s:s, s:s}", "verb", verb, key, value));
}

/* Takes ARGUMENTS; what was read is in `result`. */
static inline int read_as(struct bench *bench, const char *name, json_t *arguments)
{
    bench->status = 1;
    queue_read(bench->queue, name, arguments, on_result, bench);
    json_decref(arguments);
    wait_for_all(bench);
    return bench->status;
}

/* The member of `result` at PATH ("ends.delivered", "kinds.0.mails"). */
static inline json_t *got(const struct bench *bench, const char *path)
{
    json_t *at = bench->result;
    char *copy = mem_string(path), *rest = copy, *word;
    while (at && (word = strsep(&rest, ".")))
        at = json_is_array(at) ? json_array_get(at, (size_t)atoi(word)) : json_object_get(at, word);
    free(copy);
    if (!at)
        fail_msg("%s is not there", path);
    return at;
}

#define assert_number(bench, path, value) assert_int_equal(json_integer_value(got(bench, path)), value)
#define assert_text(bench, path, value) assert_string_equal(json_string_value(got(bench, path)), value)
#define assert_length(bench, path, value) assert_int_equal(json_array_size(got(bench, path)), value)

/* ---- Shortcuts ---------------------------------------------------------------------------------------------------------------------- */

/* A file of one campaign with these targets, resolved, its mails composed and due. */
#define drop_targets(bench, file, ...) drop_file(bench, &(struct drop){ .name = file, .targets = { __VA_ARGS__ } })

static inline void compose_all(struct bench *bench)
{
    resolve_all(bench);
    pass(bench, HOUR);
}

#endif

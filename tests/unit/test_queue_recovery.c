/* A daemon that died, and who may open the store at all. */
#include "tests/unit/queue_bench.h"

#include <sqlite3.h>
#include <sys/stat.h>

/* The files of the store as they are now, as a kill -9 would leave them. */
static char *copy_store(const struct bench *bench)
{
    char *copy = mem_format("%s/copy.db", bench->directory);
    char *command = mem_format("cp %s %s && cp %s-wal %s-wal", bench->store, copy, bench->store, copy);
    assert_int_equal(system(command), 0);
    free(command);
    return copy;
}

static struct config *config_for(const char *store)
{
    struct config *config;
    struct config_errors errors = { 0 };
    char *setting = mem_format("paths.store=%s", store);
    const char *all[] = { setting, "sender.address=team@tocsin.test", "sender.name=Team",
                          "return_path.bounce=bounce@tocsin.test", "return_path.opt_out=optout@tocsin.test" };
    assert_int_equal(config_load(NULL, all, 5, &config, &errors), 0);
    free(setting);
    return config;
}

/* The bench goes on with what a dead daemon left. */
static struct config *die(struct bench *bench)
{
    char *copy = copy_store(bench);
    struct config *config = config_for(copy), *old = bench->config;
    stop_queue(bench);
    free(bench->store);
    bench->store = copy;
    bench->config = config;
    if (try_open(bench, config, &bench->queue))
        fail_msg("%s", bench->message);
    bench->now = ((int64_t)time(NULL) + 60) * 1000; /* the store has seen that the clock went back */
    return old;
}

static void leases_are_taken_back(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "a.csv", "leased.test", "accepted.test", "deferred.test");
    compose_all(bench);
    assert_int_equal(claim_due(bench, 10), 3);
    int64_t leased = to(bench, "abuse@leased.test")->id, accepted = to(bench, "abuse@accepted.test")->id;
    int64_t deferred = to(bench, "abuse@deferred.test")->id, date = to(bench, "abuse@leased.test")->date;
    attempt(bench, accepted, QUEUE_ACCEPTED, NULL);
    attempt(bench, deferred, QUEUE_DEFERRED, NULL);
    struct config *old = die(bench);
    assert_mail(bench, leased, "queued");
    assert_mail(bench, accepted, "accepted");
    assert_mail(bench, deferred, "deferred");
    /* The very same mail again. */
    assert_int_equal(claim_one(bench, "abuse@leased.test"), leased);
    assert_int_equal(bench->claimed[0]->date, date);
    assert_case(bench, "leased.test", "notified");
    attempt(bench, leased, QUEUE_ACCEPTED, NULL);
    pass(bench, 7 * DAY);
    assert_case(bench, "leased.test", "delivered");
    config_free(old);
    bench_close(bench);
}

static void searches_begin_again(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "a.csv", "a.test");
    assert_int_equal(claim_targets(bench, 10), 1);
    struct config *old = die(bench);
    assert_case(bench, "a.test", "new");
    compose_all(bench);
    claim_one(bench, "abuse@a.test");
    config_free(old);
    bench_close(bench);
}

/* A verb's DONE is a promise: what was done is there. */
static void what_was_done_is_there(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "a.csv", "a.test");
    compose_all(bench);
    int64_t mail = claim_one(bench, "abuse@a.test");
    attempt(bench, mail, QUEUE_ACCEPTED, NULL);
    come_back(bench, mail, QUEUE_RETURNED_OPT_OUT, NULL);
    order(bench, json_pack("{s:s}", "verb", "stop"));
    struct config *old = die(bench);
    assert_case(bench, "a.test", "opted-out");
    assert_true(queue_stopped(bench->queue));
    turn(bench);
    claim_one(bench, "abuse@a.test"); /* the receipt */
    config_free(old);
    bench_close(bench);
}

/* What is handed over before the end is committed, and each DONE is called. */
static void closing_loses_nothing(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct queue_returned returned = { .class = "unknown", .time = bench->now };
    for (int i = 0; i < 1000; i++)
        queue_record_returned(bench->queue, &returned, on_returned, bench);
    assert_true(queue_pending(bench->queue) > 0);
    reopen(bench);
    assert_int_equal(look(bench, "SELECT count(*) FROM returned WHERE class = ?1", "unknown"), 1000);
    bench_close(bench);
}

/* A DONE that asks for more while the daemon ends is told so. */
static void on_last(void *context, int status, const char *message, const char *campaign)
{
    struct bench *bench = context;
    (void)message;
    (void)campaign;
    json_t *order = json_object();
    if (!status)
        queue_order(bench->queue, order, "root", bench->now, on_result, bench);
    json_decref(order);
}

static void asked_while_ending(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct queue_returned returned = { .class = "unknown", .time = bench->now };
    bench->status = 1;
    queue_record_returned(bench->queue, &returned, on_last, bench);
    reopen(bench);
    assert_int_equal(bench->status, -ECANCELED);
    bench_close(bench);
}

/* ---- Who may ----------------------------------------------------------------------------------------------------------------------------- */

static void only_one_daemon(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct queue *second = NULL;
    assert_int_equal(try_open(bench, bench->config, &second), -EEXIST);
    assert_non_null(strstr(bench->message, "another tocsind"));
    assert_null(second);
    /* The first does not mind. */
    assert_int_equal(read_as(bench, "status", NULL), 0);
    bench_close(bench);
}

static void execute(const char *path, const char *text)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void a_newer_store(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "a.csv", "a.test");
    assert_int_equal(claim_targets(bench, 1), 1);
    stop_queue(bench);
    int64_t version = look(bench, "PRAGMA user_version", NULL);
    assert_true(version >= 1);
    execute(bench->store, "PRAGMA user_version = 1000");
    assert_int_equal(try_open(bench, bench->config, &bench->queue), -EPROTO);
    assert_non_null(strstr(bench->message, "newer Tocsin (schema 1000"));
    /* Nothing was touched, nothing stays locked. */
    assert_case(bench, "a.test", "resolving");
    execute(bench->store, "PRAGMA user_version = -5");
    assert_int_equal(try_open(bench, bench->config, &bench->queue), -EPROTO);
    assert_non_null(strstr(bench->message, "no store of Tocsin's (schema -5)"));
    char *back = mem_format("PRAGMA user_version = %lld", (long long)version);
    execute(bench->store, back);
    free(back);
    assert_int_equal(try_open(bench, bench->config, &bench->queue), 0);
    assert_case(bench, "a.test", "new");
    bench_close(bench);
}

/* The version before: what migration 2 has made is not there. */
static const char to_version_1[] =
    "DROP INDEX returned_fault; DROP TABLE proof; ALTER TABLE \"case\" DROP COLUMN reminder; ALTER TABLE \"case\" DROP "
    "COLUMN reminds;"
    "ALTER TABLE \"case\" DROP COLUMN previous; ALTER TABLE incident DROP COLUMN spent;"
    "ALTER TABLE campaign DROP COLUMN reminder_hash; ALTER TABLE notification DROP COLUMN reminder;"
    "DROP TABLE notification_reference; DROP TABLE campaign_template; ALTER TABLE rung DROP COLUMN languages;"
    "DROP INDEX case_group; DROP INDEX notification_contact; ALTER TABLE \"case\" DROP COLUMN grouping;"
    "ALTER TABLE notification DROP COLUMN grouping;"
    "CREATE INDEX case_group ON \"case\" (contact_id, campaign_id) WHERE state = 3;"
    "CREATE INDEX notification_contact ON notification (contact_id, campaign_id, created);"
    "DROP TABLE same_host; DROP INDEX feed_file_matching; ALTER TABLE feed_file DROP COLUMN addresses;"
    "ALTER TABLE feed_file DROP COLUMN matching; ALTER TABLE feed_file DROP COLUMN matched_to;"
    "DROP TABLE address_finding; DROP TABLE address_name; DROP INDEX incident_known; DROP INDEX "
    "notification_case_case; DROP TABLE finding; DROP TABLE finding_hash; DROP "
    "TABLE target_hash;"
    "CREATE INDEX case_target ON \"case\" (target, campaign_id);"
    "CREATE TABLE finding (hash INTEGER NOT NULL, key TEXT NOT NULL, case_id INTEGER NOT NULL, count INTEGER NOT NULL,"
    " first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, PRIMARY KEY (hash, key)) WITHOUT ROWID;"
    "INSERT INTO finding VALUES (5, 'default' || char(31) || 'spam' || char(31) || 'open-relay' || char(31) || 'a.test'"
    " || char(31) || '0' || char(31), 1, 1, 1, 1); PRAGMA user_version = 1";

static int64_t number_in(const char *path, const char *text)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return number;
}

static void an_older_store_is_copied_first(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "a.csv", "a.test", "b.test");
    int64_t version = look(bench, "PRAGMA user_version", NULL);
    char *copy = mem_format("%s.schema-1", bench->store);
    assert_int_not_equal(access(copy, F_OK), 0);
    stop_queue(bench);
    execute(bench->store, to_version_1);
    /* Where no copy can be made nothing is changed. */
    assert_int_equal(mkdir(copy, 0700), 0);
    assert_true(try_open(bench, bench->config, &bench->queue) < 0);
    assert_non_null(strstr(bench->message, "nothing was changed"));
    assert_int_equal(number_in(bench->store, "PRAGMA user_version"), 1);
    assert_int_equal(rmdir(copy), 0);
    assert_int_equal(try_open(bench, bench->config, &bench->queue), 0);
    assert_int_equal(look(bench, "PRAGMA user_version", NULL), version);
    assert_int_equal(number_in(copy, "PRAGMA user_version"), 1);
    assert_int_equal(number_in(copy, "SELECT count(*) FROM \"case\""), 2);
    /* What was known still is, and found by its hash. */
    assert_int_equal(drop_targets(bench, "b.csv", "a.test", "c.test").summary.duplicates, 1);
    assert_int_equal(look(bench, "SELECT count(*) FROM target_hash WHERE hash = hash_of(?1)", "b.test"), 1);
    free(copy);
    bench_close(bench);
}

static void somebody_elses_database(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct queue *queue = NULL;
    char header[20] = "", *path = mem_format("%s/else.db", bench->directory);
    execute(path, "CREATE TABLE bookmark (address TEXT)");
    struct config *config = config_for(path);
    assert_int_equal(try_open(bench, config, &queue), -EIO);
    assert_non_null(strstr(bench->message, "of something else"));
    assert_int_equal(number_in(path, "SELECT count(*) FROM sqlite_schema"), 1);
    FILE *file = fopen(path, "r");
    assert_int_equal(fread(header, 1, sizeof header, file), sizeof header);
    fclose(file);
    assert_int_equal(header[18], 1); /* not turned into one with a write-ahead log */
    config_free(config);
    free(path);
    bench_close(bench);
}

static void no_store_there(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct queue *queue = NULL;
    struct config *config = config_for("/nonexistent/tocsin.db");
    assert_true(try_open(bench, config, &queue) < 0);
    assert_non_null(strstr(bench->message, "/nonexistent/tocsin.db"));
    config_free(config);
    /* A file that is no store. */
    char *path = mem_format("%s/text.db", bench->directory);
    FILE *out = fopen(path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("this is no database\n", out);
    fclose(out);
    config = config_for(path);
    assert_true(try_open(bench, config, &queue) < 0);
    config_free(config);
    free(path);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leases_are_taken_back),   cmocka_unit_test(searches_begin_again),
        cmocka_unit_test(what_was_done_is_there),  cmocka_unit_test(closing_loses_nothing),
        cmocka_unit_test(asked_while_ending),      cmocka_unit_test(only_one_daemon),
        cmocka_unit_test(a_newer_store),           cmocka_unit_test(an_older_store_is_copied_first),
        cmocka_unit_test(somebody_elses_database), cmocka_unit_test(no_store_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

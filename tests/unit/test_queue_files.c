/* Feed files: loaded in chunks, resumed, recognised, taken back; findings that nobody is mailed about twice. */
#include "tests/unit/queue_bench.h"

static int64_t incidents(const struct bench *bench, int64_t file)
{
    char number[32];
    snprintf(number, sizeof number, "%lld", (long long)file);
    return look(bench, "SELECT count(*) FROM incident WHERE file_id = ?1", number);
}

static int64_t targets_new(struct bench *bench)
{
    return (int64_t)claim_targets(bench, MANY);
}

/* ---- One file ------------------------------------------------------------------------------------------------------------------------ */

static void incidents_of_one_target_are_one_case(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct dropped dropped = begin_file(bench, &(struct drop){ .name = "a.csv" });
    for (unsigned long line = 1; line <= 3; line++) {
        struct incident incident = incident_of("a.test", line);
        incident.port = (int)line;
        incident.ip = "192.0.2.1";
        add_incident(bench, dropped.file, &incident);
    }
    push_chunk(bench, dropped.file, 0);
    finish_file(bench, &dropped, 3, 0);
    assert_int_equal(dropped.summary.incidents, 3);
    assert_int_equal(dropped.summary.targets, 1);
    assert_int_equal(dropped.summary.duplicates, 0);
    assert_false(dropped.summary.held);
    compose_all(bench);
    claim_one(bench, "abuse@a.test");
    assert_int_equal(bench->claimed[0]->cases[0].count, 3);
    bench_close(bench);
}

/* None of its cases moves before its last row is in. */
static void nothing_moves_before_the_end(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct dropped dropped =
        drop_file(bench, &(struct drop){ .name = "a.csv", .targets = { "a.test" }, .unfinished = true });
    bench->now += DAY;
    turn(bench);
    assert_int_equal(targets_new(bench), 0);
    assert_campaign(bench, "default-a", "running");
    finish_file(bench, &dropped, 1, 0);
    assert_int_equal(targets_new(bench), 1);
    bench_close(bench);
}

static void many_chunks(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct dropped dropped = begin_file(bench, &(struct drop){ .name = "a.csv" });
    for (unsigned long line = 1; line <= 40000; line++) {
        char target[32];
        snprintf(target, sizeof target, "t%lu.test", line % 1234);
        struct incident incident = incident_of(target, line);
        incident.port = line % 3 == 0;
        add_incident(bench, dropped.file, &incident);
    }
    push_chunk(bench, dropped.file, 0);
    finish_file(bench, &dropped, 40000, 0);
    assert_int_equal(dropped.summary.incidents, 40000);
    assert_int_equal(dropped.summary.targets, 1234);
    assert_int_equal(look(bench, "SELECT open_cases FROM campaign WHERE name = ?1", "default-a"), 1234);
    /* Cases are numbered in the order of the lines that open them, and each line is told of in its target's. */
    assert_int_equal(look(bench, "SELECT id FROM \"case\" WHERE target = ?1", "t7.test"), 7);
    assert_int_equal(look(bench,
                          "SELECT count(*) FROM incident i JOIN \"case\" k ON k.id = i.case_id"
                          " WHERE k.target = 't' || (i.line % 1234) || ?1",
                          ".test"),
                     40000);
    assert_int_equal(look(bench, "SELECT sum(count) FROM finding WHERE ?1 = ''", ""), 40000);
    assert_int_equal(look(bench, "SELECT count(*) FROM finding WHERE ?1 = ''", ""), 2 * 1234);
    bench_close(bench);
}

/* So many that they are released in steps: each is, and what else there is to do passes between them. */
static void many_targets(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct dropped dropped = begin_file(bench, &(struct drop){ .name = "a.csv" });
    for (unsigned long line = 1; line <= 20001; line++) {
        char target[32];
        snprintf(target, sizeof target, "t%lu.test", line);
        struct incident incident = incident_of(target, line);
        add_incident(bench, dropped.file, &incident);
    }
    push_chunk(bench, dropped.file, 0);
    queue_file_finish(bench->queue, dropped.file, 20001, 0, on_finished, &dropped);
    unsigned turns = 0;
    while (queue_pending(bench->queue)) {
        queue_turn(bench->queue, bench->now, on_turn, bench);
        uv_run(&bench->loop, UV_RUN_ONCE);
        turns += look(bench, "SELECT state FROM feed_file WHERE name = ?1", "a.csv") == FILE_LOADING;
        if (turns > 1000 || look(bench, "SELECT state FROM feed_file WHERE name = ?1", "a.csv") == FILE_LOADED)
            break;
    }
    wait_for_all(bench);
    assert_true(turns > 1);
    assert_int_equal(dropped.summary.targets, 20001);
    assert_int_equal(look(bench,
                          "SELECT count(*) FROM \"case\" k JOIN feed_file f ON f.id = k.file_id WHERE f.name = ?1"
                          " AND f.state = 2 AND f.approved = 1 AND k.due <= f.result_written",
                          "a.csv"),
                     20001);
    bench_close(bench);
}

static void a_chunk_has_a_limit(void **state)
{
    (void)state;
    struct inbox *home = inbox_new(0);
    struct queue_chunk *chunk = queue_chunk_new(home);
    static char big[200000];
    memset(big, 'x', sizeof big);
    struct incident incident = incident_of("a.test", 1);
    unsigned count = 0;
    assert_true(queue_chunk_empty(chunk));
    for (incident.line = 1; queue_chunk_add(chunk, &incident); incident.line++)
        count++;
    assert_int_equal(count, 16384);
    assert_int_equal(queue_chunk_reset(chunk), 0);
    assert_true(queue_chunk_empty(chunk));
    incident.json = big;
    incident.json_length = sizeof big;
    for (count = 0; queue_chunk_add(chunk, &incident); count++)
        assert_true(count < 500);
    assert_in_range(count, 20, 22);
    queue_chunk_rest(chunk);
    assert_true(queue_chunk_empty(chunk));
    assert_true(queue_chunk_add(chunk, &incident));
    queue_chunk_free(chunk);
    inbox_free(home);
}

static void of_no_file(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct incident incident = incident_of("a.test", 1);
    add_incident(bench, 99, &incident);
    push_chunk(bench, 99, -ENOENT);
    bench_close(bench);
}

/* ---- A daemon that dies ---------------------------------------------------------------------------------------------------------------- */

static void a_load_is_resumed(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct drop drop = {
        .name = "a.csv", .claim = "default/1-a.csv", .hash = "h", .targets = { "a.test", "b.test" }, .unfinished = true
    };
    struct dropped first = drop_file(bench, &drop);
    reopen(bench);
    drop.targets[2] = "c.test";
    drop.unfinished = false;
    struct dropped again = drop_file(bench, &drop);
    assert_int_equal(again.verdict, QUEUE_FILE_LOAD);
    assert_int_equal(again.file, first.file);
    assert_int_equal(again.resume_after, 2);
    assert_string_equal(again.campaign, "default-a");
    assert_int_equal(again.summary.incidents, 3);
    assert_int_equal(again.summary.targets, 3);
    /* Only its move to done/ was missing. */
    reopen(bench);
    assert_int_equal(drop_file(bench, &drop).verdict, QUEUE_FILE_LOADED);
    assert_int_equal(targets_new(bench), 3);
    bench_close(bench);
}

static void change(const struct bench *bench, const char *text)
{
    struct sql *sql;
    struct error error;
    assert_int_equal(sql_open(bench->store, SQL_WRITE, &sql, &error), 0);
    assert_int_equal(sql_script(sql, text), 0);
    sql_close(sql);
}

/* It dies after any of the steps that come before the incidents: the rows come again, and nothing is made or counted twice. */
static void a_load_is_resumed_between_its_steps(void **state)
{
    (void)state;
    static const char *const undone[] = {
        "DELETE FROM incident WHERE line > 1; UPDATE feed_file SET loaded_to = 1",
        "DELETE FROM incident WHERE line > 1; UPDATE feed_file SET loaded_to = 1;"
        "DELETE FROM finding WHERE line > 1; DELETE FROM finding_hash WHERE finding_id NOT IN (SELECT id FROM finding)",
        "DELETE FROM incident; UPDATE feed_file SET loaded_to = 0; DELETE FROM finding; DELETE FROM finding_hash;"
        "DELETE FROM \"case\" WHERE id > 1; UPDATE campaign SET open_cases = 1",
        "DELETE FROM incident; UPDATE feed_file SET loaded_to = 0; DELETE FROM finding; DELETE FROM finding_hash;"
        "DELETE FROM \"case\"; UPDATE campaign SET open_cases = 0",
    };
    for (size_t i = 0; i < sizeof undone / sizeof undone[0]; i++) {
        struct bench *bench = bench_open();
        struct drop drop = { .name = "a.csv",
                             .claim = "default/1-a.csv",
                             .hash = "h",
                             .targets = { "a.test", "b.test", "c.test", "b.test" },
                             .unfinished = true };
        drop_file(bench, &drop);
        stop_queue(bench);
        change(bench, undone[i]);
        assert_int_equal(try_open(bench, bench->config, &bench->queue), 0);
        drop.unfinished = false;
        struct dropped again = drop_file(bench, &drop);
        assert_int_equal(again.summary.incidents, 4);
        assert_int_equal(again.summary.targets, 3);
        assert_int_equal(again.summary.duplicates, 0);
        assert_int_equal(look(bench, "SELECT open_cases FROM campaign WHERE name = ?1", "default-a"), 3);
        assert_int_equal(look(bench, "SELECT sum(count) FROM finding WHERE ?1 = ''", ""), 4);
        assert_int_equal(look(bench, "SELECT count(*) FROM finding_hash WHERE ?1 = ''", ""), 3);
        assert_int_equal(look(bench, "SELECT case_id FROM incident WHERE line = ?1", "4"),
                         look(bench, "SELECT id FROM \"case\" WHERE target = ?1", "b.test"));
        assert_int_equal(targets_new(bench), 3);
        bench_close(bench);
    }
}

/* A loader that sends rows again which the store has: they count once. */
static void rows_sent_twice(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct drop drop = { .name = "a.csv", .targets = { "a.test", "b.test" }, .unfinished = true };
    struct dropped dropped = drop_file(bench, &drop);
    struct incident incident = incident_of("b.test", 2);
    add_incident(bench, dropped.file, &incident);
    incident = incident_of("c.test", 3);
    add_incident(bench, dropped.file, &incident);
    push_chunk(bench, dropped.file, 0);
    finish_file(bench, &dropped, 3, 0);
    assert_int_equal(dropped.summary.incidents, 3);
    assert_int_equal(dropped.summary.duplicates, 0);
    bench_close(bench);
}

/* ---- The same again --------------------------------------------------------------------------------------------------------------------- */

static void the_same_bytes(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct drop drop = { .name = "a.csv", .hash = "same", .targets = { "a.test" } };
    drop_file(bench, &drop);
    drop.name = "b.csv";
    struct dropped again = drop_file(bench, &drop);
    assert_int_equal(again.verdict, QUEUE_FILE_DUPLICATE);
    assert_string_equal(again.campaign, "default-a");
    assert_string_equal(again.why, "the same bytes came before as a.csv");
    /* Another profile reads them otherwise; a rehearsal may have them as often as it likes. */
    drop.profile = "other";
    assert_int_equal(drop_file(bench, &drop).verdict, QUEUE_FILE_LOAD);
    drop.profile = NULL;
    drop.redirect_to = "me@test.test";
    assert_int_equal(drop_file(bench, &drop).verdict, QUEUE_FILE_LOAD);
    assert_int_equal(drop_file(bench, &drop).verdict, QUEUE_FILE_LOAD);
    /* After a cancellation they may come again. */
    drop.redirect_to = NULL;
    assert_int_equal(order_about(bench, "cancel", "campaign", "default-a"), 0);
    turn(bench);
    again = drop_file(bench, &drop);
    assert_int_equal(again.verdict, QUEUE_FILE_LOAD);
    assert_int_equal(again.summary.targets, 1);
    bench_close(bench);
}

static void the_same_finding(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    /* Rows of one file that report the same again are told together. */
    struct dropped first = drop_targets(bench, "a.csv", "a.test", "a.test", "b.test");
    assert_int_equal(first.summary.duplicates, 0);
    assert_int_equal(first.summary.targets, 2);
    assert_int_equal(look(bench, "SELECT count(*) FROM incident WHERE case_id = ?1", "1"), 2);
    /* In a later campaign of the same feed. */
    struct dropped second = drop_targets(bench, "b.csv", "a.test", "c.test");
    assert_int_equal(second.summary.incidents, 2);
    assert_int_equal(second.summary.duplicates, 1);
    assert_int_equal(second.summary.targets, 1);
    assert_int_equal(look(bench, "SELECT count FROM finding WHERE instr(key, ?1)", "a.test"), 3);
    /* Of another feed it is another finding. */
    struct dropped third =
        drop_file(bench, &(struct drop){ .name = "c.csv", .profile = "other", .targets = { "a.test" } });
    assert_int_equal(third.summary.duplicates, 0);
    bench_close(bench);
}

/* What makes a finding: each of these alone makes another one. */
static void another_finding(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "a.csv", "a.test");
    struct incident each[7];
    for (size_t i = 0; i < 7; i++)
        each[i] = incident_of("a.test", i + 1);
    each[0].type = "c2";
    each[1].identifier = "open-proxy";
    each[2].port = 25;
    each[3].url = "http://a.test/x";
    each[4].host = "www.a.test";
    each[5].ip = "192.0.2.1"; /* but not the address behind the same name, nor the time */
    each[5].time = 1795435200;
    struct dropped dropped = begin_file(bench, &(struct drop){ .name = "b.csv" });
    for (size_t i = 0; i < 7; i++)
        add_incident(bench, dropped.file, &each[i]);
    push_chunk(bench, dropped.file, 0);
    finish_file(bench, &dropped, 7, 0);
    assert_int_equal(dropped.summary.incidents, 7);
    assert_int_equal(dropped.summary.duplicates, 2);
    assert_int_equal(dropped.summary.targets, 1);
    bench_close(bench);
}

static void an_address_without_a_name(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct dropped dropped;
    for (int round = 0; round < 2; round++) {
        dropped = begin_file(bench, &(struct drop){ .name = "a.csv" });
        struct incident incident = incident_of("192.0.2.1", 1);
        incident.host = NULL;
        incident.ip = "192.0.2.1";
        incident.type = incident.identifier = NULL;
        add_incident(bench, dropped.file, &incident);
        push_chunk(bench, dropped.file, 0);
        finish_file(bench, &dropped, 1, 0);
    }
    assert_int_equal(dropped.summary.duplicates, 1);
    assert_int_equal(dropped.summary.targets, 0);
    turn(bench);
    assert_campaign(bench, "default-a-2", "ended");
    bench_close(bench);
}

/* A case that was cancelled before any mail went out tells nobody: its finding is free. */
static void a_cancelled_campaign_frees_its_findings(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "a.csv", "a.test", "b.test");
    compose_all(bench);
    assert_int_equal(claim_due(bench, 1), 1);
    attempt(bench, bench->claimed[0]->id, QUEUE_ACCEPTED, NULL);
    assert_int_equal(order_about(bench, "cancel", "campaign", "default-a"), 0);
    turn(bench);
    struct dropped again = drop_targets(bench, "b.csv", "a.test", "b.test");
    assert_int_equal(again.summary.duplicates, 1);
    assert_int_equal(again.summary.targets, 1);
    assert_case(bench, "b.test", "new");
    bench_close(bench);
}

/* Leased and given back: no mail went out. */
static void a_lease_that_was_given_back_frees_its_finding(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "a.csv", "a.test");
    compose_all(bench);
    queue_release(bench->queue, claim_one(bench, "abuse@a.test"), bench->now, bench->now);
    wait_for_all(bench);
    assert_int_equal(order_about(bench, "cancel", "campaign", "default-a"), 0);
    turn(bench);
    assert_int_equal(drop_targets(bench, "b.csv", "a.test").summary.duplicates, 0);
    bench_close(bench);
}

static void nobody_could_be_told(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    bench->ladder = (const char *[]){ NULL };
    drop_targets(bench, "a.csv", "a.test");
    resolve_all(bench);
    assert_case(bench, "a.test", "exhausted");
    assert_int_equal(drop_targets(bench, "b.csv", "a.test").summary.duplicates, 0);
    bench_close(bench);
}

static void a_rehearsal_registers_nothing(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct drop drop = { .name = "a.csv", .redirect_to = "me@test.test", .targets = { "a.test" } };
    drop_file(bench, &drop);
    assert_int_equal(look(bench, "SELECT count(*) FROM finding WHERE ?1 = ''", ""), 0);
    /* Nor does it know what others have told. */
    drop_targets(bench, "b.csv", "a.test");
    struct dropped again = drop_file(bench, &drop);
    assert_int_equal(again.summary.duplicates, 0);
    assert_int_equal(again.summary.targets, 1);
    bench_close(bench);
}

/* ---- Taken back ---------------------------------------------------------------------------------------------------------------------------- */

static void assert_nothing_stays(struct bench *bench, int64_t file)
{
    assert_int_equal(incidents(bench, file), 0);
    assert_int_equal(look(bench, "SELECT count(*) FROM \"case\" WHERE ?1 = ''", ""), 0);
    assert_int_equal(look(bench, "SELECT count(*) FROM finding WHERE ?1 = ''", ""), 0);
    turn(bench);
    assert_int_equal(targets_new(bench), 0);
}

/* The others may have been read wrong: a person looks, and says yes. */
static void too_many_rejected(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct drop drop = { .name = "a.csv", .targets = { "a.test", "b.test" }, .rejected = 3 };
    struct dropped dropped = drop_file(bench, &drop);
    assert_int_equal(dropped.status, 0);
    assert_true(dropped.summary.held);
    assert_true(dropped.summary.doubtful);
    compose_all(bench);
    assert_int_equal(read_as(bench, "campaign", json_pack("{s:s}", "campaign", "default-a")), 0);
    assert_number(bench, "waiting_for_approval", 1);
    assert_number(bench, "waiting_for_proof", 0);
    assert_number(bench, "doubtful", 1);
    assert_number(bench, "doubtful_rows", 5);
    assert_number(bench, "doubtful_rejected", 3);
    assert_int_equal(claim_due(bench, 10), 0);
    assert_int_equal(order_about(bench, "approve", "campaign", "default-a"), 0);
    turn(bench);
    assert_int_equal(claim_due(bench, 10), 2);
    bench_close(bench);
}

/* One or two slips in a short list are no reason to doubt the rest. */
static void a_slip_in_a_short_list(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct drop drop = { .name = "a.csv", .targets = { "a.test", "b.test" }, .rejected = 1 };
    struct dropped dropped = drop_file(bench, &drop);
    assert_int_equal(dropped.status, 0);
    assert_false(dropped.summary.held);
    assert_false(dropped.summary.doubtful);
    bench_close(bench);
}

static void nothing_but_rejected(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct drop drop = { .name = "a.csv", .claim = "default/1-a.csv", .rejected = 2 };
    struct dropped dropped = drop_file(bench, &drop);
    assert_int_equal(dropped.status, -EBADMSG);
    assert_non_null(strstr(dropped.why, "none of its rows (2)"));
    assert_nothing_stays(bench, dropped.file);
    assert_campaign(bench, "default-a", "nowhere");
    /* The daemon died before the file stood in failed/: it goes there, and not to done/. */
    reopen(bench);
    struct dropped again = drop_file(bench, &drop);
    assert_int_equal(again.verdict, QUEUE_FILE_REFUSED);
    assert_non_null(strstr(again.why, "none of its rows (2)"));
    /* Mended and dropped again. */
    drop = (struct drop){ .name = "a.csv", .targets = { "a.test", "b.test" } };
    again = drop_file(bench, &drop);
    assert_int_equal(again.status, 0);
    assert_string_equal(again.campaign, "default-a");
    assert_int_equal(again.summary.targets, 2);
    bench_close(bench);
}

static void just_few_enough_rejected(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct drop drop = { .name = "a.csv", .targets = { "a.test", "b.test", "c.test", "d.test" }, .rejected = 1 };
    struct dropped dropped = drop_file(bench, &drop);
    assert_int_equal(dropped.status, 0);
    assert_int_equal(read_as(bench, "campaign", json_pack("{s:s}", "campaign", "default-a")), 0);
    assert_number(bench, "feed_files.0.rows", 5);
    assert_number(bench, "feed_files.0.rejected", 1);
    /* No rows at all is no reason to fail. */
    dropped = drop_file(bench, &(struct drop){ .name = "empty.csv" });
    assert_int_equal(dropped.status, 0);
    turn(bench);
    assert_campaign(bench, "default-empty", "ended");
    bench_close(bench);
}

static void cannot_be_read(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct dropped dropped =
        drop_file(bench, &(struct drop){ .name = "a.csv", .targets = { "a.test" }, .unfinished = true });
    queue_file_fail(bench->queue, dropped.file, "one quote is open", on_done, bench);
    wait_for_all(bench);
    assert_int_equal(bench->status, 0);
    assert_nothing_stays(bench, dropped.file);
    bench_close(bench);
}

/* A second file of a campaign fails: the first stays as it was. */
static void the_second_file_fails(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_file(bench, &(struct drop){ .name = "a.csv", .campaign = "both", .targets = { "a.test" } });
    struct dropped second = drop_file(bench, &(struct drop){ .name = "b.csv", .campaign = "both", .rejected = 9 });
    assert_int_equal(second.status, -EBADMSG);
    assert_campaign(bench, "both", "running");
    assert_int_equal(look(bench, "SELECT open_cases FROM campaign WHERE name = ?1", "both"), 1);
    assert_int_equal(targets_new(bench), 1);
    bench_close(bench);
}

/* ---- Campaigns ------------------------------------------------------------------------------------------------------------------------------ */

static void a_default_name_that_is_taken(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    assert_string_equal(drop_targets(bench, "a.csv", "a.test").campaign, "default-a");
    assert_string_equal(drop_targets(bench, "a.csv", "b.test").campaign, "default-a-2");
    assert_string_equal(drop_targets(bench, "a.tar.gz", "c.test").campaign, "default-a-3");
    assert_string_equal(drop_targets(bench, ".hidden", "d.test").campaign, "default-.hidden");
    bench_close(bench);
}

static void a_file_joins(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_file(bench, &(struct drop){ .name = "a.csv", .campaign = "bot", .targets = { "a.test" } });
    compose_all(bench);
    attempt(bench, claim_one(bench, "abuse@a.test"), QUEUE_ACCEPTED, NULL);
    pass(bench, 7 * DAY);
    assert_campaign(bench, "bot", "ended");
    /* It was over, but may go on: its end has not come. */
    drop_file(bench, &(struct drop){ .name = "b.csv", .campaign = "bot", .targets = { "b.test" } });
    assert_campaign(bench, "bot", "running");
    compose_all(bench);
    claim_one(bench, "abuse@b.test");
    assert_int_equal(read_as(bench, "campaign", json_pack("{s:s}", "campaign", "bot")), 0);
    assert_number(bench, "files", 2);
    assert_number(bench, "cases", 2);
    bench_close(bench);
}

static void a_file_that_may_not_join(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_file(bench, &(struct drop){ .name = "a.csv", .campaign = "bot", .targets = { "a.test" } });
    struct drop drop = { .name = "b.csv", .campaign = "bot", .profile = "other", .targets = { "b.test" } };
    struct dropped refused = drop_file(bench, &drop);
    assert_int_equal(refused.verdict, QUEUE_FILE_REFUSED);
    assert_non_null(strstr(refused.why, "another profile"));
    drop.profile = NULL;
    drop.redirect_to = "me@test.test";
    refused = drop_file(bench, &drop);
    assert_int_equal(refused.verdict, QUEUE_FILE_REFUSED);
    assert_non_null(strstr(refused.why, "redirect_to"));
    assert_int_equal(look(bench, "SELECT count(*) FROM feed_file WHERE ?1 = ''", ""), 1);
    bench_close(bench);
}

static void a_file_that_comes_after_the_end(void **state)
{
    (void)state;
    struct bench *bench =
        bench_open_with((const char *[]){ "campaigns.aggregate_wait=0s", "campaigns.expire=1s", NULL });
    struct drop drop = { .name = "a.csv", .campaign = "bot", .targets = { "a.test" } };
    drop_file(bench, &drop);
    bench->now += 2 * SECOND;
    struct dropped refused = drop_file(bench, &drop);
    assert_int_equal(refused.verdict, QUEUE_FILE_REFUSED);
    assert_non_null(strstr(refused.why, "is over"));
    bench_close(bench);
}

static void a_cancelled_campaign_takes_no_file(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct drop drop = { .name = "a.csv", .campaign = "bot", .targets = { "a.test" } };
    drop_file(bench, &drop);
    assert_int_equal(order_about(bench, "cancel", "campaign", "bot"), 0);
    assert_int_equal(drop_file(bench, &drop).verdict, QUEUE_FILE_REFUSED);
    bench_close(bench);
}

/* ---- Results --------------------------------------------------------------------------------------------------------------------------------- */

static json_t *results(struct bench *bench, int64_t file, size_t line)
{
    char *path = mem_format("%s/result.jsonl", bench->directory);
    queue_file_results(bench->queue, file, path, on_done, bench);
    wait_for_all(bench);
    assert_int_equal(bench->status, 0);
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    char text[4096];
    for (size_t i = 0; i < line; i++)
        assert_non_null(fgets(text, sizeof text, in));
    fclose(in);
    free(path);
    json_t *row = json_loads(text, 0, NULL);
    assert_non_null(row);
    return row;
}

static void assert_row(struct bench *bench, int64_t file, size_t line, const char *member, const char *value)
{
    json_t *row = results(bench, file, line);
    assert_int_equal(json_integer_value(json_object_get(row, "line")), line);
    assert_string_equal(json_string_value(json_object_get(row, member)), value);
    assert_non_null(json_object_get(json_object_get(row, "incident"), "source.fqdn"));
    json_decref(row);
}

static void a_line_a_row(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    drop_targets(bench, "before.csv", "known.test");
    compose_all(bench);
    come_back(bench, claim_one(bench, "abuse@known.test"), QUEUE_RETURNED_ANSWER, NULL);
    pass(bench, HOUR);
    struct dropped dropped = drop_targets(bench, "a.csv", "a.test", "b.test", "known.test");
    assert_row(bench, dropped.file, 1, "state", "new");
    assert_row(bench, dropped.file, 3, "why", "known already: case 1 tells of the same finding");
    compose_all(bench);
    turn(bench);
    assert_int_equal(claim_due(bench, 10), 2);
    assert_row(bench, dropped.file, 1, "contact", "abuse@a.test");
    assert_row(bench, dropped.file, 1, "notification_state", "leased");
    attempt(bench, to(bench, "abuse@a.test")->id, QUEUE_ACCEPTED, NULL);
    assert_row(bench, dropped.file, 2, "state", "notified");
    /* Told anew at most every ten minutes. */
    turn(bench);
    assert_int_equal(bench->turn.result_count, 1);
    assert_int_equal(bench->due[0].file, dropped.file);
    assert_string_equal(bench->due[0].name, "a.csv");
    assert_false(bench->due[0].final);
    come_back(bench, bench->claimed[0]->id, QUEUE_RETURNED_DELIVERED, NULL);
    pass(bench, 9 * MINUTE);
    assert_int_equal(bench->turn.result_count, 0);
    assert_int_equal(bench->turn.next, bench->now + MINUTE);
    pass(bench, MINUTE);
    assert_int_equal(bench->turn.result_count, 1);
    /* And at the end at once. */
    attempt(bench, to(bench, "abuse@b.test")->id, QUEUE_ACCEPTED, NULL);
    come_back(bench, to(bench, "abuse@b.test")->id, QUEUE_RETURNED_ANSWER, NULL);
    pass(bench, MINUTE);
    assert_int_equal(bench->turn.result_count, 1);
    assert_true(bench->due[0].final);
    assert_row(bench, dropped.file, 2, "state", "answered");
    bench_close(bench);
}

/* A version that fell due before the daemon died falls due again, unless it is known to be in its place. */
static void results_are_not_forgotten(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct dropped dropped = drop_targets(bench, "a.csv", "a.test");
    compose_all(bench);
    claim_one(bench, "abuse@a.test");
    turn(bench);
    pass(bench, HOUR);
    reopen(bench);
    turn(bench);
    assert_int_equal(bench->turn.result_count, 1);
    int64_t version = bench->due[0].version;
    queue_results_in_place(bench->queue, dropped.file, version - 1); /* an older one */
    wait_for_all(bench);
    reopen(bench);
    turn(bench);
    assert_int_equal(bench->turn.result_count, 1);
    queue_results_in_place(bench->queue, dropped.file, bench->due[0].version);
    wait_for_all(bench);
    reopen(bench);
    turn(bench);
    assert_int_equal(bench->turn.result_count, 0);
    bench_close(bench);
}

static void results_that_cannot_be_written(void **state)
{
    (void)state;
    struct bench *bench = bench_open();
    struct dropped dropped = drop_targets(bench, "a.csv", "a.test");
    queue_file_results(bench->queue, dropped.file, "/nonexistent/result.jsonl", on_done, bench);
    wait_for_all(bench);
    assert_int_equal(bench->status, -ENOENT);
    queue_file_results(bench->queue, dropped.file, "/dev/full", on_done, bench);
    wait_for_all(bench);
    assert_true(bench->status < 0);
    bench_close(bench);
}

/* The profile's own word, where it has one. */
static void a_profile_s_max_rejected(void **state)
{
    (void)state;
    struct bench *bench =
        bench_open_with((const char *[]){ "profiles.default.max_rejected=80%", "campaigns.max_rejected=10%", NULL });
    struct drop drop = { .name = "a.csv", .targets = { "a.test", "b.test" }, .rejected = 3 };
    assert_false(drop_file(bench, &drop).summary.doubtful);
    drop = (struct drop){ .name = "b.csv", .targets = { "c.test" }, .rejected = 9 };
    assert_true(drop_file(bench, &drop).summary.doubtful);
    bench_close(bench);
}

static struct dropped drop_named(struct bench *bench, const char *name, const char *template_name, const char *settings)
{
    return drop_file(bench, &(struct drop){ .name = name,
                                            .campaign = "one",
                                            .targets = { name },
                                            .template_name = template_name,
                                            .settings = settings });
}

/* What is approved is kept: a later file that names another template or language is told so, and one that names none, or the same, joins. */
static void a_later_file_names_other_words(void **state)
{
    (void)state;
#define SENDER "\"sender\":{\"address\":\"team@tocsin.test\"}"
    static const char german[] = "{" SENDER ",\"template\":\"takedown\",\"only_language\":\"de\"}",
                      french[] = "{" SENDER ",\"template\":\"takedown\",\"only_language\":\"fr\"}",
                      any[] = "{" SENDER ",\"template\":\"auto\"}";
    struct bench *bench = bench_open();
    assert_int_equal(drop_named(bench, "a.test", "takedown", german).verdict, QUEUE_FILE_LOAD);
    assert_int_equal(drop_named(bench, "b.test", "takedown", german).verdict, QUEUE_FILE_LOAD);
    assert_int_equal(drop_named(bench, "c.test", NULL, any).verdict, QUEUE_FILE_LOAD);
    struct dropped other = drop_named(bench, "d.test", "scan", any);
    assert_int_equal(other.verdict, QUEUE_FILE_REFUSED);
    assert_string_equal(
        other.why, "campaign one is written from the template takedown, and this file names scan: choose another name");
    other = drop_named(bench, "e.test", NULL, french);
    assert_int_equal(other.verdict, QUEUE_FILE_REFUSED);
    assert_string_equal(other.why, "campaign one is written in de, and this file names fr: choose another name");
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_profile_s_max_rejected),
        cmocka_unit_test(a_later_file_names_other_words),
        cmocka_unit_test(incidents_of_one_target_are_one_case),
        cmocka_unit_test(nothing_moves_before_the_end),
        cmocka_unit_test(many_chunks),
        cmocka_unit_test(many_targets),
        cmocka_unit_test(a_chunk_has_a_limit),
        cmocka_unit_test(of_no_file),
        cmocka_unit_test(a_load_is_resumed),
        cmocka_unit_test(a_load_is_resumed_between_its_steps),
        cmocka_unit_test(rows_sent_twice),
        cmocka_unit_test(the_same_bytes),
        cmocka_unit_test(the_same_finding),
        cmocka_unit_test(another_finding),
        cmocka_unit_test(an_address_without_a_name),
        cmocka_unit_test(a_cancelled_campaign_frees_its_findings),
        cmocka_unit_test(a_lease_that_was_given_back_frees_its_finding),
        cmocka_unit_test(nobody_could_be_told),
        cmocka_unit_test(a_rehearsal_registers_nothing),
        cmocka_unit_test(too_many_rejected),
        cmocka_unit_test(a_slip_in_a_short_list),
        cmocka_unit_test(nothing_but_rejected),
        cmocka_unit_test(just_few_enough_rejected),
        cmocka_unit_test(cannot_be_read),
        cmocka_unit_test(the_second_file_fails),
        cmocka_unit_test(a_default_name_that_is_taken),
        cmocka_unit_test(a_file_joins),
        cmocka_unit_test(a_file_that_may_not_join),
        cmocka_unit_test(a_file_that_comes_after_the_end),
        cmocka_unit_test(a_cancelled_campaign_takes_no_file),
        cmocka_unit_test(a_line_a_row),
        cmocka_unit_test(results_are_not_forgotten),
        cmocka_unit_test(results_that_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

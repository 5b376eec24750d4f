/* A finding that is seen again: known within dedup_window, a reminder after it, and at most max_reminders of them. */
#include "queue_bench.h"

static struct bench *bench_open_windowed(void)
{
    return bench_open_with((const char *[]){ "campaigns.dedup_window=10d", "campaigns.max_reminders=2",
                                             "campaigns.aggregate_wait=0s", "campaigns.expire=300d", NULL });
}

/* The mail about TARGET goes out, is taken and found delivered. */
static int64_t tell(struct bench *bench, const char *address)
{
    compose_all(bench);
    int64_t mail = claim_one(bench, address);
    attempt(bench, mail, QUEUE_ACCEPTED, NULL);
    pass(bench, 8 * DAY);
    assert_mail(bench, mail, "delivered");
    return mail;
}

static int64_t reminder_of(struct bench *bench, const char *target)
{
    return look(bench, "SELECT reminder FROM \"case\" WHERE target = ?1 ORDER BY id DESC", target);
}

static void known_then_reminded_then_known(void **state)
{
    (void)state;
    struct bench *bench = bench_open_windowed();
    drop_targets(bench, "a.csv", "a.test");
    int64_t first = tell(bench, "abuse@a.test");
    assert_int_equal(drop_targets(bench, "b.csv", "a.test").summary.duplicates, 1);
    for (int64_t number = 1; number <= 2; number++) {
        bench->now += 2 * DAY;
        struct dropped again = drop_targets(bench, "c.csv", "a.test");
        assert_int_equal(again.summary.duplicates, 0);
        assert_int_equal(again.summary.targets, 1);
        assert_int_equal(reminder_of(bench, "a.test"), number);
        compose_all(bench);
        int64_t mail = claim_one(bench, "abuse@a.test");
        const struct notification *reminder = bench->claimed[0];
        assert_string_equal(reminder->template_text, "Hello again {{first.target}}\n");
        assert_int_equal(reminder->cases[0].reminder, number);
        assert_int_equal(reminder->reference_count, 1);
        assert_int_equal(reminder->references[0].id, first);
        assert_int_equal(reminder->references[0].key_id, 7);
        assert_string_equal(reminder->references[0].domain, "tocsin.test");
        attempt(bench, mail, QUEUE_ACCEPTED, NULL);
        /* Counted from the last mail about it, not from the first. */
        pass(bench, 8 * DAY);
        assert_int_equal(drop_targets(bench, "d.csv", "a.test").summary.duplicates, 1);
    }
    bench->now += 200 * DAY;
    assert_int_equal(drop_targets(bench, "e.csv", "a.test").summary.duplicates, 1);
    assert_int_equal(look(bench, "SELECT count(*) FROM incident WHERE spent = 1 AND ?1 = ''", ""), 1);
    assert_int_equal(look(bench, "SELECT count FROM finding WHERE ?1 = ''", ""), 7);
    bench_close(bench);
}

/* What is new about a target and what is a reminder are two cases and two mails. */
static void a_reminder_is_a_mail_of_its_own(void **state)
{
    (void)state;
    struct bench *bench = bench_open_windowed();
    drop_targets(bench, "a.csv", "a.test");
    tell(bench, "abuse@a.test");
    bench->now += 3 * DAY;
    struct dropped dropped = begin_file(bench, &(struct drop){ .name = "b.csv" });
    struct incident again = incident_of("a.test", 1), other = incident_of("a.test", 2);
    other.port = 25;
    add_incident(bench, dropped.file, &again);
    add_incident(bench, dropped.file, &other);
    push_chunk(bench, dropped.file, 0);
    finish_file(bench, &dropped, 2, 0);
    assert_int_equal(dropped.summary.targets, 2);
    resolve_all(bench);
    turn(bench);
    claim_one(bench, "abuse@a.test");
    assert_int_equal(bench->claimed[0]->cases[0].reminder, 1);
    attempt(bench, bench->claimed[0]->id, QUEUE_ACCEPTED, NULL);
    pass(bench, 25 * HOUR); /* contact_interval */
    claim_one(bench, "abuse@a.test");
    assert_int_equal(bench->claimed[0]->cases[0].reminder, 0);
    assert_int_equal(bench->claimed[0]->reference_count, 0);
    assert_string_equal(bench->claimed[0]->template_text, "Hello {{first.target}}\n");
    bench_close(bench);
}

/* While its mail is still to go out nobody counts the days. */
static void a_case_under_way_is_known(void **state)
{
    (void)state;
    struct bench *bench = bench_open_windowed();
    drop_targets(bench, "a.csv", "a.test");
    bench->now += 30 * DAY;
    assert_int_equal(drop_targets(bench, "b.csv", "a.test").summary.duplicates, 1);
    compose_all(bench);
    int64_t mail = claim_one(bench, "abuse@a.test");
    attempt(bench, mail, QUEUE_DEFERRED, NULL);
    bench->now += 30 * DAY;
    assert_int_equal(drop_targets(bench, "c.csv", "a.test").summary.duplicates, 1);
    bench_close(bench);
}

/* Every mail about it came back: there is nobody to remind, but perhaps somebody else to tell. */
static void what_reached_nobody_is_told_anew(void **state)
{
    (void)state;
    struct bench *bench = bench_open_windowed();
    bench->ladder = (const char *[]){ "owner:abuse@%", NULL };
    drop_targets(bench, "a.csv", "a.test");
    compose_all(bench);
    attempt(bench, claim_one(bench, "abuse@a.test"), QUEUE_BOUNCED, "user_unknown");
    assert_case(bench, "a.test", "exhausted");
    assert_int_equal(drop_targets(bench, "b.csv", "a.test").summary.duplicates, 1);
    bench->now += 11 * DAY;
    assert_int_equal(drop_targets(bench, "c.csv", "a.test").summary.duplicates, 0);
    assert_int_equal(reminder_of(bench, "a.test"), 0);
    bench_close(bench);
}

/* The first mail bounced later, the second was read: that is the one to refer to. */
static void it_refers_to_what_arrived(void **state)
{
    (void)state;
    struct bench *bench = bench_open_windowed();
    drop_targets(bench, "a.csv", "a.test");
    compose_all(bench);
    int64_t lost = claim_one(bench, "abuse@a.test");
    attempt(bench, lost, QUEUE_ACCEPTED, NULL);
    come_back(bench, lost, QUEUE_RETURNED_BOUNCE, "user_unknown");
    int64_t read = tell(bench, "postmaster@a.test");
    bench->now += 3 * DAY;
    drop_targets(bench, "b.csv", "a.test");
    compose_all(bench);
    claim_one(bench, "postmaster@a.test");
    assert_int_equal(bench->claimed[0]->reference_count, 1);
    assert_int_equal(bench->claimed[0]->references[0].id, read);
    bench_close(bench);
}

/* The file whose reminder it was is taken back: the finding is as well known as before. */
static void a_reminder_taken_back(void **state)
{
    (void)state;
    struct bench *bench = bench_open_windowed();
    drop_targets(bench, "a.csv", "a.test");
    tell(bench, "abuse@a.test");
    bench->now += 3 * DAY;
    struct drop drop = { .name = "b.csv", .targets = { "a.test" }, .unfinished = true };
    struct dropped dropped = drop_file(bench, &drop);
    queue_file_fail(bench->queue, dropped.file, "one quote is open", on_done, bench);
    wait_for_all(bench);
    assert_int_equal(look(bench, "SELECT case_id FROM finding WHERE ?1 = ''", ""), 1);
    drop_targets(bench, "c.csv", "a.test");
    assert_int_equal(reminder_of(bench, "a.test"), 1);
    bench_close(bench);
}

/* A reminder that was cancelled before its mail went out was none: the next has its number. */
static void a_cancelled_reminder(void **state)
{
    (void)state;
    struct bench *bench = bench_open_windowed();
    drop_targets(bench, "a.csv", "a.test");
    tell(bench, "abuse@a.test");
    bench->now += 3 * DAY;
    drop_targets(bench, "b.csv", "a.test");
    assert_int_equal(order_about(bench, "cancel", "campaign", "default-b"), 0);
    turn(bench);
    drop_targets(bench, "c.csv", "a.test");
    assert_int_equal(reminder_of(bench, "a.test"), 1);
    assert_int_equal(look(bench, "SELECT reminds FROM \"case\" WHERE target = ?1 ORDER BY id DESC", "a.test"), 1);
    bench_close(bench);
}

static void the_same_bytes_later(void **state)
{
    (void)state;
    struct bench *bench = bench_open_windowed();
    struct drop drop = { .name = "a.csv", .hash = "e3", .targets = { "a.test" } };
    assert_int_equal(drop_file(bench, &drop).verdict, QUEUE_FILE_LOAD);
    bench->now += 9 * DAY;
    assert_int_equal(drop_file(bench, &drop).verdict, QUEUE_FILE_DUPLICATE);
    bench->now += 2 * DAY;
    assert_int_equal(drop_file(bench, &drop).verdict, QUEUE_FILE_LOAD);
    bench_close(bench);
}

static struct incident row_of(const char *host, const char *ip, unsigned long line)
{
    struct incident incident = incident_of(host ? host : ip, line);
    incident.host = host;
    incident.ip = ip;
    incident.port = 25;
    return incident;
}

/* Load ROWS as one file. */
static struct dropped drop_rows(struct bench *bench, const char *name, const struct incident *rows, size_t count)
{
    struct dropped dropped = begin_file(bench, &(struct drop){ .name = name });
    for (size_t i = 0; i < count; i++)
        add_incident(bench, dropped.file, &rows[i]);
    push_chunk(bench, dropped.file, 0);
    finish_file(bench, &dropped, count, 0);
    return dropped;
}

/* The address with its name, and the address alone: one finding, in whichever order they come, in one file or in two. */
static void an_address_and_its_name(void **state)
{
    (void)state;
    const struct incident named = row_of("a.test", "192.0.2.1", 1), alone = row_of(NULL, "192.0.2.1", 1);
    struct bench *bench = bench_open_windowed();
    drop_rows(bench, "a.csv", &named, 1);
    assert_int_equal(drop_rows(bench, "b.csv", &alone, 1).summary.duplicates, 1);
    assert_int_equal(look(bench, "SELECT known_in FROM incident WHERE file_id = 2 AND ?1 = ''", ""), 1);
    bench_close(bench);
    bench = bench_open_windowed();
    drop_rows(bench, "a.csv", &alone, 1);
    assert_int_equal(drop_rows(bench, "b.csv", &named, 1).summary.duplicates, 1);
    assert_int_equal(drop_rows(bench, "c.csv", &named, 1).summary.duplicates, 1);
    bench_close(bench);
    bench = bench_open_windowed();
    struct incident both[] = { alone, named, alone };
    both[1].line = 2;
    both[2].line = 3;
    assert_int_equal(drop_rows(bench, "a.csv", both, 3).summary.targets, 1);
    assert_int_equal(look(bench, "SELECT count(*) FROM incident WHERE case_id = 1 AND ?1 = ''", ""), 3);
    assert_string_equal(case_at(bench, "a.test"), "new");
    assert_int_equal(drop_rows(bench, "b.csv", &alone, 1).summary.duplicates, 1);
    bench_close(bench);
}

/* Of two names at one address each is told; and another service at it is another finding. */
static void two_names_at_an_address(void **state)
{
    (void)state;
    struct incident rows[] = { row_of(NULL, "192.0.2.1", 1), row_of("a.test", "192.0.2.1", 2),
                               row_of("b.test", "192.0.2.1", 3), row_of(NULL, "192.0.2.1", 4) };
    rows[3].port = 80;
    struct bench *bench = bench_open_windowed();
    assert_int_equal(drop_rows(bench, "a.csv", rows, 4).summary.targets, 3);
    bench_close(bench);
    bench = bench_open_windowed();
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(drop_rows(bench, "a.csv", &rows[i], 1).summary.duplicates, i == 1);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_then_reminded_then_known), cmocka_unit_test(a_reminder_is_a_mail_of_its_own),
        cmocka_unit_test(a_case_under_way_is_known),      cmocka_unit_test(what_reached_nobody_is_told_anew),
        cmocka_unit_test(it_refers_to_what_arrived),      cmocka_unit_test(a_reminder_taken_back),
        cmocka_unit_test(a_cancelled_reminder),           cmocka_unit_test(the_same_bytes_later),
        cmocka_unit_test(an_address_and_its_name),        cmocka_unit_test(two_names_at_an_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

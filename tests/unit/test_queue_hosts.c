/* An address and the name that resolves to it: one finding, one mail, where it is clear whose it is. */
#include "queue_bench.h"

static const struct host_address zone[] = {
    { "a.test", "192.0.2.1" },
    { "www.b.test", "192.0.2.1" },
    { "c.test", "192.0.2.3" },
    { "c.test", "2001:db8::3" },
};

static struct bench *bench_open_resolving(void)
{
    struct bench *bench = bench_open_with(
        (const char *[]){ "campaigns.dedup_window=10d", "campaigns.aggregate_wait=0s", "campaigns.expire=300d", NULL });
    bench->zone = zone;
    bench->zone_count = sizeof zone / sizeof *zone;
    return bench;
}

struct seen {
    const char *target, *name; /* name NULL: an address alone */
    int port;
};

/* Load ROWS, up to one without a target, as one file. */
static struct dropped drop_seen(struct bench *bench, const char *name, const struct seen *rows)
{
    struct dropped dropped = begin_file(bench, &(struct drop){ .name = name });
    unsigned long count = 0;
    for (; rows->target; rows++) {
        char *host = rows->name ? mem_format("\"source.fqdn\":\"%s\",", rows->name)
                                : mem_format("\"source.ip\":\"%s\",", rows->target);
        char *json = mem_format("{%s\"classification.type\":\"spam\",\"source.port\":%d}", host, rows->port);
        struct incident incident = { .line = ++count,
                                     .target = rows->target,
                                     .host = rows->name,
                                     .ip = rows->name ? NULL : rows->target,
                                     .type = "spam",
                                     .port = rows->port,
                                     .json = json,
                                     .json_length = strlen(json) };
        add_incident(bench, dropped.file, &incident);
        free(host);
        free(json);
    }
    push_chunk(bench, dropped.file, 0);
    finish_file(bench, &dropped, count, 0);
    return dropped;
}

#define SEEN(...) ((const struct seen[]){ __VA_ARGS__, { NULL, NULL, 0 } })

static void drop_and_resolve(struct bench *bench, const char *name, const struct seen *rows)
{
    drop_seen(bench, name, rows);
    resolve_all(bench);
}

static void assert_known_in(struct bench *bench, const char *file, unsigned line, int64_t id)
{
    char *text = mem_format("%s:%u", file, line);
    assert_int_equal(look(bench,
                          "SELECT i.known_in FROM incident i JOIN feed_file f ON f.id = i.file_id"
                          " WHERE f.name || ':' || i.line = ?1",
                          text),
                     id);
    free(text);
}

static void one_mail_for_both(void **state)
{
    (void)state;
    struct bench *bench = bench_open_resolving();
    drop_and_resolve(bench, "a.csv",
                     SEEN({ "192.0.2.1", NULL, 25 }, { "a.test", "a.test", 25 }, { "2001:db8::3", NULL, 80 },
                          { "c.test", "c.test", 80 }, { "192.0.2.9", NULL, 25 }));
    assert_case(bench, "192.0.2.1", "cancelled");
    assert_case(bench, "2001:db8::3", "cancelled");
    assert_case(bench, "a.test", "waiting");
    assert_case(bench, "192.0.2.9", "waiting");
    assert_known_in(bench, "a.csv", 1, case_of(bench, "a.test"));
    assert_known_in(bench, "a.csv", 3, case_of(bench, "c.test"));
    assert_int_equal(look(bench,
                          "SELECT note = '192.0.2.1 and a.test are one host by DNS: case 2 tells of it'"
                          " FROM \"case\" WHERE target = ?1",
                          "192.0.2.1"),
                     1);
    assert_int_equal(look(bench, "SELECT duplicates FROM feed_file WHERE name = ?1", "a.csv"), 2);
    turn(bench);
    assert_int_equal(look(bench, "SELECT count(*) FROM notification WHERE ?1 = ''", ""), 3);
    assert_int_equal(look(bench, "SELECT count(*) FROM same_host WHERE ?1 = ''", ""), 0);
    /* The address alone, in a later file: known. */
    assert_int_equal(drop_seen(bench, "b.csv", SEEN({ "192.0.2.1", NULL, 25 })).summary.duplicates, 1);
    bench_close(bench);
}

/* Another port is another finding: what is left of the address is told, without what the name's people hear. */
static void only_what_is_the_same(void **state)
{
    (void)state;
    struct bench *bench = bench_open_resolving();
    drop_and_resolve(bench, "a.csv",
                     SEEN({ "192.0.2.1", NULL, 25 }, { "192.0.2.1", NULL, 80 }, { "a.test", "a.test", 25 }));
    assert_case(bench, "192.0.2.1", "waiting");
    assert_known_in(bench, "a.csv", 1, case_of(bench, "a.test"));
    assert_known_in(bench, "a.csv", 2, 0);
    bench_close(bench);
}

/* Which of two names the address stands for nobody can say: all three are told, now and in a later file. */
static void two_names_are_told_apart(void **state)
{
    (void)state;
    struct bench *bench = bench_open_resolving();
    drop_and_resolve(bench, "a.csv",
                     SEEN({ "192.0.2.1", NULL, 25 }, { "a.test", "a.test", 25 }, { "b.test", "www.b.test", 25 }));
    assert_case(bench, "192.0.2.1", "waiting");
    assert_case(bench, "a.test", "waiting");
    assert_case(bench, "b.test", "waiting");
    bench_close(bench);
    bench = bench_open_resolving();
    drop_and_resolve(bench, "a.csv", SEEN({ "192.0.2.9", NULL, 25 }, { "a.test", "a.test", 25 }));
    drop_and_resolve(bench, "b.csv", SEEN({ "192.0.2.1", NULL, 80 }, { "b.test", "www.b.test", 25 }));
    assert_int_equal(drop_seen(bench, "c.csv", SEEN({ "192.0.2.1", NULL, 25 })).summary.duplicates, 0);
    bench_close(bench);
}

/* The mail about the address is out when the name comes: it stands, and there is no second one. */
static void the_address_was_told_before(void **state)
{
    (void)state;
    struct bench *bench = bench_open_resolving();
    drop_and_resolve(bench, "a.csv", SEEN({ "192.0.2.1", NULL, 25 }));
    turn(bench);
    int64_t mail = claim_one(bench, "abuse@192.0.2.1");
    attempt(bench, mail, QUEUE_ACCEPTED, NULL);
    drop_and_resolve(bench, "b.csv", SEEN({ "a.test", "a.test", 25 }, { "c.test", "c.test", 25 }));
    assert_case(bench, "a.test", "cancelled");
    assert_case(bench, "c.test", "waiting");
    assert_known_in(bench, "b.csv", 1, case_of(bench, "192.0.2.1"));
    assert_mail(bench, mail, "accepted");
    bench_close(bench);
    /* That of long ago is no reason to be silent. */
    bench = bench_open_resolving();
    drop_and_resolve(bench, "a.csv", SEEN({ "192.0.2.1", NULL, 25 }));
    turn(bench);
    attempt(bench, claim_one(bench, "abuse@192.0.2.1"), QUEUE_ACCEPTED, NULL);
    pass(bench, 11 * DAY);
    drop_and_resolve(bench, "b.csv", SEEN({ "a.test", "a.test", 25 }, { "192.0.2.9", NULL, 25 }));
    assert_case(bench, "a.test", "waiting");
    bench_close(bench);
}

/* A feed that names no address alone has no name looked up; what DNS said a long time ago says nothing of today. */
static void who_pays(void **state)
{
    (void)state;
    struct bench *bench = bench_open_resolving();
    drop_seen(bench, "a.csv", SEEN({ "a.test", "a.test", 25 }));
    assert_int_equal(claim_targets(bench, 10), 1);
    assert_null(bench->targets[0].hosts);
    drop_seen(bench, "b.csv",
              SEEN({ "192.0.2.9", NULL, 25 }, { "c.test", "c.test", 25 }, { "c.test", "www.c.test", 25 }));
    assert_int_equal(claim_targets(bench, 10), 1);
    assert_string_equal(bench->targets[0].hosts, "c.test www.c.test");
    /* The daemon dies meanwhile. */
    reopen(bench);
    resolve_all(bench);
    assert_case(bench, "192.0.2.9", "waiting");
    assert_case(bench, "c.test", "waiting");
    bench->now += 20 * DAY;
    assert_int_equal(drop_seen(bench, "c.csv", SEEN({ "192.0.2.3", NULL, 25 })).summary.duplicates, 0);
    assert_int_equal(look(bench, "SELECT reminder FROM \"case\" WHERE target = ?1", "192.0.2.3"), 0);
    bench_close(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_mail_for_both),
        cmocka_unit_test(only_what_is_the_same),
        cmocka_unit_test(two_names_are_told_apart),
        cmocka_unit_test(the_address_was_told_before),
        cmocka_unit_test(who_pays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

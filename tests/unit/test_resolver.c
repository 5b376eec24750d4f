#include "daemon/contact/resolver.h"

#include "tests/unit/dns_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const struct dns_row zone[] = {
    { "shop.example", 15, "10 mx1.hoster.example", DNS_SAYS, 0 },
    { "shop.example", 1, "192.0.2.7", DNS_SAYS, 0 },
    { "once.example", 0, NULL, DNS_SERVFAIL, 1 },
    { "once.example", 15, "10 mx.example", DNS_SAYS, 0 },
    { "broken.example", 0, NULL, DNS_SERVFAIL, 0 },
    { "lost.example", 0, NULL, DNS_DROP, 1 },
    { "lost.example", 15, "10 mx.example", DNS_SAYS, 0 },
    { "dead.example", 0, NULL, DNS_DROP, 0 },
    { "long.example", 0, NULL, DNS_TRUNCATE, 0 },
    { "long.example", 15, "10 mx.example", DNS_SAYS, 0 },
    { "alias.example", 5, "other.example", DNS_SAYS, 0 },
    { "other.example", 5, "target.example", DNS_SAYS, 0 },
    { "target.example", 15, "10 mx.example", DNS_SAYS, 0 },
    { "null.example", 15, "0 .", DNS_SAYS, 0 },
    { "*.many.example", 15, "10 mx.example", DNS_SAYS, 0 },
};

struct world {
    uv_loop_t loop;
    struct dns_server server;
    char *servers[2];
    struct config config;
    struct resolver *resolver;
    int calls;
    const struct dns_answer *answer; /* the last one */
};

static struct world world;

#define PATIENT 10000 /* milliseconds: where nothing is lost, nothing is asked twice, on a slow machine neither */

static void open_resolver(int64_t in_flight)
{
    struct error error;
    if (!world.config.dns.timeout)
        world.config.dns.timeout = 100;
    world.config.dns.tries = 2;
    world.config.dns.in_flight = in_flight;
    assert_int_equal(resolver_open(&world.loop, &world.config, &world.resolver, &error), 0);
}

static int setup(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    uv_loop_init(&world.loop);
    world.config.dns.receive_buffer = 1 << 20;
    dns_server_open(&world.server, &world.loop, zone, COUNT(zone));
    world.servers[0] = world.server.address;
    world.config.dns.servers = (struct config_list){ world.servers, 1 };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    dns_answer_drop(world.answer);
    if (world.resolver)
        resolver_close(world.resolver);
    dns_server_close(&world.server);
    uv_run(&world.loop, UV_RUN_DEFAULT);
    return uv_loop_close(&world.loop);
}

static void keep(void *context, const struct dns_answer *answer)
{
    assert_ptr_equal(context, &world);
    world.calls++;
    dns_answer_drop(world.answer);
    world.answer = dns_answer_keep(answer);
}

static struct resolver_query *ask(const char *name, enum dns_type type)
{
    int calls = world.calls;
    struct resolver_query *query = resolver_ask(world.resolver, name, type, keep, &world);
    assert_int_equal(world.calls, calls);
    return query;
}

static void run_until(int calls)
{
    while (world.calls < calls)
        assert_true(uv_run(&world.loop, UV_RUN_ONCE));
    assert_int_equal(world.calls, calls);
}

static struct resolver_counts counts(void)
{
    struct resolver_counts now;
    resolver_count(world.resolver, &now);
    return now;
}

static void test_answers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum dns_type type;
        enum dns_status status;
        const char *exchange;
    } rows[] = {
        { "shop.example", DNS_MX, DNS_RECORDS, "mx1.hoster.example" },
        { "shop.example", DNS_A, DNS_RECORDS, NULL },
        { "shop.example", DNS_AAAA, DNS_NO_DATA, NULL },
        { "missing.example", DNS_MX, DNS_NO_NAME, NULL },
        { "null.example", DNS_MX, DNS_RECORDS, "." },
        { "alias.example", DNS_MX, DNS_RECORDS, "mx.example" },
        { "once.example", DNS_MX, DNS_RECORDS, "mx.example" }, /* asked again after SERVFAIL */
        { "broken.example", DNS_MX, DNS_FAILED, NULL },
        { "lost.example", DNS_MX, DNS_RECORDS, "mx.example" }, /* asked again when nothing comes */
        { "dead.example", DNS_MX, DNS_FAILED, NULL },
        { "secret.onion", DNS_MX, DNS_NO_NAME, NULL }, /* never asked */
    };
    open_resolver(100);
    for (size_t i = 0; i < COUNT(rows); i++) {
        ask(rows[i].name, rows[i].type);
        run_until((int)i + 1);
        assert_int_equal(world.answer->status, rows[i].status);
        assert_true(rows[i].status != DNS_FAILED || world.answer->reason);
        if (rows[i].exchange)
            assert_string_equal(world.answer->records[0].name, rows[i].exchange);
    }
    assert_int_equal(counts().in_flight, 0);
    assert_int_equal(counts().failed, 2);
}

static void test_truncated_over_tcp(void **state)
{
    (void)state;
    open_resolver(100);
    ask("long.example", DNS_MX);
    run_until(1);
    assert_int_equal(world.answer->status, DNS_RECORDS);
    assert_string_equal(world.answer->records[0].name, "mx.example");
    assert_int_equal(world.server.streams, 1);
    /* the TCP socket is watched, and unwatched again, while UDP goes on */
    ask("shop.example", DNS_MX);
    run_until(2);
    assert_int_equal(world.answer->status, DNS_RECORDS);
}

static void test_identical_questions_are_joined(void **state)
{
    (void)state;
    open_resolver(100);
    for (int i = 0; i < 10; i++)
        ask("shop.example", DNS_MX);
    ask("shop.example", DNS_A);
    run_until(11);
    assert_int_equal(world.server.queries, 2);
    assert_int_equal(counts().joined, 9);
}

static void test_cache(void **state)
{
    (void)state;
    open_resolver(100);
    world.server.ttl = 1;
    static const char *const names[] = { "shop.example", "missing.example", "broken.example" };
    for (int i = 0; i < 3; i++) {
        ask(names[i], DNS_MX);
        run_until(2 * i + 1);
        unsigned queries = world.server.queries;
        ask(names[i], DNS_MX);
        run_until(2 * i + 2);
        if (i < 2)
            assert_int_equal(world.server.queries, queries);
        else /* a failure is not kept */
            assert_true(world.server.queries > queries);
    }
    assert_int_equal(counts().from_cache, 2);
    assert_int_equal(counts().cached, 2);
    unsigned queries = world.server.queries;
    uv_sleep(1100);
    uv_update_time(&world.loop);
    ask("shop.example", DNS_MX);
    run_until(7);
    assert_int_equal(world.server.queries, queries + 1);
}

static void test_no_ttl_no_cache(void **state)
{
    (void)state;
    open_resolver(100);
    world.server.ttl = 0;
    ask("shop.example", DNS_MX);
    run_until(1);
    ask("shop.example", DNS_MX);
    run_until(2);
    assert_int_equal(world.server.queries, 2);
    assert_int_equal(counts().cached, 0);
}

static void test_many_at_once(void **state)
{
    (void)state;
    world.config.dns.timeout = PATIENT;
    open_resolver(500);
    for (int i = 0; i < 2000; i++) {
        char name[64];
        snprintf(name, sizeof name, "n%d.many.example", i);
        ask(name, DNS_MX);
    }
    assert_int_equal(counts().in_flight + counts().queued, 2000);
    run_until(2000);
    struct resolver_counts now = counts();
    assert_in_range(now.most_in_flight, 300, 500); /* fewer where net.core.rmem_max is small */
    assert_int_equal(now.failed, 0);
    assert_int_equal(now.cached, 2000);
    assert_int_equal(world.server.queries, 2000); /* no datagram was lost */
}

static void test_small_buffer_few_in_flight(void **state)
{
    (void)state;
    world.config.dns.timeout = PATIENT;
    world.config.dns.receive_buffer = 16384;
    open_resolver(500);
    for (int i = 0; i < 500; i++) {
        char name[64];
        snprintf(name, sizeof name, "n%d.many.example", i);
        ask(name, DNS_MX);
    }
    run_until(500);
    assert_in_range(counts().most_in_flight, 2, 50);
    assert_int_equal(counts().failed, 0);
    assert_int_equal(world.server.queries, 500);
}

static void test_order_is_kept(void **state)
{
    (void)state;
    open_resolver(1);
    ask("dead.example", DNS_MX);
    ask("shop.example", DNS_MX);
    ask("null.example", DNS_MX);
    run_until(1);
    assert_int_equal(world.answer->status, DNS_FAILED);
    run_until(2);
    assert_string_equal(world.answer->records[0].name, "mx1.hoster.example");
    run_until(3);
    assert_string_equal(world.answer->records[0].name, ".");
    assert_int_equal(counts().most_in_flight, 1);
}

static void test_cancel(void **state)
{
    (void)state;
    open_resolver(1);
    struct resolver_query *in_flight = ask("shop.example", DNS_MX);
    struct resolver_query *queued = ask("null.example", DNS_MX);
    struct resolver_query *joined = ask("target.example", DNS_MX);
    ask("target.example", DNS_MX);
    resolver_cancel(in_flight);
    resolver_cancel(queued);
    resolver_cancel(joined);
    run_until(1);
    assert_string_equal(world.answer->records[0].name, "mx.example");
    assert_int_equal(world.server.queries, 2); /* the queued one was never asked */
    struct resolver_query *from_cache = ask("shop.example", DNS_MX); /* what was in flight has been kept */
    assert_int_equal(counts().from_cache, 1);
    resolver_cancel(from_cache);
    ask("shop.example", DNS_MX);
    run_until(2);
    assert_string_equal(world.answer->records[0].name, "mx1.hoster.example");
    assert_int_equal(world.server.queries, 2);
}

static struct resolver_query *victim;

static void cancel_victim(void *context, const struct dns_answer *answer)
{
    (void)answer;
    resolver_cancel(victim);
    keep(context, answer);
}

static void test_cancel_from_done(void **state)
{
    (void)state;
    open_resolver(10);
    resolver_ask(world.resolver, "shop.example", DNS_MX, cancel_victim, &world);
    victim = ask("shop.example", DNS_MX);
    ask("shop.example", DNS_MX);
    run_until(2);
    for (int i = 0; i < 20; i++)
        uv_run(&world.loop, UV_RUN_NOWAIT);
    assert_int_equal(world.calls, 2);
}

static void ask_again(void *context, const struct dns_answer *answer)
{
    keep(context, answer);
    ask("broken.example", DNS_MX); /* a failure is not taken for the answer to a new question */
}

static void test_ask_from_done(void **state)
{
    (void)state;
    open_resolver(10);
    resolver_ask(world.resolver, "broken.example", DNS_MX, ask_again, &world);
    run_until(1);
    unsigned queries = world.server.queries;
    run_until(2);
    assert_true(world.server.queries > queries);
}

static void close_it(void *context, const struct dns_answer *answer)
{
    keep(context, answer);
    resolver_close(world.resolver);
    world.resolver = NULL;
}

static void test_close_from_done(void **state)
{
    (void)state;
    open_resolver(2);
    resolver_ask(world.resolver, "shop.example", DNS_MX, close_it, &world);
    ask("shop.example", DNS_MX);
    ask("null.example", DNS_MX);
    ask("dead.example", DNS_MX);
    ask("target.example", DNS_MX);
    run_until(1);
    for (int i = 0; i < 20; i++)
        uv_run(&world.loop, UV_RUN_NOWAIT);
    assert_int_equal(world.calls, 1);
}

static void test_close_with_queries_under_way(void **state)
{
    (void)state;
    open_resolver(10);
    ask("shop.example", DNS_A);
    run_until(1);
    ask("shop.example", DNS_A); /* ready at once */
    ask("long.example", DNS_MX); /* over TCP */
    for (int i = 0; i < 50; i++) {
        char name[64];
        snprintf(name, sizeof name, "n%d.many.example", i);
        ask(name, DNS_MX);
    }
    uv_run(&world.loop, UV_RUN_NOWAIT);
    int calls = world.calls;
    resolver_close(world.resolver);
    world.resolver = NULL;
    for (int i = 0; i < 20; i++)
        uv_run(&world.loop, UV_RUN_NOWAIT);
    assert_int_equal(world.calls, calls);
}

static void test_nobody_listens(void **state)
{
    (void)state;
    struct sockaddr_in address;
    int size = sizeof address;
    char text[32];
    uv_udp_t closed;
    uv_ip4_addr("127.0.0.1", 0, &address);
    uv_udp_init(&world.loop, &closed);
    uv_udp_bind(&closed, (const struct sockaddr *)&address, 0);
    uv_udp_getsockname(&closed, (struct sockaddr *)&address, &size);
    snprintf(text, sizeof text, "127.0.0.1:%u", ntohs(address.sin_port));
    uv_close((uv_handle_t *)&closed, NULL);
    uv_run(&world.loop, UV_RUN_NOWAIT);

    world.servers[0] = text;
    open_resolver(10);
    for (int i = 0; i < 30; i++) { /* more than are in flight: failing at once must not recurse or starve the queue */
        char name[64];
        snprintf(name, sizeof name, "n%d.many.example", i);
        ask(name, DNS_MX);
    }
    run_until(30);
    assert_int_equal(world.answer->status, DNS_FAILED);
    assert_int_equal(counts().failed, 30);
}

static void test_second_server(void **state)
{
    (void)state;
    world.servers[1] = world.server.address;
    world.servers[0] = (char *)"127.0.0.1:1";
    world.config.dns.servers.count = 2;
    open_resolver(10);
    ask("shop.example", DNS_MX);
    run_until(1);
    assert_int_equal(world.answer->status, DNS_RECORDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_truncated_over_tcp, setup, teardown),
        cmocka_unit_test_setup_teardown(test_identical_questions_are_joined, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cache, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_ttl_no_cache, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_small_buffer_few_in_flight, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancel_from_done, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ask_from_done, setup, teardown),
        cmocka_unit_test_setup_teardown(test_close_from_done, setup, teardown),
        cmocka_unit_test_setup_teardown(test_close_with_queries_under_way, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_listens, setup, teardown),
        cmocka_unit_test_setup_teardown(test_second_server, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

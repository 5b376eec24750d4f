#include "daemon/contact/contact.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/dns_server.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const struct dns_row zone[] = {
    { "shop.example", 15, "10 mx1.hoster.example", DNS_SAYS, 0 },
    { "shop.example", 1, "192.0.2.7", DNS_SAYS, 0 },
    { "alias.shop.example", 5, "www.shop.example", DNS_SAYS, 0 },
    { "www.shop.example", 1, "192.0.2.7", DNS_SAYS, 0 },
    { "mail.shop.example", 15, "10 mx2.hoster.example", DNS_SAYS, 0 },
    { "bare.example", 1, "192.0.2.9", DNS_SAYS, 0 },
    { "six.example", 28, "2001:db8::9", DNS_SAYS, 0 },
    { "parked.example", 1, "127.0.0.1", DNS_SAYS, 0 },
    { "null.example", 15, "0 .", DNS_SAYS, 0 },
    { "nothing.example", 16, "", DNS_SERVFAIL, 0 },
    { "broken.example", 0, NULL, DNS_SERVFAIL, 0 },
    { "flaky.example", 15, NULL, DNS_SERVFAIL, 1 },
    { "flaky.example", 15, "10 mx1.hoster.example", DNS_SAYS, 0 },
    { "xn--bcher-kva.example", 15, "10 mx1.hoster.example", DNS_SAYS, 0 },
    { "hoster.example", 15, "10 mx1.hoster.example", DNS_SAYS, 0 },
    { "slow.example", 0, NULL, DNS_DROP, 0 },
    { "many.example", 1, "192.0.2.100", DNS_SAYS, 0 },
    { "many.example", 1, "192.0.2.101", DNS_SAYS, 0 },
    { "many.example", 1, "192.0.2.102", DNS_SAYS, 0 },
    { "many.example", 1, "192.0.2.103", DNS_SAYS, 0 },
    { "many.example", 1, "192.0.2.104", DNS_SAYS, 0 },
    { "many.example", 1, "192.0.2.105", DNS_SAYS, 0 },
    { "many.example", 1, "192.0.2.106", DNS_SAYS, 0 },
    { "many.example", 1, "192.0.2.107", DNS_SAYS, 0 },
    { "many.example", 1, "192.0.2.108", DNS_SAYS, 0 },
};

struct world {
    uv_loop_t loop;
    struct dns_server server;
    struct config config;
    struct contact *contact;
    char *servers[1];
    int calls, status;
    struct ladder ladder;
    char said[512];
};

static char *order[] = { "override", "rfc2142-abuse", "rfc2142-security" };
static char *mailboxes[] = { "abuse", "security" };
static char *hoster_contacts[] = { "noc@hoster.example" };
static char *dead_contacts[] = { "someone@null.example" };
static struct config_override overrides[3];

static void open_world(struct world *world)
{
    memset(world, 0, sizeof *world);
    uv_loop_init(&world->loop);
    dns_server_open(&world->server, &world->loop, zone, COUNT(zone));
    world->servers[0] = world->server.address;
    world->config.dns.servers = (struct config_list){ world->servers, 1 };
    world->config.dns.timeout = 250;
    world->config.dns.tries = 2;
    world->config.dns.in_flight = 100;
    world->config.dns.receive_buffer = 1 << 20;
    world->config.contacts.order = (struct config_list){ order, COUNT(order) };
    world->config.contacts.mailboxes = (struct config_list){ mailboxes, COUNT(mailboxes) };
    world->config.contacts.max_contacts = 8;
    struct error error;
    assert_int_equal(contact_open(&world->loop, &world->config, &world->contact, &error), 0);
}

static void close_world(struct world *world)
{
    ladder_clear(&world->ladder);
    if (world->contact)
        contact_close(world->contact);
    dns_server_close(&world->server);
    uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&world->loop), 0);
}

static void found(void *context, int status, struct ladder *ladder)
{
    struct world *world = context;
    world->calls++;
    world->status = status;
    ladder_clear(&world->ladder);
    world->ladder = *ladder;
}

static void find(struct world *world, const char *target, const char *host, const char *ip, bool last_try)
{
    struct contact_target what = { target, host, ip };
    int calls = world->calls;
    contact_find(world->contact, &what, last_try, found, world);
    assert_int_equal(world->calls, calls); /* never before it returns */
    while (world->calls == calls)
        uv_run(&world->loop, UV_RUN_ONCE);
}

static void assert_addresses(const struct ladder *ladder, const char *expected)
{
    char text[1024] = "";
    for (size_t i = 0; i < ladder->count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "", ladder->rungs[i].address);
    assert_string_equal(text, expected);
}

static void test_verdicts(void **state)
{
    (void)state;
    static const struct {
        const char *target, *host, *addresses, *note;
    } rows[] = {
        { "shop.example", NULL, "abuse@shop.example security@shop.example", NULL },
        { "shop.example", "www.shop.example", "abuse@shop.example security@shop.example", "no MX record of its own" },
        { "shop.example", "alias.shop.example", "abuse@shop.example security@shop.example", "no MX record of its own" },
        { "shop.example", "gone.shop.example", "abuse@shop.example security@shop.example", "does not exist" },
        { "shop.example", "mail.shop.example",
          "abuse@mail.shop.example abuse@shop.example security@mail.shop.example security@shop.example", NULL },
        { "bare.example", NULL, "abuse@bare.example security@bare.example", NULL },
        { "six.example", NULL, "abuse@six.example security@six.example", NULL },
        { "parked.example", NULL, "", "not on the Internet" },
        { "null.example", NULL, "", "RFC 7505" },
        { "nothing.example", NULL, "", "neither an MX record nor an address" },
        { "missing.example", NULL, "", "does not exist in DNS" },
        { "flaky.example", NULL, "abuse@flaky.example security@flaky.example", NULL },
        { "xn--bcher-kva.example", NULL, "abuse@xn--bcher-kva.example security@xn--bcher-kva.example", NULL },
        { "192.0.2.7", NULL, "", "no contact source knows this address" },
    };
    struct world world;
    open_world(&world);
    for (size_t i = 0; i < COUNT(rows); i++) {
        find(&world, rows[i].target, rows[i].host, NULL, false);
        assert_int_equal(world.status, 0);
        assert_addresses(&world.ladder, rows[i].addresses);
        if (rows[i].note)
            assert_non_null(strstr(world.ladder.note, rows[i].note));
        else
            assert_null(world.ladder.note);
    }
    close_world(&world);
}

static void test_evidence(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    find(&world, "shop.example", NULL, NULL, false);
    assert_string_equal(world.ladder.rungs[0].evidence,
                        "RFC 2142 mailbox of shop.example; mail for it goes to mx1.hoster.example");
    assert_string_equal(world.ladder.rungs[0].kinds, "rfc2142-abuse");
    assert_int_equal(world.ladder.rungs[0].party, PARTY_OWNER);
    double with_mx = world.ladder.rungs[0].score;
    find(&world, "bare.example", NULL, NULL, false);
    assert_string_equal(world.ladder.rungs[0].evidence,
                        "RFC 2142 mailbox of bare.example; it has no MX record, so mail "
                        "for it goes to its own address 192.0.2.9");
    assert_true(world.ladder.rungs[0].score < with_mx);
    close_world(&world);
}

static void test_dns_that_fails_is_no_answer(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    find(&world, "broken.example", NULL, NULL, false);
    assert_int_equal(world.status, -EAGAIN);
    assert_int_equal(world.ladder.count, 0);
    find(&world, "slow.example", NULL, NULL, false);
    assert_int_equal(world.status, -EAGAIN);
    find(&world, "shop.example", "broken.example", NULL, false);
    assert_int_equal(world.status, -EAGAIN);
    find(&world, "broken.example", NULL, NULL, true);
    assert_int_equal(world.status, 0);
    assert_true(world.ladder.partial);
    assert_int_equal(world.ladder.count, 0);
    assert_non_null(strstr(world.ladder.note, "could not be looked up for now (every server failed or refused)"));
    find(&world, "shop.example", "broken.example", NULL, true);
    assert_addresses(&world.ladder, "abuse@shop.example security@shop.example");
    close_world(&world);
}

static void test_network_override_by_dns(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    overrides[0] =
        (struct config_override){ .has_network = true, .contacts = { hoster_contacts, 1 }, .party = PARTY_HOSTER };
    assert_int_equal(ip_network_parse("192.0.2.0/24", &overrides[0].network), 0);
    overrides[1] = (struct config_override){ .domain = (char *)"null.example", .contacts = { dead_contacts, 1 } };
    world.config.contacts.overrides = overrides;
    world.config.contacts.override_count = 2;

    find(&world, "shop.example", "alias.shop.example", NULL, false);
    assert_addresses(&world.ladder, "abuse@shop.example security@shop.example noc@hoster.example");
    assert_string_equal(world.ladder.rungs[2].evidence, "override for network 192.0.2.0/24 in the configuration; "
                                                        "alias.shop.example has the address 192.0.2.7");
    assert_int_equal(world.ladder.rungs[2].party, PARTY_HOSTER);

    find(&world, "192.0.2.200", NULL, NULL, false);
    assert_addresses(&world.ladder, "noc@hoster.example");
    assert_string_equal(world.ladder.rungs[0].evidence,
                        "override for network 192.0.2.0/24 in the configuration; the incident names 192.0.2.200");
    find(&world, "198.51.100.1", NULL, NULL, false);
    assert_string_equal(world.ladder.note, "no contact source knows this address");

    find(&world, "null.example", NULL, NULL, false);
    assert_addresses(&world.ladder, "someone@null.example");
    assert_non_null(strstr(world.ladder.note, "the override someone@null.example is kept all the same"));
    close_world(&world);
}

static void test_cancel_and_close(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    struct contact_target shop = { "shop.example", NULL, NULL }, slow = { "slow.example", NULL, NULL };
    assert_int_equal(contact_room(world.contact), 100);
    struct contact_search *fresh = contact_find(world.contact, &shop, false, found, &world);
    struct contact_search *waiting = contact_find(world.contact, &slow, false, found, &world);
    assert_int_equal(contact_room(world.contact), 98);
    contact_cancel(fresh);
    uv_run(&world.loop, UV_RUN_NOWAIT);
    contact_cancel(waiting);
    assert_int_equal(contact_room(world.contact), 100);
    for (int i = 0; i < 50; i++)
        contact_find(world.contact, i % 2 ? &shop : &slow, false, found, &world);
    uv_run(&world.loop, UV_RUN_NOWAIT);
    contact_close(world.contact);
    world.contact = NULL;
    close_world(&world);
    assert_int_equal(world.calls, 0);
}

static void close_in_done(void *context, int status, struct ladder *ladder)
{
    struct world *world = context;
    assert_int_equal(status, 0);
    ladder_clear(ladder);
    world->calls++;
    contact_close(world->contact);
    world->contact = NULL;
}

static void test_close_from_done(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    struct contact_target shop = { "shop.example", NULL, NULL }, ip = { "192.0.2.7", NULL, NULL };
    for (int i = 0; i < 5; i++)
        contact_find(world.contact, &shop, false, close_in_done, &world);
    while (world.contact)
        uv_run(&world.loop, UV_RUN_ONCE);
    assert_int_equal(world.calls, 1);
    close_world(&world);

    open_world(&world);
    for (int i = 0; i < 5; i++)
        contact_find(world.contact, &ip, false, close_in_done, &world);
    while (world.contact)
        uv_run(&world.loop, UV_RUN_ONCE);
    assert_int_equal(world.calls, 1);
    close_world(&world);
}

static void test_bad_servers(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    char *bad[] = { "not an address" };
    struct config config = world.config;
    struct contact *contact = NULL;
    struct error error = { "" };
    config.dns.servers = (struct config_list){ bad, 1 };
    assert_int_equal(contact_open(&world.loop, &config, &contact, &error), -EINVAL);
    assert_non_null(strstr(error.text, "dns.servers"));
    close_world(&world);
}

static void looked_up(void *context, const struct host_address *addresses, size_t count)
{
    struct world *world = context;
    world->calls++;
    world->said[0] = '\0';
    for (size_t i = 0; i < count; i++)
        snprintf(world->said + strlen(world->said), sizeof world->said - strlen(world->said), "%s=%s ",
                 addresses[i].host, addresses[i].ip);
}

/* What DNS will not say is left out; a name with more addresses than a host has stands for none. */
static void test_look_up(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "shop.example alias.shop.example six.example missing.example broken.example",
          "shop.example=192.0.2.7 alias.shop.example=192.0.2.7 six.example=2001:db8::9 " },
        { "many.example", "" },
        { "", "" },
    };
    struct world world;
    open_world(&world);
    for (size_t i = 0; i < COUNT(rows); i++) {
        int calls = world.calls;
        contact_look_up(world.contact, rows[i][0], looked_up, &world);
        assert_int_equal(world.calls, calls);
        while (world.calls == calls)
            uv_run(&world.loop, UV_RUN_ONCE);
        assert_string_equal(world.said, rows[i][1]);
    }
    contact_cancel(contact_look_up(world.contact, "slow.example", looked_up, &world));
    close_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_look_up),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_dns_that_fails_is_no_answer),
        cmocka_unit_test(test_network_override_by_dns),
        cmocka_unit_test(test_cancel_and_close),
        cmocka_unit_test(test_close_from_done),
        cmocka_unit_test(test_bad_servers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

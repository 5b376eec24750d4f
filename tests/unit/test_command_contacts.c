/* tocsin contacts, as a person calls it: arguments in, text and exit status out. DNS is served by a thread of the test. */
#include "daemon/command/command.h"

#include "tests/unit/dns_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const struct dns_row zone[] = {
    { "shop.example", 15, "10 mx1.hoster.example", DNS_SAYS, 0 },
    { "www.shop.example", 1, "192.0.2.7", DNS_SAYS, 0 },
    { "xn--bcher-kva.example", 15, "10 mx1.hoster.example", DNS_SAYS, 0 },
    { "null.example", 15, "0 .", DNS_SAYS, 0 },
    { "broken.example", 0, NULL, DNS_SERVFAIL, 0 },
    { "slow.example", 15, NULL, DNS_DROP, 1 },
    { "slow.example", 15, "10 mx1.hoster.example", DNS_SAYS, 0 },
    { "*.many.example", 15, "10 mx1.hoster.example", DNS_SAYS, 0 },
};

static uv_loop_t loop;
static struct dns_server server;
static uv_async_t stop;
static uv_thread_t thread;
static char *servers[] = { server.address };
static char *order[] = { "rfc2142-abuse" };
static char *mailboxes[] = { "abuse" };
static struct config config = {
    .paths = { .public_suffixes = (char *)"",
               .control_socket = (char *)"/nonexistent/control.sock",
               .store = (char *)"/nonexistent/tocsin.db" },
    .dns = { .servers = { servers, 1 }, .timeout = 100, .tries = 1, .in_flight = 20, .receive_buffer = 1 << 20 },
    .contacts = { .order = { order, 1 }, .mailboxes = { mailboxes, 1 }, .max_contacts = 6 },
};
static char output[1 << 20];

static void serve(void *context)
{
    (void)context;
    uv_run(&loop, UV_RUN_DEFAULT);
}

static void on_stop(uv_async_t *handle)
{
    dns_server_close(&server);
    uv_close((uv_handle_t *)handle, NULL);
}

static int start(void **state)
{
    (void)state;
    uv_loop_init(&loop);
    dns_server_open(&server, &loop, zone, COUNT(zone));
    uv_async_init(&loop, &stop, on_stop);
    return uv_thread_create(&thread, serve, NULL);
}

static int end(void **state)
{
    (void)state;
    uv_async_send(&stop);
    uv_thread_join(&thread);
    return uv_loop_close(&loop);
}

/* Run it with ARGUMENTS (blank-separated); what it prints goes to OUTPUT, errors too. */
static int run(bool json, const char *arguments)
{
    char words[1024], *argv[32] = { (char *)"contacts" };
    int argc = 1;
    snprintf(words, sizeof words, "%s", arguments);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    FILE *file = tmpfile();
    fflush(stdout);
    fflush(stderr);
    int out = dup(1), err = dup(2);
    dup2(fileno(file), 1);
    dup2(fileno(file), 2);
    struct context context = { .config = &config, .json = json };
    int code = command_contacts(&context, argc, argv);
    fflush(stdout);
    fflush(stderr);
    dup2(out, 1);
    dup2(err, 2);
    close(out);
    close(err);
    rewind(file);
    output[fread(output, 1, sizeof output - 1, file)] = '\0';
    fclose(file);
    return code;
}

static void test_exit_codes(void **state)
{
    (void)state;
    static const struct {
        const char *arguments;
        int code;
        const char *says;
    } rows[] = {
        { "shop.example", EX_OK, "abuse@shop.example" },
        { "192.0.2.7", EX_OK, "no contact source knows this address" },
        { "null.example", EX_OK, "RFC 7505" },
        { "slow.example", EX_OK, "abuse@slow.example" },
        { "broken.example", EX_TEMPFAIL, "incomplete: DNS could not say everything" },
        { "shop.example not_a_target", EX_DATAERR, "abuse@shop.example" },
        { "not_a_target broken.example", EX_DATAERR, "tocsin: neither a domain, an address nor a URL: 'not_a_target'" },
        { "", EX_USAGE, "wants a TARGET" },
        { "--nonsense shop.example", EX_USAGE, "there is no option --nonsense" },
        { "--from-file", EX_USAGE, "--from-file wants a value" },
        { "--from-file /nonexistent/list", EX_NOINPUT, "/nonexistent/list" },
        { "--help", EX_OK, "usage: tocsin contacts" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int code = run(false, rows[i].arguments);
        if (code != rows[i].code || !strstr(output, rows[i].says))
            fail_msg("%s: %d, not %d; prints: %s", rows[i].arguments, code, rows[i].code, output);
    }
}

/* A person who has no configuration yet may ask what the command does. */
static void test_help_without_a_configuration(void **state)
{
    (void)state;
    struct context context = { .config_path = "/nonexistent/tocsin.yaml" };
    char *argv[] = { (char *)"contacts", (char *)"--help", NULL };
    assert_int_equal(command_contacts(&context, 2, argv), EX_OK);
    assert_null(context.config);
}

static void test_any_spelling(void **state)
{
    (void)state;
    static const char *const spellings[] = {
        "www.shop.example",         "WWW.Shop.Example.",
        "www[.]shop[.]example",     "https://www.shop.example:8443/cart?id=1",
        "hxxp://www.shop.example/",
    };
    for (size_t i = 0; i < COUNT(spellings); i++) {
        assert_int_equal(run(false, spellings[i]), EX_OK);
        assert_ptr_equal(strstr(output, "shop.example, host www.shop.example\n"), output);
        assert_non_null(strstr(output, "abuse@shop.example"));
    }
    assert_int_equal(run(false, "bücher.example"), EX_OK);
    assert_non_null(strstr(output, "abuse@xn--bcher-kva.example"));
}

static void test_in_the_order_given(void **state)
{
    (void)state;
    assert_int_equal(run(true, "slow.example bad_one shop.example 192.0.2.7"), EX_DATAERR);
    const char *slow = strstr(output, "{\"target\":\"slow.example\""), *bad = strstr(output, "{\"target\":\"bad_one\""),
               *shop = strstr(output, "{\"target\":\"shop.example\""),
               *ip = strstr(output, "{\"target\":\"192.0.2.7\"");
    assert_true(slow == output && bad > slow && shop > bad && ip > shop);
    assert_non_null(strstr(bad, "\"error\":"));
}

static void test_many_from_a_file(void **state)
{
    (void)state;
    char path[] = "/tmp/test-contacts-XXXXXX", arguments[64];
    int fd = mkstemp(path), lines = 0;
    assert_true(fd >= 0);
    dprintf(fd, "# a comment\nbad one\n");
    for (int i = 0; i < 500; i++)
        dprintf(fd, "n%d.many.example\n", i);
    close(fd);
    snprintf(arguments, sizeof arguments, "--json --from-file %s", path);
    assert_int_equal(run(false, arguments), EX_DATAERR);
    unlink(path);
    for (const char *at = output; (at = strchr(at, '\n')); at++)
        lines++;
    assert_int_equal(lines, 501);
}

static void test_configuration(void **state)
{
    (void)state;
    static char *nonsense[] = { (char *)"not an address" };
    config.dns.servers.items = nonsense;
    assert_int_equal(run(false, "shop.example"), EX_CONFIG);
    config.dns.servers.items = servers;
    config.paths.public_suffixes = (char *)"/nonexistent/suffixes";
    assert_int_equal(run(false, "shop.example"), EX_CONFIG);
    assert_non_null(strstr(output, "/nonexistent/suffixes"));
    config.paths.public_suffixes = (char *)"";
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_exit_codes, start, end),
        cmocka_unit_test(test_help_without_a_configuration),
        cmocka_unit_test_setup_teardown(test_any_spelling, start, end),
        cmocka_unit_test_setup_teardown(test_in_the_order_given, start, end),
        cmocka_unit_test_setup_teardown(test_many_from_a_file, start, end),
        cmocka_unit_test_setup_teardown(test_configuration, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

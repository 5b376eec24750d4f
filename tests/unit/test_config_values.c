/* config: what each type of value takes, and what it does not. */
#include "config/config.h"
#include "config/values.h"
#include "daemon/base/buf.h"
#include "daemon/base/mem.h"
#include "tests/unit/config_complaint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* TEXT is read, and is KEY's value. */
static void assert_number(const char *setting, size_t offset, int64_t expected)
{
    struct config *config;
    struct config_errors errors;
    if (config_load(NULL, &setting, 1, &config, &errors))
        fail_msg("%s", errors.items[0]);
    int64_t got = *(int64_t *)((char *)config + offset);
    if (got != expected)
        fail_msg("%s: %lld", setting, (long long)got);
    config_free(config);
}

static void assert_string(const char *setting, size_t offset, const char *expected)
{
    struct config *config;
    struct config_errors errors;
    if (config_load(NULL, &setting, 1, &config, &errors))
        fail_msg("%s", errors.items[0]);
    assert_string_equal(*(char **)((char *)config + offset), expected);
    config_free(config);
}

static void test_numbers(void **state)
{
    (void)state;
    size_t rescan = offsetof(struct config, spool.rescan), quiet = offsetof(struct config, spool.quiet);
    assert_number("spool.rescan=500ms", rescan, 500);
    assert_number("spool.rescan=30s", rescan, 30000);
    assert_number("spool.rescan=5m", rescan, 300000);
    assert_number("spool.rescan=2h", rescan, 7200000);
    assert_number("spool.rescan=1d", rescan, 86400000);
    assert_number("spool.rescan=\"1d\"", rescan, 86400000);
    assert_number("spool.quiet=0", quiet, 0);
    assert_number("spool.quiet=0s", quiet, 0);
    assert_number("spool.quiet=00", quiet, 0);
    size_t buffer = offsetof(struct config, dns.receive_buffer);
    assert_number("dns.receive_buffer=64k", buffer, 65536);
    assert_number("dns.receive_buffer=64K", buffer, 65536);
    assert_number("dns.receive_buffer=70000", buffer, 70000);
    assert_number("dns.receive_buffer=256M", buffer, 256 << 20);
    assert_number("spool.max_file=64G", offsetof(struct config, spool.max_file), INT64_C(64) << 30);
    size_t rate = offsetof(struct config, delivery.rate);
    assert_number("delivery.rate=600/h", rate, 600);
    assert_number("delivery.rate=10/min", rate, 600);
    assert_number("delivery.rate=1/s", rate, 3600);
    assert_number("delivery.rate=0", rate, 0);
    size_t percent = offsetof(struct config, campaigns.max_rejected);
    assert_number("campaigns.max_rejected=20", percent, 20);
    assert_number("campaigns.max_rejected=100%", percent, 100);
    assert_number("campaigns.max_rejected=0", percent, 0);
    assert_number("delivery.sessions=256", offsetof(struct config, delivery.sessions), 256);
}

static void test_wrong_numbers(void **state)
{
    static const char *const settings[] = {
        "spool.rescan=30",
        "spool.rescan=30 s",
        "spool.rescan=s",
        "spool.rescan=1.5h",
        "spool.rescan=30sec",
        "spool.rescan=2d",
        "spool.rescan=99ms",
        "spool.rescan=-5s",
        "spool.rescan=",
        "spool.rescan=~",
        "spool.rescan=[30s]",
        "spool.rescan={a: 1}",
        "spool.rescan=30S",
        "spool.rescan=0x10s",
        "spool.rescan=1e3s",
        "spool.rescan=\"30s\\0\"",
        "delivery.sessions=0",
        "delivery.sessions=257",
        "delivery.sessions=eight",
        "delivery.sessions=+4",
        "delivery.sessions=4.0",
        "delivery.sessions=-1",
        "delivery.rate=5/week",
        "delivery.rate=600",
        "delivery.rate=-1/h",
        "delivery.rate=1/",
        "delivery.rate=100000001/h",
        "dns.receive_buffer=63k",
        "dns.receive_buffer=1T",
        "dns.receive_buffer=4MB",
        "campaigns.max_rejected=101",
        "campaigns.max_rejected=-1%",
        "campaigns.max_rejected=half",
        "spool.rescan=9223372036854775807d",
        "spool.rescan=99999999999999999999999999s",
    };
    (void)state;
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        char *got = complaint(NULL, settings[i]);
        if (!got)
            fail_msg("%s was taken", settings[i]);
        free(got);
    }
}

/* Whatever a number is shown as reads back as the same. */
static void test_numbers_format(void **state)
{
    static const struct {
        enum config_type type;
        int64_t number;
        const char *text;
    } cases[] = {
        { CONFIG_DURATION, 0, "0" },         { CONFIG_DURATION, 500, "500ms" },
        { CONFIG_DURATION, 90000, "90s" },   { CONFIG_DURATION, 3600000, "1h" },
        { CONFIG_DURATION, 86400000, "1d" }, { CONFIG_DURATION, 1001, "1001ms" },
        { CONFIG_SIZE, 65536, "64k" },       { CONFIG_SIZE, 1000, "1000" },
        { CONFIG_SIZE, 1 << 30, "1G" },      { CONFIG_RATE, 0, "0" },
        { CONFIG_RATE, 3600, "3600/h" },     { CONFIG_PERCENT, 20, "20%" },
        { CONFIG_INTEGER, 0, "0" },          { CONFIG_INTEGER, 42, "42" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = BUF_EMPTY;
        struct config_key key = { .path = "x", .type = cases[i].type };
        struct error error;
        int64_t back = -1;
        config_value(cases[i].type)->format(cases[i].number, &out);
        assert_string_equal(out.data, cases[i].text);
        assert_int_equal(config_value(cases[i].type)->parse(&key, out.data, &back, &error), 0);
        assert_int_equal(back, cases[i].number);
        buf_free(&out);
    }
}

static void test_texts(void **state)
{
    (void)state;
    size_t name = offsetof(struct config, sender.name), about = offsetof(struct config, sender.about);
    assert_string("sender.name='  A. Researcher '", name, "A. Researcher");
    assert_string("sender.name=~", name, "");
    assert_string("sender.name=null", name, "");
    assert_string("sender.name=\"null\"", name, "null");
    assert_string("sender.name=", name, "");
    assert_string("sender.name=Zoë 🔔", name, "Zoë 🔔");
    assert_string("sender.about=>\n  one line\n  and more\n", about, "one line and more");
    assert_string("sender.address=<Abuse@EXAMPLE.org>", offsetof(struct config, sender.address), "abuse@example.org");
    assert_string("sender.website=https://example.org/who?a=1#b", offsetof(struct config, sender.website),
                  "https://example.org/who?a=1#b");
    assert_string("return_path.helo=mx.example.org", offsetof(struct config, return_path.helo), "mx.example.org");
    assert_string("return_path.helo='[192.0.2.1]'", offsetof(struct config, return_path.helo), "[192.0.2.1]");
    assert_string("return_path.helo='[IPv6:2001:db8::1]'", offsetof(struct config, return_path.helo),
                  "[IPv6:2001:db8::1]");
    size_t relay = offsetof(struct config, delivery.relay), listen = offsetof(struct config, bounces.lmtp_listen);
    assert_string("delivery.relay=localhost:2525", relay, "localhost:2525");
    assert_string("delivery.relay=mx_1.example.org:587", relay, "mx_1.example.org:587");
    assert_string("delivery.relay='[2001:db8::1]:25'", relay, "[2001:db8::1]:25");
    assert_string("delivery.relay=192.0.2.1:65535", relay, "192.0.2.1:65535");
    assert_string("bounces.lmtp_listen=127.0.0.53:24", listen, "127.0.0.53:24");
    assert_string("bounces.lmtp_listen='[::1]:24'", listen, "[::1]:24");
    assert_string("bounces.lmtp_socket=", offsetof(struct config, bounces.lmtp_socket), "");
    assert_string("access.admin_group=no-such-group", offsetof(struct config, access.admin_group), "no-such-group");
    assert_string("log.level=debug", offsetof(struct config, log_level), "debug");
}

static const char *const wrong_texts[] = {
    "sender.name=\"two\\nlines\"",
    "sender.name=\"Bcc\\r\\n\"",
    "sender.name=\"tab\\there\"",
    "sender.name=\"nul\\0\"",
    "sender.name=\"\\x7f\"",
    "sender.name=[a]",
    "sender.name={a: b}",
    "sender.name="
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "sender.address=nobody",
    "sender.address=a@b",
    "sender.address=a b@example.org",
    "sender.address=\"a@example.org\\nBcc: x@example.org\"",
    "sender.website=example.org",
    "sender.website=javascript:alert(1)",
    "sender.website=https://",
    "sender.website=https:///x",
    "sender.website=https://a b",
    "sender.website=https://a/\"x\"",
    "return_path.bounce=bounce+x@example.org",
    "return_path.bounce=abcdefghijklmnopqrstuvwxy@example.org",
    "return_path.helo=two words",
    "return_path.helo=-x.example",
    "return_path.helo=192.0.2.1",
    "return_path.helo='[192.0.2.300]'",
    "return_path.helo='[IPv6:192.0.2.1]'",
    "return_path.helo='[]'",
    "paths.spool=",
    "paths.spool=spool",
    "paths.spool=./spool",
    "paths.templates=/one",
    "paths.templates=[]",
    "paths.templates=[/a, /a]",
    "paths.templates=['']",
    "paths.templates=[/a, [/b]]",
    "paths.control_socket=/"
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "paths.token_keys=credential:",
    "paths.token_keys=credential:../x",
    "paths.token_keys=credential:..",
    "paths.token_keys=secret",
    "delivery.relay=",
    "delivery.relay=localhost",
    "delivery.relay=:25",
    "delivery.relay=localhost:",
    "delivery.relay=localhost:0",
    "delivery.relay=localhost:65536",
    "delivery.relay=localhost:000025",
    "delivery.relay=localhost:+25",
    "delivery.relay='[::1]'",
    "delivery.relay='[::1]:'",
    "delivery.relay='[::g]:25'",
    "delivery.relay='[127.0.0.1]:25'",
    "delivery.relay='::1:25'",
    "delivery.relay=192.0.2.300:25",
    "delivery.relay=a..b:25",
    "delivery.relay=\"a b:25\"",
    "bounces.lmtp_listen=0.0.0.0:24",
    "bounces.lmtp_listen=192.0.2.1:24",
    "bounces.lmtp_listen='[::]:24'",
    "bounces.lmtp_listen=127.0.0.1",
    "bounces.lmtp_listen=localhost:24",
    "dns.servers=[resolver.example]",
    "dns.servers=['192.0.2.1:']",
    "dns.servers=['[192.0.2.1]:53']",
    "dns.servers=['[2001:db8::1']",
    "dns.servers=['[2001:db8::1]53']",
    "dns.servers=[192.0.2.1, 192.0.2.1]",
    "contacts.order=[telepathy]",
    "contacts.order=[rfc2142-]",
    "contacts.order=[rfc2142-a@b]",
    "contacts.order=[]",
    "contacts.mailboxes=[Abuse]",
    "contacts.mailboxes=['.abuse']",
    "contacts.mailboxes=['a b']",
    "access.submit_group=",
    "access.submit_group=-x",
    "access.submit_group=a:b",
    "log.level=loud",
    "log.level=",
    "log.level=INFO",
    "sender.name=!!str x",
    "sender.name=&a x",
    "sender.name=*a",
    "contacts.mailboxes=&a [abuse]",
    "contacts.mailboxes=!x [abuse]",
};

static void test_wrong_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong_texts / sizeof *wrong_texts; i++) {
        char *got = complaint(NULL, wrong_texts[i]);
        if (!got)
            fail_msg("%s was taken", wrong_texts[i]);
        if (strncmp(got, "--set ", 6) != 0 || strchr(got, '\n') || strchr(got, '\r'))
            fail_msg("%s", got);
        free(got);
    }
}

static void test_credentials(void **state)
{
    (void)state;
    size_t keys = offsetof(struct config, paths.token_keys);
    setenv("CREDENTIALS_DIRECTORY", "/run/creds", 1);
    assert_string("paths.token_keys=credential:tokens", keys, "/run/creds/tokens");
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_string("paths.token_keys=credential:tokens", keys, "/run/credentials/tocsind.service/tokens");
    assert_string("paths.token_keys=/etc/tocsin/keys", keys, "/etc/tocsin/keys");
    assert_string("paths.store=/s/t.db", keys, "/s/token.keys");
    assert_string("paths.store=/t.db", keys, "/token.keys");
}

static void assert_profile_string(const char *setting, size_t offset, const char *expected)
{
    struct config *config;
    struct config_errors errors;
    if (config_load(NULL, &setting, 1, &config, &errors))
        fail_msg("%s", errors.items[0]);
    assert_string_equal(*(char **)((char *)&config->profiles[0] + offset), expected);
    config_free(config);
}

static void test_times(void **state)
{
    (void)state;
    size_t send_at = offsetof(struct config_profile, send_at), hours = offsetof(struct config_profile, business_hours);
    assert_profile_string("profiles.default.send_at=9:30", send_at, "09:30");
    assert_profile_string("profiles.default.send_at=00:00", send_at, "00:00");
    assert_profile_string("profiles.default.send_at=23:59", send_at, "23:59");
    assert_profile_string("profiles.default.business_hours=08-18", hours, "8-18");
    assert_profile_string("profiles.default.business_hours=0-24", hours, "0-24");
    assert_profile_string("profiles.default.time_zone=Europe/Berlin", offsetof(struct config_profile, time_zone),
                          "Europe/Berlin");
    static const char *const wrong[] = { "send_at=24:00",
                                         "send_at=9",
                                         "send_at=9:5",
                                         "send_at=9:60",
                                         "send_at=9:300",
                                         "send_at=-1:00",
                                         "send_at=009:00",
                                         "send_at=9:0x",
                                         "business_hours=9",
                                         "business_hours=9-25",
                                         "business_hours=9-",
                                         "business_hours=17-9",
                                         "business_hours=9-9",
                                         "business_hours=9-17x",
                                         "business_hours=24-24",
                                         "time_zone=Mars/North",
                                         "time_zone=/etc/localtime",
                                         "time_zone=../UTC" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char *setting = mem_format("profiles.default.%s", wrong[i]);
        char *got = complaint(NULL, setting);
        if (!got)
            fail_msg("%s is taken", wrong[i]);
        free(got);
        free(setting);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_wrong_numbers), cmocka_unit_test(test_numbers_format),
        cmocka_unit_test(test_texts),   cmocka_unit_test(test_wrong_texts),   cmocka_unit_test(test_credentials),
        cmocka_unit_test(test_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

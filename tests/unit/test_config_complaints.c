/* config: the words and places of complaints. */
#include "config/config.h"
#include "daemon/base/spelling.h"
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

/* The words of complaints: where, which key, what is wrong, what is allowed. */
static void test_complaints(void **state)
{
    (void)state;
    assert_complaint("delivery:\n  sesions: 4\n", NULL,
                     "f:2:3: delivery.sesions: no such key; did you mean delivery.sessions?");
    assert_complaint("relay: a:1\n", NULL, "f:1:1: relay: no such key; did you mean delivery.relay?");
    assert_complaint("delivery.relay: a:1\n", NULL,
                     "f:1:1: delivery.relay: no such key; allowed: relay: below delivery:");
    assert_complaint("log: {colour: red}\n", NULL, "f:1:7: log.colour: no such key; allowed here: level");
    assert_complaint("delivry:\n  relay: a:1\n", NULL, "f:1:1: delivry: no such key; did you mean delivery?");
    assert_complaint("log:\n  level: info\nlog:\n  level: debug\n", NULL,
                     "f:3:1: log: a second time; allowed: once (the first is in line 1)");
    assert_complaint("delivery: {sessions: 4, sessions: 4}\n", NULL,
                     "f:1:25: delivery.sessions: a second time; allowed: once (the first is in line 1)");
    assert_complaint("delivery:\n  sessions: 999\n", NULL,
                     "f:2:13: delivery.sessions: \"999\" is out of range; allowed: a whole number from 1 to 256");
    assert_complaint(
        "delivery:\n  sessions: [1]\n", NULL,
        "f:2:13: delivery.sessions: a list where one value should stand; allowed: a whole number from 1 to 256");
    assert_complaint(
        "delivery:\n  sessions:\n    a: 1\n", NULL,
        "f:3:5: delivery.sessions: a mapping where one value should stand; allowed: a whole number from 1 to 256");
    assert_complaint(
        "delivery:\n  timeout: 30\n", NULL,
        "f:2:12: delivery.timeout: 30 has no unit; allowed: a duration (500ms, 30s, 5m, 2h, 5d) from 100ms to 1h");
    assert_complaint("delivery: fast\n", NULL,
                     "f:1:11: delivery: one value where a mapping should stand; allowed in it: relay, tls, tls_ca, "
                     "tls_name, auth_user, "
                     "auth_password, sessions, messages_per_session, timeout, connect_timeout, rate, rate_per_domain, "
                     "retry_first, retry_max, retry_for");
    assert_complaint(
        "- a\n", NULL,
        "f:1:1: a list where a mapping should stand; allowed in it: sender, return_path, paths, spool, dns, contacts, "
        "delivery, bounces, campaigns, access, profiles, log");
    assert_complaint(
        "contacts:\n  mailboxes: abuse\n", NULL,
        "f:2:14: contacts.mailboxes: one value where a list should stand; write [a, b]; allowed: a list of up to "
        "32, each the part of an address before the @");
    assert_complaint("contacts:\n  mailboxes: [abuse, abuse]\n", NULL,
                     "f:2:22: contacts.mailboxes[2]: \"abuse\" a second time; allowed: once");
    assert_complaint("log:\n  level: loud\n", NULL,
                     "f:2:10: log.level: \"loud\" is not valid; allowed: one of error, warning, notice, info or debug");
    assert_complaint("log:\n  level:\n", NULL,
                     "f:2:9: log.level: no value; allowed: one of error, warning, notice, info or debug");
    assert_complaint("log:\n  level: *x\n", NULL, "f:2:10: log.level: an alias (*…); allowed: the value written out");
    assert_complaint("log: &x\n  level: info\n", NULL, "f:1:6: log: an anchor (&…); allowed: the value alone");
    assert_complaint("a: b\n c: d\n", NULL, "f:2:3: not YAML: mapping values are not allowed in this context");
    assert_complaint("log:\n  level: inf\xff\n", NULL, "f:2:13: not YAML: invalid leading UTF-8 octet");
    assert_complaint("log: {level: info}\n---\nlog: {level: info}\n", NULL, "f:2:1: a second document; allowed: one");
    assert_complaint("? [a, b]\n: c\n", NULL, "f:1:3: a list or mapping where a key should stand; allowed: a word");
}

static void test_complaints_about_settings(void **state)
{
    (void)state;
    assert_complaint(NULL, "delivery.sesions=4",
                     "--set delivery.sesions: no such key; did you mean delivery.sessions?");
    assert_complaint(NULL, "delivery.sessions=0",
                     "--set delivery.sessions: \"0\" is out of range; allowed: a whole number from 1 to 256");
    assert_complaint(NULL, "delivery={sessions: 0}",
                     "--set delivery: delivery.sessions: \"0\" is out of range; allowed: a whole number from 1 to 256");
    assert_complaint(
        NULL, "delivery.sessions.most=4",
        "--set delivery.sessions.most: delivery.sessions: a mapping where one value should stand; allowed: a "
        "whole number from 1 to 256");
    assert_complaint(NULL, "dns.servers=[",
                     "--set dns.servers: not YAML: while parsing a flow node, did not find expected "
                     "node content");
    assert_complaint(NULL, "delivery.sessions",
                     "--set delivery.sessions: no value; allowed: KEY=VALUE, such as delivery.sessions=4");
    assert_complaint(NULL, "=4", "--set : no value; allowed: KEY=VALUE, such as delivery.sessions=4");
    assert_complaint(NULL, ".=4",
                     "--set .: no such key; allowed here: sender, return_path, paths, spool, dns, contacts, delivery, "
                     "bounces, campaigns, access, profiles, log");
}

/* All at once, in the order of the file whatever the order of finding; settings after it. */
static void test_all_at_once_in_order(void **state)
{
    static const char text[] = "delivery:\n"
                               "  retry_first: 5h\n" /* found last: it contradicts a default */
                               "  relay: nowhere\n"
                               "campaigns:\n"
                               "  aggregate_wait: never\n"
                               "nonsense: 1\n"
                               "profiles:\n"
                               "  -x: {}\n"
                               "  y: {colums: {}}\n";
    static const char *const settings[] = { "dns.tries=0", "x=1" };
    static const char *const wanted[] = {
        "f:2:16: delivery.retry_first: 5h is longer than delivery.retry_max; allowed: up to 4h",
        "f:3:10: delivery.relay: the port is missing",
        "f:5:19: campaigns.aggregate_wait: \"never\" is not valid",
        "f:6:1: nonsense: no such key",
        "f:8:3: profiles.-x: not a profile's name",
        "f:9:7: profiles.y.colums: no such key; did you mean profiles.y.columns?",
        "--set dns.tries: \"0\" is out of range",
        "--set x: no such key"
    };
    (void)state;
    struct config *config;
    struct config_errors errors;
    assert_int_equal(config_parse("f", text, sizeof text - 1, settings, 2, &config, &errors), -EINVAL);
    assert_null(config);
    assert_int_equal(errors.count, sizeof wanted / sizeof *wanted);
    for (size_t i = 0; i < errors.count; i++)
        if (strncmp(errors.items[i], wanted[i], strlen(wanted[i])) != 0)
            fail_msg("%s\nis not %s", errors.items[i], wanted[i]);
    config_errors_free(&errors);
}

static void test_wrong_overrides(void **state)
{
    (void)state;
    const char *place = "--set contacts.overrides: contacts.overrides";
    static const char *const cases[][2] = {
        { "[{contacts: [a@b.example]}]", "[1]: none of domain, suffix and network; allowed: exactly one" },
        { "[{domain: a.example, suffix: b.example, contacts: [a@b.example]}]",
          "[1]: more than one of domain, suffix and network; allowed: exactly one" },
        { "[{domain: a.example, contacts: [a@b.example]}, {domain: b.example}]",
          "[2]: no contacts; allowed: contacts: [someone@example.org]" },
        { "[{domain: a.example, contacts: []}]",
          "[1].contacts: an empty list; allowed: a list of 1 to 16, each an e-mail address" },
        { "[{domain: a.example, contacts: [x]}]", "[1].contacts[1]: \"x\" is not valid; allowed: an e-mail address" },
        { "[{domain: a.example, contacts: [x@y.example, X@Y.example]}]",
          "[1].contacts[2]: \"x@y.example\" a second time; allowed: once" },
        { "[{domain: a.example, contacts: ['']}]", "[1].contacts[1]: no value; allowed: an e-mail address" },
        { "[{domain: example, contacts: [x@y.example]}]", "[1].domain: \"example\" is not valid; allowed: a domain" },
        { "[{suffix: '*.', contacts: [x@y.example]}]",
          "[1].suffix: \"*.\" is not valid; allowed: the end of domains' names" },
        { "[{network: 10.0.0.1/8, contacts: [x@y.example]}]",
          "[1].network: 10.0.0.1/8 is no network; the bits after the prefix have to be zero; allowed: an address or a "
          "network "
          "(192.0.2.0/24, 2001:db8::/32)" },
        { "[{domain: a.example, contacts: [x@y.example], party: plumber}]",
          "[1].party: \"plumber\" is not valid; allowed: one of owner, hoster, mail-provider or registrar" },
        { "[{domain: a.example, contacts: [x@y.example], part: owner}]",
          "[1].part: no such key; did you mean contacts.overrides[1].party?" },
        { "[a.example]", "[1]: one value where a mapping should stand; allowed in it: domain, suffix, network, "
                         "contacts, party, language" },
        { "[{domain: a.example, contacts: [x@y.example]}, {domain: A.example, contacts: [y@y.example]}]",
          "[2]: a second one for domain a.example; allowed: one, with all its contacts" },
        { "[{domain: a.example, domain: b.example, contacts: [x@y.example]}]",
          "[1].domain: a second time; allowed: once (the first is in line 1)" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char setting[300], wanted[400];
        snprintf(setting, sizeof setting, "contacts.overrides=%s", cases[i][0]);
        snprintf(wanted, sizeof wanted, "%s%s", place, cases[i][1]);
        assert_complaint(NULL, setting, wanted);
    }
    assert_complaint(NULL, "contacts.overrides=x",
                     "--set contacts.overrides: this is no list; allowed: a list of overrides");
}

static void test_wrong_profiles(void **state)
{
    (void)state;
    static const char *const names[] = { "-x", "X", "a_b", "a/b", "..", "''", "a.b", "'a b'" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[100];
        snprintf(text, sizeof text, "profiles: {%s: {}}", names[i]);
        char *got = complaint(text, NULL);
        if (!got || !strstr(got, "not a profile's name"))
            fail_msg("%s: %s", names[i], got ? got : "was taken");
        free(got);
    }
    assert_complaint("profiles: [a]", NULL,
                     "f:1:11: profiles: a list where a mapping should stand; allowed: a mapping of NAME: SETTINGS");
    assert_complaint(
        "profiles: {a: b}", NULL,
        "f:1:15: profiles.a: one value where a mapping should stand; allowed in it: template, "
        "reminder_template, language, bilingual, html, rows_in_text, defang_urls, attachments, zip_above, "
        "format, encoding, header, columns, type, "
        "approve_above, dedup_window, max_reminders, max_rejected, aggregate_by, send, send_at, business_hours, "
        "time_zone, group, may_set, sender");
    assert_complaint("profiles: {a: {header: maybe}}", NULL,
                     "f:1:24: profiles.a.header: \"maybe\" is not valid; allowed: true or false");
    assert_complaint("profiles: {a: {template: ../x}}", NULL,
                     "f:1:26: profiles.a.template: \"../x\" is not valid; allowed: a name of a-z, 0-9, ., _ and -");
    assert_complaint(
        "profiles: {a: {header: no, columns: {Domain: source.fqdn}}}", NULL,
        "f:1:37: profiles.a.columns: \"Domain\" names a column of a file without a header; allowed: numbers from 1");
    assert_complaint("profiles: {a: {columns: {A: source.fqdn, B: source.fqdn}}}", NULL,
                     "f:1:25: profiles.a.columns: two columns hold source.fqdn; allowed: one");
    assert_complaint("profiles: {a: {columns: {A: Source FQDN}}}", NULL,
                     "f:1:29: profiles.a.columns.A: not a field; allowed: an IntelMQ name such as source.fqdn or "
                     "extra.remark, or \"\" to drop "
                     "the column");
    assert_complaint("profiles: {a: {sender: {adress: x@y.example}}}", NULL,
                     "f:1:25: profiles.a.sender.adress: no such key; did you mean profiles.a.sender.address?");
}

/* Values that are right alone and wrong together. */
static void test_cross_checks(void **state)
{
    (void)state;
    assert_complaint(
        "return_path: {bounce: b@example.org, opt_out: B@example.org}", NULL,
        "f:1:47: return_path.opt_out: the same as return_path.bounce; allowed: another one, since a bounce would "
        "count as an opt-out");
    assert_complaint(
        "sender: {address: b@example.org}\nreturn_path: {bounce: b@example.org}", NULL,
        "f:2:23: return_path.bounce: the same as sender.address; allowed: another one, since mail to the bounce "
        "mailbox is read by no person");
    assert_complaint(
        "sender: {address: a@example.org, reply_to: o@example.org}\nreturn_path: {opt_out: o@example.org}", NULL,
        "f:2:24: return_path.opt_out: the same as sender.reply_to; allowed: another one, since any mail to the opt-out "
        "mailbox counts as an opt-out");
    assert_complaint("return_path: {bounce: b@example.org}\nprofiles: {x: {sender: {address: b@example.org}}}", NULL,
                     "f:2:34: profiles.x.sender.address: the same as return_path.bounce; allowed: another one, since "
                     "mail to the bounce "
                     "mailbox is read by no person");
    assert_complaint("delivery: {retry_max: 1m}", NULL,
                     "f:1:23: delivery.retry_max: 1m is shorter than delivery.retry_first; allowed: at least 30m");
    assert_complaint("delivery: {retry_max: 1m, retry_first: 2m}", NULL,
                     "f:1:40: delivery.retry_first: 2m is longer than delivery.retry_max; allowed: up to 1m");
    assert_complaint("campaigns: {expire: 5s}", NULL,
                     "f:1:21: campaigns.expire: 5s is shorter than campaigns.aggregate_wait; allowed: at least 1h");
    assert_complaint("paths: {control_socket: /run/x}\nbounces: {lmtp_socket: /run/x}", NULL,
                     "f:2:24: bounces.lmtp_socket: the same as paths.control_socket; allowed: another one, since each "
                     "wants its own socket");
    assert_complaint("profiles: {x: {business_hours: 9-17, send: daily, send_at: 18:30}}", NULL,
                     "f:1:60: profiles.x.send_at: a daily mail at 18:30 is not in business hours (9-17); allowed: a "
                     "time that is");
    assert_complaint("profiles: {x: {send: daily, business_hours: 10-17}}", NULL,
                     "f:1:45: profiles.x.business_hours: a daily mail at 09:00 is not in business hours (10-17); "
                     "allowed: a time that is");
    assert_null(complaint("profiles: {x: {business_hours: 9-17, send_at: 18:30}}", NULL));
    assert_complaint("delivery: {auth_user: us}", NULL,
                     "f:1:23: delivery.auth_user: set without delivery.auth_password; allowed: both or neither");
    assert_complaint("delivery: {auth_password: /x}", NULL,
                     "f:1:27: delivery.auth_password: set without delivery.auth_user; allowed: both or neither");
    assert_null(complaint("delivery: {auth_user: us, auth_password: \"credential:relay\"}", NULL));
    assert_complaint(
        "sender: {address: a@example.org}\ncontacts: {overrides: [{domain: x.example, contacts: [a@example.org]}]}",
        NULL,
        "f:2:24: contacts.overrides[1].contacts[1]: a@example.org is our own sender.address; allowed: addresses of "
        "others");
    assert_null(complaint("sender: {address: a@example.org, reply_to: a@example.org}", NULL));
}

/* What is quoted from outside cannot drive a terminal or forge a line. */
static void test_quoting(void **state)
{
    (void)state;
    assert_complaint("\"a\\eb\\nc\": 1", NULL, "f:1:1: a control character; allowed: one line of text");
    char *got = complaint("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxéééééééééé: 1", NULL);
    assert_non_null(strstr(got, "xxx…: no such key"));
    free(got);
    static const char *const setting = "a\nb\033=1";
    got = complaint(NULL, setting);
    assert_null(strpbrk(got, "\n\033"));
    free(got);
}

static void test_distance(void **state)
{
    static const struct {
        const char *a, *b;
        unsigned distance;
    } cases[] = {
        { "", "", 0 },          { "", "abc", 3 },         { "relay", "relay", 0 },    { "realy", "relay", 1 },
        { "rely", "relay", 1 }, { "relayy", "relay", 1 }, { "kitten", "sitting", 3 }, { "ca", "abc", 3 },
        { "abcd", "badc", 2 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(spelling_distance(cases[i].a, cases[i].b), cases[i].distance);
        assert_int_equal(spelling_distance(cases[i].b, cases[i].a), cases[i].distance);
    }
    char huge[1000];
    memset(huge, 'x', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    assert_true(spelling_distance(huge, "relay") > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_complaints),
        cmocka_unit_test(test_complaints_about_settings),
        cmocka_unit_test(test_all_at_once_in_order),
        cmocka_unit_test(test_wrong_overrides),
        cmocka_unit_test(test_wrong_profiles),
        cmocka_unit_test(test_cross_checks),
        cmocka_unit_test(test_quoting),
        cmocka_unit_test(test_distance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* classification.type and protocol.transport, however they are spelled. */
#include "daemon/feed/type.h"
#include "tests/unit/feed_case.h"

static void test_types(void **state)
{
    (void)state;
    static const struct {
        const char *said, *type;
    } rows[] = {
        { "phishing", "phishing" },
        { "Phishing", "phishing" },
        { "PHISHING_URL", "phishing" },
        { "Botnet Drone", "infected-system" },
        { "botnet drone", "infected-system" },
        { "C&C", "c2-server" },
        { "Command & Control", "c2-server" },
        { "bruteforce", "brute-force" },
        { "Port  Scan", "scanner" },
        { "vulnerable service", "vulnerable-system" },
        { "dga domain", "dga-domain" },
        { "Blocklist", "blacklist" },
        { "infected-system", "infected-system" },
        /* Unknown words, and what are none. */
        { "Directory Listing", "directory-listing" },
        { "a, b", "a, b" },
        { "--", "--" },
        { "verdächtig", "verdächtig" },
    };
    struct buf out = BUF_EMPTY;
    for (size_t i = 0; i < COUNT(rows); i++) {
        buf_truncate(&out, 0);
        type_add_normal(&out, rows[i].said, strlen(rows[i].said));
        assert_string_equal(out.data, rows[i].type);
    }
    buf_free(&out);
}

static void test_rows(void **state)
{
    (void)state;
    const struct feed_options options = { .default_type = "My Type" };
    feed_case_check(
        &options, "ip,type,protocol,asn\n192.0.2.1,Botnet Drone,TCP,AS64500\n192.0.2.2,,17,64500\n192.0.2.3,,QUIC,x\n",
        "2 192.0.2.1 {\"source.ip\":\"192.0.2.1\",\"classification.type\":\"infected-system\",\"protocol.transport\":"
        "\"tcp\",\"source.asn\":64500}\n"
        "3 192.0.2.2 {\"source.ip\":\"192.0.2.2\",\"classification.type\":\"My Type\",\"protocol.transport\":\"udp\","
        "\"source.asn\":64500}\n"
        "4 192.0.2.3 {\"source.ip\":\"192.0.2.3\",\"classification.type\":\"My Type\",\"protocol.transport\":"
        "\"quic\",\"extra.source.asn\":\"x\"}\n(csv)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

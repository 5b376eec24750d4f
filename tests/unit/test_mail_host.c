#include "daemon/contact/mail_host.h"

#include "tests/unit/dns_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* An answer in short: NULL: not there yet; "-": no data; "!": no such name; "?": failed; else records, blank-separated. */
static const struct dns_answer *make(const char *text, enum dns_type type)
{
    struct dns_builder packet;
    if (!text)
        return NULL;
    if (*text == '?')
        return dns_answer_make(DNS_FAILED, 0, "no server answered in time");
    dns_begin(&packet, 1, *text == '!' ? 3 : 0, "shop.example", type);
    for (unsigned i = 1; *text && !strchr("-!", *text); i++) {
        char record[128] = "";
        size_t length = strcspn(text, " ");
        memcpy(record, text, length);
        if (type == DNS_MX)
            dns_mx(&packet, "shop.example", 60, i * 10, record);
        else
            dns_address(&packet, "shop.example", 60, record);
        text += length + (text[length] == ' ');
    }
    return dns_packet_parse(packet.data, packet.length, "shop.example", type);
}

static const struct {
    const char *mx, *a, *aaaa;
    enum mail_verdict verdict;
    const char *exchange; /* or the address */
} rows[] = {
    { NULL, NULL, NULL, MAIL_PENDING, NULL },
    { "mx.example", NULL, NULL, MAIL_MX, "mx.example" },
    { "mx.example", "?", "?", MAIL_MX, "mx.example" },
    { ". mx.example", NULL, NULL, MAIL_MX, "mx.example" },
    { "127.0.0.1 mx.example", NULL, NULL, MAIL_MX, "mx.example" }, /* an address is no exchange */
    { "localhost b.example", NULL, NULL, MAIL_MX, "b.example" },
    { ".", NULL, NULL, MAIL_NULL_MX, NULL },
    { ".", "192.0.2.7", NULL, MAIL_NULL_MX, NULL },
    { ". .", NULL, NULL, MAIL_NULL_MX, NULL },
    { "127.0.0.1", NULL, NULL, MAIL_NO_HOST, NULL },
    { "localhost", "192.0.2.7", "-", MAIL_NO_HOST, NULL }, /* the address must not stand in for a bad MX */
    { ". localhost", NULL, NULL, MAIL_NO_HOST, NULL },
    { "!", NULL, NULL, MAIL_NO_DOMAIN, NULL },
    { "?", NULL, NULL, MAIL_UNKNOWN, NULL },
    { "?", "192.0.2.7", "-", MAIL_UNKNOWN, NULL },
    { "-", NULL, NULL, MAIL_PENDING, NULL },
    { "-", "192.0.2.7", NULL, MAIL_PENDING, NULL },
    { "-", NULL, "-", MAIL_PENDING, NULL },
    { "-", "192.0.2.7", "-", MAIL_IMPLICIT, "192.0.2.7" },
    { "-", "-", "2001:db8::7", MAIL_IMPLICIT, "2001:db8::7" },
    { "-", "192.0.2.7", "?", MAIL_IMPLICIT, "192.0.2.7" },
    { "-", "?", "2001:db8::7", MAIL_IMPLICIT, "2001:db8::7" },
    { "-", "127.0.0.1 192.0.2.7", "-", MAIL_IMPLICIT, "192.0.2.7" },
    { "-", "127.0.0.1", "::1", MAIL_NO_HOST, NULL },
    { "-", "10.1.2.3", "-", MAIL_NO_HOST, NULL },
    { "-", "127.0.0.1", "?", MAIL_UNKNOWN, NULL },
    { "-", "-", "-", MAIL_NO_HOST, NULL },
    { "-", "-", "?", MAIL_UNKNOWN, NULL },
    { "-", "?", "-", MAIL_UNKNOWN, NULL },
    { "-", "!", "!", MAIL_NO_HOST, NULL },
};

static void test_verdicts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct dns_answer *mx = make(rows[i].mx, DNS_MX), *a = make(rows[i].a, DNS_A),
                                *aaaa = make(rows[i].aaaa, DNS_AAAA);
        struct mail_host host;
        mail_host_judge(mx, a, aaaa, &host);
        if (host.verdict != rows[i].verdict)
            fail_msg("row %zu: %d, not %d", i, (int)host.verdict, (int)rows[i].verdict);
        if (host.verdict == MAIL_MX)
            assert_string_equal(host.exchange, rows[i].exchange);
        else
            assert_string_equal(host.exchange, "");
        if (host.verdict == MAIL_IMPLICIT) {
            char text[IP_TEXT_SIZE];
            ip_format(&host.ip, text);
            assert_string_equal(text, rows[i].exchange);
        }
        assert_true(mail_host_takes_mail(&host) == (rows[i].exchange != NULL));
        assert_true((host.reason != NULL) == (host.verdict == MAIL_NO_HOST || host.verdict == MAIL_UNKNOWN));
        dns_answer_drop(mx);
        dns_answer_drop(a);
        dns_answer_drop(aaaa);
    }
}

static void test_words(void **state)
{
    (void)state;
    static const struct {
        struct mail_host host;
        const char *words;
    } said[] = {
        { { .verdict = MAIL_MX, .exchange = "mx.example" }, "has its mail at mx.example" },
        { { .verdict = MAIL_IMPLICIT, .ip = { .bytes = { 192, 0, 2, 7 } } },
          "has no MX record; its mail goes to its own address 192.0.2.7" },
        { { .verdict = MAIL_NULL_MX }, "takes no mail: it has a null MX (RFC 7505)" },
        { { .verdict = MAIL_NO_DOMAIN }, "does not exist in DNS" },
        { { .verdict = MAIL_NO_HOST, .reason = "why" }, "cannot take mail: why" },
        { { .verdict = MAIL_UNKNOWN, .reason = "why" }, "could not be looked up for now (why)" },
        { { .verdict = MAIL_PENDING }, "could not be looked up for now (no answer)" },
    };
    for (size_t i = 0; i < COUNT(said); i++) {
        struct buf words = BUF_EMPTY;
        mail_host_describe(&said[i].host, &words);
        assert_string_equal(words.data, said[i].words);
        buf_free(&words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

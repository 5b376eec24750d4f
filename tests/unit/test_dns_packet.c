#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/base/mem.h"
#include "daemon/contact/dns_packet.h"
#include "tests/unit/dns_builder.h"

#include <stdio.h>
#include <stdlib.h>

static struct dns_builder packet;
static const struct dns_answer *answer;

/* From a copy of exactly that size, so that ASan sees every step beyond it. */
static const struct dns_answer *parse_cut(size_t length, const char *name, enum dns_type type)
{
    unsigned char *copy = mem_alloc(length ? length : 1);
    memcpy(copy, packet.data, length);
    dns_answer_drop(answer);
    answer = dns_packet_parse(copy, length, name, type);
    free(copy);
    return answer;
}

static const struct dns_answer *parse(const char *name, enum dns_type type)
{
    return parse_cut(packet.length, name, type);
}

static int teardown(void **state)
{
    (void)state;
    dns_answer_drop(answer);
    answer = NULL;
    return 0;
}

static void test_mx_sorted_by_preference(void **state)
{
    (void)state;
    dns_begin(&packet, 7, 0, "shop.example", DNS_MX);
    dns_mx(&packet, "shop.example", 600, 20, "mx2.Hoster.Example");
    dns_mx(&packet, "SHOP.example", 300, 10, "mx1.hoster.example");
    dns_mx(&packet, "shop.example", 900, 10, "a.hoster.example");
    parse("shop.example", DNS_MX);
    assert_int_equal(answer->status, DNS_RECORDS);
    assert_int_equal(answer->count, 3);
    assert_string_equal(answer->records[0].name, "a.hoster.example");
    assert_string_equal(answer->records[1].name, "mx1.hoster.example");
    assert_string_equal(answer->records[2].name, "mx2.hoster.example");
    assert_int_equal(answer->records[2].preference, 20);
    assert_int_equal(answer->ttl, 300);
}

static void test_addresses(void **state)
{
    (void)state;
    dns_begin(&packet, 7, 0, "shop.example", DNS_A);
    dns_address(&packet, "shop.example", 60, "192.0.2.7");
    dns_address(&packet, "other.example", 60, "192.0.2.8");
    dns_address(&packet, "shop.example", 60, "192.0.2.9");
    parse("shop.example", DNS_A);
    assert_int_equal(answer->count, 2);
    assert_false(answer->records[0].ip.v6);
    assert_memory_equal(answer->records[1].ip.bytes, "\xc0\x00\x02\x09", 4);

    dns_begin(&packet, 7, 0, "shop.example", DNS_AAAA);
    dns_address(&packet, "shop.example", 60, "2001:db8::7");
    parse("shop.example", DNS_AAAA);
    assert_int_equal(answer->count, 1);
    assert_true(answer->records[0].ip.v6);
    assert_int_equal(answer->records[0].ip.bytes[15], 7);
}

static void test_soa(void **state)
{
    (void)state;
    static const struct {
        const char *rname, *mailbox;
    } rows[] = {
        { "hostmaster.Hoster.Example", "hostmaster@hoster.example" },
        { "hostmaster\\.abuse.example.com", "hostmaster.abuse@example.com" },
        { "admin@shop.example", "admin@shop.example" }, /* as some write it into their zone files */
        { "nobody", "" },
        { "two words.shop.example", "" },
        { "a\r\nRCPT.shop.example", "" },
        { "trailing\\..shop.example", "" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        dns_begin(&packet, 7, 0, "shop.example", DNS_SOA);
        dns_soa_of(&packet, SECTION_ANSWER, "Shop.example", 600, rows[i].rname, 60);
        parse("shop.example", DNS_SOA);
        assert_int_equal(answer->status, DNS_RECORDS);
        assert_int_equal(answer->count, 1);
        assert_string_equal(answer->records[0].name, "shop.example");
        assert_string_equal(answer->records[0].server, "ns.example");
        assert_string_equal(answer->records[0].text, rows[i].mailbox);
    }
}

static void test_soa_of_the_zone_above(void **state)
{
    (void)state;
    for (unsigned rcode = 0; rcode <= 3; rcode += 3) {
        dns_begin(&packet, 7, rcode, "www.shop.example", DNS_SOA);
        dns_soa_of(&packet, SECTION_AUTHORITY, "shop.example", 600, "root.shop.example", 60);
        parse("www.shop.example", DNS_SOA);
        assert_int_equal(answer->status, rcode ? DNS_NO_NAME : DNS_NO_DATA);
        assert_int_equal(answer->ttl, 60);
        assert_int_equal(answer->count, 1);
        assert_string_equal(answer->records[0].name, "shop.example");
        assert_string_equal(answer->records[0].text, "root@shop.example");
    }
    /* Not the answer to any other question; and no zone that the name is not in. */
    dns_begin(&packet, 7, 0, "www.shop.example", DNS_MX);
    dns_soa_of(&packet, SECTION_AUTHORITY, "shop.example", 600, "root.shop.example", 60);
    assert_int_equal(parse("www.shop.example", DNS_MX)->count, 0);
    dns_begin(&packet, 7, 0, "www.shop.example", DNS_SOA);
    dns_soa_of(&packet, SECTION_AUTHORITY, "op.example", 600, "root.op.example", 60);
    assert_int_equal(parse("www.shop.example", DNS_SOA)->count, 0);
}

static void test_txt(void **state)
{
    (void)state;
    dns_begin(&packet, 7, 0, "shop.example", DNS_TXT);
    dns_txt(&packet, "shop.example", 600, "b@hoster.example|c@hoster.example");
    dns_txt(&packet, "shop.example", 600, "a@hoster.example\r\n\xff");
    dns_txt(&packet, "shop.example", 600, "");
    parse("shop.example", DNS_TXT);
    assert_int_equal(answer->status, DNS_RECORDS);
    assert_int_equal(answer->count, 3);
    assert_string_equal(answer->records[0].text, "");
    assert_string_equal(answer->records[1].text, "a@hoster.example???");
    assert_string_equal(answer->records[2].text, "b@hoster.example c@hoster.example");

    packet.data[packet.length - 1] = 200; /* the last string says that it is longer than its record */
    assert_int_equal(parse("shop.example", DNS_TXT)->status, DNS_FAILED);
    assert_int_equal(answer->count, 0);
}

static void test_odd_exchanges(void **state)
{
    (void)state;
    dns_begin(&packet, 7, 0, "shop.example", DNS_MX);
    dns_mx(&packet, "shop.example", 60, 0, ".");
    dns_mx(&packet, "shop.example", 60, 1, "bad name\r\n.example");
    dns_mx(&packet, "shop.example", 60, 2, "under_score.example");
    parse("shop.example", DNS_MX);
    assert_int_equal(answer->count, 3);
    assert_string_equal(answer->records[0].name, ".");
    assert_string_equal(answer->records[1].name, "");
    assert_string_equal(answer->records[2].name, "under_score.example");
}

static void test_dot_within_a_label(void **state)
{
    (void)state;
    dns_begin(&packet, 7, 0, "shop.example", DNS_MX);
    size_t start = dns_begin_record(&packet, SECTION_ANSWER, "shop.example", DNS_MX, 60);
    dns_16(&packet, 10);
    memcpy(packet.data + packet.length,
           "\x05"
           "a.b\0c"
           "\x07"
           "example",
           15);
    packet.length += 15;
    dns_end_record(&packet, start);
    parse("shop.example", DNS_MX);
    assert_int_equal(answer->status, DNS_RECORDS);
    assert_string_equal(answer->records[0].name, "");
}

static void test_cname_chain(void **state)
{
    (void)state;
    dns_begin(&packet, 7, 0, "shop.example", DNS_MX);
    dns_mx(&packet, "c.example", 600, 10, "mx.example"); /* in any order */
    dns_cname(&packet, "b.example", 30, "c.example");
    dns_cname(&packet, "shop.example", 500, "B.example");
    parse("shop.example", DNS_MX);
    assert_int_equal(answer->status, DNS_RECORDS);
    assert_string_equal(answer->records[0].name, "mx.example");
    assert_int_equal(answer->ttl, 30);
}

static void test_cname_to_nothing(void **state)
{
    (void)state;
    dns_begin(&packet, 7, 0, "shop.example", DNS_MX);
    dns_cname(&packet, "shop.example", 500, "b.example");
    assert_int_equal(parse("shop.example", DNS_MX)->status, DNS_NO_DATA);
    dns_begin(&packet, 7, 3, "shop.example", DNS_MX);
    dns_cname(&packet, "shop.example", 500, "b.example");
    assert_int_equal(parse("shop.example", DNS_MX)->status, DNS_NO_NAME);
}

static void test_cname_loop(void **state)
{
    (void)state;
    dns_begin(&packet, 7, 0, "shop.example", DNS_MX);
    dns_cname(&packet, "shop.example", 500, "b.example");
    dns_cname(&packet, "b.example", 500, "shop.example");
    assert_int_equal(parse("shop.example", DNS_MX)->status, DNS_FAILED);
    assert_string_equal(answer->reason, "a loop of aliases");
}

static void test_negative_ttl(void **state)
{
    (void)state;
    static const struct {
        uint32_t ttl, minimum, expected;
    } rows[] = { { 100, 200, 100 }, { 200, 100, 100 }, { 86400, 86400, 300 }, { 0, 60, 0 }, { 0x80000001u, 60, 0 } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        dns_begin(&packet, 7, 3, "shop.example", DNS_MX);
        dns_soa(&packet, "example", rows[i].ttl, rows[i].minimum);
        parse("shop.example", DNS_MX);
        assert_int_equal(answer->status, DNS_NO_NAME);
        assert_int_equal(answer->ttl, rows[i].expected);
    }
    dns_begin(&packet, 7, 0, "shop.example", DNS_MX);
    parse("shop.example", DNS_MX);
    assert_int_equal(answer->status, DNS_NO_DATA);
    assert_int_equal(answer->ttl, 60);
}

static void test_ttl_is_bounded(void **state)
{
    (void)state;
    dns_begin(&packet, 7, 0, "shop.example", DNS_MX);
    dns_mx(&packet, "shop.example", 86400 * 7, 20, "mx.example");
    assert_int_equal(parse("shop.example", DNS_MX)->ttl, 3600);
}

/* Nothing may be concluded from an error, a truncated answer, or an answer to another question. */
static void test_no_answer(void **state)
{
    (void)state;
    static const unsigned rcodes[] = { 1, 2, 4, 5, 9 };
    for (size_t i = 0; i < sizeof rcodes / sizeof rcodes[0]; i++) {
        dns_begin(&packet, 7, rcodes[i], "shop.example", DNS_MX);
        assert_int_equal(parse("shop.example", DNS_MX)->status, DNS_FAILED);
        assert_int_equal(answer->ttl, 0);
        assert_non_null(answer->reason);
    }
    dns_begin(&packet, 7, 0, "shop.example", DNS_MX);
    assert_int_equal(parse("shop.example", DNS_A)->status, DNS_FAILED);
    assert_int_equal(parse("other.example", DNS_MX)->status, DNS_FAILED);
    packet.data[2] |= 0x02; /* truncated */
    assert_int_equal(parse("shop.example", DNS_MX)->status, DNS_FAILED);
    packet.data[2] = 0x01; /* a query */
    assert_int_equal(parse("shop.example", DNS_MX)->status, DNS_FAILED);
}

static void test_every_cut(void **state)
{
    (void)state;
    dns_begin(&packet, 7, 0, "shop.example", DNS_MX);
    dns_cname(&packet, "shop.example", 500, "b.example");
    dns_mx(&packet, "b.example", 60, 10, "mx.example");
    size_t answers_end = packet.length;
    dns_soa(&packet, "example", 60, 60);
    for (size_t length = 0; length < packet.length; length++) {
        parse_cut(length, "shop.example", DNS_MX);
        if (length < answers_end)
            assert_int_equal(answer->status, DNS_FAILED);
    }
    assert_int_equal(parse("shop.example", DNS_MX)->status, DNS_RECORDS);
}

static void test_hostile_compression(void **state)
{
    (void)state;
    static const char *const pointers[] = { "\xc0\x1e", "\xc0\x0c", "\xff\xff", "\xc0", "\x3f" };
    for (size_t i = 0; i < sizeof pointers / sizeof pointers[0]; i++) {
        dns_begin(&packet, 7, 0, "shop.example", DNS_MX);
        packet.data[SECTION_ANSWER + 1] = 1;
        size_t length = strlen(pointers[i]);
        memcpy(packet.data + packet.length, pointers[i], length);
        packet.length += length;
        if (i != 1) { /* an owner that points nowhere, or at itself */
            assert_int_equal(parse("shop.example", DNS_MX)->status, DNS_FAILED);
            continue;
        }
        dns_16(&packet, DNS_MX); /* the ordinary pointer to the question's name */
        dns_16(&packet, 1);
        dns_32(&packet, 60);
        dns_16(&packet, 4);
        dns_16(&packet, 10);
        dns_16(&packet, 0xc00c);
        assert_int_equal(parse("shop.example", DNS_MX)->status, DNS_RECORDS);
        assert_string_equal(answer->records[0].name, "shop.example");
    }
}

static void test_wrong_data_length(void **state)
{
    (void)state;
    dns_begin(&packet, 7, 0, "shop.example", DNS_A);
    size_t start = dns_begin_record(&packet, SECTION_ANSWER, "shop.example", DNS_A, 60);
    dns_16(&packet, 0x7f00);
    dns_end_record(&packet, start);
    assert_int_equal(parse("shop.example", DNS_A)->status, DNS_FAILED);

    dns_begin(&packet, 7, 0, "shop.example", DNS_MX);
    start = dns_begin_record(&packet, SECTION_ANSWER, "shop.example", DNS_MX, 60);
    dns_16(&packet, 10);
    dns_end_record(&packet, start);
    assert_int_equal(parse("shop.example", DNS_MX)->status, DNS_FAILED);

    dns_begin(&packet, 7, 0, "shop.example", DNS_MX);
    dns_mx(&packet, "shop.example", 60, 10, "mx.example");
    packet.data[packet.length - 15] = 0xff; /* the length's upper byte: far beyond the end */
    packet.data[packet.length - 16] = 0xff;
    assert_int_equal(parse("shop.example", DNS_MX)->status, DNS_FAILED);
}

static void test_many_records(void **state)
{
    (void)state;
    dns_begin(&packet, 7, 0, "shop.example", DNS_MX);
    for (unsigned i = 0; i < 150; i++) {
        char name[32];
        snprintf(name, sizeof name, "m%u.example", i);
        dns_mx(&packet, "shop.example", 60, i, name);
    }
    parse("shop.example", DNS_MX);
    assert_int_equal(answer->status, DNS_RECORDS);
    assert_int_equal(answer->count, 24);
    assert_string_equal(answer->records[0].name, "m0.example");
}

/* Any byte changed to anything: it ends, in bounds, with some answer. */
static void test_every_byte_changed(void **state)
{
    (void)state;
    static const unsigned char values[] = { 0, 1, 0x0c, 0x3f, 0x40, 0x7f, 0xc0, 0xff };
    dns_begin(&packet, 7, 0, "shop.example", DNS_MX);
    dns_cname(&packet, "shop.example", 500, "b.example");
    dns_mx(&packet, "b.example", 60, 10, "mx.example");
    dns_soa(&packet, "example", 60, 60);
    for (size_t at = 0; at < packet.length; at++)
        for (size_t i = 0; i < sizeof values; i++) {
            unsigned char kept = packet.data[at];
            packet.data[at] = values[i];
            parse("shop.example", DNS_MX);
            assert_true(answer->status == DNS_FAILED || answer->reason == NULL);
            packet.data[at] = kept;
        }
}

static void test_references(void **state)
{
    (void)state;
    const struct dns_answer *made = dns_answer_make(DNS_FAILED, 0, "why");
    assert_ptr_equal(dns_answer_keep(made), made);
    dns_answer_drop(made);
    assert_string_equal(made->reason, "why");
    dns_answer_drop(made);
    dns_answer_drop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_mx_sorted_by_preference, teardown),
        cmocka_unit_test_teardown(test_addresses, teardown),
        cmocka_unit_test_teardown(test_soa, teardown),
        cmocka_unit_test_teardown(test_soa_of_the_zone_above, teardown),
        cmocka_unit_test_teardown(test_txt, teardown),
        cmocka_unit_test_teardown(test_odd_exchanges, teardown),
        cmocka_unit_test_teardown(test_dot_within_a_label, teardown),
        cmocka_unit_test_teardown(test_cname_chain, teardown),
        cmocka_unit_test_teardown(test_cname_to_nothing, teardown),
        cmocka_unit_test_teardown(test_cname_loop, teardown),
        cmocka_unit_test_teardown(test_negative_ttl, teardown),
        cmocka_unit_test_teardown(test_ttl_is_bounded, teardown),
        cmocka_unit_test_teardown(test_no_answer, teardown),
        cmocka_unit_test_teardown(test_every_cut, teardown),
        cmocka_unit_test_teardown(test_hostile_compression, teardown),
        cmocka_unit_test_teardown(test_wrong_data_length, teardown),
        cmocka_unit_test_teardown(test_many_records, teardown),
        cmocka_unit_test_teardown(test_every_byte_changed, teardown),
        cmocka_unit_test(test_references),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Packed feeds: unpacked as they come, and refused whole when the packing is no good. */
#include "daemon/base/mem.h"
#include "tests/unit/feed_case.h"

#include <zlib.h>

static const char story[] = "domain,ip\na.example,192.0.2.1\nbroken,\nb.example,192.0.2.2\n";
static const char story_read[] = "2 a.example {\"source.fqdn\":\"a.example\",\"source.ip\":\"192.0.2.1\"}\n"
                                 "3! no valid domain: 'broken' [broken,]\n"
                                 "4 b.example {\"source.fqdn\":\"b.example\",\"source.ip\":\"192.0.2.2\"}\n(csv)";

/* Append a gzip member of the LENGTH bytes at DATA. */
static void add_member(struct buf *out, const char *data, size_t length)
{
    z_stream stream = { 0 };
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    buf_reserve(out, deflateBound(&stream, length));
    stream.next_in = (z_const Bytef *)(uintptr_t)data;
    stream.avail_in = (uInt)length;
    stream.next_out = (Bytef *)out->data + out->length;
    stream.avail_out = (uInt)(out->capacity - out->length);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out->length += stream.total_out;
    deflateEnd(&stream);
}

static void check(const struct buf *data, const char *expected)
{
    feed_case_check_start(NULL, data->data, data->length, expected);
    feed_case_check_cuts(NULL, data->data, data->length);
}

static void test_unpacked(void **state)
{
    (void)state;
    struct buf packed = BUF_EMPTY;
    add_member(&packed, story, sizeof story - 1);
    check(&packed, story_read);
    buf_free(&packed);
}

/* As `cat a.gz b.gz` makes them, here in the middle of a row; and a tape's zeros behind the last. */
static void test_members(void **state)
{
    (void)state;
    struct buf packed = BUF_EMPTY;
    add_member(&packed, story, 20);
    add_member(&packed, "", 0);
    add_member(&packed, story + 20, sizeof story - 1 - 20);
    check(&packed, story_read);
    buf_add(&packed, "\0\0\0\0\0", 5);
    check(&packed, story_read);
    buf_free(&packed);
}

static void test_other_formats(void **state)
{
    (void)state;
    struct buf packed = BUF_EMPTY;
    static const char rows[] = "{\"source.ip\":\"192.0.2.1\"}\n", list[] = "a.example\n192.0.2.7\n";
    add_member(&packed, rows, sizeof rows - 1);
    check(&packed, "1 192.0.2.1 {\"source.ip\":\"192.0.2.1\"}\n(jsonl)");
    buf_truncate(&packed, 0);
    add_member(&packed, list, sizeof list - 1);
    check(&packed, "1 a.example {\"source.fqdn\":\"a.example\"}\n2 192.0.2.7 {\"source.ip\":\"192.0.2.7\"}\n(list)");
    buf_truncate(&packed, 0);
    add_member(&packed, "", 0);
    check(&packed, "!! it is empty");
    buf_free(&packed);
}

/* Cut off anywhere, it is refused, also within its header and its trailer. */
static void test_truncated(void **state)
{
    (void)state;
    struct buf packed = BUF_EMPTY;
    add_member(&packed, story, sizeof story - 1);
    for (size_t length = 2; length < packed.length; length++) {
        char *text = feed_case_read(NULL, packed.data, length, 7);
        assert_non_null(strstr(text, "!! its gzip ends in the middle"));
        free(text);
    }
    buf_free(&packed);
}

static void test_garbage(void **state)
{
    (void)state;
    struct buf packed = BUF_EMPTY, damaged = BUF_EMPTY;
    add_member(&packed, story, sizeof story - 1);
    size_t whole = packed.length;
    buf_add_string(&packed, "domain\nc.example\n");
    check(&packed, "!! something that is no gzip stands behind its gzip, after ");
    buf_truncate(&packed, whole);
    buf_add(&packed, "\0\0\x1f\x8b", 4);
    check(&packed, "!! something that is no gzip stands behind its gzip, after ");
    buf_add(&damaged, packed.data, whole);
    damaged.data[whole - 6] ^= 1; /* in the checksum */
    check(&damaged, "!! its gzip is damaged after ");
    feed_case_check_start(NULL, "\x1f\x8b\x01story told", 13, "!! its gzip is damaged after ");
    buf_free(&packed);
    buf_free(&damaged);
}

static void test_gzip_in_gzip(void **state)
{
    (void)state;
    struct buf inner = BUF_EMPTY, outer = BUF_EMPTY;
    add_member(&inner, story, sizeof story - 1);
    add_member(&outer, inner.data, inner.length);
    check(&outer, "!! it is a gzip inside a gzip: unpack it once (gunzip FILE)");
    buf_free(&inner);
    buf_free(&outer);
}

static void test_bomb(void **state)
{
    (void)state;
    const size_t size = 64 << 20;
    struct buf packed = BUF_EMPTY;
    char *zeros = mem_zero(1, size);
    memset(zeros, '\n', size);
    add_member(&packed, zeros, size);
    free(zeros);
    feed_case_check_start(NULL, packed.data, packed.length, "!! its gzip unpacks to more than 200 times its size");
    buf_free(&packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unpacked),  cmocka_unit_test(test_members), cmocka_unit_test(test_other_formats),
        cmocka_unit_test(test_truncated), cmocka_unit_test(test_garbage), cmocka_unit_test(test_gzip_in_gzip),
        cmocka_unit_test(test_bomb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

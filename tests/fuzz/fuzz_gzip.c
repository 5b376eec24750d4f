/* Packed feeds: the bytes as they are, and packed by us. */
#include "tests/fuzz/feed_target.h"

#include <stdint.h>
#include <zlib.h>

void fuzz_start(void)
{
}

static void add_member(struct buf *out, const char *data, size_t length)
{
    z_stream stream = { 0 };
    FUZZ_MUST(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    buf_reserve(out, deflateBound(&stream, length));
    stream.next_in = (z_const Bytef *)(uintptr_t)data;
    stream.avail_in = (uInt)length;
    stream.next_out = (Bytef *)out->data + out->length;
    stream.avail_out = (uInt)(out->capacity - out->length);
    FUZZ_MUST(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out->length += stream.total_out;
    deflateEnd(&stream);
}

/* Packed in two members it reads as it does plain, but for what is a gzip itself. */
static void check_packed(const char *data, size_t length)
{
    struct buf packed = BUF_EMPTY, plain = BUF_EMPTY, unpacked = BUF_EMPTY;
    size_t half = length / 2;
    if (length >= 2 && memcmp(data, "\x1f\x8b", 2) == 0)
        return;
    add_member(&packed, data, half);
    add_member(&packed, data + half, length - half);
    feed_target_read(NULL, data, length, length ? length : 1, &plain);
    feed_target_read(NULL, packed.data, packed.length, 100, &unpacked);
    FUZZ_MUST(plain.length == unpacked.length && memcmp(plain.data, unpacked.data, plain.length) == 0);
    buf_free(&packed);
    buf_free(&plain);
    buf_free(&unpacked);
}

void fuzz_one(const char *data, size_t length)
{
    feed_target_check(NULL, data, length);
    check_packed(data, length);
}

#include "daemon/feed/gunzip.h"

#include "daemon/base/mem.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#define BLOCK 65536
/* zlib's own: 15 bits of window, and 16 for "gzip, nothing else". */
#define GZIP_ONLY (15 + 16)

/* A bomb is told by how much it grows: tables of near-equal rows come to 60 times their packed size, deflate can do 1,032 times. Small ones
 * do no harm, and are not judged. Beside it stands what no feed has ever been. */
#define RATIO_MAX 200
#define RATIO_FROM (16LL * 1024 * 1024)
#define UNPACKED_MAX (16LL * 1024 * 1024 * 1024)

struct gunzip {
    gunzip_sink *sink;
    void *context;
    z_stream stream;
    int64_t packed, unpacked;
    bool begun; /* the first member has been */
    bool between; /* behind a member's end */
    bool padding; /* behind the last member's end, in its zeros */
    char block[BLOCK];
};

static voidpf allocate(voidpf context, uInt count, uInt size)
{
    (void)context;
    return mem_zero(count, size);
}

static void release(voidpf context, voidpf block)
{
    (void)context;
    free(block);
}

struct gunzip *gunzip_open(gunzip_sink *sink, void *context)
{
    struct gunzip *gunzip = mem_zero(1, sizeof *gunzip);
    gunzip->stream.zalloc = allocate;
    gunzip->stream.zfree = release;
    gunzip->sink = sink;
    gunzip->context = context;
    gunzip->between = true;
    inflateInit2(&gunzip->stream, GZIP_ONLY); /* it can fail only for want of memory, which allocate() does not */
    return gunzip;
}

void gunzip_free(struct gunzip *gunzip)
{
    if (!gunzip)
        return;
    inflateEnd(&gunzip->stream);
    free(gunzip);
}

static int check_growth(const struct gunzip *gunzip, struct error *error)
{
    int64_t packed = gunzip->packed - gunzip->stream.avail_in;
    if (gunzip->unpacked > UNPACKED_MAX)
        return error_set(error, -EINVAL, "its gzip unpacks to more than %lld GiB: split it", UNPACKED_MAX >> 30);
    if (gunzip->unpacked > RATIO_FROM && gunzip->unpacked / RATIO_MAX > packed)
        return error_set(
            error, -EINVAL,
            "its gzip unpacks to more than %d times its size, as no feed does (a gzip bomb?): if it is one, "
            "unpack it first (gunzip FILE)",
            RATIO_MAX);
    return 0;
}

/* One step of zlib, and what it gave handed on. */
static int inflate_block(struct gunzip *gunzip, struct error *error)
{
    z_stream *stream = &gunzip->stream;
    stream->next_out = (Bytef *)gunzip->block;
    stream->avail_out = BLOCK;
    int status = inflate(stream, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
        return error_set(error, -EINVAL, "its gzip is damaged after %lld bytes of it (%s): pack it again",
                         (long long)(gunzip->packed - stream->avail_in), stream->msg ? stream->msg : "no reason given");
    size_t length = BLOCK - stream->avail_out;
    gunzip->unpacked += (int64_t)length;
    gunzip->between = status == Z_STREAM_END;
    int code = check_growth(gunzip, error);
    return code || !length ? code : gunzip->sink(gunzip->context, gunzip->block, length, error);
}

/* Behind a member: another one, zeros, or what does not belong there. */
static int next_member(struct gunzip *gunzip, struct error *error)
{
    z_stream *stream = &gunzip->stream;
    gunzip->padding |= gunzip->begun && *stream->next_in == 0;
    while (gunzip->padding && stream->avail_in && *stream->next_in == 0) {
        stream->next_in++;
        stream->avail_in--;
    }
    if (!stream->avail_in)
        return 0;
    if (gunzip->padding || (gunzip->begun && *stream->next_in != 0x1f))
        return error_set(
            error, -EINVAL,
            "something that is no gzip stands behind its gzip, after %lld bytes: it was damaged, or two files "
            "were joined",
            (long long)(gunzip->packed - stream->avail_in));
    gunzip->begun = true;
    gunzip->between = false;
    inflateReset(stream);
    return 0;
}

int gunzip_push(struct gunzip *gunzip, const char *data, size_t length, struct error *error)
{
    z_stream *stream = &gunzip->stream;
    int code = 0;
    while (length && !code) {
        uInt step = length < BLOCK ? (uInt)length : BLOCK;
        stream->next_in = (z_const Bytef *)(uintptr_t)data;
        stream->avail_in = step;
        gunzip->packed += step;
        data += step;
        length -= step;
        /* A full block may not have been all: zlib is asked until it leaves room. */
        do {
            code = gunzip->between ? next_member(gunzip, error) : 0;
            if (!code && !gunzip->between)
                code = inflate_block(gunzip, error);
        } while (!code && (stream->avail_in || (!gunzip->between && !stream->avail_out)));
    }
    return code;
}

int gunzip_finish(struct gunzip *gunzip, struct error *error)
{
    if (gunzip->between)
        return 0;
    return error_set(error, -EINVAL, "its gzip ends in the middle, after %lld bytes: it was not copied whole",
                     (long long)gunzip->packed);
}

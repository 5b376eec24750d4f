#include "daemon/feed/mail/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#define BLOCK 65536

static bool begins(const char *data, size_t length, const char *bytes, size_t count)
{
    return length >= count && memcmp(data, bytes, count) == 0;
}

static bool is_tar(const char *data, size_t length)
{
    return length >= 512 && memcmp(data + 257, "ustar", 5) == 0;
}

static struct archive *open_archive(const char *data, size_t length)
{
    struct archive *archive = archive_read_new();
    archive_read_support_filter_gzip(archive);
    archive_read_support_format_zip_seekable(archive);
    archive_read_support_format_tar(archive);
    if (archive_read_open_memory(archive, data, length) != ARCHIVE_OK) {
        archive_read_free(archive);
        return NULL;
    }
    return archive;
}

/* A gzip may hold a tar, or a feed, which is read as it is: only its first block tells. */
static bool is_gzipped_tar(const char *data, size_t length)
{
    struct archive *archive = open_archive(data, length);
    struct archive_entry *entry;
    bool tar = archive && archive_read_next_header(archive, &entry) == ARCHIVE_OK;
    archive_read_free(archive);
    return tar;
}

bool archive_is(const char *data, size_t length)
{
    return begins(data, length, "PK\x03\x04", 4) || begins(data, length, "PK\x05\x06", 4) || is_tar(data, length) ||
           (begins(data, length, "\x1f\x8b", 2) && is_gzipped_tar(data, length));
}

struct reading {
    struct archive *archive;
    size_t packed, unpacked, most;
    struct buf bytes;
};

/* Every byte that is unpacked counts, also of files that nobody wants. */
static int count(struct reading *reading, size_t more, const char *name, struct error *error)
{
    reading->unpacked += more;
    if (reading->unpacked > reading->most)
        return error_set(error, -EINVAL, "it unpacks to more than %zu MiB (at %.80s)", reading->most >> 20, name);
    if (reading->unpacked > ARCHIVE_RATIO_FROM && reading->unpacked / ARCHIVE_RATIO_MAX > reading->packed)
        return error_set(error, -EINVAL, "it unpacks to more than %d times its size (at %.80s), as no honest one does",
                         ARCHIVE_RATIO_MAX, name);
    return 0;
}

static int damaged(const struct reading *reading, const char *name, struct error *error)
{
    const char *why = archive_error_string(reading->archive);
    return error_set(error, -EINVAL, "it is damaged%s%.80s: %s", name ? " at " : "", name ? name : "",
                     why ? why : "it cannot be read");
}

/* The bytes of the entry at hand, into reading->bytes. */
static int read_bytes(struct reading *reading, const char *name, struct error *error)
{
    char block[BLOCK];
    la_ssize_t got;
    int code = 0;
    buf_truncate(&reading->bytes, 0);
    while (!code && (got = archive_read_data(reading->archive, block, sizeof block)) != 0) {
        if (got < 0)
            return damaged(reading, name, error);
        code = count(reading, (size_t)got, name, error);
        buf_add(&reading->bytes, block, (size_t)got);
    }
    buf_reserve(&reading->bytes, 0);
    return code;
}

static int read_entry(struct reading *reading, struct archive_entry *entry, const struct archive_sink *sink,
                      void *context, struct error *error)
{
    const char *name = archive_entry_pathname(entry);
    if (!name)
        name = "";
    if (archive_entry_filetype(entry) != AE_IFREG || !sink->wanted(context, name))
        return 0;
    if (archive_entry_is_encrypted(entry))
        return error_set(error, -EINVAL, "%.80s in it is encrypted: unpack it with its password, and submit that",
                         name);
    int code = read_bytes(reading, name, error);
    if (!code)
        sink->take(context, name, &reading->bytes);
    return code;
}

static int read_entries(struct reading *reading, const struct archive_sink *sink, void *context, struct error *error)
{
    for (unsigned number = 1;; number++) {
        struct archive_entry *entry;
        int result = archive_read_next_header(reading->archive, &entry);
        if (result == ARCHIVE_EOF)
            return 0;
        if (result < ARCHIVE_WARN)
            return damaged(reading, NULL, error);
        if (number > ARCHIVE_FILES_MAX)
            return error_set(error, -EINVAL, "it holds more than %d files", ARCHIVE_FILES_MAX);
        int code = read_entry(reading, entry, sink, context, error);
        if (code)
            return code;
    }
}

int archive_read_all(const char *data, size_t length, size_t most, const struct archive_sink *sink, void *context,
                     struct error *error)
{
    struct reading reading = { .archive = open_archive(data, length), .packed = length, .most = most };
    if (!reading.archive)
        return error_set(error, -EINVAL, "it is damaged: it cannot be read as an archive");
    int code = read_entries(&reading, sink, context, error);
    archive_read_free(reading.archive);
    buf_free(&reading.bytes);
    return code;
}

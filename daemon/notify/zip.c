/* A zip archive in memory, by libarchive. The same files give the same bytes, as long as zlib stays the same: a retry after an upgrade may compress otherwise. */
#include "daemon/notify/parts.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

static la_ssize_t add(struct archive *archive, void *context, const void *data, size_t length)
{
    (void)archive;
    buf_add(context, data, length);
    return (la_ssize_t)length;
}

static void add_file(struct archive *archive, const struct zip_file *file, int64_t date)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, file->name);
    archive_entry_set_size(entry, (int64_t)file->bytes->length);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, date, 0);
    archive_write_header(archive, entry);
    archive_write_data(archive, file->bytes->data, file->bytes->length);
    archive_entry_free(entry);
}

int zip_write(struct buf *out, const struct zip_file *files, size_t count, int64_t date, struct error *error)
{
    struct archive *archive = archive_write_new();
    archive_write_set_format_zip(archive);
    archive_write_set_bytes_per_block(archive, 0);
    int code = archive_write_open(archive, out, NULL, add, NULL);
    for (size_t i = 0; code == ARCHIVE_OK && i < count; i++)
        add_file(archive, &files[i], date);
    code = archive_write_close(archive);
    if (code != ARCHIVE_OK)
        error_set(error, -EIO, "the attachments cannot be zipped: %s", archive_error_string(archive));
    archive_write_free(archive);
    return code == ARCHIVE_OK ? 0 : -EIO;
}

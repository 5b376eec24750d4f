/* Archives (zip, tar, gzipped tar): the bytes of one in, the files in it out. Nothing is ever unpacked onto a disk. Pure; any thread. */
#ifndef TOCSIN_FEED_MAIL_ARCHIVE_H
#define TOCSIN_FEED_MAIL_ARCHIVE_H

#include "daemon/base/buf.h"
#include "daemon/base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define ARCHIVE_FILES_MAX 1000 /* entries of any kind */
#define ARCHIVE_RATIO_MAX 200 /* unpacked to packed, for all of it; text with long runs in it seldom gets beyond 50 */
#define ARCHIVE_RATIO_FROM ((size_t)1 << 20) /* bytes unpacked, below which the ratio does not matter */

/* Does it begin as an archive of one of these kinds does? */
bool archive_is(const char *data, size_t length);

/* Called for each regular file, in the archive's order. NAME is what stands in the archive: any bytes, perhaps with slashes; never NULL. WANTED says whether its bytes are of
 * interest; if they are, TAKE gets them (they live for the length of the call). */
struct archive_sink {
    bool (*wanted)(void *context, const char *name);
    void (*take)(void *context, const char *name, const struct buf *bytes);
};

/* Read the archive of LENGTH bytes at DATA; at most MOST bytes are unpacked. 0, or -EINVAL with ERROR, which says what is wrong with it: damaged, encrypted, a bomb, too many files. */
int archive_read_all(const char *data, size_t length, size_t most, const struct archive_sink *sink, void *context,
                     struct error *error);

#endif

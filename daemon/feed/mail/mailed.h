/* Feeds that come by mail: the bytes of a mail in, the feed files that it holds out. Pure; any thread after mailed_init().
 *
 * - A report of its own, an ARF (RFC 5965) or X-ARF v0.2 one, is made a feed file of JSON Lines (report.h); what is attached to such a mail is evidence, and is not read.
 * - Else each attachment that is called like a feed (.csv, .json …, also .gz) or is an archive (archive.h) of such files; also those of mails that are forwarded in it.
 *
 * What is neither is passed over: a signature, a logo, the text. */
#ifndef TOCSIN_FEED_MAIL_MAILED_H
#define TOCSIN_FEED_MAIL_MAILED_H

#include "daemon/base/buf.h"
#include "daemon/base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define MAILED_LENGTH_MAX ((size_t)64 << 20) /* bytes of a mail */
#define MAILED_BYTES_MAX ((size_t)256 << 20) /* of all the files in it together */
#define MAILED_FILES_MAX 100
#define MAILED_NAME_MAX 150 /* bytes of a name */

struct mailed_file {
    char *name; /* one component of a path, printable, not hidden; no two are the same */
    struct buf bytes;
};

struct mailed {
    struct mailed_file *files;
    size_t count;
};

/* Once, before anything else. */
void mailed_init(void);

/* Does this beginning of a file look like a mail's (RFC 5322, with or without an mbox line)? */
bool mailed_is_mail(const char *data, size_t length);

/* Take the mail of LENGTH bytes apart. NAME (its file's; NULL where it has none) is what reports are called by. 0 and *OUT, which holds at least one file (mailed_free); or -EINVAL with ERROR, which says which
 * part of it is wrong and why, or what was looked for in vain. */
int mailed_open(const char *data, size_t length, const char *name, struct mailed *out, struct error *error);
void mailed_free(struct mailed *mailed);

#endif

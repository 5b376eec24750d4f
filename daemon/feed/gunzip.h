/* What `gzip` made (RFC 1952), unpacked as it comes, however it is cut: any number of members one after the other, and zeros after the last, with
 * which tapes are filled up. Memory is flat. Pure; any thread. */
#ifndef TOCSIN_FEED_GUNZIP_H
#define TOCSIN_FEED_GUNZIP_H

#include "daemon/base/error.h"

#include <stddef.h>

struct gunzip;

/* Takes unpacked bytes. Another return than 0 ends the unpacking: the function below returns it. */
typedef int gunzip_sink(void *context, const char *data, size_t length, struct error *error);

struct gunzip *gunzip_open(gunzip_sink *sink, void *context);
void gunzip_free(struct gunzip *gunzip);

/* The next bytes. -EINVAL with ERROR: they are damaged, or no gzip, or unpack to more than any feed (a gzip bomb). */
int gunzip_push(struct gunzip *gunzip, const char *data, size_t length, struct error *error);
/* No more bytes. -EINVAL with ERROR: it ends in the middle. */
int gunzip_finish(struct gunzip *gunzip, struct error *error);

#endif

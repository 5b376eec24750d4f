/* A secret in a file of its own: a password on its first line. */
#ifndef TOCSIN_BASE_SECRET_H
#define TOCSIN_BASE_SECRET_H

#include "daemon/base/error.h"

#include <stddef.h>

/* Read the first line of PATH, without its line end, into OUT (SIZE bytes, NUL included). A file that any user may read, or a group may
 * write, is no secret: -EPERM. An empty line, control characters, or a line that does not fit: -EINVAL. 0, or a negative errno with ERROR
 * set; ERROR never shows what was read. Blocks; any thread. */
int secret_read(const char *path, char *out, size_t size, struct error *error);

/* Overwrite SIZE bytes at SECRET; unlike memset() it is never optimised away. */
void secret_wipe(void *secret, size_t size);

#endif

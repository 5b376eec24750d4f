/* A file that may be a mail: read only as far as that is not known, and whole where it is one. */
#ifndef TOCSIN_COMMAND_MAIL_FILE_H
#define TOCSIN_COMMAND_MAIL_FILE_H

#include "daemon/base/buf.h"

#include <stdbool.h>

/* Append to OUT the first part of what can be read at FD, or, where that is the beginning of a mail (*IS_MAIL), all of it, up to a byte more than a mail may have. 0 or -errno. */
int mail_file_read(int fd, struct buf *out, bool *is_mail);

#endif

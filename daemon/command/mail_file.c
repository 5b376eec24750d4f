#include "daemon/command/mail_file.h"

#include "daemon/feed/mail/mailed.h"

#include <errno.h>
#include <unistd.h>

#define HEAD (64 * 1024)

/* Read up to LIMIT bytes in all. */
static int read_up_to(int fd, struct buf *out, size_t limit)
{
    while (out->length < limit) {
        size_t room = limit - out->length < HEAD ? limit - out->length : HEAD;
        buf_reserve(out, room);
        ssize_t got = read(fd, out->data + out->length, room);
        if (got == 0)
            break;
        if (got > 0)
            out->length += (size_t)got;
        else if (errno != EINTR)
            return -errno;
    }
    return 0;
}

int mail_file_read(int fd, struct buf *out, bool *is_mail)
{
    int code = read_up_to(fd, out, HEAD);
    *is_mail = !code && out->length && mailed_is_mail(out->data, out->length);
    return *is_mail ? read_up_to(fd, out, MAILED_LENGTH_MAX + 1) : code;
}

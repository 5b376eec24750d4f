#include "daemon/delivery/keywords.h"

#include "daemon/delivery/connect.h"
#include "daemon/delivery/esmtp.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the server says, all in advance: a greeting, an extension (reading its name is what this is about), a refusal of MAIL, a
 * farewell. */
static const char replies[] = "220 tocsin\r\n250-tocsin\r\n250 DSN\r\n550 5.7.1 enough\r\n221 tocsin\r\n";

static int result;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int dial(void *context)
{
    return *(int *)context;
}

static const char *no_text(void **context, int *length, void *argument)
{
    (void)context;
    (void)argument;
    if (length)
        *length = 0;
    return NULL;
}

static int converse(int fd)
{
    smtp_session_t session = smtp_create_session();
    if (!session)
        return -ENOMEM;
    smtp_message_t message = smtp_add_message(session);
    int status = -ENOMEM;
    if (message && smtp_set_messagecb(message, no_text, NULL) && smtp_set_server(session, "127.0.0.1:25") &&
        smtp_set_hostname(session, "tocsin") && smtp_add_recipient(message, "nobody@invalid")) {
        connect_through(dial, &fd);
        smtp_start_session(session);
        connect_through(NULL, NULL);
        /* Only a session that has read the EHLO reply gets as far as this. */
        status = smtp_reverse_path_status(message)->code == 550 ? 0 : -EPROTO;
    }
    smtp_destroy_session(session);
    return status;
}

static void prepare(void)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) {
        result = -errno;
        return;
    }
    /* The other end stays open, so that what libesmtp writes is taken. */
    ssize_t written = write(ends[1], replies, sizeof replies - 1);
    result = written == (ssize_t)(sizeof replies - 1) ? converse(ends[0]) : -EIO;
    close(ends[0]);
    close(ends[1]);
}

int keywords_prepare(void)
{
    pthread_once(&once, prepare);
    return result;
}

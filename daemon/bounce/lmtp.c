#include "daemon/bounce/lmtp.h"

#include "daemon/base/listener.h"
#include "daemon/base/mem.h"
#include "daemon/bounce/lmtp_listen.h"
#include "daemon/bounce/lmtp_session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64
#define IDLE_MS (5 * 60 * 1000)
#define READ_SIZE 65536
#define OUTPUT_MAX 65536 /* waiting to be sent: beyond it nothing more is read from one who does not listen */

struct connection {
    struct lmtp *lmtp;
    union {
        uv_stream_t stream;
        uv_pipe_t pipe;
        uv_tcp_t tcp;
    } socket;
    uv_timer_t idle;
    unsigned handles; /* not closed yet: the last one's callback frees */
    struct lmtp_session *session;
    struct buf input; /* read, but not taken by the session yet */
    struct lmtp_message *waiting; /* messages not answered, linked */
    bool working, closing;
    struct connection *previous, *next;
};

/* One mail's text, shared by its recipients' messages. */
struct body {
    struct lmtp_mail *mail;
    size_t references;
};

struct lmtp_message {
    struct connection *connection; /* NULL when it has gone */
    struct body *body;
    size_t index; /* of its recipient */
    struct lmtp_message *next; /* in connection->waiting */
};

struct lmtp {
    uv_loop_t *loop;
    struct lmtp_handler handler;
    void *context;
    size_t max_message;
    char name[256];
    char *path; /* of the Unix socket, or NULL */
    char *listen; /* ADDRESS:PORT, or NULL */
    struct listener *pipe, *tcp; /* or NULL */
    bool closing;
    unsigned connection_count;
    struct connection *connections;
};

static void free_when_empty(struct lmtp *lmtp)
{
    if (!lmtp->closing || lmtp->connections)
        return;
    free(lmtp->path);
    free(lmtp->listen);
    free(lmtp);
}

static void unlink_connection(struct connection *connection)
{
    struct lmtp *lmtp = connection->lmtp;
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        lmtp->connections = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    lmtp->connection_count--;
}

static void on_connection_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    struct lmtp *lmtp = connection->lmtp;
    if (--connection->handles)
        return;
    unlink_connection(connection);
    lmtp_session_free(connection->session);
    buf_free(&connection->input);
    free(connection);
    free_when_empty(lmtp);
}

/* Hang up. Messages that wait for an answer live on without us. */
static void close_connection(struct connection *connection)
{
    if (connection->closing)
        return;
    connection->closing = true;
    for (struct lmtp_message *message = connection->waiting; message; message = message->next)
        message->connection = NULL;
    connection->waiting = NULL;
    uv_close((uv_handle_t *)&connection->socket, on_connection_closed);
    uv_close((uv_handle_t *)&connection->idle, on_connection_closed);
}

static void on_idle(uv_timer_t *timer)
{
    struct connection *connection = timer->data;
    static char line[] = "421 4.4.2 Silent for too long\r\n";
    uv_buf_t goodbye = uv_buf_init(line, sizeof line - 1);
    uv_try_write(&connection->socket.stream, &goodbye, 1);
    close_connection(connection);
}

struct outgoing {
    uv_write_t request;
    char *data;
};

static void work(struct connection *connection);

static void on_written(uv_write_t *request, int status)
{
    struct outgoing *outgoing = (struct outgoing *)request;
    struct connection *connection = request->handle->data;
    free(outgoing->data);
    free(outgoing);
    if (status < 0 || (lmtp_session_over(connection->session) && !connection->socket.stream.write_queue_size))
        close_connection(connection);
    else if (!connection->closing)
        work(connection); /* there may be room again */
}

static void send_output(struct connection *connection)
{
    struct buf *output = lmtp_session_output(connection->session);
    if (!output->length || connection->closing)
        return;
    struct outgoing *outgoing = mem_alloc(sizeof *outgoing);
    uv_buf_t bytes = uv_buf_init(NULL, 0);
    bytes.len = output->length;
    bytes.base = outgoing->data = buf_take(output);
    if (uv_write(&outgoing->request, &connection->socket.stream, &bytes, 1, on_written) != 0) {
        free(outgoing->data);
        free(outgoing);
        close_connection(connection);
    }
}

static void release_body(struct body *body)
{
    if (--body->references)
        return;
    lmtp_mail_free(body->mail);
    free(body);
}

/* Hand a whole mail over, once for each recipient. The handler may answer, or even close us, from within. */
static void hand_over(struct connection *connection, struct lmtp_mail *mail)
{
    struct lmtp_message *messages[LMTP_RECIPIENTS_MAX];
    struct lmtp *lmtp = connection->lmtp;
    struct body *body = mem_alloc(sizeof *body);
    size_t count = mail->recipient_count;
    *body = (struct body){ mail, count + 1 }; /* one for this function */
    for (size_t i = count; i-- > 0;) {
        messages[i] = mem_alloc(sizeof *messages[i]);
        *messages[i] = (struct lmtp_message){ connection, body, i, connection->waiting };
        connection->waiting = messages[i];
    }
    for (size_t i = 0; i < count; i++) {
        if (lmtp->closing) {
            body->references--; /* not the last one, which is ours */
            free(messages[i]);
        } else {
            lmtp->handler.message(lmtp->context, messages[i], mail->sender, mail->recipients[i], mail->data.data,
                                  mail->data.length);
        }
    }
    release_body(body);
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *bytes);

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct connection *connection = handle->data;
    (void)suggested;
    buf_reserve(&connection->input, READ_SIZE);
    *out = uv_buf_init(connection->input.data + connection->input.length, READ_SIZE);
}

/* Read only while the session takes what it gets and the other side takes our answers: what it sends meanwhile stays in its own buffers. */
static void pause_or_read(struct connection *connection)
{
    uv_stream_t *stream = &connection->socket.stream;
    bool waits = lmtp_session_waits(connection->session);
    if (waits || lmtp_session_over(connection->session) || stream->write_queue_size > OUTPUT_MAX)
        uv_read_stop(stream);
    else
        uv_read_start(stream, on_alloc, on_read);
    if (waits) /* now it is we who are silent */
        uv_timer_stop(&connection->idle);
    else if (!uv_is_active((uv_handle_t *)&connection->idle))
        uv_timer_start(&connection->idle, on_idle, IDLE_MS, 0);
}

/* Let the session take what it can of the input. Mails may complete, and be answered at once, several times over. */
static void feed(struct connection *connection)
{
    struct buf *input = &connection->input;
    size_t taken = 0, step;
    do {
        step = lmtp_session_feed(connection->session, input->data + taken, input->length - taken);
        taken += step;
        struct lmtp_mail *mail = lmtp_session_take(connection->session);
        if (mail)
            hand_over(connection, mail);
    } while (step && taken < input->length && !connection->closing);
    memmove(input->data, input->data + taken, input->length - taken);
    buf_truncate(input, input->length - taken);
}

static void work(struct connection *connection)
{
    if (connection->working || connection->closing)
        return;
    connection->working = true;
    if (connection->input.length)
        feed(connection);
    connection->working = false;
    send_output(connection);
    if (!connection->closing)
        pause_or_read(connection);
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *bytes)
{
    struct connection *connection = stream->data;
    (void)bytes;
    if (length < 0) {
        close_connection(connection);
        return;
    }
    connection->input.length += (size_t)length;
    if (length) {
        uv_timer_stop(&connection->idle); /* work() starts it anew */
        work(connection);
    }
}

/* Answered with 421 and closed when there are too many; a real connection all the same, so that closing has one path. */
static void turn_away(struct connection *connection)
{
    static char line[] = "421 4.3.2 Too many connections\r\n";
    uv_buf_t goodbye = uv_buf_init(line, sizeof line - 1);
    uv_try_write(&connection->socket.stream, &goodbye, 1);
    close_connection(connection);
}

static struct connection *new_connection(struct lmtp *lmtp)
{
    struct connection *connection = mem_zero(1, sizeof *connection);
    const struct lmtp_session_options options = { lmtp->name, lmtp->max_message, lmtp->handler.accepts, lmtp->context };
    connection->lmtp = lmtp;
    connection->session = lmtp_session_new(&options);
    uv_timer_init(lmtp->loop, &connection->idle);
    connection->socket.stream.data = connection->idle.data = connection;
    connection->handles = 2;
    connection->next = lmtp->connections;
    if (connection->next)
        connection->next->previous = connection;
    lmtp->connections = connection;
    lmtp->connection_count++;
    return connection;
}

/* STATUS: of giving the connection its descriptor FD. */
static void begin(struct connection *connection, int fd, int status)
{
    if (status) {
        close(fd);
        close_connection(connection);
    } else if (connection->lmtp->connection_count > CONNECTIONS_MAX) {
        turn_away(connection);
    } else {
        work(connection);
    }
}

static void on_pipe(void *context, int fd)
{
    struct lmtp *lmtp = context;
    struct connection *connection = new_connection(lmtp);
    uv_pipe_init(lmtp->loop, &connection->socket.pipe, 0);
    begin(connection, fd, uv_pipe_open(&connection->socket.pipe, fd));
}

static void on_tcp(void *context, int fd)
{
    struct lmtp *lmtp = context;
    struct connection *connection = new_connection(lmtp);
    uv_tcp_init(lmtp->loop, &connection->socket.tcp);
    begin(connection, fd, uv_tcp_open(&connection->socket.tcp, fd));
}

/* FD: the bound socket, or why there is none. */
static int listen_at(struct lmtp *lmtp, int fd, const char *where, listener_accepted *accepted, struct listener **out,
                     struct error *error)
{
    if (fd < 0)
        return fd;
    int code = listener_open(lmtp->loop, fd, accepted, lmtp, out);
    if (!code)
        return 0;
    close(fd);
    return error_set(error, code, "%s: %s", where, strerror(-code));
}

static int open_listeners(struct lmtp *lmtp, const char *path, const char *listen, struct error *error)
{
    int code = 0;
    if (path && *path) {
        code = listen_at(lmtp, lmtp_bind_path(path, error), path, on_pipe, &lmtp->pipe, error);
        lmtp->path = mem_string(path);
    }
    if (!code && listen && *listen) {
        code = listen_at(lmtp, lmtp_bind_tcp(listen, error), listen, on_tcp, &lmtp->tcp, error);
        lmtp->listen = mem_string(listen);
    }
    return code;
}

int lmtp_open(uv_loop_t *loop, const char *path, const char *listen, size_t max_message,
              const struct lmtp_handler *handler, void *context, struct lmtp **out, struct error *error)
{
    struct lmtp *lmtp = mem_zero(1, sizeof *lmtp);
    size_t size = sizeof lmtp->name;
    lmtp->loop = loop;
    lmtp->handler = *handler;
    lmtp->context = context;
    lmtp->max_message = max_message;
    if (uv_os_gethostname(lmtp->name, &size) != 0)
        strcpy(lmtp->name, "localhost");
    int code = open_listeners(lmtp, path, listen, error);
    if (code)
        lmtp_close(lmtp);
    else
        *out = lmtp;
    return code;
}

int lmtp_check(const struct lmtp *lmtp, struct error *error)
{
    int code = lmtp->path ? lmtp_check_path(lmtp->path, error) : 0;
    return !code && lmtp->listen ? lmtp_check_tcp(lmtp->listen, error) : code;
}

void lmtp_answer(struct lmtp_message *message, int status, const char *text)
{
    struct connection *connection = message->connection;
    if (connection) {
        struct lmtp_message **link = &connection->waiting;
        while (*link != message)
            link = &(*link)->next;
        *link = message->next;
        lmtp_session_answer(connection->session, message->index, status, text);
        work(connection);
    }
    release_body(message->body);
    free(message);
}

void lmtp_close(struct lmtp *lmtp)
{
    static char line[] = "421 4.3.2 Closing\r\n";
    uv_buf_t goodbye = uv_buf_init(line, sizeof line - 1);
    lmtp->closing = true;
    if (lmtp->pipe)
        unlink(lmtp->path);
    listener_close(lmtp->pipe);
    listener_close(lmtp->tcp);
    for (struct connection *connection = lmtp->connections; connection; connection = connection->next) {
        if (!connection->closing)
            uv_try_write(&connection->socket.stream, &goodbye, 1);
        close_connection(connection);
    }
    free_when_empty(lmtp);
}

#include "daemon/control/control.h"

#include "daemon/base/buf.h"
#include "daemon/base/listener.h"
#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/control/peer.h"
#include "daemon/daemon.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

/* Nobody keeps the others out, and least of all an administrator who wants to stop the daemon. */
#define CONNECTIONS 64
#define ADMIN_PLACES 16 /* of them */
#define USER_MOST 16
#define ADMIN_MOST (CONNECTIONS - ADMIN_PLACES)
/* tocsin(1) connects when it has something to ask, and asks one thing; others may ask more. In milliseconds. */
#define FIRST_REQUEST_WAIT 5000
#define NEXT_REQUEST_WAIT 60000
#define SWEEP 1000
/* Only administrators hand in returned mails; everything else fits into very little. */
#define ADMIN_LINE_MAX ((size_t)64 * 1024 * 1024)
#define SUBMITTER_LINE_MAX ((size_t)64 * 1024)
#define OUTPUT_MAX ((size_t)64 * 1024) /* waiting to be sent: one who does not listen is asked nothing more */

struct connection;

struct control {
    struct listener *listener;
    uv_timer_t sweep; /* runs while there are connections */
    struct daemon *daemon;
    struct connection *connections;
    unsigned count;
    char *path;
};

struct connection {
    uv_pipe_t pipe;
    struct control *control; /* NULL once the daemon has closed it */
    struct connection *next, **link;
    struct peer peer;
    struct buf input;
    size_t searched; /* so much of the input holds no end of a line */
    struct control_call *call; /* the one that is being answered */
    uint64_t idle_since; /* in the loop's time; of no meaning while a call is being answered */
    bool asked; /* something, at least once */
    bool working, closing;
};

struct control_call {
    struct connection *connection; /* NULL when it has gone */
    struct daemon *daemon;
    struct peer peer;
};

static void work(struct connection *connection);

/* ---- Connections ------------------------------------------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    buf_free(&connection->input);
    free(connection);
}

static void drop(struct connection *connection)
{
    if (connection->closing)
        return;
    connection->closing = true;
    if (connection->call)
        connection->call->connection = NULL;
    *connection->link = connection->next;
    if (connection->next)
        connection->next->link = connection->link;
    connection->control->count--;
    uv_close((uv_handle_t *)&connection->pipe, on_closed);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)handle;
    *buffer = uv_buf_init(mem_alloc(suggested), (unsigned)suggested);
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    struct connection *connection = stream->data;
    if (got > 0)
        buf_add(&connection->input, buffer->base, (size_t)got);
    if (got > 0 && connection->peer.admin)
        connection->idle_since = uv_now(stream->loop); /* a long line takes its time */
    free(buffer->base);
    if (got < 0 || connection->input.length > (connection->peer.admin ? ADMIN_LINE_MAX : SUBMITTER_LINE_MAX))
        drop(connection);
    else if (got > 0)
        work(connection);
}

/* Turned away with a word: who is told nothing tries again. It fits into the empty buffers of a new connection, or is lost. */
static void refuse(struct connection *connection, int exit, const char *why)
{
    json_t *object = json_pack("{s:b, s:i, s:s}", "ok", 0, "exit", exit, "error", why);
    char *text = json_dumps(object, JSON_COMPACT);
    char *line = mem_format("%s\n", text);
    uv_buf_t buffer = uv_buf_init(line, (unsigned)strlen(line));
    uv_try_write((uv_stream_t *)&connection->pipe, &buffer, 1);
    free(line);
    free(text);
    json_decref(object);
    drop(connection);
}

static unsigned count_of(const struct control *control, uid_t uid)
{
    unsigned count = 0;
    for (const struct connection *one = control->connections; one; one = one->next)
        count += one->peer.uid == uid;
    return count;
}

static void on_sweep(uv_timer_t *timer)
{
    struct control *control = timer->data;
    uint64_t now = uv_now(timer->loop);
    for (struct connection *one = control->connections, *next; one; one = next) {
        next = one->next;
        if (!one->call && now - one->idle_since >= (one->asked ? NEXT_REQUEST_WAIT : FIRST_REQUEST_WAIT))
            refuse(one, EX_TEMPFAIL, "no request came for too long: connect when there is something to ask");
    }
    if (!control->connections)
        uv_timer_stop(timer);
}

/* -EACCES where the peer may do nothing. */
static void admit(struct connection *connection, int identified)
{
    const struct control *control = connection->control;
    const struct config *config = control->daemon->config;
    bool admin = connection->peer.admin;
    if (identified == -EACCES) {
        char *why = mem_format("%s may not ask this daemon: be a member of %s (access.submit_group) or of %s "
                               "(access.admin_group)",
                               connection->peer.name, config->access.submit_group, config->access.admin_group);
        refuse(connection, EX_NOPERM, why);
        free(why);
    } else if (identified) {
        drop(connection);
    } else if (control->count > (admin ? CONNECTIONS : CONNECTIONS - ADMIN_PLACES)) {
        refuse(connection, EX_TEMPFAIL, "the daemon has too many connections; try again");
    } else if (count_of(control, connection->peer.uid) > (admin ? ADMIN_MOST : USER_MOST)) {
        refuse(connection, EX_TEMPFAIL, "you have too many connections to the daemon; close some, or try again");
    } else {
        work(connection);
    }
}

static void on_connection(void *context, int fd)
{
    struct control *control = context;
    struct connection *connection = mem_zero(1, sizeof *connection);
    connection->pipe.data = connection;
    uv_pipe_init(control->daemon->loop, &connection->pipe, 0);
    connection->control = control;
    connection->peer.uid = (uid_t)-1; /* nobody's, until it is known */
    connection->idle_since = uv_now(control->daemon->loop);
    connection->next = control->connections;
    connection->link = &control->connections;
    if (connection->next)
        connection->next->link = &connection->next;
    control->connections = connection;
    control->count++;
    if (!uv_is_active((uv_handle_t *)&control->sweep))
        uv_timer_start(&control->sweep, on_sweep, SWEEP, SWEEP);
    if (uv_pipe_open(&connection->pipe, fd)) {
        close(fd);
        drop(connection);
    } else {
        admit(connection, peer_identify(fd, control->daemon->config, &connection->peer));
    }
}

/* ---- Requests ------------------------------------------------------------------------------------------------------------------------ */

static void run_line(struct connection *connection, const char *line, size_t length)
{
    struct control_call *call = mem_zero(1, sizeof *call);
    call->connection = connection;
    call->daemon = connection->control->daemon;
    call->peer = connection->peer;
    connection->call = call;
    connection->asked = true;
    json_error_t where;
    json_t *request = json_loadb(line, length, JSON_REJECT_DUPLICATES, &where);
    if (json_is_object(request))
        control_run(call, request);
    else
        control_fail(call, EX_USAGE, "a request is one JSON object on a line");
    json_decref(request);
}

/* The length of the first line from AT on, without its end; -1 when there is no whole one. */
static ssize_t find_line(struct connection *connection, size_t at)
{
    const struct buf *input = &connection->input;
    size_t from = connection->searched > at ? connection->searched : at;
    const char *end = from < input->length ? memchr(input->data + from, '\n', input->length - from) : NULL;
    if (!end)
        connection->searched = input->length;
    return end ? end - (input->data + at) : -1;
}

/* May its next request run? */
static bool is_ready(const struct connection *connection)
{
    return !connection->call && !connection->closing && connection->pipe.write_queue_size <= OUTPUT_MAX;
}

/* Requests of one connection are answered in order: the next begins when the last is answered. Many may be answered at once, from within. */
static void work(struct connection *connection)
{
    struct buf *input = &connection->input;
    size_t taken = 0;
    ssize_t length;
    if (connection->working)
        return;
    connection->working = true;
    while (is_ready(connection) && (length = find_line(connection, taken)) >= 0) {
        run_line(connection, input->data + taken, (size_t)length);
        taken += (size_t)length + 1;
    }
    connection->working = false;
    if (taken) {
        memmove(input->data, input->data + taken, input->length - taken);
        buf_truncate(input, input->length - taken);
        connection->searched = connection->searched > taken ? connection->searched - taken : 0;
    }
    if (connection->closing)
        return;
    if (is_ready(connection))
        uv_read_start((uv_stream_t *)&connection->pipe, on_alloc, on_read);
    else
        uv_read_stop((uv_stream_t *)&connection->pipe); /* what is sent meanwhile stays in the sender's buffers */
}

struct answer {
    uv_write_t write;
    char *text;
};

static void on_written(uv_write_t *write, int status)
{
    struct answer *answer = (struct answer *)write;
    struct connection *connection = write->handle->data;
    free(answer->text);
    free(answer);
    connection->idle_since = uv_now(connection->pipe.loop);
    if (status < 0)
        drop(connection);
    else
        work(connection); /* there may be room again */
}

static void send_answer(struct control_call *call, json_t *object)
{
    struct connection *connection = call->connection;
    if (connection) {
        struct answer *answer = mem_zero(1, sizeof *answer);
        char *text = json_dumps(object, JSON_COMPACT);
        answer->text = mem_format("%s\n", text ? text : "{\"ok\":false,\"exit\":70,\"error\":\"no answer\"}");
        free(text);
        uv_buf_t buffer = uv_buf_init(answer->text, (unsigned)strlen(answer->text));
        connection->call = NULL;
        connection->idle_since = uv_now(connection->pipe.loop);
        if (uv_write(&answer->write, (uv_stream_t *)&connection->pipe, &buffer, 1, on_written)) {
            free(answer->text);
            free(answer);
            drop(connection);
        }
        work(connection);
    }
    json_decref(object);
    free(call);
}

void control_reply(struct control_call *call, json_t *result)
{
    send_answer(call, json_pack("{s:b, s:o}", "ok", 1, "result", result ? result : json_object()));
}

void control_fail(struct control_call *call, int exit, const char *message)
{
    send_answer(call, json_pack("{s:b, s:i, s:s}", "ok", 0, "exit", exit, "error", message));
}

void control_fail_errno(struct control_call *call, int status, const char *message)
{
    int exit = status == -ENOENT || status == -EINVAL || status == -EEXIST ? EX_DATAERR
               : status == -EPERM || status == -EACCES                     ? EX_NOPERM
               : status == -ENOSYS                                         ? EX_USAGE
                                                                           : EX_TEMPFAIL;
    control_fail(call, exit, message && *message ? message : strerror(-status));
}

const char *control_who(const struct control_call *call)
{
    return call->peer.name;
}

bool control_is_admin(const struct control_call *call)
{
    return call->peer.admin;
}

struct daemon *control_daemon(const struct control_call *call)
{
    return call->daemon;
}

/* ---- Opening ------------------------------------------------------------------------------------------------------------------------- */

/* Bound to PATH, for everybody: who may ask what is seen from who connects. -errno where that cannot be. */
static int bind_socket(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    /* The store's lock is ours: whatever socket stands there is a dead daemon's. */
    unlink(path);
    if (!bind(fd, (const struct sockaddr *)&address, sizeof address) && !chmod(path, 0666))
        return fd;
    int status = -errno;
    close(fd);
    return status;
}

int control_open(struct daemon *daemon, struct error *error)
{
    const char *path = daemon->config->paths.control_socket;
    struct control *control = mem_zero(1, sizeof *control);
    control->daemon = daemon;
    control->path = mem_string(path);
    uv_timer_init(daemon->loop, &control->sweep);
    control->sweep.data = control;
    daemon->control = control;
    int fd = bind_socket(path);
    int status = fd < 0 ? fd : listener_open(daemon->loop, fd, on_connection, control, &control->listener);
    if (!status)
        return 0;
    if (fd >= 0)
        close(fd);
    return error_set(error, status, "paths.control_socket: %s: cannot listen there: %s", path, strerror(-status));
}

static void on_sweep_closed(uv_handle_t *handle)
{
    struct control *control = handle->data;
    free(control->path);
    free(control);
}

void control_close(struct control *control)
{
    while (control->connections)
        drop(control->connections);
    unlink(control->path);
    listener_close(control->listener);
    uv_close((uv_handle_t *)&control->sweep, on_sweep_closed);
}

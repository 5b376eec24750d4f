/* Requests at the control socket of a whole daemon, with a campaign in its store: a line is a request, and each has one answer.
 *
 * The daemon outlives the input, so an input that breaks it may need those before it: libFuzzer prints only the last. */
#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/daemon.h"
#include "tests/fuzz/fuzz.h"

#include <ftw.h>
#include <signal.h>
#include <unistd.h>

#define REQUESTS_MAX 16 /* an order takes a commit */

static char directory[] = "/dev/shm/tocsin-fuzz-XXXXXX";
static uv_loop_t loop;
static struct config *config;
static struct daemon server;

struct client {
    uv_pipe_t pipe;
    uv_connect_t connect;
    uv_write_t write;
    struct buf heard;
    bool closed;
};

/* ---- The daemon ------------------------------------------------------------------------------------------------------------------------ */

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path);
}

static void stop(void)
{
    daemon_close(&server);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    config_free(config);
    nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void read_config(void)
{
    static const char *const settings[] = {
        "paths.spool=%s/spool",
        "paths.store=%s/tocsin.db",
        "paths.control_socket=%s/control.sock",
        "paths.token_keys=%s/keys",
        "bounces.lmtp_socket=%s/lmtp.sock",
        "sender.name=Team",
        "sender.address=team@tocsin.example",
        "return_path.bounce=bounce@tocsin.example",
        "return_path.opt_out=optout@tocsin.example",
        "dns.servers=[127.0.0.1:9]",
        "dns.timeout=50ms",
        "dns.tries=1",
        "delivery.relay=127.0.0.1:9", /* discard: nobody listens */
        "delivery.sessions=1",
        "delivery.connect_timeout=1s",
        "campaigns.approve_above=0",
        "campaigns.aggregate_wait=0s",
        "contacts.overrides=[{domain: bakery.example, contacts: [abuse@hoster.example]}]",
    };
    enum { COUNT = sizeof settings / sizeof *settings };
    struct config_errors errors;
    char *made[COUNT + 1], *templates = realpath("templates", NULL);
    for (size_t i = 0; i < COUNT; i++) {
        const char *mark = strstr(settings[i], "%s");
        made[i] = mark ? mem_format("%.*s%s%s", (int)(mark - settings[i]), settings[i], directory, mark + 2)
                       : mem_string(settings[i]);
    }
    made[COUNT] = mem_format("paths.templates=[%s]", templates);
    int code = config_load(NULL, (const char *const *)made, COUNT + 1, &config, &errors);
    if (code)
        fprintf(stderr, "%s\n", errors.items[0]);
    FUZZ_MUST(code == 0);
    for (size_t i = 0; i <= COUNT; i++)
        free(made[i]);
    free(templates);
}

static size_t ask(const char *text, size_t length, struct buf *heard);

/* A file dropped into the spool, until its campaign is there. */
static void load_campaign(void)
{
    char *path = mem_format("%s/spool/incoming/.tmp", directory),
         *name = mem_format("%s/spool/incoming/victims.csv", directory);
    static const char status[] = "{\"verb\":\"campaign\",\"campaign\":\"default-victims\",\"cases\":true}\n";
    bool there = false;
    FILE *file = fopen(path, "w");
    FUZZ_MUST(file);
    fputs("domain,ip\nbakery.example,192.0.2.7\nshop.example,192.0.2.8\n", file);
    fclose(file);
    FUZZ_MUST(rename(path, name) == 0);
    for (int tries = 0; !there && tries < 1000; tries++) {
        struct buf heard = BUF_EMPTY;
        ask(status, sizeof status - 1, &heard);
        there = strstr(heard.data, "bakery.example") != NULL;
        buf_free(&heard);
        usleep(10000);
    }
    FUZZ_MUST(there);
    free(path);
    free(name);
}

void fuzz_start(void)
{
    static const struct daemon_source nowhere; /* a reload finds the defaults alone, and refuses them */
    struct error error = { "" };
    signal(SIGPIPE, SIG_IGN);
    log_set_level(LOG_ERROR_LEVEL - 1);
    FUZZ_MUST(mkdtemp(directory));
    read_config();
    uv_loop_init(&loop);
    if (daemon_open(&server, &loop, &nowhere, config, &error))
        fprintf(stderr, "%s\n", error.text);
    FUZZ_MUST(!*error.text);
    atexit(stop);
    load_campaign();
}

/* ---- A client on the same loop ----------------------------------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
    ((struct client *)handle->data)->closed = true;
}

static void hang_up(struct client *client)
{
    if (!uv_is_closing((uv_handle_t *)&client->pipe))
        uv_close((uv_handle_t *)&client->pipe, on_closed);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct client *client = handle->data;
    buf_reserve(&client->heard, suggested);
    *buffer = uv_buf_init(client->heard.data + client->heard.length, (unsigned)suggested);
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    struct client *client = stream->data;
    (void)buffer;
    if (got < 0) {
        hang_up(client);
        return;
    }
    client->heard.length += (size_t)got;
    client->heard.data[client->heard.length] = '\0';
}

static void on_written(uv_write_t *write, int status)
{
    (void)write, (void)status;
}

static void on_connect(uv_connect_t *connect, int status)
{
    FUZZ_MUST(status == 0);
    uv_read_start(connect->handle, on_alloc, on_read);
}

static size_t count_lines(const char *text, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += text[i] == '\n';
    return count;
}

/* Say TEXT, and hear the answer to each of its lines, unless the daemon hangs up; returns how many answers came. */
static size_t ask(const char *text, size_t length, struct buf *heard)
{
    struct client *client = mem_zero(1, sizeof *client);
    size_t wanted = count_lines(text, length), got = 0;
    uv_buf_t bytes = uv_buf_init((char *)(size_t)text, (unsigned)length);
    buf_add_string(&client->heard, "");
    uv_pipe_init(&loop, &client->pipe, 0);
    client->pipe.data = client;
    uv_pipe_connect(&client->connect, &client->pipe, config->paths.control_socket, on_connect);
    uv_write(&client->write, (uv_stream_t *)&client->pipe, &bytes, 1, on_written);
    while (!client->closed && (got = count_lines(client->heard.data, client->heard.length)) < wanted)
        uv_run(&loop, UV_RUN_ONCE);
    hang_up(client);
    while (!client->closed)
        uv_run(&loop, UV_RUN_ONCE);
    *heard = client->heard;
    free(client);
    return got;
}

static void check_answers(char *text)
{
    for (char *rest = text, *line; (line = strsep(&rest, "\n")) && rest;) {
        json_t *answer = json_loads(line, 0, NULL);
        const json_t *ok = json_object_get(answer, "ok"), *error = json_object_get(answer, "error");
        FUZZ_MUST(json_is_boolean(ok));
        FUZZ_MUST(json_is_true(ok) || (json_is_integer(json_object_get(answer, "exit")) && json_string_length(error)));
        json_decref(answer);
    }
}

void fuzz_one(const char *data, size_t length)
{
    struct buf text = BUF_EMPTY, heard = BUF_EMPTY;
    size_t lines = 0, used = 0;
    while (used < length && lines < REQUESTS_MAX)
        lines += data[used++] == '\n';
    buf_add(&text, data, used);
    buf_add_char(&text, '\n');
    size_t got = ask(text.data, text.length, &heard);
    FUZZ_MUST(got == count_lines(text.data, text.length) || text.length > 64 * 1024);
    check_answers(heard.data);
    buf_free(&text);
    buf_free(&heard);
}

#include "daemon/command/render.h"

#include "daemon/base/mem.h"
#include "daemon/command/command.h"
#include "templates/mustache.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define MAX_FILE ((off_t)64 << 20)

static const char help[] =
    "usage: tocsin render [--escape text|html] [--partials DIR] TEMPLATE DATA.json\n"
    "\n"
    "Fill the Mustache template TEMPLATE with the values of DATA.json, and print the result byte for byte.\n"
    "\n"
    "  --escape text|html  text: values are printed as they are; html: {{x}} is escaped, {{{x}}} and {{&x}} are not\n"
    "                      (default: html when TEMPLATE ends in .html, else text)\n"
    "  --partials DIR      where {{>name}} and {{<name}} find name.mustache\n"
    "  -h, --help          this text\n"
    "\n"
    "TEMPLATE is printed whole: the front matter of a notification template is text like any other here. To see the "
    "mails that\n"
    "a campaign would send, use `tocsin preview`.\n"
    "\n"
    "Exit status: 0; 64 wrong usage, 65 wrong template or data, 66 a file cannot be read.\n";

/* A partial that was asked for, and was found or not. */
struct partial {
    char *name;
    struct mustache *template; /* NULL: there is none */
    struct partial *next;
};

struct render {
    enum mustache_escape escape;
    bool escape_set;
    const char *template, *data, *directory;
    struct partial *partials;
    int code; /* the first partial's failure, as an exit code; 0: none */
    struct error error;
};

static int read_file(const char *path, struct buf *out, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat status;
    ssize_t got = -1;
    if (fd < 0 || fstat(fd, &status) < 0)
        goto failed;
    do {
        if ((off_t)out->length > MAX_FILE) {
            errno = EFBIG;
            goto failed;
        }
        buf_reserve(out, 65536);
        got = read(fd, out->data + out->length, 65536);
        if (got > 0)
            out->length += (size_t)got;
    } while (got > 0 || (got < 0 && errno == EINTR));
    buf_truncate(out, out->length);
    if (got == 0) {
        close(fd);
        return 0;
    }
failed:
    error_set(error, 0, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return EX_NOINPUT;
}

/* Parse the template in PATH. Returns an exit code. */
static int load(const char *path, struct mustache **out, struct error *error)
{
    struct buf text = BUF_EMPTY;
    int code = read_file(path, &text, error);
    if (code == 0 && mustache_parse(path, text.data, text.length, out, error) < 0)
        code = EX_DATAERR;
    buf_free(&text);
    return code;
}

/* A partial's name may come from the data: it is a file's name in the directory, never a way out of it. */
static const struct mustache *find_partial(void *context, const char *name)
{
    struct render *render = context;
    for (struct partial *known = render->partials; known; known = known->next)
        if (strcmp(known->name, name) == 0)
            return known->template;
    if (!render->directory || name[0] == '.' || strchr(name, '/'))
        return NULL;
    struct partial *partial = mem_zero(1, sizeof *partial);
    partial->name = mem_string(name);
    partial->next = render->partials;
    render->partials = partial;
    char *path = mem_format("%s/%s.mustache", render->directory, name);
    struct error error;
    int code = access(path, F_OK) == 0 ? load(path, &partial->template, &error) : 0;
    if (code && !render->code) {
        render->code = code;
        render->error = error;
    }
    free(path);
    return partial->template;
}

static int load_data(const char *path, json_t **out, struct error *error)
{
    struct buf text = BUF_EMPTY;
    json_error_t why;
    int code = read_file(path, &text, error);
    if (code == 0) {
        *out = json_loadb(text.data, text.length, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
        if (!*out) {
            error_set(error, 0, "%s:%d:%d: %s", path, why.line, why.column, why.text);
            code = EX_DATAERR;
        }
    }
    buf_free(&text);
    return code;
}

static int print(const struct buf *out, struct error *error)
{
    if (fwrite(out->data, 1, out->length, stdout) == out->length && fflush(stdout) == 0)
        return 0;
    error_set(error, 0, "standard output: %s", strerror(errno));
    return EX_IOERR;
}

static int run(struct render *render)
{
    struct mustache *template = NULL;
    json_t *data = NULL;
    struct buf out = BUF_EMPTY;
    buf_reserve(&out, 0);
    int code = load(render->template, &template, &render->error);
    if (code == 0)
        code = load_data(render->data, &data, &render->error);
    if (code == 0) {
        struct error error;
        struct arena arena = ARENA_EMPTY;
        struct value values = value_from_json(&arena, data);
        int result = mustache_render(template, &values, render->escape, find_partial, render, &out, &error);
        arena_free(&arena);
        code = render->code;
        if (code == 0 && result < 0) {
            render->error = error;
            code = EX_DATAERR;
        }
    }
    if (code == 0)
        code = print(&out, &render->error);
    buf_free(&out);
    json_decref(data);
    mustache_free(template);
    return code;
}

static int usage(const char *why, const char *what)
{
    command_fail(EX_USAGE, "render: %s%s; see `tocsin render --help`", why, what);
    return EX_USAGE;
}

static bool ends_in(const char *text, const char *end)
{
    size_t length = strlen(text), wanted = strlen(end);
    return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

/* Returns an exit code, or -1: go on. */
static int take_options(struct render *render, int argc, char **argv)
{
    static const struct option options[] = { { "escape", required_argument, NULL, 'e' },
                                             { "partials", required_argument, NULL, 'p' },
                                             { "help", no_argument, NULL, 'h' },
                                             { NULL, 0, NULL, 0 } };
    int option;
    optind = 0; /* whoever called may have used getopt too */
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return 0;
        } else if (option == 'p') {
            render->directory = optarg;
        } else if (option == 'e' && (strcmp(optarg, "text") == 0 || strcmp(optarg, "html") == 0)) {
            render->escape = optarg[0] == 'h' ? MUSTACHE_HTML : MUSTACHE_TEXT;
            render->escape_set = true;
        } else if (option == 'e') {
            return usage("--escape is text or html, not ", optarg);
        } else {
            return usage(option == ':' ? "a value is missing after " : "no such option: ", argv[optind - 1]);
        }
    }
    if (argc - optind != 2)
        return usage("TEMPLATE and DATA.json are wanted", "");
    render->template = argv[optind];
    render->data = argv[optind + 1];
    if (!render->escape_set)
        render->escape = ends_in(render->template, ".html") ? MUSTACHE_HTML : MUSTACHE_TEXT;
    return -1;
}

int command_render(int argc, char **argv)
{
    struct render render = { 0 };
    int code = take_options(&render, argc, argv);
    if (code >= 0)
        return code;
    code = run(&render);
    if (code)
        command_fail(code, "%s", render.error.text);
    while (render.partials) {
        struct partial *partial = render.partials;
        render.partials = partial->next;
        mustache_free(partial->template);
        free(partial->name);
        free(partial);
    }
    return code;
}

#include "daemon/command/contacts.h"

#include "daemon/base/buf.h"
#include "daemon/base/mem.h"
#include "daemon/base/name.h"
#include "daemon/contact/contact.h"
#include "daemon/contact/show.h"
#include "daemon/feed/feed.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static const char help[] =
    "usage: tocsin contacts [--json] [--from-file FILE] [TARGET...]\n"
    "\n"
    "Show whom Tocsin would tell about each TARGET: the ladder of contacts, best first, with what speaks for each, and "
    "what was ruled\n"
    "out and why. Nothing is sent, and nothing is remembered; the daemon need not run.\n"
    "\n"
    "TARGET is a domain, a host, a URL or an IP address, in any spelling that a feed may use (www[.]shop[.]example).\n"
    "\n"
    "  --from-file FILE  targets from FILE, one a line; - is standard input\n"
    "  --json            one JSON object a line and target\n"
    "  -h, --help        this text\n"
    "\n"
    "Exit status: 0; 64 wrong usage, 65 a TARGET is none, 66 FILE cannot be read, 75 DNS could not say for now: ask "
    "again later.\n";

/* One target on its way: printed in the order given, once it and all before it are done. */
struct lookup {
    char *text; /* as given, where it is no target */
    char *why; /* why it is none; NULL: it is one */
    char *target, *host, *ip;
    struct ladder ladder;
    bool done;
    struct run *run;
};

struct run {
    const struct config *config;
    bool json;
    struct lookup **lookups; /* NULL once printed */
    size_t count, started, printed;
    struct contact *contact;
    bool bad_target, partial;
};

static struct lookup *add(struct run *run)
{
    run->lookups = mem_resize(run->lookups, run->count + 1, sizeof *run->lookups);
    struct lookup *lookup = run->lookups[run->count++] = mem_zero(1, sizeof *lookup);
    lookup->run = run;
    return lookup;
}

static int on_incident(void *context, const struct incident *incident)
{
    struct lookup *lookup = add(context);
    lookup->target = mem_string(incident->target);
    lookup->host = incident->host && strcmp(incident->host, incident->target) != 0 ? mem_string(incident->host) : NULL;
    lookup->ip = mem_string(incident->ip);
    return 0;
}

static int on_rejected(void *context, unsigned long line, const char *reason, const char *row, size_t row_length)
{
    struct lookup *lookup = add(context);
    (void)line;
    lookup->text = mem_string_n(row, row_length);
    for (char *at = lookup->text; *at; at++) /* a file from outside must not command the terminal */
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
    lookup->why = mem_string(reason);
    lookup->done = true;
    return 0;
}

/* Targets are read as a feed of the list format reads them, so that what is shown here is what a feed file would lead to. */
static struct feed *open_list(struct run *run)
{
    static const struct feed_sink sink = { on_incident, on_rejected };
    return feed_open(&(struct feed_options){ .format = "list" }, &sink, run);
}

static int read_arguments(struct run *run, char **arguments, size_t count)
{
    struct error error = { "" };
    struct feed *feed = open_list(run);
    int code = 0;
    for (size_t i = 0; i < count && code == 0; i++) {
        code = feed_push(feed, arguments[i], strlen(arguments[i]), &error);
        if (code == 0)
            code = feed_push(feed, "\n", 1, &error);
    }
    if (code == 0)
        code = feed_finish(feed, &error);
    feed_free(feed);
    if (code == 0)
        return EX_OK;
    fprintf(stderr, "tocsin contacts: %s\n", error.text);
    return EX_DATAERR;
}

static int read_file(struct run *run, const char *path)
{
    char bytes[65536];
    struct error error = { "" };
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    int code = 0;
    if (!file) {
        fprintf(stderr, "tocsin contacts: %s: %s\n", path, strerror(errno));
        return EX_NOINPUT;
    }
    struct feed *feed = open_list(run);
    size_t got;
    while (code == 0 && (got = fread(bytes, 1, sizeof bytes, file)) > 0)
        code = feed_push(feed, bytes, got, &error);
    bool unread = code == 0 && ferror(file);
    if (code == 0 && !unread)
        code = feed_finish(feed, &error);
    feed_free(feed);
    if (file != stdin)
        fclose(file);
    if (code != 0 || unread)
        fprintf(stderr, "tocsin contacts: %s: %s\n", path, unread ? "cannot be read" : error.text);
    return unread ? EX_NOINPUT : code != 0 ? EX_DATAERR : EX_OK;
}

static void print_bad(const struct run *run, const struct lookup *lookup)
{
    if (!run->json) {
        fprintf(stderr, "tocsin contacts: %s: %s\n", lookup->text, lookup->why);
        return;
    }
    json_t *object = json_pack("{s:s, s:s}", "target", lookup->text, "error", lookup->why);
    if (!object) /* the row was not UTF-8 */
        object = json_pack("{s:n, s:s}", "target", "error", lookup->why);
    json_dumpf(object, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(object);
}

static void print_ladder(const struct run *run, const struct lookup *lookup)
{
    struct contact_target target = { lookup->target, lookup->host, lookup->ip };
    if (run->json) {
        json_t *object = contact_ladder_json(&target, &lookup->ladder);
        json_dumpf(object, stdout, JSON_COMPACT);
        json_decref(object);
        putchar('\n');
        return;
    }
    struct buf text = BUF_EMPTY;
    contact_ladder_text(&target, &lookup->ladder, &text);
    fwrite(text.data, 1, text.length, stdout);
    buf_free(&text);
}

static void free_lookup(struct lookup *lookup)
{
    free(lookup->text);
    free(lookup->why);
    free(lookup->target);
    free(lookup->host);
    free(lookup->ip);
    ladder_clear(&lookup->ladder);
    free(lookup);
}

static void print_done(struct run *run)
{
    for (; run->printed < run->count && run->lookups[run->printed]->done; run->printed++) {
        struct lookup *lookup = run->lookups[run->printed];
        if (lookup->why)
            print_bad(run, lookup);
        else
            print_ladder(run, lookup);
        run->bad_target |= lookup->why != NULL;
        run->partial |= lookup->ladder.partial;
        free_lookup(lookup);
        run->lookups[run->printed] = NULL;
    }
}

static void on_ladder(void *context, int status, struct ladder *ladder);

static void find(struct lookup *lookup, bool last_try)
{
    struct contact_target target = { lookup->target, lookup->host, lookup->ip };
    contact_find(lookup->run->contact, &target, last_try, on_ladder, lookup);
}

static void start_more(struct run *run)
{
    for (; run->started < run->count && contact_room(run->contact) > 0; run->started++) {
        struct lookup *lookup = run->lookups[run->started];
        if (lookup && !lookup->done)
            find(lookup, false);
    }
}

static void on_ladder(void *context, int status, struct ladder *ladder)
{
    struct lookup *lookup = context;
    struct run *run = lookup->run;
    if (status != 0) { /* a person waits: once more, and then what there is */
        find(lookup, true);
        return;
    }
    lookup->ladder = *ladder;
    lookup->done = true;
    print_done(run);
    if (run->printed == run->count)
        contact_close(run->contact);
    else
        start_more(run);
}

static int run_lookups(struct run *run)
{
    uv_loop_t loop;
    struct error error;
    uv_loop_init(&loop);
    int code = contact_open(&loop, run->config, &run->contact, &error);
    if (code != 0) {
        fprintf(stderr, "tocsin contacts: %s\n", error.text);
        uv_run(&loop, UV_RUN_DEFAULT);
        uv_loop_close(&loop);
        return code == -EINVAL ? EX_CONFIG : EX_OSERR;
    }
    print_done(run);
    if (run->printed == run->count)
        contact_close(run->contact);
    else
        start_more(run);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return run->bad_target ? EX_DATAERR : run->partial ? EX_TEMPFAIL : EX_OK;
}

static int usage(const char *why, const char *what)
{
    fprintf(stderr, "tocsin contacts: %s%s\nTry `tocsin contacts --help`.\n", why, what);
    return EX_USAGE;
}

/* Read the command line into RUN. Returns an exit code, or -1 to go on. */
static int read_command_line(struct run *run, int argc, char **argv)
{
    static const struct option options[] = { { "from-file", required_argument, NULL, 'f' },
                                             { "json", no_argument, NULL, 'j' },
                                             { "help", no_argument, NULL, 'h' },
                                             { NULL, 0, NULL, 0 } };
    int option, code = EX_OK;
    optind = 0; /* whoever called may have used getopt too */
    while (code == EX_OK && (option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return EX_OK;
        }
        if (option == 'j')
            run->json = true;
        else if (option == 'f')
            code = read_file(run, optarg);
        else
            return usage(option == ':' ? "a value is missing after " : "no such option: ", argv[optind - 1]);
    }
    if (code == EX_OK && optind < argc)
        code = read_arguments(run, argv + optind, (size_t)(argc - optind));
    if (code == EX_OK && run->count == 0)
        return usage("no TARGET", "");
    return code == EX_OK ? -1 : code;
}

int command_contacts(const struct config *config, bool json, int argc, char **argv)
{
    struct run run = { .config = config, .json = json };
    int code = config ? name_load_suffixes(config->paths.public_suffixes) : 0;
    if (code != 0) {
        fprintf(stderr, "tocsin contacts: paths.public_suffixes: %s: %s\n", config->paths.public_suffixes,
                strerror(-code));
        return EX_CONFIG;
    }
    code = read_command_line(&run, argc, argv);
    if (code < 0)
        code = run_lookups(&run);
    for (size_t i = run.printed; i < run.count; i++)
        free_lookup(run.lookups[i]);
    free(run.lookups);
    return code;
}

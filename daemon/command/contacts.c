/* tocsin contacts: whom Tocsin would tell about a target, and why. Works with the daemon down: it asks DNS itself. */
#include "daemon/command/command.h"

#include "daemon/base/buf.h"
#include "daemon/base/mem.h"
#include "daemon/base/name.h"
#include "daemon/contact/contact.h"
#include "daemon/contact/show.h"
#include "daemon/control/client.h"
#include "daemon/feed/feed.h"
#include "queue/reads.h"

#include <errno.h>
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
    "out and why; what is suppressed, too, for administrators. Nothing is sent, and nothing is remembered; the daemon "
    "need not run.\n"
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
    bool blind; /* nobody tells us what is suppressed */
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
    lookup->text = command_tame(mem_string_n(row, row_length));
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
    return command_fail(EX_DATAERR, "contacts: %s", error.text);
}

static int read_file(struct run *run, const char *path)
{
    char bytes[65536];
    struct error error = { "" };
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    int code = 0;
    if (!file)
        return command_fail(EX_NOINPUT, "%s: %s", path, strerror(errno));
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
        command_fail(EX_DATAERR, "%s: %s", path, unread ? "cannot be read" : error.text);
    return unread ? EX_NOINPUT : code != 0 ? EX_DATAERR : EX_OK;
}

static void print_bad(const struct run *run, const struct lookup *lookup)
{
    if (!run->json) {
        bool named = strstr(lookup->why, lookup->text) != NULL;
        command_fail(EX_DATAERR, "%s%s%s", named ? "" : lookup->text, named ? "" : ": ", lookup->why);
        return;
    }
    json_t *object = json_pack("{s:s, s:s}", "target", lookup->text, "error", lookup->why);
    if (!object) /* the row was not UTF-8 */
        object = json_pack("{s:n, s:s}", "target", "error", lookup->why);
    command_print_json(object);
}

/* Which of these are suppressed: the daemon's answer, or the store's; NULL where neither may be had, which is said by nothing (nobody has to be an
 * administrator to look for contacts). */
static json_t *ask_suppressed(struct run *run, json_t *objects)
{
    struct error error;
    json_t *result = NULL, *request = json_pack("{s:s, s:o}", "verb", "suppressed", "objects", objects);
    int exit = run->blind ? EX_UNAVAILABLE : client_call(run->config->paths.control_socket, request, &result, &error);
    if (exit == EX_UNAVAILABLE && !run->blind)
        exit = reads_run_offline(run->config->paths.store, "suppressed", request, &result, &error);
    run->blind = exit != 0;
    json_decref(request);
    return exit ? NULL : result;
}

/* Note what would be passed over. */
static void note_suppressed(struct run *run, struct lookup *lookup)
{
    json_t *objects = json_array(), *one;
    json_array_append_new(objects, json_string(lookup->target));
    for (size_t i = 0; i < lookup->ladder.count; i++)
        json_array_append_new(objects, json_string(lookup->ladder.rungs[i].address));
    json_t *result = ask_suppressed(run, objects);
    size_t index;
    json_array_foreach(json_object_get(result, "suppressed"), index, one)
    {
        const char *object = text_in(one, "object"), *by = text_in(one, "by"), *note = lookup->ladder.note;
        bool target = strcmp(object, lookup->target) == 0, opt_out = json_is_true(json_object_get(one, "opt_out"));
        if (target && !opt_out)
            continue; /* it is its addresses that are not written to, and they are named */
        char *longer = mem_format("%s%s%s: suppressed%s%s (%s): %s", note ? note : "", note && *note ? "\n" : "",
                                  object, strcmp(object, by) == 0 ? "" : " by ", strcmp(object, by) == 0 ? "" : by,
                                  text_in(one, "why"), target ? "nobody is told" : "passed over");
        free(lookup->ladder.note);
        lookup->ladder.note = longer;
    }
    json_decref(result);
}

static void print_ladder(const struct run *run, const struct lookup *lookup)
{
    struct contact_target target = { lookup->target, lookup->host, lookup->ip };
    if (run->json) {
        command_print_json(contact_ladder_json(&target, &lookup->ladder));
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
        else {
            note_suppressed(run, lookup);
            print_ladder(run, lookup);
        }
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
        command_fail(EX_CONFIG, "contacts: %s", error.text);
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

/* Read the targets into RUN. Returns an exit code. */
static int read_targets(struct run *run, const char *path, int argc, char **argv)
{
    int exit = path ? read_file(run, path) : EX_OK;
    if (exit == EX_OK && argc > 1)
        exit = read_arguments(run, argv + 1, (size_t)(argc - 1));
    if (exit == EX_OK && run->count == 0)
        return command_fail(EX_USAGE, "contacts wants a TARGET; see `tocsin contacts --help`");
    return exit;
}

int command_contacts(struct context *context, int argc, char **argv)
{
    const char *path = NULL;
    const struct option_row options[] = { { "from-file", &path, NULL }, { NULL, NULL, NULL } };
    int exit = command_options(context, options, help, &argc, argv);
    if (exit >= 0)
        return exit;
    struct run run = { .config = command_config(context), .json = context->json };
    if (!run.config)
        return EX_CONFIG;
    int code = name_load_suffixes(run.config->paths.public_suffixes);
    if (code != 0)
        return command_fail(EX_CONFIG, "paths.public_suffixes: %s: %s", run.config->paths.public_suffixes,
                            strerror(-code));
    exit = read_targets(&run, path, argc, argv);
    if (exit == EX_OK)
        exit = run_lookups(&run);
    for (size_t i = run.printed; i < run.count; i++)
        free_lookup(run.lookups[i]);
    free(run.lookups);
    return exit;
}

/* tocsin submit: feed files into the spool, with what cannot be said by dropping them. */
#include "daemon/base/mem.h"
#include "daemon/command/command.h"
#include "queue/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static const char help[] =
    "usage: tocsin submit [OPTION]... FILE...\n"
    "\n"
    "Put each FILE into the spool, as if it had been dropped into incoming/. The daemon reads it at once; its name and "
    "a .result.jsonl\n"
    "with a line a row are then in done/. `-` is standard input.\n"
    "\n"
    "  --profile NAME         the kind of feed (profiles in the configuration; default: default)\n"
    "  --campaign NAME        the campaign that the files belong to (default: the profile's name and the file's)\n"
    "  --hold                 wait for `tocsin campaign approve` however few targets there are "
    "(campaigns.approve_above)\n"
    "  --template NAME        instead of the profile's template\n"
    "  --language TAG         the language to write in, whatever else would choose one\n"
    "  --note TEXT            a sentence of yours that every mail of the campaign shows\n"
    "  --map COLUMN=FIELD     what a column is (repeatable; instead of the profile's columns): a header's name or a "
    "number "
    "from 1, and an\n"
    "                         IntelMQ name such as source.fqdn\n"
    "  --no-header            the first row of a CSV file is data\n"
    "  --format FORMAT        instead of the profile's format\n"
    "  --type TYPE            classification.type of rows that have none\n"
    "  --redirect-to ADDRESS  a rehearsal: really send every mail, but to ADDRESS. Nothing is learned or remembered "
    "from it\n";

struct submission {
    const char *profile, *campaign, *redirect_to;
    bool hold;
    json_t *meta; /* what a sidecar may say */
};

static int copy(int from, int to)
{
    char block[65536];
    ssize_t got;
    while ((got = read(from, block, sizeof block)) > 0)
        for (ssize_t done = 0; done < got;) {
            ssize_t put = write(to, block + done, (size_t)(got - done));
            if (put < 0)
                return -errno;
            done += put;
        }
    if (got < 0 || fsync(to))
        return -errno;
    return 0;
}

/* Copy FILE to incoming/HIDDEN. 0 or an exit code. */
static int place(const char *file, const char *path)
{
    int from = strcmp(file, "-") == 0 ? dup(STDIN_FILENO) : open(file, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return command_fail(EX_NOINPUT, "%s: %s", file, strerror(errno));
    /* Readable for the daemon, which may be another user; the directory keeps strangers out. */
    int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (to < 0) {
        int saved = errno;
        close(from);
        if (saved == ENOENT)
            return command_fail(EX_UNAVAILABLE, "%s: there is no such spool: has tocsind run?", path);
        return command_fail(saved == EACCES ? EX_NOPERM : EX_CANTCREAT, "%s: %s%s", path, strerror(saved),
                            saved == EACCES ? ": are you a member of access.submit_group?" : "");
    }
    int status = copy(from, to);
    close(from);
    if (close(to) && !status)
        status = -errno;
    if (!status)
        return EX_OK;
    unlink(path);
    return command_fail(status == -EISDIR ? EX_NOINPUT : EX_IOERR, "%s: %s", file, strerror(-status));
}

static json_t *request_for(const struct submission *submission, const char *hidden, const char *name)
{
    json_t *request = json_pack("{s:s, s:s, s:s, s:b, s:O}", "verb", "submit", "hidden", hidden, "name", name, "hold",
                                submission->hold, "meta", submission->meta);
    if (submission->profile)
        json_object_set_new(request, "profile", json_string(submission->profile));
    if (submission->campaign)
        json_object_set_new(request, "campaign", json_string(submission->campaign));
    if (submission->redirect_to)
        json_object_set_new(request, "redirect_to", json_string(submission->redirect_to));
    return request;
}

/* It is in the spool; what the daemon makes of it shows later, and elsewhere. */
static void print_submitted(const struct submission *submission, const char *file, const char *name)
{
    char *campaign = submission->campaign
                         ? mem_string(submission->campaign)
                         : queue_default_campaign(submission->profile ? submission->profile : "default", name);
    printf("%s: submitted, as campaign %s%s: `tocsin status` shows how it gets on, or why it was refused (the reason is"
           " also in failed/%s.error, and in the log)\n",
           file, campaign, submission->campaign ? "" : " (with a number where one of that name is over)", name);
    free(campaign);
}

static int submit_one(struct context *context, const struct submission *submission, const char *file, unsigned number)
{
    const struct config *config = command_config_for(context, "paths.spool");
    const char *slash = strrchr(file, '/');
    const char *name = strcmp(file, "-") == 0 ? "standard-input" : slash ? slash + 1 : file;
    char *hidden = mem_format(".submit-%ld-%u", (long)getpid(), number);
    char *path = mem_format("%s/incoming/%s", config->paths.spool, hidden);
    json_t *result = NULL;
    int exit = place(file, path);
    if (!exit) {
        exit = command_ask(context, request_for(submission, hidden, name), &result);
        if (exit)
            unlink(path);
    }
    if (!exit && context->json) {
        json_object_set_new(result, "file", json_string(file));
        exit = command_print_json(result);
    } else if (!exit) {
        print_submitted(submission, file, name);
        json_decref(result);
    }
    free(path);
    free(hidden);
    return exit;
}

/* COLUMN=FIELD, each. */
static int add_columns(json_t *meta, const json_t *maps)
{
    json_t *columns = json_object();
    size_t i;
    const json_t *one;
    json_array_foreach(maps, i, one)
    {
        const char *map = json_string_value(one), *equals = map ? strrchr(map, '=') : NULL;
        char *column = equals ? mem_string_n(map, (size_t)(equals - map)) : NULL;
        if (column)
            json_object_set_new(columns, column, json_string(equals + 1));
        free(column);
        if (!equals) {
            json_decref(columns);
            return command_fail(EX_USAGE, "submit: --map %s: it is COLUMN=FIELD", map ? map : "(not UTF-8)");
        }
    }
    if (json_object_size(columns))
        json_object_set(meta, "columns", columns);
    json_decref(columns);
    return -1;
}

/* The options, from ARGV. -1 to go on, else an exit code. */
static int read_options(struct context *context, struct submission *submission, int *argc, char **argv)
{
    static const char *const keys[] = { "template", "language", "note", "format", "type" };
    enum { KEYS = sizeof keys / sizeof *keys };
    const char *texts[KEYS] = { NULL };
    bool no_header = false;
    const struct option_row options[] = { { "profile", &submission->profile, NULL },
                                          { "campaign", &submission->campaign, NULL },
                                          { "redirect-to", &submission->redirect_to, NULL },
                                          { "hold", NULL, &submission->hold },
                                          { "no-header", NULL, &no_header },
                                          { keys[0], &texts[0], NULL },
                                          { keys[1], &texts[1], NULL },
                                          { keys[2], &texts[2], NULL },
                                          { keys[3], &texts[3], NULL },
                                          { keys[4], &texts[4], NULL },
                                          { NULL, NULL, NULL } };
    json_t *maps = json_array();
    int exit = command_option_list("map", maps, argc, argv);
    if (exit < 0)
        exit = command_options(context, options, help, argc, argv);
    if (exit < 0)
        exit = add_columns(submission->meta, maps);
    for (size_t i = 0; i < KEYS; i++)
        if (texts[i])
            json_object_set_new(submission->meta, keys[i], json_string(texts[i]));
    if (no_header)
        json_object_set_new(submission->meta, "header", json_false());
    json_decref(maps);
    return exit;
}

int command_submit(struct context *context, int argc, char **argv)
{
    struct submission submission = { .meta = json_object() };
    int exit = read_options(context, &submission, &argc, argv);
    if (exit < 0 && argc < 2)
        exit = command_fail(EX_USAGE, "submit wants a file; see `tocsin submit --help`");
    else if (exit < 0 && !command_config_for(context, "paths.spool"))
        exit = EX_CONFIG;
    else if (exit < 0) {
        /* One file that cannot be read does not keep the others back; the first failure is the exit code. */
        exit = EX_OK;
        for (int i = 1; i < argc; i++) {
            int one = submit_one(context, &submission, argv[i], (unsigned)i);
            exit = exit ? exit : one;
        }
    }
    json_decref(submission.meta);
    return exit;
}

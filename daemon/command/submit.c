/* tocsin submit: feed files into the spool, with what cannot be said by dropping them. */
#include "daemon/base/mem.h"
#include "daemon/command/command.h"
#include "daemon/command/mail_file.h"
#include "daemon/command/submit_outcome.h"
#include "daemon/feed/mail/mailed.h"
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
    "with a line a row are then in done/. `-` is standard input. Of a mail, the feeds in it are submitted, each as a "
    "file "
    "of its own:\n"
    "what is attached to it (.csv, .json, .txt …, also in a zip or tar), or the report that it is (ARF, X-ARF v0.2). "
    "`tocsin "
    "inspect\n"
    "feed FILE` shows them.\n"
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
    "  --encoding ENCODING    instead of the profile's encoding: utf-8, latin1, or auto\n"
    "  --type TYPE            classification.type of rows that have none\n"
    "  --wait                 wait until the files have been read, and say what came of each\n"
    "  --redirect-to ADDRESS  a rehearsal: really send every mail, but to ADDRESS. Nothing is learned or remembered "
    "from it\n";

struct submission {
    const char *profile, *campaign, *redirect_to;
    bool hold, wait;
    json_t *meta; /* what a sidecar may say */
    json_t *claims; /* [{"claim","file","name"}]: what has been submitted, where it is waited for */
    unsigned number; /* of files */
};

/* ---- Into the spool ---------------------------------------------------------------------------------------------------------------------- */

static int write_all(int to, const char *data, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t put = write(to, data + done, length - done);
        if (put < 0)
            return -errno;
        done += (size_t)put;
    }
    return 0;
}

static int copy(int from, int to)
{
    char block[65536];
    ssize_t got;
    int code = 0;
    while (!code && (got = read(from, block, sizeof block)) != 0)
        code = got < 0 ? -errno : write_all(to, block, (size_t)got);
    return code;
}

/* Write HEAD, then what can be read at FROM (-1: nothing), as PATH. FILE is what people call it. 0 or an exit code. */
static int place(const char *file, const struct buf *head, int from, const char *path)
{
    /* Readable for the daemon, which may be another user; the directory keeps strangers out. */
    int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (to < 0) {
        int saved = errno;
        if (saved == ENOENT)
            return command_fail(EX_UNAVAILABLE, "%s: there is no such spool: has tocsind run?", path);
        return command_fail(saved == EACCES ? EX_NOPERM : EX_CANTCREAT, "%s: %s%s", path, strerror(saved),
                            saved == EACCES ? ": are you a member of access.submit_group?" : "");
    }
    int status = write_all(to, head->data, head->length);
    if (!status && from >= 0)
        status = copy(from, to);
    if (!status && fsync(to))
        status = -errno;
    if (close(to) && !status)
        status = -errno;
    if (!status)
        return EX_OK;
    unlink(path);
    return command_fail(EX_IOERR, "%s: %s", file, strerror(-status));
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

/* What is waited for, once all is submitted. */
static void remember(struct submission *submission, const char *claim, const char *file, const char *name)
{
    json_array_append_new(submission->claims, json_pack("{s:s, s:s, s:s}", "claim", claim, "file", file, "name", name));
}

/* Submit HEAD and what follows it at FROM as NAME. FILE is what people call it. */
static int submit_bytes(struct context *context, struct submission *submission, const char *file, const char *name,
                        const struct buf *head, int from)
{
    const struct config *config = command_config_for(context, "paths.spool");
    char *hidden = mem_format(".submit-%ld-%u", (long)getpid(), ++submission->number);
    char *path = mem_format("%s/incoming/%s", config->paths.spool, hidden);
    json_t *result = NULL;
    int exit = place(file, head, from, path);
    if (!exit) {
        exit = command_ask(context, request_for(submission, hidden, name), &result);
        if (exit)
            unlink(path);
    }
    if (!exit && submission->wait) {
        remember(submission, text_in(result, "claim"), file, name);
    } else if (!exit && context->json) {
        json_object_set_new(result, "file", json_string(file));
        json_object_set_new(result, "name", json_string(name));
        exit = command_print_json(json_incref(result));
    } else if (!exit) {
        print_submitted(submission, file, name);
    }
    json_decref(result);
    free(path);
    free(hidden);
    return exit;
}

/* Each feed in the mail is a file of its own. */
static int submit_mail(struct context *context, struct submission *submission, const char *file, const char *name,
                       const struct buf *mail)
{
    struct mailed mailed;
    struct error error = { "" };
    if (mailed_open(mail->data, mail->length, name, &mailed, &error))
        return command_fail(EX_DATAERR, "%s: %s; nothing of it was submitted", file, error.text);
    int exit = EX_OK;
    for (size_t i = 0; i < mailed.count; i++) {
        char *called = mem_format("%s: %s", file, mailed.files[i].name);
        int one = submit_bytes(context, submission, called, mailed.files[i].name, &mailed.files[i].bytes, -1);
        exit = exit ? exit : one;
        free(called);
    }
    mailed_free(&mailed);
    return exit;
}

static int submit_one(struct context *context, struct submission *submission, const char *file)
{
    bool standard = strcmp(file, "-") == 0, is_mail = false;
    const char *slash = strrchr(file, '/'), *name = standard ? NULL : slash ? slash + 1 : file;
    struct buf head = BUF_EMPTY;
    int from = standard ? dup(STDIN_FILENO) : open(file, O_RDONLY | O_CLOEXEC), exit;
    int code = from < 0 ? -errno : mail_file_read(from, &head, &is_mail);
    if (code)
        exit = command_fail(EX_NOINPUT, "%s: %s", file, strerror(-code));
    else if (is_mail)
        exit = submit_mail(context, submission, standard ? "standard input" : file, name, &head);
    else
        exit = submit_bytes(context, submission, file, name ? name : "standard-input", &head, from);
    if (from >= 0)
        close(from);
    buf_free(&head);
    return exit;
}

/* ---- The command ------------------------------------------------------------------------------------------------------------------------- */

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
    static const char *const keys[] = { "template", "language", "note", "format", "encoding", "type" };
    enum { KEYS = sizeof keys / sizeof *keys };
    const char *texts[KEYS] = { NULL };
    bool no_header = false;
    const struct option_row options[] = { { "profile", &submission->profile, NULL },
                                          { "campaign", &submission->campaign, NULL },
                                          { "redirect-to", &submission->redirect_to, NULL },
                                          { "hold", NULL, &submission->hold },
                                          { "wait", NULL, &submission->wait },
                                          { "no-header", NULL, &no_header },
                                          { keys[0], &texts[0], NULL },
                                          { keys[1], &texts[1], NULL },
                                          { keys[2], &texts[2], NULL },
                                          { keys[3], &texts[3], NULL },
                                          { keys[4], &texts[4], NULL },
                                          { keys[5], &texts[5], NULL },
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

static int wait_for_all(struct context *context, const struct submission *submission)
{
    int exit = EX_OK;
    size_t i;
    const json_t *one;
    json_array_foreach(submission->claims, i, one)
    {
        int outcome = submit_outcome(context, text_in(one, "claim"), text_in(one, "file"), text_in(one, "name"));
        exit = exit ? exit : outcome;
    }
    return exit;
}

/* One file that cannot be read does not keep the others back; the first failure is the exit code. */
static int submit_all(struct context *context, struct submission *submission, int count, char **files)
{
    int exit = EX_OK;
    for (int i = 0; i < count; i++) {
        int one = submit_one(context, submission, files[i]);
        exit = exit ? exit : one;
    }
    int waited = submission->wait ? wait_for_all(context, submission) : EX_OK;
    return exit ? exit : waited;
}

int command_submit(struct context *context, int argc, char **argv)
{
    struct submission submission = { .meta = json_object(), .claims = json_array() };
    int exit = read_options(context, &submission, &argc, argv);
    mailed_init();
    if (exit < 0 && argc < 2)
        exit = command_fail(EX_USAGE, "submit wants a file; see `tocsin submit --help`");
    else if (exit < 0 && !command_config_for(context, "paths.spool"))
        exit = EX_CONFIG;
    else if (exit < 0)
        exit = submit_all(context, &submission, argc - 1, argv + 1);
    json_decref(submission.claims);
    json_decref(submission.meta);
    return exit;
}

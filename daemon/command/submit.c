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
    "usage: tocsin submit [--profile NAME] [--campaign NAME] [--hold] [--redirect-to ADDRESS] [--json] FILE...\n"
    "\n"
    "Put each FILE into the spool, as if it had been dropped into incoming/. The daemon reads it at once; its name and "
    "a .result.jsonl\n"
    "with a line a row are then in done/. `-` is standard input.\n"
    "\n"
    "  --profile NAME         the kind of feed (profiles in the configuration; default: default)\n"
    "  --campaign NAME        the campaign that the files belong to (default: the profile's name and the file's)\n"
    "  --hold                 wait for `tocsin campaign approve` however few targets there are "
    "(campaigns.approve_above)\n"
    "  --redirect-to ADDRESS  a rehearsal: really send every mail, but to ADDRESS. Nothing is learned or remembered "
    "from it\n";

struct submission {
    const char *profile, *campaign, *redirect_to;
    bool hold;
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
    json_t *request =
        json_pack("{s:s, s:s, s:s, s:b}", "verb", "submit", "hidden", hidden, "name", name, "hold", submission->hold);
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

int command_submit(struct context *context, int argc, char **argv)
{
    struct submission submission = { 0 };
    const struct option_row options[] = { { "profile", &submission.profile, NULL },
                                          { "campaign", &submission.campaign, NULL },
                                          { "redirect-to", &submission.redirect_to, NULL },
                                          { "hold", NULL, &submission.hold },
                                          { NULL, NULL, NULL } };
    int exit = command_options(context, options, help, &argc, argv);
    if (exit >= 0)
        return exit;
    if (argc < 2)
        return command_fail(EX_USAGE, "submit wants a file; see `tocsin submit --help`");
    if (!command_config_for(context, "paths.spool"))
        return EX_CONFIG;
    /* One file that cannot be read does not keep the others back; the first failure is the exit code. */
    exit = EX_OK;
    for (int i = 1; i < argc; i++) {
        int one = submit_one(context, &submission, argv[i], (unsigned)i);
        exit = exit ? exit : one;
    }
    return exit;
}

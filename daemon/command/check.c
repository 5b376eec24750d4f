/* tocsin check: is the configuration fit to run? */
#include "daemon/command/command.h"

#include "daemon/base/mem.h"
#include "daemon/command/check_relay.h"
#include "daemon/command/check_send.h"
#include "daemon/command/check_types.h"
#include "daemon/fit.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static const char help[] =
    "usage: tocsin check [--defaults]\n"
    "       tocsin check --relay\n"
    "       tocsin check --send [--provoke ADDRESS] [--wait SECONDS] [--json]\n"
    "\n"
    "Read the configuration and everything it names, and say all that is wrong at once, as FILE:LINE:COLUMN: KEY: what "
    "is\n"
    "wrong, what is allowed. Exits 0 when a daemon could run with it, and 78 otherwise. Rights on files are looked at "
    "as\n"
    "those of whoever runs it: `sudo -u tocsin tocsin check` sees what the service would.\n"
    "\n"
    "  --defaults          print the annotated default configuration instead: every key, what it means, its default\n"
    "  --relay             then talk to the relay: does it speak TLS, is its certificate good, does it accept our "
    "login "
    "and\n"
    "                      our sender? Sends no mail, needs no daemon\n"
    "  --send              then let the daemon mail ourselves through the relay, and wait until the mail comes back "
    "as\n"
    "                      a bounce would: where bounces do not come back, every mail counts as delivered. Shows each\n"
    "                      step with its time. `tocsin campaign approve` asks for such a proof "
    "(campaigns.bounce_proof)\n"
    "  --provoke ADDRESS   then mail ADDRESS too, which must not exist, and wait for its bounce: best in a domain of\n"
    "                      your own behind another mail server\n"
    "  --wait SECONDS      how long to wait for each (default: 60); what comes back later still counts\n"
    "\n"
    "With --relay it exits 75 when the relay cannot be reached or asks to come again, and 78 when something has to be\n"
    "mended: it refuses us, its certificate does not prove its name, it offers no TLS or no login.\n"
    "With --send it exits 75 when nothing came back or the relay asks to come again, 78 when the relay refuses our "
    "mail,\n"
    "and 69 when no daemon runs.\n";

#define WAIT_SECONDS 60 /* most mail comes back in one; greylisting and queues are told of, not waited for */
#define WAIT_MAX 86400

static int complaints;

static void complain(const char *key, const char *text)
{
    fprintf(stderr, "%s: %s\n", key, text);
    complaints++;
}

/* A sender is who we are to thousands of people: it is no default. */
static void check_sender(const struct config *config)
{
    if (!config->sender.address[0])
        complain("sender.address", "is empty: say who writes, e.g. `notify@tocsin.example`");
    if (!config->sender.name[0])
        complain("sender.name", "is empty: people want to know who writes to them");
    if (!config->return_path.bounce[0])
        complain("return_path.bounce", "is empty: say where bounces come back to, e.g. `bounce@tocsin.example`");
    if (!config->return_path.opt_out[0])
        complain("return_path.opt_out",
                 "is empty: every mail must say how to make it stop, e.g. `optout@tocsin.example`");
    if (!config->bounces.lmtp_socket[0] && !config->bounces.lmtp_listen[0] && !config->bounces.maildir[0])
        complain(
            "bounces.lmtp_socket",
            "is empty, and bounces.lmtp_listen and bounces.maildir too: only `tocsin bounce` could take bounces in");
}

static void complain_of(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "%s\n", text);
    complaints++;
}

/* Mails are moved from the one to the other. */
static void check_maildir(const char *maildir)
{
    static const char *const names[] = { "new", "cur" };
    for (size_t i = 0; *maildir && i < sizeof names / sizeof *names; i++) {
        char *path = mem_format("%s/%s", maildir, names[i]);
        if (access(path, R_OK | W_OK | X_OK)) {
            char *text = mem_format("%s: %s: make the Maildir, or mend its rights", path, strerror(errno));
            complain("bounces.maildir", text);
            free(text);
        }
        free(path);
    }
}

static int check(const struct config *config)
{
    check_sender(config);
    fit_look_from_outside(config, complain_of, NULL);
    check_maildir(config->bounces.maildir);
    if (!complaints)
        return EX_OK;
    /* cppcheck-suppress getpwuidCalled; a command has one thread */
    struct passwd *user = geteuid() ? getpwuid(geteuid()) : NULL;
    return command_fail(EX_CONFIG, "%d thing%s to mend%s%s%s", complaints, complaints == 1 ? "" : "s",
                        user ? "; rights were looked at as those of " : "", user ? user->pw_name : "",
                        user ? ": as the service's user look with `sudo -u tocsin tocsin check`" : "");
}

static void print_note(void *context, const char *text)
{
    (void)context;
    printf("note: %s\n", text);
}

static void say_fit(const struct config *config)
{
    fit_doubt(config, print_note, NULL);
    puts("the configuration is fit to run");
}

/* -1 where TEXT is none. */
static long read_seconds(const char *text)
{
    char *end;
    long seconds = strtol(text, &end, 10);
    return end == text || *end || seconds < 1 || seconds > WAIT_MAX ? -1 : seconds;
}

int command_check(struct context *context, int argc, char **argv)
{
    bool defaults = false, relay = false, send = false;
    const char *provoke = NULL, *wait = NULL;
    long seconds = WAIT_SECONDS;
    const struct option_row options[] = { { "defaults", NULL, &defaults }, { "relay", NULL, &relay },
                                          { "send", NULL, &send },         { "provoke", &provoke, NULL },
                                          { "wait", &wait, NULL },         { NULL, NULL, NULL } };
    int exit = command_options(context, options, help, &argc, argv);
    if (exit >= 0)
        return exit;
    if (argc > 1)
        return command_fail(EX_USAGE, "check takes no argument: the file is named by `tocsin --config FILE check`");
    if ((provoke || wait) && !send)
        return command_fail(EX_USAGE, "check: --provoke and --wait go with --send");
    if (context->json && !send)
        return command_fail(EX_USAGE, "check: --json goes with --send: the rest is said line by line");
    if (wait && (seconds = read_seconds(wait)) < 0)
        return command_fail(EX_USAGE, "check: --wait wants whole seconds, from 1 to %d", WAIT_MAX);
    if (defaults) {
        struct buf text = BUF_EMPTY;
        config_describe(&text);
        return command_print(&text);
    }
    const struct config *config = command_config(context);
    if (config)
        check_types(config);
    exit = config ? check(config) : EX_CONFIG;
    if (exit)
        return exit;
    if (!send || !context->json)
        say_fit(config);
    if (relay)
        exit = check_relay(config);
    if (exit)
        return exit;
    return send ? check_send(context, provoke, seconds) : EX_OK;
}

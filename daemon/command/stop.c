/* tocsin stop, tocsin start: all sending. */
#include "daemon/command/command.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const char stop_help[] =
    "usage: tocsin stop [--why TEXT]\n"
    "\n"
    "Halt all sending within a second, open sessions included, until `tocsin start`. Nothing is lost: what was in a "
    "session goes\n"
    "back into the queue. Bounces and opt-outs are still taken in. Holds across restarts of the daemon; where none "
    "runs, it "
    "is\n"
    "recorded in the store, and the next one starts halted.\n";

static const char start_help[] =
    "usage: tocsin start [--why TEXT]\n"
    "\n"
    "Go on sending after `tocsin stop`. Where no daemon runs, it is recorded in the store for the next one.\n";

static int order(struct context *context, const char *help, const char *said, const char *recorded, int argc,
                 char **argv)
{
    const char *why = NULL;
    const struct option_row options[] = { { "why", &why, NULL }, { NULL, NULL, NULL } };
    json_t *result;
    int exit = command_options(context, options, help, &argc, argv);
    if (exit >= 0)
        return exit;
    if (argc > 1)
        return command_fail(EX_USAGE, "%s takes no argument; `tocsin campaign pause NAME` pauses one campaign",
                            argv[0]);
    exit = command_order(context, json_pack("{s:s, s:s}", "verb", argv[0], "why", why ? why : ""), &result);
    if (exit)
        return exit;
    if (text_in(result, "unrecorded")[0])
        fprintf(stderr, "tocsin: until the store can be written again, a restart of tocsind would undo this: %s\n",
                text_in(result, "unrecorded"));
    if (context->json)
        return command_print_json(result);
    json_decref(result);
    puts(context->offline ? recorded : said);
    return EX_OK;
}

int command_stop(struct context *context, int argc, char **argv)
{
    return order(context, stop_help, "all sending is stopped",
                 "no daemon runs; recorded in the store: the next one sends nothing, until `tocsin start`", argc, argv);
}

int command_start(struct context *context, int argc, char **argv)
{
    return order(context, start_help, "sending goes on", "no daemon runs; recorded in the store: the next one sends",
                 argc, argv);
}

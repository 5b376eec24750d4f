/* tocsin reload: the daemon takes a new configuration. */
#include "daemon/command/command.h"

#include <stdio.h>
#include <sysexits.h>

static const char help[] =
    "usage: tocsin reload [--json]\n"
    "\n"
    "Let the daemon read its configuration again, as SIGHUP and `systemctl reload tocsind` do. It takes it only when "
    "it "
    "is wholly\n"
    "valid; otherwise it says why, and goes on with the one it has. Keys that say `A change needs a restart` in the "
    "annotated\n"
    "file keep their values until then, and are named. Campaigns that run keep the sender and the template that were "
    "approved.\n";

int command_reload(struct context *context, int argc, char **argv)
{
    json_t *result;
    int exit = command_options(context, NULL, help, &argc, argv);
    if (exit >= 0)
        return exit;
    if (argc > 1)
        return command_fail(EX_USAGE, "reload takes no argument; the daemon reads the file it was started with");
    context->quiet = true; /* the daemon says the same */
    exit = command_ask(context, json_pack("{s:s}", "verb", "reload"), &result);
    if (exit)
        return exit;
    if (context->json)
        return command_print_json(result);
    const char *restart = text_in(result, "restart");
    puts("the new configuration is in force");
    if (*restart)
        printf("only after a restart: %s\n", restart);
    json_decref(result);
    return EX_OK;
}

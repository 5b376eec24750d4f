/* tocsin log: what happened, and who ordered what. */
#include "daemon/command/command.h"

#include <stdlib.h>
#include <sysexits.h>

static const char help[] =
    "usage: tocsin log [--campaign NAME] [--target DOMAIN] [--address ADDRESS] [--limit N] [--json]\n"
    "       tocsin log --audit [--limit N] [--json]\n"
    "\n"
    "What became of the mails, oldest first: composed, every attempt with the server's words, and what came back. "
    "Narrow it to a\n"
    "campaign, to one target, or to one contact. --audit: who ordered what, and when (administrators only).\n"
    "\n"
    "  --limit N   the last N (default 200)\n";

static int print_events(json_t *result, bool audit)
{
    struct buf text = BUF_EMPTY;
    size_t index;
    json_t *one;
    json_array_foreach(json_object_get(result, audit ? "audit" : "events"), index, one)
    {
        const char *detail = text_in(one, "detail");
        if (audit)
            buf_add_format(&text, "%s  %s: %s %s", text_in(one, "time"), text_in(one, "who"), text_in(one, "action"),
                           text_in(one, "object"));
        else
            buf_add_format(&text, "%s  T-%lld %s: %s", text_in(one, "time"), number_in(one, "notification"),
                           text_in(one, "recipient"), text_in(one, "what"));
        buf_add_format(&text, "%s%s\n", *detail ? "  " : "", detail);
    }
    if (!text.length)
        buf_add_string(&text, "Nothing of that has happened.\n");
    json_decref(result);
    return command_print(&text);
}

int command_log(struct context *context, int argc, char **argv)
{
    const char *campaign = NULL, *target = NULL, *address = NULL, *limit = "200";
    bool audit = false;
    const struct option_row options[] = { { "campaign", &campaign, NULL }, { "target", &target, NULL },
                                          { "address", &address, NULL },   { "limit", &limit, NULL },
                                          { "audit", NULL, &audit },       { NULL, NULL, NULL } };
    int exit = command_options(context, options, help, &argc, argv);
    if (exit >= 0)
        return exit;
    char *end;
    long long most = strtoll(limit, &end, 10);
    if (argc > 1 || *end || most < 1)
        return command_fail(EX_USAGE, "log takes options only, and --limit a number from 1; see `tocsin log --help`");
    json_t *result, *request = json_pack("{s:s, s:I}", "verb", audit ? "audit" : "log", "limit", (json_int_t)most);
    if (campaign)
        json_object_set_new(request, "campaign", json_string(campaign));
    if (target)
        json_object_set_new(request, "target", json_string(target));
    if (address)
        json_object_set_new(request, "address", json_string(address));
    exit = command_read(context, request, &result);
    if (exit)
        return exit;
    return context->json ? command_print_json(result) : print_events(result, audit);
}

/* tocsin campaign: one campaign, looked at and ordered. */
#include "daemon/command/command.h"
#include "daemon/command/standing.h"
#include "daemon/report/table.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const char help[] =
    "usage: tocsin campaign list [--all] [--json]\n"
    "       tocsin campaign show NAME [--cases] [--json]\n"
    "       tocsin campaign approve NAME [--without-proof] [--why TEXT] [--json]\n"
    "       tocsin campaign pause|resume|cancel NAME [--why TEXT] [--json]\n"
    "\n"
    "  list      the campaigns (as `tocsin status`); --all: those that failed too, because their only file did\n"
    "  show      one campaign: its files and its numbers; --cases: every case with its ladder and what became of each "
    "rung\n"
    "  approve   let a campaign that waits for a person begin; look first: `tocsin preview NAME`. Asks that bounces\n"
    "            have been seen to come back (campaigns.bounce_proof); --without-proof: approve all the same\n"
    "  pause     begin no more mails; resume goes on, also after the brake has paused it\n"
    "  cancel    end it: what has not gone out never will. Its findings may be submitted again\n"
    "\n"
    "  --why TEXT   kept in the audit trail (`tocsin log --audit`)\n";

static void add_case(struct buf *text, const json_t *one)
{
    size_t index;
    json_t *rung;
    bool waits = strcmp(text_in(one, "state"), "waiting") == 0 && text_in(one, "due")[0];
    buf_add_format(text, "\n%s: %s%s%s\n", text_in(one, "target"), text_in(one, "state"),
                   waits ? ", to go out in one mail with others, until " : "", waits ? text_in(one, "due") : "");
    json_array_foreach(json_object_get(one, "rungs"), index, rung)
    {
        buf_add_format(text, "  %lld. %-36s %-9s %-8s %s\n", number_in(rung, "position"), text_in(rung, "address"),
                       text_in(rung, "state"), text_in(rung, "party"), text_in(rung, "kinds"));
        buf_add_format(text, "     %s\n", text_in(rung, text_in(rung, "why")[0] ? "why" : "evidence"));
    }
    if (text_in(one, "note")[0])
        buf_add_format(text, "  ruled out: %s\n", text_in(one, "note"));
}

static int print_campaign(json_t *campaign)
{
    static const char *const heads[] = { "file", "state", "approved", "rows", "rejected", "known already", NULL };
    struct buf text = BUF_EMPTY;
    struct table *files = table_new(heads);
    const json_t *ends = json_object_get(campaign, "ends");
    size_t index;
    json_t *one;
    const char *end;
    buf_add_format(&text, "%s: %s, profile %s, since %s, at the latest until %s\n", text_in(campaign, "name"),
                   text_in(campaign, "state"), text_in(campaign, "profile"), text_in(campaign, "created"),
                   text_in(campaign, "expires"));
    if (text_in(campaign, "paused_why")[0])
        buf_add_format(&text, "paused: %s\n", text_in(campaign, "paused_why"));
    if (text_in(campaign, "redirect_to")[0])
        buf_add_format(&text, "a rehearsal: every mail goes to %s\n", text_in(campaign, "redirect_to"));
    standing_lines(campaign, "", &text);
    buf_add_format(&text, "cases: %lld", number_in(campaign, "cases"));
    json_object_foreach((json_t *)(uintptr_t)ends, end, one) if (json_integer_value(one))
        buf_add_format(&text, ", %s %lld", end, (long long)json_integer_value(one));
    buf_add_format(&text,
                   "\nmails: %lld queued, %lld deferred, %lld held, %lld accepted and in their bounce window\n\n",
                   number_in(campaign, "queued") + number_in(campaign, "leased"), number_in(campaign, "deferred"),
                   number_in(campaign, "held"), number_in(campaign, "accepted"));
    json_array_foreach(json_object_get(campaign, "feed_files"), index, one)
    {
        table_add(files, text_in(one, "name"));
        table_add(files, text_in(one, "state"));
        table_add(files, json_is_true(json_object_get(one, "approved")) ? "yes" : "no");
        table_add_format(files, "%lld", number_in(one, "rows"));
        table_add_format(files, "%lld", number_in(one, "rejected"));
        table_add_format(files, "%lld", number_in(one, "duplicates"));
    }
    table_render(files, &text);
    json_array_foreach(json_object_get(campaign, "feed_files"), index, one) if (text_in(one, "why")[0])
        buf_add_format(&text, "%s: %s\n", text_in(one, "name"), text_in(one, "why"));
    json_array_foreach(json_object_get(campaign, "cases_list"), index, one) add_case(&text, one);
    table_free(files);
    json_decref(campaign);
    return command_print(&text);
}

static int show(struct context *context, const char *name, bool cases)
{
    json_t *campaign;
    int exit =
        command_read_all(context, json_pack("{s:s, s:s, s:b}", "verb", "campaign", "campaign", name, "cases", cases),
                         "cases_list", &campaign);
    if (exit)
        return exit;
    return context->json ? command_print_json(campaign) : print_campaign(campaign);
}

/* DONE: what the campaign then is, in words. */
static int order(struct context *context, const char *verb, const char *done, const char *name, const char *why,
                 bool unproved)
{
    json_t *result;
    int exit = command_ask(context,
                           json_pack("{s:s, s:s, s:s, s:b}", "verb", verb, "campaign", name, "why", why ? why : "",
                                     "without_proof", unproved),
                           &result);
    if (exit)
        return exit;
    if (context->json)
        return command_print_json(result);
    long long mails = number_in(result, "notifications");
    if (json_object_get(result, "notifications"))
        printf("%s is approved: %lld mail%s may go out\n", name, mails, mails == 1 ? "" : "s");
    else
        printf("%s is %s\n", name, done);
    json_decref(result);
    return EX_OK;
}

int command_campaign(struct context *context, int argc, char **argv)
{
    const char *why = NULL;
    bool cases = false, unproved = false, all = false;
    const struct option_row options[] = { { "why", &why, NULL },
                                          { "cases", NULL, &cases },
                                          { "without-proof", NULL, &unproved },
                                          { "all", NULL, &all },
                                          { NULL, NULL, NULL } };
    int exit = command_options(context, options, help, &argc, argv);
    if (exit >= 0)
        return exit;
    const char *verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "list") == 0 && argc == 2) {
        char *status[] = { (char *)"status", (char *)(all ? "--all" : NULL), NULL };
        return command_status(context, all ? 2 : 1, status);
    }
    if (all)
        return command_fail(EX_USAGE, "campaign: --all goes with list");
    if (argc != 3)
        return command_fail(EX_USAGE,
                            "campaign wants a verb and a campaign's name; `tocsin campaign --help` lists the verbs");
    if (unproved && strcmp(verb, "approve") != 0)
        return command_fail(EX_USAGE, "campaign: --without-proof goes with approve");
    if (strcmp(verb, "show") == 0)
        return show(context, argv[2], cases);
    static const struct {
        const char *verb, *done;
    } orders[] = {
        { "approve", "approved" }, { "pause", "paused" }, { "resume", "no longer paused" }, { "cancel", "cancelled" }
    };
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        if (strcmp(orders[i].verb, verb) == 0)
            return order(context, verb, orders[i].done, argv[2], why, unproved);
    return command_fail(EX_USAGE, "campaign: there is no verb '%s': list show approve pause resume cancel", verb);
}

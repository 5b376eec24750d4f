/* tocsin queue: the notifications. */
#include "daemon/command/command.h"
#include "daemon/report/table.h"
#include "queue/states.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const char help[] =
    "usage: tocsin queue [list] [--campaign NAME] [--state STATE] [--all] [--json]\n"
    "       tocsin queue show NUMBER [--json]\n"
    "       tocsin queue retry NUMBER | --campaign NAME\n"
    "       tocsin queue cancel NUMBER\n"
    "\n"
    "A notification is one mail to one contact about one or more cases. The number is that of its ticket: T-17 is 17.\n"
    "\n"
    "  list     what is under way; --all: what has ended too; --state: only held, queued, leased, deferred, accepted, "
    "delivered,\n"
    "           bounced, given-up or cancelled\n"
    "  show     one, with every attempt, the server's words, and what came back\n"
    "  retry    try a deferred one, or one held after a refusal, now; or all deferred ones of a campaign\n"
    "  cancel   never send it; its cases are cancelled\n";

static int print_list(json_t *result, bool all)
{
    static const char *const heads[] = { "number",   "state", "recipient", "kind", "cases",
                                         "attempts", "due",   "campaign",  NULL };
    struct table *table = table_new(heads);
    struct buf text = BUF_EMPTY;
    size_t index;
    json_t *one;
    json_array_foreach(json_object_get(result, "notifications"), index, one)
    {
        table_add_format(table, "T-%lld", number_in(one, "id"));
        table_add(table, text_in(one, "state"));
        table_add(table, text_in(one, "recipient"));
        table_add(table, json_is_true(json_object_get(one, "receipt")) ? "receipt" : text_in(one, "kind"));
        table_add_format(table, "%lld", number_in(one, "cases"));
        table_add_format(table, "%lld", number_in(one, "attempts"));
        table_add(table, text_in(one, "held_for")[0] ? text_in(one, "held_for") : text_in(one, "due"));
        table_add(table, text_in(one, "campaign"));
    }
    if (json_array_size(json_object_get(result, "notifications")))
        table_render(table, &text);
    else
        buf_add_string(&text, all ? "No such mail.\n" : "No such mail is under way; --all lists the others too.\n");
    table_free(table);
    json_decref(result);
    return command_print(&text);
}

static void add_event(struct buf *text, const json_t *event, const char *what)
{
    buf_add_format(text, "  %s  %s", text_in(event, "time"), what);
    static const char *const parts[] = {
        "stage", "reason", "status", "code", "enhanced", "text", "diagnostic", "sender"
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const json_t *part = json_object_get(event, parts[i]);
        if (json_integer_value(part))
            buf_add_format(text, "  %lld", (long long)json_integer_value(part));
        else if (text_in(event, parts[i])[0])
            buf_add_format(text, "  %s", text_in(event, parts[i]));
    }
    buf_add_char(text, '\n');
}

static int print_one(json_t *one)
{
    struct buf text = BUF_EMPTY;
    size_t index;
    json_t *event;
    buf_add_format(&text, "T-%lld to %s: %s (campaign %s, %s, %s)\nabout:", number_in(one, "id"),
                   text_in(one, "recipient"), text_in(one, "state"), text_in(one, "campaign"), text_in(one, "party"),
                   text_in(one, "kinds"));
    json_array_foreach(json_object_get(one, "targets"), index, event)
        buf_add_format(&text, " %s", json_string_value(event));
    buf_add_format(&text, "\n  %s  composed\n", text_in(one, "created"));
    json_array_foreach(json_object_get(one, "history"), index, event)
        add_event(&text, event, text_in(event, "verdict"));
    json_array_foreach(json_object_get(one, "returned"), index, event)
    {
        buf_add_string(&text, "  came back:");
        add_event(&text, event, text_in(event, "class"));
    }
    json_decref(one);
    return command_print(&text);
}

static bool is_state(const char *name)
{
    for (int i = 1; i < NOTIFICATION_STATES; i++)
        if (strcmp(name, notification_state_name((enum notification_state)i)) == 0)
            return true;
    return false;
}

static int list(struct context *context, const char *campaign, const char *state, bool all)
{
    if (state && !is_state(state))
        return command_fail(EX_USAGE, "queue: --state %s: there is no such state; `tocsin queue --help` lists them",
                            state);
    json_t *result;
    json_t *request = json_pack("{s:s, s:b}", "verb", "queue", "all", all);
    if (campaign)
        json_object_set_new(request, "campaign", json_string(campaign));
    if (state)
        json_object_set_new(request, "state", json_string(state));
    int exit = command_read_all(context, request, "notifications", &result);
    if (exit)
        return exit;
    return context->json ? command_print_json(result) : print_list(result, all || state);
}

/* 17 or T-17. */
static long long number_of(const char *text)
{
    char *end;
    if ((text[0] == 'T' || text[0] == 't') && text[1] == '-')
        text += 2;
    long long number = strtoll(text, &end, 10);
    return *text && !*end && number > 0 ? number : -1;
}

static int order(struct context *context, const char *verb, long long number, const char *campaign)
{
    json_t *result, *request = json_pack("{s:s}", "verb", verb);
    if (number > 0)
        json_object_set_new(request, "notification", json_integer(number));
    if (campaign)
        json_object_set_new(request, "campaign", json_string(campaign));
    int exit = command_ask(context, request, &result);
    if (exit)
        return exit;
    if (context->json)
        return command_print_json(result);
    json_decref(result);
    puts("done");
    return EX_OK;
}

int command_queue(struct context *context, int argc, char **argv)
{
    const char *campaign = NULL, *state = NULL;
    bool all = false;
    const struct option_row options[] = {
        { "campaign", &campaign, NULL }, { "state", &state, NULL }, { "all", NULL, &all }, { NULL, NULL, NULL }
    };
    int exit = command_options(context, options, help, &argc, argv);
    if (exit >= 0)
        return exit;
    const char *verb = argc > 1 ? argv[1] : "list";
    if (strcmp(verb, "list") == 0 && argc <= 2)
        return list(context, campaign, state, all);
    if (strcmp(verb, "retry") == 0 && argc == 2 && campaign)
        return order(context, "retry", 0, campaign);
    long long number = argc == 3 ? number_of(argv[2]) : -1;
    if (number < 0)
        return command_fail(
            EX_USAGE,
            "queue wants list, or show, retry or cancel and a notification's number; see `tocsin queue --help`");
    if (strcmp(verb, "show") == 0) {
        json_t *one;
        exit = command_read(context,
                            json_pack("{s:s, s:I}", "verb", "notification", "notification", (json_int_t)number), &one);
        if (exit)
            return exit;
        return context->json ? command_print_json(one) : print_one(one);
    }
    if (strcmp(verb, "retry") == 0)
        return order(context, "retry", number, NULL);
    if (strcmp(verb, "cancel") == 0)
        return order(context, "cancel-notification", number, NULL);
    return command_fail(EX_USAGE, "queue: there is no verb '%s': list show retry cancel", verb);
}

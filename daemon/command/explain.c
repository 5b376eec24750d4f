/* tocsin explain: what became of one target, from the rows that name it to the servers' words. */
#include "daemon/base/ip.h"
#include "daemon/base/mem.h"
#include "daemon/base/name.h"
#include "daemon/command/command.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const char help[] =
    "usage: tocsin explain TARGET [--json]\n"
    "\n"
    "What became of a domain or an IP address: the findings about it and how often each was seen, its cases, whom "
    "each could be told\n"
    "to and why (its ladder), the mails with every attempt and what came back, and the rows that name it. Where no "
    "mail went out it\n"
    "says why: known already, waits for approval, suppressed, no contact left. The same stands, row by row of a file, "
    "in its\n"
    "NAME.result.jsonl.\n"
    "\n"
    "TARGET may be any host below the domain: rows are filed under the registrable domain. A row that was rejected is "
    "not in the store;\n"
    "it stands in its file's NAME.rejected. Without being an administrator you see what concerns your own campaigns.\n"
    "\n"
    "  tocsin explain bakery.example\n"
    "  tocsin explain 192.0.2.7 --json\n";

/* TEXT as the store names targets; a new string, NULL when it is no target. */
static char *target_of(const char *text)
{
    struct ip ip;
    char name[NAME_MAX_LENGTH + 1], address[IP_TEXT_SIZE];
    if (ip_parse(text, strlen(text), &ip) == 0) {
        ip_format(&ip, address);
        return mem_string(address);
    }
    if (name_normalise(text, strlen(text), name))
        return NULL;
    const char *registrable = name_registrable(name);
    return registrable ? mem_string(registrable) : NULL;
}

/* `WORD VALUE`, where there is one. */
static void add(struct buf *text, const char *before, const json_t *object, const char *name, const char *after)
{
    if (*text_in(object, name))
        buf_add_format(text, "%s%s%s", before, text_in(object, name), after);
}

static void add_findings(struct buf *text, const json_t *result)
{
    size_t index;
    const json_t *one;
    json_array_foreach(json_object_get(result, "findings"), index, one)
    {
        buf_add_string(text, "Finding:");
        add(text, " ", one, "type", "");
        add(text, " ", one, "identifier", "");
        add(text, ", ", one, "host", "");
        if (number_in(one, "port"))
            buf_add_format(text, ", port %lld", number_in(one, "port"));
        add(text, ", ", one, "url", "");
        long long count = number_in(one, "count");
        buf_add_format(text, "\n  seen %lld time%s, first %s, last %s; told of in case %lld\n", count,
                       count == 1 ? "" : "s", text_in(one, "first_seen"), text_in(one, "last_seen"),
                       number_in(one, "case"));
    }
}

static void add_rungs(struct buf *text, const json_t *one)
{
    size_t index;
    const json_t *rung;
    json_array_foreach(json_object_get(one, "rungs"), index, rung)
    {
        buf_add_format(text, "  %lld. %s (%s, %s): %s", number_in(rung, "position"), text_in(rung, "address"),
                       text_in(rung, "party"), text_in(rung, "kinds"), text_in(rung, "state"));
        add(text, ", ", rung, "why", "");
        buf_add_char(text, '\n');
        add(text, "     ", rung, "evidence", "\n");
    }
}

static void add_mails(struct buf *text, const json_t *one)
{
    size_t index, inner;
    const json_t *mail, *line;
    json_array_foreach(json_object_get(one, "notifications"), index, mail)
    {
        buf_add_format(text, "  T-%lld to %s: %s", number_in(mail, "id"), text_in(mail, "recipient"),
                       text_in(mail, "state"));
        add(text, ", for ", mail, "held_for", "");
        buf_add_format(text, "; composed %s\n", text_in(mail, "created"));
        json_array_foreach(json_object_get(mail, "history"), inner, line)
        {
            buf_add_format(text, "     %s %s, %s:", text_in(line, "time"), text_in(line, "verdict"),
                           text_in(line, "stage"));
            if (number_in(line, "code") > 0)
                buf_add_format(text, " %lld", number_in(line, "code"));
            add(text, " ", line, "enhanced", "");
            add(text, " ", line, "text", "");
            buf_add_char(text, '\n');
        }
        json_array_foreach(json_object_get(mail, "returned"), inner, line)
        {
            buf_add_format(text, "     %s came back: %s", text_in(line, "time"), text_in(line, "class"));
            add(text, ", ", line, "reason", "");
            add(text, ": ", line, "diagnostic", "");
            buf_add_char(text, '\n');
        }
    }
}

static void add_cases(struct buf *text, const json_t *result)
{
    size_t index;
    const json_t *one;
    json_array_foreach(json_object_get(result, "cases"), index, one)
    {
        buf_add_format(text, "\nCase %lld, campaign %s, file %s: %s%s\n", number_in(one, "id"),
                       text_in(one, "campaign"), text_in(one, "file"), text_in(one, "state"),
                       json_is_true(json_object_get(one, "waits_for_approval")) ? ", waits for approval" : "");
        if (number_in(one, "reminder"))
            buf_add_format(text, "  reminder %lld of what case %lld told first\n", number_in(one, "reminder"),
                           number_in(one, "reminds"));
        add(text, "  ", one, "note", "\n");
        add_rungs(text, one);
        add_mails(text, one);
    }
}

static void add_rows(struct buf *text, const json_t *result)
{
    size_t index;
    const json_t *one;
    if (json_array_size(json_object_get(result, "rows")))
        buf_add_string(text, "\nRows:\n");
    json_array_foreach(json_object_get(result, "rows"), index, one)
    {
        buf_add_format(text, "  %s, line %lld (campaign %s)", text_in(one, "file"), number_in(one, "line"),
                       text_in(one, "campaign"));
        if (number_in(one, "case"))
            buf_add_format(text, ": case %lld", number_in(one, "case"));
        add(text, ": ", one, "why", "");
        buf_add_char(text, '\n');
    }
}

static int print(json_t *result)
{
    struct buf text = BUF_EMPTY;
    size_t index;
    const json_t *one;
    bool nothing =
        !json_array_size(json_object_get(result, "cases")) && !json_array_size(json_object_get(result, "rows"));
    buf_add_format(&text, "%s\n", text_in(result, "target"));
    json_array_foreach(json_object_get(result, "suppressed"), index, one)
        buf_add_format(&text, "Never written to: %s (%s)\n", text_in(one, "by"), text_in(one, "why"));
    if (nothing)
        buf_add_string(&text,
                       "No row of a loaded file names it. Rows that were rejected stand in NAME.rejected, beside "
                       "their files.\n");
    add_findings(&text, result);
    add_cases(&text, result);
    add_rows(&text, result);
    json_decref(result);
    return command_print(&text);
}

int command_explain(struct context *context, int argc, char **argv)
{
    const struct option_row options[] = { { NULL, NULL, NULL } };
    int exit = command_options(context, options, help, &argc, argv);
    if (exit >= 0)
        return exit;
    if (argc != 2)
        return command_fail(EX_USAGE,
                            "explain wants one TARGET, a domain or an IP address; see `tocsin explain --help`");
    char *target = target_of(argv[1]);
    if (!target)
        return command_fail(EX_DATAERR, "'%s' is no domain and no IP address", command_tame(argv[1]));
    json_t *result;
    exit = command_read(context, json_pack("{s:s, s:s}", "verb", "explain", "target", target), &result);
    free(target);
    if (exit)
        return exit;
    return context->json ? command_print_json(result) : print(result);
}

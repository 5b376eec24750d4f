/* tocsin suppress: who is never written to. */
#include "daemon/command/command.h"
#include "daemon/report/table.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const char help[] =
    "usage: tocsin suppress list [--json]\n"
    "       tocsin suppress add ADDRESS|DOMAIN [--why TEXT]\n"
    "       tocsin suppress remove ADDRESS|DOMAIN [--why TEXT] [--force]\n"
    "\n"
    "A suppressed address is never written to again, in any campaign; a suppressed domain "
    "covers every address at it and\n"
    "below it. What waits to go there is taken back at once, and its cases climb to their next "
    "contact. Opt-outs by mail add themselves here; to remove one takes\n"
    "--force, and a good reason. An owner's opt-out adds his address and the target's domain: both are then "
    "to be removed.\n";

static int print_list(json_t *result)
{
    static const char *const heads[] = { "address or domain", "since", "by", "why", NULL };
    struct table *table = table_new(heads);
    struct buf text = BUF_EMPTY;
    size_t index;
    json_t *one;
    json_array_foreach(json_object_get(result, "suppressions"), index, one)
    {
        table_add(table, text_in(one, "object"));
        table_add(table, text_in(one, "time"));
        table_add(table, text_in(one, "who"));
        table_add(table, text_in(one, "why"));
    }
    if (json_array_size(json_object_get(result, "suppressions")))
        table_render(table, &text);
    else
        buf_add_string(&text, "Nobody is suppressed.\n");
    table_free(table);
    json_decref(result);
    return command_print(&text);
}

int command_suppress(struct context *context, int argc, char **argv)
{
    const char *why = NULL;
    bool force = false;
    const struct option_row options[] = { { "why", &why, NULL }, { "force", NULL, &force }, { NULL, NULL, NULL } };
    json_t *result;
    int exit = command_options(context, options, help, &argc, argv);
    if (exit >= 0)
        return exit;
    const char *verb = argc > 1 ? argv[1] : "list";
    if (strcmp(verb, "list") == 0 && argc <= 2) {
        exit = command_read_all(context, json_pack("{s:s}", "verb", "suppressions"), "suppressions", &result);
        if (exit)
            return exit;
        return context->json ? command_print_json(result) : print_list(result);
    }
    bool add = strcmp(verb, "add") == 0;
    if (argc != 3 || (!add && strcmp(verb, "remove") != 0))
        return command_fail(
            EX_USAGE, "suppress wants list, or add or remove and an address or domain; see `tocsin suppress --help`");
    exit = command_ask(context,
                       json_pack("{s:s, s:s, s:s, s:b}", "verb", add ? "suppress" : "unsuppress", "object", argv[2],
                                 "why", why ? why : "", "force", force),
                       &result);
    if (exit)
        return exit;
    if (context->json)
        return command_print_json(result);
    const char *domain = text_in(result, "covered_by");
    if (*domain)
        printf("%s is no longer suppressed by itself, but still by its domain %s: `tocsin suppress remove %s%s` ends"
               " that\n",
               argv[2], domain, domain, json_is_true(json_object_get(result, "opt_out")) ? " --force" : "");
    else
        printf("%s is %s\n", argv[2], add ? "never written to again" : "no longer suppressed");
    json_decref(result);
    return EX_OK;
}

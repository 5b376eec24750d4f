/* tocsin report: the figures of a campaign. */
#include "daemon/report/report.h"

#include "daemon/command/command.h"

#include <sysexits.h>

static const char help[] = "usage: tocsin report CAMPAIGN [--json | --csv]\n"
                           "\n"
                           "How many mails of each kind of contact bounced, in the session and later, with the 95% "
                           "Wilson interval of the rate; how the cases\n"
                           "ended; the funnel from the first rung to the last; how many mails it took to tell one. A "
                           "mail counts once, under the\n"
                           "primary kind of its first case's rung. What is still on its way is in no rate.\n"
                           "\n"
                           "  --csv    one table: section,name,measure,value\n";

int command_report(struct context *context, int argc, char **argv)
{
    bool csv = false;
    const struct option_row options[] = { { "csv", NULL, &csv }, { NULL, NULL, NULL } };
    int exit = command_options(context, options, help, &argc, argv);
    if (exit >= 0)
        return exit;
    if (argc != 2)
        return command_fail(EX_USAGE, "report wants one campaign's name; `tocsin status` lists them");
    if (csv && context->json)
        return command_fail(EX_USAGE, "report: --csv or --json, not both");
    json_t *counts;
    exit = command_read(context, json_pack("{s:s, s:s}", "verb", "report", "campaign", argv[1]), &counts);
    if (exit)
        return exit;
    json_t *figures = report_figures(counts);
    json_decref(counts);
    if (context->json)
        return command_print_json(figures);
    struct buf text = BUF_EMPTY;
    if (csv)
        report_csv(figures, &text);
    else
        report_text(figures, &text);
    json_decref(figures);
    return command_print(&text);
}

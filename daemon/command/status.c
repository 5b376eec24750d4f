/* tocsin status: what is going on. */
#include "daemon/command/command.h"
#include "daemon/command/standing.h"
#include "daemon/report/table.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

static const char help[] =
    "usage: tocsin status [--all] [--json]\n"
    "\n"
    "Every campaign with its state, how many cases are open and how the others ended, and what is in the queue. A\n"
    "campaign that waits for approval says so: look at it with `tocsin preview NAME`, then `tocsin campaign approve "
    "NAME`. One that would begin by itself but waits for a proof that bounces come back is `to prove`: `tocsin check "
    "--send`.\n"
    "`told` counts cases delivered or answered; `in window` mails that were accepted and may still bounce.\n"
    "`rejected` counts rows that could not be read. Below the table stands what each campaign waits for, and which "
    "files\n"
    "were refused in the last day, since tocsind began. What fails just now (a full disk) stands above it all.\n"
    "  --all   campaigns that failed, too: their only file was refused for its rows\n"
    "Works with the daemon down, from the store, for those who may read it.\n";

static void add_campaign(struct table *table, const json_t *campaign)
{
    const json_t *ends = json_object_get(campaign, "ends");
    table_add(table, text_in(campaign, "name"));
    struct buf word = BUF_EMPTY;
    standing_word(campaign, &word);
    table_add(table, word.data);
    buf_free(&word);
    table_add_format(table, "%lld", number_in(campaign, "rejected"));
    table_add_format(table, "%lld", number_in(campaign, "cases"));
    table_add_format(table, "%lld", number_in(campaign, "open"));
    table_add_format(table, "%lld", number_in(ends, "delivered") + number_in(ends, "answered"));
    table_add_format(table, "%lld", number_in(ends, "exhausted"));
    table_add_format(table, "%lld", number_in(ends, "opted-out"));
    table_add_format(table, "%lld", number_in(ends, "expired") + number_in(ends, "cancelled"));
    table_add_format(table, "%lld", number_in(campaign, "queued") + number_in(campaign, "leased"));
    table_add_format(table, "%lld", number_in(campaign, "deferred"));
    table_add_format(table, "%lld", number_in(campaign, "held"));
    table_add_format(table, "%lld", number_in(campaign, "accepted"));
}

static void add_age(struct buf *text, long long ms)
{
    static const struct {
        long long ms;
        const char *name;
    } units[] = { { 86400000, "day" }, { 3600000, "hour" }, { 60000, "minute" }, { 1000, "second" } };
    size_t i = 0;
    while (i < 3 && ms < 2 * units[i].ms)
        i++;
    long long count = ms > 0 ? ms / units[i].ms : 0;
    buf_add_format(text, "%lld %s%s", count, units[i].name, count == 1 ? "" : "s");
}

/* Do bounces come back? When that was last seen, and what came of the last try. */
static void add_proofs(struct buf *text, const json_t *status)
{
    long long now = (long long)time(NULL) * 1000;
    bool seen = false;
    size_t index;
    json_t *proof;
    buf_add_string(text, "bounce path: ");
    json_array_foreach(json_object_get(status, "proofs"), index, proof)
    {
        bool came_back = number_in(proof, "returned") > 0;
        const char *answer = text_in(proof, "answer");
        if (!seen)
            buf_add_string(text, came_back ? "seen to work " : "never seen to work");
        seen = true;
        if (came_back) {
            add_age(text, now - number_in(proof, "returned"));
            buf_add_format(text, " ago, by %s", text_in(proof, "way"));
            continue;
        }
        buf_add_string(text, "; a mail of ");
        add_age(text, now - number_in(proof, "began"));
        buf_add_format(text, " ago %s",
                       strcmp(answer, "accepted") == 0 ? "has not come back"
                       : *answer                       ? "did not go out"
                                                       : "is on its way");
    }
    buf_add_string(text, seen ? "\n" : "never seen to work; `tocsin check --send` shows it\n");
}

/* How late the daemon's loop is: what a person feels who asks it something. */
static void add_loop(struct buf *text, const json_t *status)
{
    const json_t *loop = json_object_get(status, "loop");
    if (loop)
        buf_add_format(
            text, "loop lag: 50%% within %.1f ms, 99%% %.1f ms, 99.9%% %.1f ms, at most %.1f ms\n",
            json_real_value(json_object_get(loop, "p50_ms")), json_real_value(json_object_get(loop, "p99_ms")),
            json_real_value(json_object_get(loop, "p99_9_ms")), json_real_value(json_object_get(loop, "longest_ms")));
}

static void print_faults(const json_t *status, struct buf *text)
{
    size_t index;
    json_t *fault;
    json_array_foreach(json_object_get(status, "faults"), index, fault)
        buf_add_format(text, "ATTENTION: since %s the %s: %s\n(%s)\n\n", text_in(fault, "since"),
                       text_in(fault, "what"), text_in(fault, "why"), text_in(fault, "meaning"));
}

/* The only file of a campaign that failed was taken back whole: it says nothing but that. */
static bool is_failed(const json_t *campaign)
{
    return strcmp(text_in(campaign, "state"), "failed") == 0;
}

static void print_campaigns(const json_t *campaigns, bool all, struct buf *text)
{
    static const char *const heads[] = { "campaign", "state",     "rejected",  "cases",      "open",
                                         "told",     "exhausted", "opted out", "other ends", "queued",
                                         "deferred", "held",      "in window", NULL };
    struct table *table = table_new(heads);
    size_t index, shown = 0, failed = 0;
    json_t *campaign;
    json_array_foreach(campaigns, index, campaign)
    {
        failed += is_failed(campaign);
        if (!all && is_failed(campaign))
            continue;
        add_campaign(table, campaign);
        shown++;
    }
    if (shown)
        table_render(table, text);
    else
        buf_add_string(text, "No campaign yet: drop a file into incoming/, or `tocsin submit FILE`.\n");
    if (failed && !all)
        buf_add_format(text, "(and %zu that failed: `tocsin campaign list --all`)\n", failed);
    table_free(table);
}

/* What campaigns wait for, and why they do not go on. */
static void print_standing(const json_t *campaigns, struct buf *text)
{
    size_t index;
    json_t *campaign;
    struct buf before = BUF_EMPTY, lines = BUF_EMPTY;
    json_array_foreach(campaigns, index, campaign)
    {
        buf_truncate(&before, 0);
        buf_add_format(&before, "%s: ", text_in(campaign, "name"));
        standing_lines(campaign, before.data, &lines);
        if (text_in(campaign, "paused_why")[0])
            buf_add_format(&lines, "%s is paused: %s\n", text_in(campaign, "name"), text_in(campaign, "paused_why"));
    }
    if (lines.length)
        buf_add_format(text, "\n%s", lines.data);
    buf_free(&before);
    buf_free(&lines);
}

/* Files that went to failed/ lately: most leave no campaign behind. */
static void print_refused(const json_t *refused, struct buf *text)
{
    size_t index;
    json_t *one;
    if (json_array_size(refused))
        buf_add_format(text, "\n%zu %s refused in the last day, and stand in failed/, the reason beside each:\n",
                       json_array_size(refused), json_array_size(refused) == 1 ? "file was" : "files were");
    json_array_foreach(refused, index, one)
        buf_add_format(text, "  %s  %s: %s\n", text_in(one, "time"), text_in(one, "name"), text_in(one, "why"));
}

static int print_status(json_t *status, bool all)
{
    const json_t *campaigns = json_object_get(status, "campaigns");
    struct buf text = BUF_EMPTY;
    if (json_is_false(json_object_get(status, "daemon")))
        buf_add_string(&text, "NO DAEMON RUNS: nothing moves. This is how the last one left the store.\n\n");
    if (json_is_true(json_object_get(status, "stopped")))
        buf_add_string(&text, "ALL SENDING IS STOPPED, until `tocsin start`.\n\n");
    print_faults(status, &text);
    print_campaigns(campaigns, all, &text);
    print_standing(campaigns, &text);
    print_refused(json_object_get(status, "refused_files"), &text);
    buf_add_format(&text, "\nsuppressions: %lld   refused bounces: %lld forged, %lld stale\n",
                   number_in(status, "suppressions"), number_in(status, "forged_bounces"),
                   number_in(status, "stale_bounces"));
    add_proofs(&text, status);
    const json_t *still = json_object_get(status, "standstill");
    if (json_is_object(still))
        buf_add_format(&text, "no bounce window has ended since %s: %s\n", text_in(still, "since"),
                       text_in(still, "why"));
    add_loop(&text, status);
    json_decref(status);
    return command_print(&text);
}

int command_status(struct context *context, int argc, char **argv)
{
    json_t *status;
    bool all = false;
    const struct option_row options[] = { { "all", NULL, &all }, { NULL, NULL, NULL } };
    int exit = command_options(context, options, help, &argc, argv);
    if (exit >= 0)
        return exit;
    if (argc > 1)
        return command_fail(EX_USAGE, "status takes no argument; `tocsin campaign show NAME` tells of one campaign");
    exit = command_read(context, json_pack("{s:s}", "verb", "status"), &status);
    if (exit)
        return exit;
    json_object_set_new(status, "daemon", json_boolean(!context->offline));
    return context->json ? command_print_json(status) : print_status(status, all);
}

#include "daemon/command/standing.h"

#include "daemon/base/mem.h"
#include "daemon/command/command.h"

#include <stdlib.h>
#include <string.h>

static bool runs(const json_t *campaign)
{
    return strcmp(text_in(campaign, "state"), "running") == 0;
}

/* Nothing but a proof of the bounce path is missing. */
static bool is_unproved(const json_t *campaign)
{
    long long waits = number_in(campaign, "waiting_for_approval");
    return waits > 0 && waits == number_in(campaign, "waiting_for_proof");
}

void standing_word(const json_t *campaign, struct buf *text)
{
    bool waits = runs(campaign) && number_in(campaign, "waiting_for_approval") > 0;
    buf_add_string(text, !waits ? text_in(campaign, "state") : is_unproved(campaign) ? "to prove" : "to approve");
    if (text_in(campaign, "redirect_to")[0])
        buf_add_string(text, " (rehearsal)");
}

static const char *cases_wait(long long count)
{
    return count == 1 ? "case waits" : "cases wait";
}

/* Why a person has to say yes, where that is for the rows that could not be read; and what to do about it. */
static void add_doubt(const json_t *campaign, struct buf *text)
{
    long long files = number_in(campaign, "doubtful");
    char *shown = command_tame(mem_string(text_in(campaign, "doubtful_file")));
    if (files)
        buf_add_format(
            text,
            "; %lld of the %lld rows of %s%s could not be read (%s.rejected in done/ says which and why): look at the"
            " others in `tocsin preview`, or cancel it, mend the file and drop it again",
            number_in(campaign, "doubtful_rejected"), number_in(campaign, "doubtful_rows"), shown,
            files > 1 ? " and others" : "", files > 1 ? "NAME" : shown);
    free(shown);
}

static void add_approval(const json_t *campaign, const char *before, struct buf *text)
{
    const char *name = text_in(campaign, "name");
    if (is_unproved(campaign))
        buf_add_format(text,
                       "%swaits for a proof that bounces come back, and then begins by itself: `tocsin check --send`",
                       before);
    else
        buf_add_format(text, "%swaits for approval: `tocsin campaign approve %s`", before, name);
    if (number_in(campaign, "ready_for_approval"))
        buf_add_format(text, "; %lld held, which `tocsin preview %s` shows", number_in(campaign, "held"), name);
    add_doubt(campaign, text);
    buf_add_char(text, '\n');
}

void standing_lines(const json_t *campaign, const char *before, struct buf *text)
{
    long long loading = number_in(campaign, "files_loading"), searching = number_in(campaign, "searching"),
              gathering = number_in(campaign, "gathering");
    if (!runs(campaign))
        return;
    if (loading)
        buf_add_format(text, "%s%lld %s being read\n", before, loading, loading == 1 ? "file is" : "files are");
    if (searching)
        buf_add_format(text, "%s%lld %s for contacts to be found\n", before, searching, cases_wait(searching));
    if (number_in(campaign, "waiting_for_approval"))
        add_approval(campaign, before, text);
    if (!gathering)
        return;
    buf_add_format(text, "%s%lld %s for others with the same contact, to go out in one mail", before, gathering,
                   cases_wait(gathering));
    if (text_in(campaign, "redirect_to")[0])
        buf_add_string(text, ": as soon as all contacts are known, since it is a rehearsal\n");
    else
        buf_add_format(
            text,
            ": the first mail goes out from %s (campaigns.aggregate_wait, contact_interval, the profile's send)\n",
            text_in(campaign, "gathering_until"));
}

#include "daemon/command/submit_outcome.h"

#include "daemon/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#define POLL_FIRST_MS 50
#define POLL_LAST_MS 1000

static bool is_over(const json_t *result)
{
    const char *state = text_in(result, "state");
    return strcmp(state, "waiting") != 0 && strcmp(state, "loading") != 0;
}

static void pause_for(long ms)
{
    const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };
    nanosleep(&time, NULL);
}

/* Ask until it is over, less and less often. */
static int wait_for(struct context *context, const char *claim, json_t **result)
{
    for (long ms = POLL_FIRST_MS;; ms = ms * 2 < POLL_LAST_MS ? ms * 2 : POLL_LAST_MS) {
        int exit = command_ask(context, json_pack("{s:s, s:s}", "verb", "file", "claim", claim), result);
        if (exit || is_over(*result))
            return exit;
        json_decref(*result);
        *result = NULL;
        pause_for(ms);
    }
}

static void add_count(struct buf *text, long long count, const char *one, const char *many)
{
    buf_add_format(text, "%lld %s", count, count == 1 ? one : many);
}

static void describe_loaded(const json_t *result, const char *name, struct buf *text)
{
    const char *campaign = text_in(result, "campaign");
    long long targets = number_in(result, "targets"), rejected = number_in(result, "rejected");
    buf_add_format(text, "loaded as campaign %s: ", campaign);
    add_count(text, number_in(result, "rows"), "row", "rows");
    buf_add_string(text, ", ");
    add_count(text, targets, "target to tell about", "targets to tell about");
    if (number_in(result, "duplicates"))
        buf_add_format(text, ", %lld known already", number_in(result, "duplicates"));
    if (rejected)
        buf_add_format(text, ", %lld rejected (why: done/%s.rejected)", rejected, name);
    if (!targets)
        buf_add_string(text, "; nobody is written to");
    else if (json_is_true(json_object_get(result, "unproved")))
        buf_add_string(text, "; waits until bounces have been seen to come back (tocsin check --send)");
    else if (!json_is_true(json_object_get(result, "approved")))
        buf_add_format(text, "; waits for approval: tocsin preview '%s', then tocsin campaign approve '%s'", campaign,
                       campaign);
    else
        buf_add_string(text, "; its mails go out: tocsin status");
}

/* One that was refused lies in failed/ with its reason, a line for each complaint. */
static void describe_refused(const json_t *result, const char *name, struct buf *text)
{
    buf_add_format(text, "refused, nothing of it was kept: %s (failed/%s.error)", text_in(result, "why"), name);
}

int submit_outcome(struct context *context, const char *claim, const char *file, const char *name)
{
    json_t *result = NULL;
    int exit = wait_for(context, claim, &result);
    if (exit)
        return exit;
    bool loaded = strcmp(text_in(result, "state"), "loaded") == 0;
    if (context->json) {
        json_object_set_new(result, "file", json_string(file));
        json_object_set_new(result, "name", json_string(name));
        json_object_set_new(result, "claim", json_string(claim));
        exit = command_print_json(result);
        return exit ? exit : loaded ? EX_OK : EX_DATAERR;
    }
    struct buf text = BUF_EMPTY;
    if (loaded)
        describe_loaded(result, name, &text);
    else
        describe_refused(result, name, &text);
    command_tame(text.data);
    json_decref(result);
    if (loaded)
        printf("%s: %s\n", file, text.data);
    else
        command_fail(EX_DATAERR, "%s: %s", file, text.data);
    buf_free(&text);
    return loaded ? EX_OK : EX_DATAERR;
}

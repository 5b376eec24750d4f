#include "daemon/contact/rank.h"

#include "daemon/base/address.h"
#include "daemon/base/buf.h"
#include "daemon/base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How likely somebody responsible reads a mail of that kind, before anything is known of the address: an order of magnitude from the
 * story (over half of abuse@ bounced), to be replaced by the store's own history. The order of a ladder never depends on it. */
static const struct {
    const char *kind;
    double score;
} scores[] = {
    { "override", 0.9 },     { "rfc2142-abuse", 0.4 },      { "rfc2142-security", 0.25 },
    { "rfc2142-noc", 0.15 }, { "rfc2142-postmaster", 0.3 }, { "rfc2142-hostmaster", 0.2 },
    { "rfc2142-info", 0.3 }, { "rfc2142-webmaster", 0.2 },  { "rfc2142-support", 0.2 },
};
#define OTHER_SCORE 0.1

static double score_of(const struct candidate *candidate)
{
    double score = OTHER_SCORE;
    for (size_t i = 0; i < sizeof scores / sizeof scores[0]; i++)
        if (strcmp(scores[i].kind, candidate->kind) == 0)
            score = scores[i].score;
    return score * candidate->accepts;
}

void candidates_add(struct candidates *candidates, const struct candidate *candidate)
{
    char address[ADDRESS_MAX_LENGTH + 1];
    if (address_normalise(candidate->address, strlen(candidate->address), address) != 0)
        return;
    candidates->items = mem_resize(candidates->items, candidates->count + 1, sizeof *candidates->items);
    struct candidate *added = &candidates->items[candidates->count];
    *added = *candidate;
    added->address = mem_string(address);
    added->kind = mem_string(candidate->kind);
    added->evidence = mem_string(candidate->evidence);
    added->languages = mem_string(candidate->languages);
    added->order = candidates->count++;
}

void candidates_note(struct candidates *candidates, const char *format, ...)
{
    struct buf note = BUF_EMPTY;
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (candidates->note)
        buf_add_format(&note, "%s\n", candidates->note);
    buf_add_string(&note, line);
    free(candidates->note);
    candidates->note = buf_take(&note);
}

void candidates_clear(struct candidates *candidates)
{
    for (size_t i = 0; i < candidates->count; i++) {
        free(candidates->items[i].address);
        free(candidates->items[i].kind);
        free(candidates->items[i].evidence);
        free(candidates->items[i].languages);
    }
    free(candidates->items);
    free(candidates->note);
    *candidates = (struct candidates){ 0 };
}

/* The place of KIND in contacts.order; the one behind the last for a kind that is not in it. */
static size_t place(const struct config_list *order, const char *kind)
{
    size_t i = 0;
    while (i < order->count && strcmp(order->items[i], kind) != 0)
        i++;
    return i;
}

bool rank_wants(const struct config *config, const char *kind)
{
    return place(&config->contacts.order, kind) < config->contacts.order.count;
}

static int compare(const void *a, const void *b, void *context)
{
    const struct candidate *left = a, *right = b;
    const struct config *config = context;
    if (left->first != right->first)
        return left->first ? -1 : 1;
    if (left->party != right->party)
        return left->party < right->party ? -1 : 1;
    size_t left_place = place(&config->contacts.order, left->kind);
    size_t right_place = place(&config->contacts.order, right->kind);
    if (left_place != right_place)
        return left_place < right_place ? -1 : 1;
    if (left->distance != right->distance)
        return left->distance < right->distance ? -1 : 1;
    return left->order < right->order ? -1 : 1;
}

static bool same(const char *address, const char *ours)
{
    char normal[ADDRESS_MAX_LENGTH + 1];
    return ours && *ours && address_normalise(ours, strlen(ours), normal) == 0 && strcmp(address, normal) == 0;
}

/* A mail to ourselves would be taken for an answer or a bounce. */
static bool is_ours(const struct config *config, const char *address)
{
    if (same(address, config->sender.address) || same(address, config->sender.reply_to) ||
        same(address, config->return_path.bounce) || same(address, config->return_path.opt_out))
        return true;
    for (size_t i = 0; i < config->profile_count; i++)
        if (same(address, config->profiles[i].sender.address) || same(address, config->profiles[i].sender.reply_to))
            return true;
    return false;
}

/* The lowest rung whose party has another one above it; the lowest of all when each party has just one. */
static size_t least_missed(const struct ladder *ladder)
{
    for (size_t i = ladder->count; i-- > 0;)
        for (size_t j = 0; j < i; j++)
            if (ladder->rungs[j].party == ladder->rungs[i].party)
                return i;
    return ladder->count - 1;
}

static void drop_rung(struct ladder *ladder, size_t index)
{
    struct rung *rung = &ladder->rungs[index];
    free(rung->address);
    free(rung->kinds);
    free(rung->evidence);
    free(rung->languages);
    ladder->count--;
    memmove(rung, rung + 1, (ladder->count - index) * sizeof *rung);
}

/* The owner's six mailboxes would fill the ladder, and the hoster, who could act, would never be asked: so the last rungs of a party go
 * before the only one of another. */
static void cut(const struct config *config, struct ladder *ladder)
{
    size_t most = (size_t)config->contacts.max_contacts, all = ladder->count;
    while (ladder->count > most)
        drop_rung(ladder, least_missed(ladder));
    if (all > most)
        ladder_note(ladder, "%zu further contact%s left out (contacts.max_contacts is %zu)", all - most,
                    all - most == 1 ? "" : "s", most);
}

/* The note, a line at a time: a line may not be longer than ladder_note() takes. */
static void copy_note(const struct candidates *candidates, struct ladder *out)
{
    for (const char *at = candidates->note; at && *at;) {
        size_t length = strcspn(at, "\n");
        ladder_note(out, "%.*s", (int)length, at);
        at += length + (at[length] == '\n');
    }
}

void rank(const struct config *config, struct candidates *candidates, struct ladder *out)
{
    copy_note(candidates, out);
    if (candidates->count > 0)
        qsort_r(candidates->items, candidates->count, sizeof *candidates->items, compare, (void *)config);
    for (size_t i = 0; i < candidates->count; i++) {
        const struct candidate *candidate = &candidates->items[i];
        if (is_ours(config, candidate->address))
            ladder_note(out, "%s is our own address: left out", candidate->address);
        else {
            ladder_add(out, candidate->address, candidate->kind, candidate->party, score_of(candidate),
                       candidate->evidence);
            ladder_set_languages(out, candidate->address, candidate->languages);
        }
    }
    cut(config, out);
}

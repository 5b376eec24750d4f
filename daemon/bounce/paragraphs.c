/* Reports differ in their words, but hardly in their layout: the address begins a line, stands alone in one, or follows a label, and what is
 * said about it follows. So each address in the notice has a rank by the shape of its line (mentions.c), and the best rank that occurs wins. */
#include "daemon/bounce/paragraphs.h"

#include "daemon/base/mem.h"
#include "daemon/bounce/addresses.h"
#include "daemon/bounce/mentions.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SEGMENT_MAX 4000 /* bytes of text beside one address that are read */

static struct outcome *find(const struct outcomes *outcomes, const char *address)
{
    for (size_t i = 0; i < outcomes->count; i++)
        if (strcasecmp(outcomes->items[i].recipient, address) == 0)
            return &outcomes->items[i];
    return NULL;
}

static void add(struct outcomes *outcomes, const char *address)
{
    struct outcome *outcome = find(outcomes, address) ? NULL : outcomes_add(outcomes);
    if (outcome)
        outcome->recipient = mem_string(address);
}

/* The header names them: no guessing then. */
static void add_from_header(const struct mail *mail, struct outcomes *outcomes)
{
    const char *list = mail_header(mail, "X-Failed-Recipients");
    size_t at = 0, begin, end, length = list ? strlen(list) : 0;
    while (list && address_next(list, length, &at, &begin, &end)) {
        char *address = mem_string_n(list + begin, end - begin);
        add(outcomes, address);
        free(address);
    }
}

static enum mention_rank best_rank(const struct mentions *mentions, bool parties)
{
    enum mention_rank best = MENTION_NONE;
    for (size_t i = 0; i < mentions->count; i++)
        if (mentions->items[i].party == parties && mentions->items[i].rank > best)
            best = mentions->items[i].rank;
    return best;
}

/* Those who write and read the report are believed to be meant only where nobody else is, and the layout says so: who mails himself can bounce too. */
static void add_from_mentions(const struct mentions *mentions, struct outcomes *outcomes)
{
    bool parties = false;
    enum mention_rank best = best_rank(mentions, false);
    if (best == MENTION_NONE) {
        parties = true;
        best = best_rank(mentions, true);
        best = best >= MENTION_LABEL ? best : MENTION_NONE;
    }
    enum mention_rank least = best == MENTION_LINE ? MENTION_LABEL : best;
    for (size_t i = 0; least && i < mentions->count; i++)
        if (mentions->items[i].party == parties && mentions->items[i].rank >= least)
            add(outcomes, mentions->items[i].address);
}

/* Where the next line begins that names another recipient. */
static size_t segment_end(const struct mentions *mentions, size_t from, const struct outcomes *outcomes, size_t length)
{
    for (size_t i = from + 1; i < mentions->count; i++)
        if (mentions->items[i].line != mentions->items[from].line && find(outcomes, mentions->items[i].address))
            return mentions->items[i].line;
    return length;
}

/* Give each recipient the text from each line that names it to the next such line. */
static void add_texts(const struct mail *mail, const struct mentions *mentions, struct outcomes *outcomes)
{
    for (size_t i = 0; i < mentions->count; i++) {
        const struct mention *mention = &mentions->items[i];
        struct outcome *outcome = find(outcomes, mention->address);
        if (!outcome || (outcome->text && strlen(outcome->text) > SEGMENT_MAX))
            continue;
        size_t length = segment_end(mentions, i, outcomes, mail->notice.length) - mention->line;
        char *text = mem_format("%s%.*s", outcome->text ? outcome->text : "",
                                (int)(length < SEGMENT_MAX ? length : SEGMENT_MAX), mail->notice.data + mention->line);
        free(outcome->text);
        outcome->text = text;
    }
}

void paragraphs_read(const struct mail *mail, struct outcomes *outcomes)
{
    struct mentions *mentions = mem_alloc(sizeof *mentions);
    mentions_find(mail, mentions);
    add_from_header(mail, outcomes);
    if (!outcomes->count)
        add_from_mentions(mentions, outcomes);
    add_texts(mail, mentions, outcomes);
    mentions_free(mentions);
}

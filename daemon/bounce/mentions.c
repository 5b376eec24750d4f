#include "daemon/bounce/mentions.h"

#include "daemon/base/mem.h"
#include "daemon/bounce/addresses.h"
#include "daemon/bounce/diagnosis.h"
#include "daemon/bounce/phrase.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SURROUNDINGS_MAX 400 /* bytes of a line that are read before an address, and as many behind it */
#define HEADER_MAX 4000 /* longer ones are not searched for an address */
#define LABEL_WORDS_MAX 60 /* bytes before a colon that still are a label */

/* What stands before an address in its line, folded, when it names a recipient, and when it names somebody else. */
static const char *const recipient_labels[] = {
    " to ",        " for ",          " user ",         " name ",    " recipient ",   " recipients ",
    " rcpt to ",   " address ",      " addressee ",    " mailbox ", " delivery to ", " undeliverable to ",
    " empfänger ", " destinataire ", " destinatario ", NULL,
};

static const char *const other_labels[] = {
    " from ",    " mail from ",    " sender ",     " reply to ",    " return path ", " message id ",
    " cc ",      " bcc ",          " references ", " in reply to ", " contact ",     " postmaster ",
    " sent by ", " on behalf of ", " subject ",    " absender ",    " expéditeur ",  NULL,
};

/* Lines after which the recipients are listed. What stands before them often repeats our own header. */
static const char *const introductions[] = {
    "following recipient*",      "following address*",       "following .. address*", "following .. recipient*",
    "following user*",           "following people",         "did not reach",         "was not delivered to",
    "could not be delivered to", "not be delivered to the",  "folgenden empf*",       "folgende adresse*",
    "destinataires suivants",    "siguientes destinatarios", "seguenti destinatari",  NULL,
};

/* Words in a sentence that make an address in it the one that could not be reached. */
static const char *const told[] = {
    "delivered to",
    "deliver to",
    "deliver .. mail to",
    "deliver .. message to",
    "delivering .. to",
    "delivery to",
    "delivery for",
    "sent to",
    "message to",
    "mail to",
    "email to",
    "reach*",
    "recipient*",
    "addressee",
    "unknown",
    "not found",
    "does not exist",
    "doesnt exist",
    "mailbox",
    "quota",
    "no such",
    "rejected",
    "failed",
    "couldnt be found",
    "invalid",
    "user",
    NULL,
};

/* One of a line's addresses: where it stands, its brackets and quotes included. */
struct place {
    const char *line;
    size_t length, begin, end;
};

static bool is_decoration(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (isalnum((unsigned char)text[i]) || (unsigned char)text[i] >= 0x80)
            return false;
    return true;
}

/* Nothing but marks, or an SMTP reply's codes. */
static bool begins_line(const struct place *place)
{
    char *before = mem_string_n(place->line, place->begin);
    const char *rest = before + strspn(before, " \t<>*-");
    size_t digits = strspn(rest, "0123456789");
    int enhanced[3];
    if (digits == 3) {
        rest += 3 + strspn(rest + 3, " -");
        if (diagnosis_enhanced(rest, enhanced))
            rest += strcspn(rest, " ");
    }
    bool begins = is_decoration(rest, strlen(rest));
    free(before);
    return begins;
}

/* Does the line end with the address, or go on in a way that sentences do not? */
static bool stands_alone(const struct place *place)
{
    static const char *const going_on[] = { ":", ";", "...", "\t", "(", " (", " -", "  ", ",", " on ", " :" };
    const char *behind = place->line + place->end;
    size_t length = place->length - place->end;
    if (is_decoration(behind, length))
        return true;
    for (size_t i = 0; i < sizeof going_on / sizeof *going_on; i++)
        if (length >= strlen(going_on[i]) && strncmp(behind, going_on[i], strlen(going_on[i])) == 0)
            return true;
    return false;
}

static bool is_one_of(const char *const *labels, const char *folded)
{
    for (; *labels; labels++)
        if (strcmp(folded, *labels) == 0)
            return true;
    return false;
}

/* Whom to ask, and who sent it, in words that labels have beside others: "System contact:". */
static bool is_other(const char *folded)
{
    static const char *const words[] = { "contact",    "support",   "help",       "sender",
                                         "assistance", "questions", "originator", NULL };
    return is_one_of(other_labels, folded) || phrase_any(folded, words);
}

static enum mention_rank rank_of_label(const struct place *place)
{
    struct buf folded = BUF_EMPTY;
    enum mention_rank rank = MENTION_ANYWHERE;
    size_t colon = place->begin;
    while (colon && strchr(" \t<\"'(", place->line[colon - 1]))
        colon--;
    bool labelled = colon && place->line[colon - 1] == ':';
    bool ends = is_decoration(place->line + place->end, place->length - place->end);
    phrase_fold(&folded, place->line, place->begin);
    if (is_one_of(other_labels, folded.data) || (labelled && is_other(folded.data)))
        rank = MENTION_NONE;
    else if (labelled && (is_one_of(recipient_labels, folded.data) || phrase_find(folded.data, "rcpt to")))
        /* NOLINTNEXTLINE(bugprone-branch-clone): two ways of labelling, a line each */
        rank = MENTION_LABEL;
    else if (ends && place->begin < LABEL_WORDS_MAX && (labelled || is_one_of(recipient_labels, folded.data)))
        rank = MENTION_LABEL;
    buf_free(&folded);
    return rank;
}

static bool is_told(const struct place *place)
{
    struct buf folded = BUF_EMPTY;
    struct diagnosis diagnosis;
    char *line = mem_string_n(place->line, place->length);
    phrase_fold(&folded, line, place->length);
    diagnosis_read(line, &diagnosis);
    bool yes = diagnosis.code || diagnosis.enhanced[0] || phrase_any(folded.data, told);
    buf_free(&folded);
    free(line);
    return yes;
}

static enum mention_rank rank_of(const struct place *place)
{
    if (begins_line(place))
        return stands_alone(place) ? MENTION_LINE : MENTION_TOLD;
    enum mention_rank rank = rank_of_label(place);
    return rank == MENTION_ANYWHERE && is_told(place) ? MENTION_TOLD : rank;
}

static bool is_party(const struct mail *mail, const char *address)
{
    static const char *const names[] = { "To",        "From",       "Reply-To", "Delivered-To", "X-Original-To",
                                         "Errors-To", "Return-Path" };
    if (mail->envelope_recipient && strcasecmp(mail->envelope_recipient, address) == 0)
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = mail_header(mail, names[i]);
        if (value && strnlen(value, HEADER_MAX) < HEADER_MAX && strcasestr(value, address))
            return true;
    }
    return strncasecmp(address, "mailer-daemon@", 14) == 0;
}

/* `SMTP=a@b` in an X.400 address. */
static size_t skip_x400(const char *text, size_t begin, size_t end)
{
    return end - begin > 5 && strncasecmp(text + begin, "smtp=", 5) == 0 ? begin + 5 : begin;
}

/* The place of an address, with as much of its line as is worth reading. */
static struct place place_in(const char *text, size_t length, size_t begin, size_t end)
{
    while (begin && strchr("<\"'(", text[begin - 1]))
        begin--;
    while (end < length && strchr(">\"')", text[end]))
        end++;
    size_t from = begin > SURROUNDINGS_MAX ? begin - SURROUNDINGS_MAX : 0;
    size_t to = length - end > SURROUNDINGS_MAX ? end + SURROUNDINGS_MAX : length;
    return (struct place){ text + from, to - from, begin - from, end - from };
}

static void read_line(const struct mail *mail, size_t line, size_t length, struct mentions *out)
{
    const char *text = mail->notice.data + line;
    size_t at = 0, begin, end;
    while (out->count < MENTIONS_MAX && address_next(text, length, &at, &begin, &end)) {
        begin = skip_x400(text, begin, end);
        struct place place = place_in(text, length, begin, end);
        enum mention_rank rank = rank_of(&place);
        if (rank == MENTION_NONE)
            continue;
        char *address = mem_string_n(text + begin, end - begin);
        out->items[out->count++] = (struct mention){ line, address, rank, is_party(mail, address) };
    }
}

static bool introduces(const char *line, size_t length)
{
    struct buf folded = BUF_EMPTY;
    phrase_fold(&folded, line, length);
    bool yes = phrase_any(folded.data, introductions);
    buf_free(&folded);
    return yes;
}

/* What was found before the list begins counts only where the list itself names nobody. */
static void demote(struct mentions *mentions, size_t introduction)
{
    bool listed = false;
    for (size_t i = 0; i < mentions->count; i++)
        listed |= mentions->items[i].line >= introduction && mentions->items[i].rank >= MENTION_TOLD;
    for (size_t i = 0; listed && i < mentions->count && mentions->items[i].line < introduction; i++)
        mentions->items[i].rank = MENTION_ANYWHERE;
}

static bool ends_in_colon(const char *line, size_t length)
{
    while (length && isspace((unsigned char)line[length - 1]))
        length--;
    return length && line[length - 1] == ':';
}

/* The line that an introduction leads to names a recipient, however odd it looks. */
static void promote(struct mentions *mentions, size_t first)
{
    for (size_t i = first; i < mentions->count; i++)
        if (mentions->items[i].rank < MENTION_LABEL)
            mentions->items[i].rank = MENTION_LABEL;
}

void mentions_find(const struct mail *mail, struct mentions *out)
{
    const struct buf *notice = &mail->notice;
    size_t introduction = 0;
    bool awaited = false; /* the line that follows an introduction */
    out->count = 0;
    for (size_t line = 0; line < notice->length && out->count < MENTIONS_MAX;) {
        size_t length = strcspn(notice->data + line, "\n"), before = out->count;
        bool leads = introduces(notice->data + line, length);
        read_line(mail, line, length, out);
        if (awaited)
            promote(out, before);
        if (leads && !introduction)
            introduction = line + 1;
        if (leads || length > strspn(notice->data + line, " \t"))
            awaited = leads && out->count == before && ends_in_colon(notice->data + line, length);
        line += length + 1;
    }
    if (introduction)
        demote(out, introduction - 1);
}

void mentions_free(struct mentions *mentions)
{
    for (size_t i = 0; i < mentions->count; i++)
        free(mentions->items[i].address);
    free(mentions);
}

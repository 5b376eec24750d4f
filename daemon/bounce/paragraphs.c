/* Reports differ in their words, but hardly in their layout: the address begins a line, stands alone in one, or follows a label, and what is
 * said about it follows. So each address in the notice is given a rank by the shape of its line, and the best rank that occurs wins. */
#include "daemon/bounce/paragraphs.h"

#include "daemon/base/mem.h"
#include "daemon/bounce/addresses.h"
#include "daemon/bounce/diagnosis.h"
#include "daemon/bounce/phrase.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MENTIONS_MAX 400
#define SEGMENT_MAX 4000 /* bytes of text beside one address that are read */

enum rank {
    RANK_NONE,
    RANK_ANYWHERE, /* somewhere in a sentence */
    RANK_TOLD, /* in a sentence about not reaching it, or beside an SMTP reply */
    RANK_LABEL, /* `To: a@b`, `RCPT TO:<a@b>` */
    RANK_LINE, /* `<a@b>:`, or alone in a line */
};

struct mention {
    size_t line, end; /* of its line, offsets into the notice */
    char *address;
    enum rank rank;
};

struct reading {
    const struct mail *mail;
    struct mention mentions[MENTIONS_MAX];
    size_t count;
};

/* Labels before an address that name a recipient, and those that name somebody else. Compared with the line's folded beginning. */
static const char *const recipient_labels[] = {
    " to ",
    " recipient ",
    " recipients ",
    " rcpt to ",
    " original recipient ",
    " final recipient ",
    " failed recipient ",
    " failed recipients ",
    " failed address ",
    " address ",
    " addressee ",
    " email address ",
    " e mail address ",
    " user ",
    " username ",
    " account ",
    " mailbox ",
    " intended recipient ",
    " for ",
    " invalid user ",
    " unknown user ",
    " empfänger ",
    " destinataire ",
    " destinatario ",
    " recipient address ",
    " failed to deliver to ",
    " could not deliver to ",
    " delivery to ",
    " name ",
    NULL,
};

static const char *const other_labels[] = {
    " from ", " mail from ",  " sender ",      " reply to ", " return path ", " message id ",
    " cc ",   " references ", " in reply to ", " x ",        " contact ",     NULL,
};

static const char *const told[] = {
    "to the following",
    "following recipient*",
    "following address*",
    "be delivered to",
    "not delivered to",
    "delivered to",
    "deliver to",
    "deliver mail to",
    "delivering to",
    "delivery to",
    "delivery for",
    "sent to",
    "message to",
    "mail to",
    "email to",
    "reach",
    "recipient",
    "recipients",
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

static bool label_is(const char *const *labels, const char *folded)
{
    for (; *labels; labels++)
        if (strcmp(folded, *labels) == 0)
            return true;
    return false;
}

static bool only_decoration(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (isalnum((unsigned char)text[i]) || (unsigned char)text[i] >= 0x80)
            return false;
    return true;
}

/* What stands before and behind an address in its line gives its rank. */
static enum rank rank_of(const char *line, size_t before, size_t behind_at, size_t length)
{
    const char *behind = line + behind_at;
    size_t behind_length = length - behind_at;
    struct diagnosis diagnosis;
    struct buf folded = BUF_EMPTY;
    enum rank rank = RANK_ANYWHERE;
    if (only_decoration(line, before)) {
        bool closed = !behind_length || only_decoration(behind, behind_length) || *behind == '>' || *behind == ':' ||
                      *behind == ';' || strncmp(behind, "...", 3) == 0 || *behind == '\t' || *behind == '(' ||
                      strncmp(behind, " -", 2) == 0 || strncmp(behind, "  ", 2) == 0;
        rank = closed ? RANK_LINE : RANK_TOLD;
        return rank;
    }
    phrase_fold(&folded, line, before);
    if (label_is(other_labels, folded.data))
        rank = RANK_NONE;
    else if (label_is(recipient_labels, folded.data) || phrase_find(folded.data, "rcpt to"))
        rank = RANK_LABEL;
    if (rank == RANK_ANYWHERE) {
        char *copy = mem_string_n(line, length);
        buf_truncate(&folded, 0);
        phrase_fold(&folded, line, length);
        diagnosis_read(copy, &diagnosis);
        if (diagnosis.code || diagnosis.enhanced[0] || phrase_any(folded.data, told))
            rank = RANK_TOLD;
        free(copy);
    }
    buf_free(&folded);
    return rank;
}

/* Us, and the daemon that writes: named in reports for many reasons, none of them being that mail to them failed. */
static bool is_party(const struct mail *mail, const char *address)
{
    static const char *const names[] = { "To",        "From",       "Reply-To", "Delivered-To", "X-Original-To",
                                         "Errors-To", "Return-Path" };
    if (mail->envelope_recipient && strcasecmp(mail->envelope_recipient, address) == 0)
        return true;
    if (strncasecmp(address, "mailer-daemon@", 14) == 0)
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = mail_header(mail, names[i]);
        if (value && strcasestr(value, address))
            return true;
    }
    return false;
}

static void read_line(struct reading *reading, size_t line, size_t length)
{
    const char *text = reading->mail->notice.data + line;
    size_t at = 0, begin, end;
    while (reading->count < MENTIONS_MAX && address_next(text, length, &at, &begin, &end)) {
        struct mention *mention = &reading->mentions[reading->count];
        size_t before = begin, behind = end;
        while (before && strchr("<\"'(", text[before - 1]))
            before--;
        enum rank rank = rank_of(text, before, behind, length);
        if (rank == RANK_NONE)
            continue;
        *mention = (struct mention){ line, line + length, mem_string_n(text + begin, end - begin), rank };
        if (is_party(reading->mail, mention->address))
            free(mention->address);
        else
            reading->count++;
    }
}

static void read_lines(struct reading *reading)
{
    const struct buf *notice = &reading->mail->notice;
    for (size_t line = 0; line < notice->length;) {
        size_t length = strcspn(notice->data + line, "\n");
        read_line(reading, line, length);
        line += length + 1;
    }
}

static enum rank best_rank(const struct reading *reading)
{
    enum rank best = RANK_NONE;
    for (size_t i = 0; i < reading->count; i++)
        if (reading->mentions[i].rank > best)
            best = reading->mentions[i].rank;
    return best;
}

static struct outcome *find(struct outcomes *outcomes, const char *address)
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
    size_t at = 0, begin, end;
    while (list && address_next(list, strlen(list), &at, &begin, &end)) {
        char *address = mem_string_n(list + begin, end - begin);
        add(outcomes, address);
        free(address);
    }
}

static void add_from_mentions(const struct reading *reading, struct outcomes *outcomes)
{
    enum rank best = best_rank(reading);
    enum rank least = best == RANK_LINE ? RANK_LABEL : best;
    for (size_t i = 0; i < reading->count; i++)
        if (reading->mentions[i].rank >= least && least > RANK_NONE)
            add(outcomes, reading->mentions[i].address);
}

/* Give each outcome the text from each line that names it to the next line that names another. */
static void add_texts(const struct reading *reading, struct outcomes *outcomes)
{
    const struct buf *notice = &reading->mail->notice;
    for (size_t i = 0; i < reading->count; i++) {
        const struct mention *mention = &reading->mentions[i];
        struct outcome *outcome = find(outcomes, mention->address);
        size_t end = notice->length;
        for (size_t j = i + 1; j < reading->count && end == notice->length; j++)
            if (reading->mentions[j].line != mention->line && find(outcomes, reading->mentions[j].address))
                end = reading->mentions[j].line;
        if (!outcome || (outcome->text && strlen(outcome->text) > SEGMENT_MAX))
            continue;
        size_t length = end - mention->line;
        char *text = mem_format("%s%.*s", outcome->text ? outcome->text : "",
                                (int)(length < SEGMENT_MAX ? length : SEGMENT_MAX), notice->data + mention->line);
        free(outcome->text);
        outcome->text = text;
    }
}

void paragraphs_read(const struct mail *mail, struct outcomes *outcomes)
{
    struct reading *reading = mem_zero(1, sizeof *reading);
    reading->mail = mail;
    read_lines(reading);
    add_from_header(mail, outcomes);
    if (!outcomes->count)
        add_from_mentions(reading, outcomes);
    add_texts(reading, outcomes);
    for (size_t i = 0; i < reading->count; i++)
        free(reading->mentions[i].address);
    free(reading);
}

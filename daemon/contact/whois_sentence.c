#include "daemon/contact/whois_sentence.h"

#include "daemon/contact/mailbox_scan.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* What a piece of text speaks of, as far as the address beside it is concerned. */
enum subject { SUBJECT_NONE, SUBJECT_ABUSE, SUBJECT_ELSE };

struct topic {
    enum subject first, last;
    bool asks; /* "report", "send", "contact", …: it tells the reader to do something */
    bool forbids; /* "do not send …", "you may not …" */
};

enum meaning { MEANS_ABUSE, MEANS_ELSE, MEANS_ASK, MEANS_NOT };

/* Beginnings of words, in lower case. To add one: a row. */
static const struct {
    const char *stem;
    enum meaning meaning;
} stems[] = {
    /* What an abuse desk is for. */
    { "abus", MEANS_ABUSE },
    { "spam", MEANS_ABUSE },
    { "hack", MEANS_ABUSE },
    { "attack", MEANS_ABUSE },
    { "intrusion", MEANS_ABUSE },
    { "phish", MEANS_ABUSE },
    { "malware", MEANS_ABUSE },
    { "portscan", MEANS_ABUSE },
    { "scanning", MEANS_ABUSE },
    { "complain", MEANS_ABUSE },
    { "incident", MEANS_ABUSE },
    { "security", MEANS_ABUSE },
    { "missbrauch", MEANS_ABUSE },
    { "misuse", MEANS_ABUSE },
    { "misbruik", MEANS_ABUSE },
    { "beschwerde", MEANS_ABUSE },
    { "incidente", MEANS_ABUSE },
    { "seguridad", MEANS_ABUSE },
    { "nadu", MEANS_ABUSE },
    { "uce", MEANS_ABUSE },
    { "злоупотребл", MEANS_ABUSE },
    { "жалоб", MEANS_ABUSE },
    { "спам", MEANS_ABUSE },
    { "зловживан", MEANS_ABUSE },
    /* What other desks are for. */
    { "peering", MEANS_ELSE },
    { "routing", MEANS_ELSE },
    { "noc", MEANS_ELSE },
    { "operational", MEANS_ELSE },
    { "technical", MEANS_ELSE },
    { "delist", MEANS_ELSE },
    { "billing", MEANS_ELSE },
    { "sales", MEANS_ELSE },
    { "support", MEANS_ELSE },
    { "general", MEANS_ELSE },
    { "assignment", MEANS_ELSE },
    { "legal", MEANS_ELSE },
    { "law", MEANS_ELSE },
    { "subpoena", MEANS_ELSE },
    { "copyright", MEANS_ELSE },
    { "dmca", MEANS_ELSE },
    { "dns", MEANS_ELSE },
    { "hostmaster", MEANS_ELSE },
    { "registration", MEANS_ELSE },
    { "whois", MEANS_ELSE },
    { "inaccura", MEANS_ELSE },
    { "geoloc", MEANS_ELSE },
    { "geofeed", MEANS_ELSE },
    { "question", MEANS_ELSE },
    /* What the reader is asked to do. */
    { "report", MEANS_ASK },
    { "send", MEANS_ASK },
    { "sent", MEANS_ASK },
    { "contact", MEANS_ASK },
    { "write", MEANS_ASK },
    { "notif", MEANS_ASK },
    { "address", MEANS_ASK },
    { "mail", MEANS_ASK },
    { "e-mail", MEANS_ASK },
    { "email", MEANS_ASK },
    { "forward", MEANS_ASK },
    { "direct", MEANS_ASK },
    { "submit", MEANS_ASK },
    { "inform", MEANS_ASK },
    { "enviar", MEANS_ASK },
    { "escrib", MEANS_ASK },
    { "reclam", MEANS_ASK },
    { "meld", MEANS_ASK },
    { "richten", MEANS_ASK },
    { "senden", MEANS_ASK },
    { "signal", MEANS_ASK },
    { "envoy", MEANS_ASK },
    { "prosimy", MEANS_ASK },
    { "zgłasz", MEANS_ASK },
    { "направля", MEANS_ASK },
    { "сообща", MEANS_ASK },
    { "пиш", MEANS_ASK },
    { "отправля", MEANS_ASK },
    /* ... or not to do; terms of use forbid, too. */
    { "not", MEANS_NOT },
    { "don't", MEANS_NOT },
    { "never", MEANS_NOT },
    { "solicitation", MEANS_NOT },
    { "transmission", MEANS_NOT },
    { "advertis", MEANS_NOT },
};

static bool in_word(char byte)
{
    return isalnum((unsigned char)byte) || (unsigned char)byte >= 0x80 || byte == '\'' || byte == '-';
}

#define WHOLE_MAX 5 /* `not` and `never` are whole words: a notice forbids nothing */

static bool is(size_t stem, const char *word, size_t length)
{
    size_t size = strlen(stems[stem].stem);
    return length >= size && (length == size || stems[stem].meaning != MEANS_NOT || size > WHOLE_MAX) &&
           strncasecmp(word, stems[stem].stem, size) == 0;
}

static void note(struct topic *topic, enum meaning meaning)
{
    if (meaning == MEANS_ASK) {
        topic->asks = true;
    } else if (meaning == MEANS_NOT) {
        topic->forbids = true;
    } else {
        topic->last = meaning == MEANS_ABUSE ? SUBJECT_ABUSE : SUBJECT_ELSE;
        if (topic->first == SUBJECT_NONE)
            topic->first = topic->last;
    }
}

static struct topic topic_of(struct slice text)
{
    struct topic topic = { SUBJECT_NONE, SUBJECT_NONE, false, false };
    for (size_t i = 0; i < text.length; i++) {
        if (!in_word(text.text[i]) || (i && in_word(text.text[i - 1])))
            continue;
        size_t length = 1;
        while (i + length < text.length && in_word(text.text[i + length]))
            length++;
        for (size_t stem = 0; stem < sizeof stems / sizeof stems[0]; stem++) {
            if (!is(stem, text.text + i, length))
                continue;
            note(&topic, stems[stem].meaning);
            break;
        }
        i += length - 1;
    }
    return topic;
}

/* What a sentence makes of an address. */
struct verdict {
    bool abuse;
    bool from_behind; /* "a@x for abuse, b@x for peering": so is the next one's, then */
};

/* One of several addresses in a text. */
struct found {
    struct slice text, address;
    size_t previous; /* where the one before it ends; 0: there is none */
    bool asked; /* the sentence must ask for reports */
};

/* Where the words end that follow ADDRESS, before the next one begins. */
static size_t words_behind(struct slice text, size_t from)
{
    const char *sign = memchr(text.text + from, '@', text.length - from);
    size_t stop = sign ? (size_t)(sign - text.text) : text.length;
    while (sign && stop > from && !isspace((unsigned char)text.text[stop - 1]))
        stop--;
    return stop;
}

/* The lines before name what the address is for; ASKS: the address's own line asks already. */
static struct verdict judge_above(const struct whois_story *story, bool asked, bool asks)
{
    for (size_t i = 0; i < (asked ? 1 : WHOIS_STORY_LINES) && story->before[i].length; i++) {
        struct topic above = topic_of(story->before[i]);
        asks = asks || above.asks;
        if (above.forbids || above.last != SUBJECT_NONE)
            return (struct verdict){ .abuse = !above.forbids && above.last == SUBJECT_ABUSE && (asks || !asked) };
    }
    return (struct verdict){ .abuse = false };
}

/* Is an address in a sentence named for abuse? The nearest words count: those before it, what was said of its neighbour, those of the lines before, those
 * behind it. */
static struct verdict judge_sentence(const struct whois_story *story, const struct found *found,
                                     struct verdict neighbour)
{
    size_t from = (size_t)(found->address.text - found->text.text), to = from + found->address.length;
    size_t begin = found->previous;
    struct topic before = topic_of((struct slice){ found->text.text + begin, from - begin });
    struct topic behind = topic_of((struct slice){ found->text.text + to, words_behind(found->text, to) - to });
    bool asks = !found->asked || before.asks || behind.asks;
    struct verdict by_what_follows = { behind.first == SUBJECT_ABUSE && asks && !behind.forbids, true };
    if (before.forbids)
        return (struct verdict){ .abuse = false };
    if (neighbour.from_behind && behind.first != SUBJECT_NONE)
        return by_what_follows;
    if (before.last != SUBJECT_NONE)
        return (struct verdict){ .abuse = before.last == SUBJECT_ABUSE && asks };
    if (begin)
        return neighbour;
    struct verdict above = judge_above(story, found->asked, asks);
    if (above.abuse || behind.first != SUBJECT_NONE)
        return above.abuse ? above : by_what_follows;
    return (struct verdict){ .abuse = !found->asked && found->address.length > 5 &&
                                      strncasecmp(found->address.text, "abuse", 5) == 0 };
}

void whois_story_forget(struct whois_story *story)
{
    memset(story, 0, sizeof *story);
}

void whois_story_take(struct whois_story *story, struct slice text, bool asked, whois_named *named, void *context)
{
    struct found found = { .text = text, .asked = asked };
    struct verdict verdict = { .abuse = false };
    size_t at = 0;
    bool any = false;
    for (; mailbox_scan(text, &at, &found.address); found.previous = at, any = true) {
        verdict = judge_sentence(story, &found, verdict);
        if (verdict.abuse)
            named(context, found.address);
    }
    memmove(&story->before[1], &story->before[0], sizeof story->before - sizeof story->before[0]);
    story->before[0] = text;
    if (any)
        whois_story_forget(story);
}

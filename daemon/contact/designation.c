#include "daemon/contact/designation.h"

#include "daemon/contact/mailbox_scan.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define LABEL_MAX 60 /* what is longer in front of a colon is a sentence */

/* What is reported to the place that the text names. */
static const char *const subjects[] = { "abuse", "spam", "phishing", "missbrauch" };

/* What tells the reader to write there. */
static const char *const requests[] = { "report", "send",  "contact", "complain", "submit",
                                        "mail",   "notif", "forward", "direct",   "write" };

/* What may turn the sentence's meaning round; as whole words. */
static const char *const denials[] = {
    "not", "no", "never", "cannot", "don't", "doesn't", "won't", "isn't", "instead"
};

static bool is_word_byte(char byte)
{
    return isalnum((unsigned char)byte) || byte == '\'';
}

static bool holds(struct slice text, const char *word, bool whole)
{
    size_t length = strlen(word);
    for (size_t i = 0; i + length <= text.length; i++) {
        if (strncasecmp(text.text + i, word, length) != 0 || (i && is_word_byte(text.text[i - 1]) && whole))
            continue;
        if (!whole || i + length == text.length || !is_word_byte(text.text[i + length]))
            return true;
    }
    return false;
}

static bool holds_any(struct slice text, const char *const *words, size_t count, bool whole)
{
    for (size_t i = 0; i < count; i++)
        if (holds(text, words[i], whole))
            return true;
    return false;
}

#define HOLDS(text, words, whole) holds_any(text, words, sizeof(words) / sizeof *(words), whole)

static bool speaks_of_abuse(struct slice address)
{
    const char *sign = memchr(address.text, '@', address.length);
    return HOLDS(((struct slice){ address.text, (size_t)(sign - address.text) }), subjects, false);
}

static bool ends_line(char byte)
{
    return byte == '\n' || byte == '\r';
}

static struct slice line_at(struct slice text, size_t at)
{
    size_t end = at;
    while (end < text.length && !ends_line(text.text[end]))
        end++;
    return (struct slice){ text.text + at, end - at };
}

static bool is_blank(struct slice line)
{
    for (size_t i = 0; i < line.length; i++)
        if (!isspace((unsigned char)line.text[i]))
            return false;
    return true;
}

/* A sentence goes on over the end of a line, but not over an empty one. */
static size_t sentence_end(struct slice text, size_t begin)
{
    for (size_t i = begin; i < text.length; i++) {
        char byte = text.text[i];
        if (strchr(".!?", byte) && byte && (i + 1 == text.length || isspace((unsigned char)text.text[i + 1])))
            return i + 1;
        if (byte == '\n' && i + 1 < text.length && is_blank(line_at(text, i + 1)))
            return i + 1;
    }
    return text.length;
}

/* "Abuse contact: abuse@shop.example": a label in front of the first address, and only one sentence. */
static bool read_label(struct slice line, struct slice *address)
{
    size_t at = 0;
    if (!mailbox_scan(line, &at, address))
        return false;
    struct slice label = { line.text, (size_t)(address->text - line.text) };
    while (label.length && strchr(" \t<", label.text[label.length - 1]))
        label.length--;
    return label.length && label.length <= LABEL_MAX && label.text[label.length - 1] == ':' &&
           sentence_end(label, 0) == label.length && HOLDS(label, subjects, false) && !HOLDS(label, denials, true);
}

static void read_sentence(struct slice sentence, designation_found *found, void *context)
{
    struct slice address;
    size_t at = 0, addresses = 0;
    bool subject = false, request = false;
    size_t begin = 0;
    /* Its words are what stands between the addresses: "abuse@" alone is a name, no sentence. */
    for (; mailbox_scan(sentence, &at, &address); addresses++, begin = at) {
        struct slice words = { sentence.text + begin, (size_t)(address.text - sentence.text) - begin };
        subject |= HOLDS(words, subjects, false) || speaks_of_abuse(address);
        request |= HOLDS(words, requests, false);
    }
    if (!addresses || !subject || !request || HOLDS(sentence, denials, true))
        return;
    for (at = 0; mailbox_scan(sentence, &at, &address);)
        if (addresses == 1 || speaks_of_abuse(address))
            found(context, address.text, address.length);
}

void designation_find(const char *text, size_t length, designation_found *found, void *context)
{
    struct slice all = { text, length }, address;
    bool labelled = false;
    for (size_t at = 0; at < length;) {
        struct slice line = line_at(all, at);
        if (read_label(line, &address)) {
            found(context, address.text, address.length);
            labelled = true;
        }
        at += line.length + 1;
    }
    /* A list of labels is no sentence, and would look like one. */
    for (size_t at = 0, end; !labelled && at < length; at = end) {
        end = sentence_end(all, at);
        read_sentence((struct slice){ text + at, end - at }, found, context);
    }
}

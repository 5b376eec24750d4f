#include "daemon/bounce/phrase.h"

#include <ctype.h>
#include <string.h>

static bool is_word(unsigned char byte)
{
    return byte >= 0x80 || isalnum(byte);
}

/* The bytes that an address may have; a run of them that holds an `@` is taken for one. */
static bool is_address(unsigned char byte)
{
    return is_word(byte) || (byte && strchr("@.-_+=%!#$&*/?^~|{}", byte));
}

/* A name of a host, perhaps at the end of a sentence; an IP address has no such last label. */
static bool is_host(const char *run, size_t length)
{
    size_t dots = 0;
    while (length && run[length - 1] == '.')
        length--;
    for (size_t i = 0; i < length; i++) {
        bool dot = run[i] == '.';
        if (!isalnum((unsigned char)run[i]) && run[i] != '-' && run[i] != '_' && !(dot && i && run[i - 1] != '.'))
            return false;
        dots += dot;
    }
    return dots >= 2 && isalpha((unsigned char)run[length - 1]);
}

static void fold_run(struct buf *out, const char *run, size_t length, bool prose)
{
    if (memchr(run, '@', length) || (prose && is_host(run, length)))
        return;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)run[i];
        if (is_word(byte))
            buf_add_char(out, byte < 0x80 ? (char)tolower(byte) : (char)byte);
        else if (out->data[out->length - 1] != ' ')
            buf_add_char(out, ' ');
    }
}

static void fold(struct buf *out, const char *text, size_t length, bool prose)
{
    buf_reserve(out, length + 2);
    buf_add_char(out, ' ');
    for (size_t i = 0; i < length;) {
        size_t run = i;
        while (run < length && is_address((unsigned char)text[run]))
            run++;
        fold_run(out, text + i, run - i, prose);
        /* An apostrophe joins: "doesn't" is the word "doesnt". */
        if (run < length && text[run] != '\'' && out->data[out->length - 1] != ' ')
            buf_add_char(out, ' ');
        i = run < length ? run + 1 : run;
    }
    if (out->data[out->length - 1] != ' ')
        buf_add_char(out, ' ');
}

void phrase_fold(struct buf *out, const char *text, size_t length)
{
    fold(out, text, length, false);
}

void phrase_fold_prose(struct buf *out, const char *text, size_t length)
{
    fold(out, text, length, true);
}

static const char *next_word(const char *folded)
{
    const char *blank = strchr(folded, ' ');
    return blank && blank[1] ? blank + 1 : NULL;
}

/* Does the rest of a pattern match at the word that WORD points to (NULL: the text is over)? */
static bool matches_at(const char *word, const char *pattern)
{
    while (*pattern) {
        size_t length = strcspn(pattern, " ");
        const char *rest = pattern + length + (pattern[length] == ' ');
        if (length == 2 && memcmp(pattern, "..", 2) == 0) {
            for (int skipped = 0; word && skipped <= PHRASE_GAP; skipped++, word = next_word(word))
                if (matches_at(word, rest))
                    return true;
            return false;
        }
        bool prefix = pattern[length - 1] == '*';
        size_t compare = prefix ? length - 1 : length;
        if (!word || strncmp(word, pattern, compare) != 0 || (!prefix && word[compare] != ' '))
            return false;
        word = next_word(word);
        pattern = rest;
    }
    return true;
}

const char *phrase_find(const char *folded, const char *pattern)
{
    const char *word = *folded == ' ' ? folded + 1 : folded;
    if ((unsigned char)*pattern >= 0x80)
        return strstr(folded, pattern);
    if (!*word)
        return NULL;
    for (; word; word = next_word(word))
        if (*word == *pattern && matches_at(word, pattern))
            return word;
    return NULL;
}

bool phrase_any(const char *folded, const char *const *patterns)
{
    for (; *patterns; patterns++)
        if (phrase_find(folded, *patterns))
            return true;
    return false;
}

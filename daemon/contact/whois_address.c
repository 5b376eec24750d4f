#include "daemon/contact/whois_address.h"

#include <string.h>
#include <strings.h>

/* To add a disguise: a row. A word may stand between blanks, in brackets of any kind, or between hyphens or underscores. */
static const struct {
    const char *word;
    char sign;
} disguises[] = {
    { "at", '@' },    { "arroba", '@' }, { "dot", '.' }, { "punkt", '.' },
    { "ponto", '.' }, { "punto", '.' },  { "@", '@' },   { ".", '.' },
};

static bool enclosing(char byte)
{
    return byte && strchr(" \t()[]{}<>", byte);
}

/* The sign for the word that begins at START, and where it and what encloses it end; 0 for no such word. PLAINLY: it could be a word of a
 * sentence, too ("look at our.example"). */
static char disguised(struct slice text, size_t start, size_t *end, bool *plainly)
{
    size_t begin = start;
    while (begin < text.length && enclosing(text.text[begin]))
        begin++;
    size_t stop = begin;
    while (stop < text.length && !enclosing(text.text[stop]))
        stop++;
    for (size_t i = 0; i < sizeof disguises / sizeof disguises[0]; i++) {
        size_t length = strlen(disguises[i].word);
        if (stop - begin != length || strncasecmp(text.text + begin, disguises[i].word, length) != 0)
            continue;
        while (stop < text.length && enclosing(text.text[stop]))
            stop++;
        *end = stop;
        *plainly = length == 2 && memcmp(text.text + begin, "at", 2) == 0 && text.text[begin - 1] == ' ';
        return disguises[i].sign;
    }
    return 0;
}

struct slice whois_address_plain(struct slice text, char plain[WHOIS_PLAIN_MAX])
{
    size_t length = 0, at = 0, signs = 0;
    bool abuse = text.length > 5 && strncasecmp(text.text, "abuse", 5) == 0;
    while (at < text.length && length < WHOIS_PLAIN_MAX) {
        size_t end;
        bool plainly = false;
        char sign = length && enclosing(text.text[at]) ? disguised(text, at, &end, &plainly) : 0;
        if (sign) {
            plain[length++] = sign;
            at = end;
            signs += abuse || !plainly;
        } else {
            plain[length++] = text.text[at++];
        }
    }
    return (struct slice){ plain, signs ? length : 0 };
}

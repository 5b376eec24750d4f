#include "daemon/bounce/html.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ENTITY_MAX 10
#define TAG_MAX 4096

static const struct {
    const char *name, *text;
} entities[] = {
    { "lt", "<" },   { "gt", ">" },    { "amp", "&" },   { "quot", "\"" },  { "apos", "'" },
    { "nbsp", " " }, { "rsquo", "'" }, { "lsquo", "'" }, { "commat", "@" }, { "period", "." },
};

static const char *const breaking[] = { "br", "p",  "div", "tr",  "td",    "th", "li",        "h1",
                                        "h2", "h3", "h4",  "pre", "table", "hr", "blockquote" };

static bool named(const char *tag, size_t length, const char *name)
{
    return length == strlen(name) && strncasecmp(tag, name, length) == 0;
}

static size_t name_length(const char *tag, const char *end)
{
    size_t length = 0;
    while (tag + length < end && isalnum((unsigned char)tag[length]))
        length++;
    return length;
}

/* Take the tag that begins at AT (a `<`) and return where the text goes on. */
static const char *take_tag(struct buf *out, const char *at, const char *end)
{
    if (end - at >= 4 && memcmp(at, "<!--", 4) == 0) {
        const char *close = memmem(at, (size_t)(end - at), "-->", 3);
        return close ? close + 3 : end;
    }
    const char *name = at + 1 + (at + 1 < end && at[1] == '/');
    const char *close = memchr(at, '>', (size_t)(end - at) < TAG_MAX ? (size_t)(end - at) : TAG_MAX);
    size_t length = name_length(name, end);
    if (!length || !close) { /* "a < b", or `<someone@example.org>` that nobody escaped */
        buf_add_char(out, '<');
        return at + 1;
    }
    if (memchr(at, '@', (size_t)(close - at)) && name[length] != ' ' && name[length] != '\n') {
        buf_add_char(out, '<');
        return at + 1;
    }
    if (at[1] != '/' && (named(name, length, "style") || named(name, length, "script"))) {
        const char *stop = close;
        while (stop && stop < end && !(stop[0] == '<' && stop + 1 < end && stop[1] == '/'))
            stop = memchr(stop + 1, '<', (size_t)(end - stop - 1));
        return stop ? stop : end;
    }
    for (size_t i = 0; i < sizeof breaking / sizeof *breaking; i++)
        if (named(name, length, breaking[i]))
            buf_add_char(out, '\n');
    return close + 1;
}

static void add_code_point(struct buf *out, unsigned long code)
{
    if (code == 0xa0 || code < ' ' || code > 0x7e) /* nothing that we look for is spelt with others */
        buf_add_char(out, ' ');
    else
        buf_add_char(out, (char)code);
}

static const char *take_entity(struct buf *out, const char *at, const char *end)
{
    size_t room = (size_t)(end - at);
    const char *semicolon = memchr(at, ';', room < ENTITY_MAX ? room : ENTITY_MAX);
    if (semicolon && at[1] == '#') {
        bool hex = at[2] == 'x' || at[2] == 'X';
        add_code_point(out, strtoul(at + (hex ? 3 : 2), NULL, hex ? 16 : 10));
        return semicolon + 1;
    }
    for (size_t i = 0; semicolon && i < sizeof entities / sizeof *entities; i++)
        if (named(at + 1, (size_t)(semicolon - at - 1), entities[i].name)) {
            buf_add_string(out, entities[i].text);
            return semicolon + 1;
        }
    buf_add_char(out, '&');
    return at + 1;
}

void html_to_text(struct buf *out, const char *html, size_t length)
{
    const char *end = html + length;
    for (const char *at = html; at < end;) {
        if (*at == '<')
            at = take_tag(out, at, end);
        else if (*at == '&')
            at = take_entity(out, at, end);
        else
            buf_add_char(out, *at++);
    }
}

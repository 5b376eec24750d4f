/* Template text to tokens. */
#include "templates/mustache_tree.h"

#include "daemon/base/mem.h"

#include <errno.h>
#include <string.h>

struct scan {
    const char *name;
    char *text, *end;
    char *at;
    int line, column;
    struct slice open, close; /* the delimiters in force */
    size_t stack[MUSTACHE_MAX_DEPTH]; /* the tags that are open, as indices of tokens */
    size_t depth;
    struct tokens *tokens;
    struct error *error;
};

/* The characters after the opening delimiter that tell tags apart, and what an unusual tag ends with before the closing delimiter. */
static const struct sigil {
    char sigil;
    char last;
    enum tag tag;
} sigils[] = {
    { '!', 0, TAG_COMMENT }, { '=', '=', TAG_DELIMITERS }, { '{', '}', TAG_RAW },   { '&', 0, TAG_RAW },
    { '#', 0, TAG_SECTION }, { '^', 0, TAG_INVERTED },     { '>', 0, TAG_PARTIAL }, { '<', 0, TAG_PARENT },
    { '$', 0, TAG_BLOCK },   { '/', 0, TAG_CLOSE },
};
static const struct sigil plain = { 0, 0, TAG_VARIABLE };

static bool opens(enum tag tag)
{
    return tag == TAG_SECTION || tag == TAG_INVERTED || tag == TAG_PARENT || tag == TAG_BLOCK;
}

static bool space(char byte)
{
    return mustache_blank(byte) || byte == '\n';
}

/* Move on to TO, counting lines, and characters by their first bytes. */
static void advance(struct scan *scan, char *to)
{
    for (; scan->at < to; scan->at++) {
        if (*scan->at == '\n') {
            scan->line++;
            scan->column = 1;
        } else if (((unsigned char)*scan->at & 0xC0) != 0x80) {
            scan->column++;
        }
    }
}

static struct token *push(struct scan *scan, enum tag tag, char *text, size_t length)
{
    struct tokens *tokens = scan->tokens;
    if (tokens->count == tokens->capacity) {
        tokens->capacity = tokens->capacity ? tokens->capacity * 2 : 64;
        tokens->list = mem_resize(tokens->list, tokens->capacity, sizeof *tokens->list);
    }
    struct token *token = &tokens->list[tokens->count++];
    *token = (struct token){ .tag = tag,
                             .text = { text, length },
                             .line = scan->line,
                             .column = scan->column,
                             .within = scan->depth ? scan->stack[scan->depth - 1] : TOKEN_NONE,
                             .partner = TOKEN_NONE };
    return token;
}

/* Between {{<parent}} and its end only blocks mean anything; dropping the rest here keeps it from counting as text on its line. */
static bool ignored(const struct scan *scan)
{
    return scan->depth && scan->tokens->list[scan->stack[scan->depth - 1]].tag == TAG_PARENT;
}

static void scan_text(struct scan *scan, char *until)
{
    while (scan->at < until) {
        char *feed = memchr(scan->at, '\n', (size_t)(until - scan->at));
        char *stop = feed ? feed : until;
        if (feed && feed > scan->at && feed[-1] == '\r')
            stop--;
        if (stop > scan->at && !ignored(scan))
            push(scan, TAG_TEXT, scan->at, (size_t)(stop - scan->at));
        advance(scan, stop);
        if (feed) {
            push(scan, TAG_LINE_END, stop, (size_t)(feed + 1 - stop));
            advance(scan, feed + 1);
        }
    }
}

static int failed(const struct scan *scan, const char *what, struct slice name)
{
    int length = 0; /* a piece that fits on the line */
    while (length < 100 && (size_t)length < name.length && (unsigned char)name.at[length] >= ' ')
        length++;
    return error_set(scan->error, -EINVAL, "%s:%d:%d: %s%s%.*s", scan->name, scan->line, scan->column, what,
                     length ? ": " : "", length, name.at ? name.at : "");
}

static const struct slice nothing = { NULL, 0 };

/* {{=<% %>=}}: two words without `=`. */
static int set_delimiters(struct scan *scan, struct slice inside)
{
    struct slice words[3] = { nothing, nothing, nothing };
    size_t count = 0;
    for (size_t i = 0; i < inside.length && count < 3; count++) {
        words[count].at = inside.at + i;
        while (i < inside.length && !space(inside.at[i]))
            i++;
        words[count].length = (size_t)(inside.at + i - words[count].at);
        while (i < inside.length && space(inside.at[i]))
            i++;
    }
    if (count != 2 || memchr(inside.at, '=', inside.length))
        return failed(scan, "new delimiters must be two words without '='", inside);
    scan->open = words[0];
    scan->close = words[1];
    return 0;
}

/* Why NAME cannot be what TAG names, or NULL. */
static const char *bad_name(enum tag tag, struct slice name)
{
    if (name.length == 0)
        return "a tag without a name";
    for (size_t i = 0; i < name.length; i++)
        if ((unsigned char)name.at[i] <= ' ' || name.at[i] == 0x7F)
            return "a name holds no blanks or control characters";
    bool dotted = tag == TAG_VARIABLE || tag == TAG_RAW || tag == TAG_SECTION || tag == TAG_INVERTED;
    if (!dotted || (name.length == 1 && name.at[0] == '.'))
        return NULL;
    if (name.at[0] == '.' || name.at[name.length - 1] == '.' || memmem(name.at, name.length, "..", 2))
        return "a dot in a name stands between two words";
    return NULL;
}

static int close_tag(struct scan *scan, struct slice name)
{
    if (scan->depth == 0)
        return failed(scan, "nothing is open that this could close", name);
    struct token *open = &scan->tokens->list[scan->stack[scan->depth - 1]];
    if (name.length != open->text.length || memcmp(name.at, open->text.at, name.length) != 0)
        return error_set(scan->error, -EINVAL, "%s:%d:%d: this closes \"%.100s\", but \"%.100s\" of line %d is open",
                         scan->name, scan->line, scan->column, name.at, open->text.at, open->line);
    scan->depth--;
    size_t partner = scan->stack[scan->depth];
    struct token *token = push(scan, TAG_CLOSE, (char *)name.at, name.length);
    token->partner = partner;
    scan->tokens->list[partner].partner = scan->tokens->count - 1;
    return 0;
}

static int open_tag(struct scan *scan, struct token *token)
{
    if (scan->depth == MUSTACHE_MAX_DEPTH)
        return failed(scan, "sections nest too deep", token->text);
    scan->stack[scan->depth++] = scan->tokens->count - 1;
    return 0;
}

/* Take the star off the name of a partial, a parent, or the end of a parent that has one. */
static bool take_star(const struct scan *scan, enum tag tag, struct slice *name)
{
    bool possible = tag == TAG_PARTIAL || tag == TAG_PARENT ||
                    (tag == TAG_CLOSE && scan->depth && scan->tokens->list[scan->stack[scan->depth - 1]].dynamic);
    if (!possible || name->length == 0 || name->at[0] != '*')
        return false;
    do {
        name->at++;
        name->length--;
    } while (name->length && space(*name->at));
    return true;
}

/* A tag of KIND whose inside, without its sigil and outer blanks, is INSIDE. */
static int take_tag(struct scan *scan, const struct sigil *kind, struct slice inside)
{
    if (kind->tag == TAG_COMMENT || kind->tag == TAG_DELIMITERS) {
        if (!ignored(scan))
            push(scan, kind->tag, (char *)inside.at, inside.length);
        return kind->tag == TAG_COMMENT ? 0 : set_delimiters(scan, inside);
    }
    bool dynamic = take_star(scan, kind->tag, &inside);
    const char *why = bad_name(kind->tag, inside);
    if (why)
        return failed(scan, why, inside);
    ((char *)inside.at)[inside.length] = '\0'; /* a blank or the closing delimiter stood there */
    if (kind->tag == TAG_CLOSE)
        return close_tag(scan, inside);
    if (ignored(scan) && !opens(kind->tag))
        return 0;
    struct token *token = push(scan, kind->tag, (char *)inside.at, inside.length);
    token->dynamic = dynamic;
    return opens(kind->tag) ? open_tag(scan, token) : 0;
}

static const struct sigil *find_sigil(char byte)
{
    for (size_t i = 0; i < sizeof sigils / sizeof *sigils; i++)
        if (sigils[i].sigil == byte)
            return &sigils[i];
    return &plain;
}

/* Where the tag whose inside begins at FROM closes; *AFTER is the first byte behind it. */
static char *find_close(const struct scan *scan, char *from, char last, char **after)
{
    while (from < scan->end) {
        char *found = memmem(from, (size_t)(scan->end - from), scan->close.at, scan->close.length);
        if (!found)
            return NULL;
        *after = found + scan->close.length;
        if (!last)
            return found;
        /* `}` + `}}`: the one before the delimiter, so the first of `}}}`, ends the tag. */
        if (found > from && found[-1] == last)
            return found - 1;
        if (*found == last && (size_t)(scan->end - found) > scan->close.length &&
            memcmp(found + 1, scan->close.at, scan->close.length) == 0) {
            ++*after;
            return found;
        }
        from = found + 1;
    }
    return NULL;
}

static int scan_tag(struct scan *scan)
{
    char *from = scan->at + scan->open.length, *after;
    while (from < scan->end && space(*from))
        from++;
    const struct sigil *kind = from < scan->end ? find_sigil(*from) : &plain;
    if (kind != &plain)
        from++;
    char *to = find_close(scan, from, kind->last, &after);
    if (!to)
        return failed(scan, "a tag begins here and does not end", nothing);
    while (from < to && space(*from))
        from++;
    while (to > from && space(to[-1]))
        to--;
    int result = take_tag(scan, kind, (struct slice){ from, (size_t)(to - from) });
    advance(scan, after);
    return result;
}

int mustache_scan(const char *name, char *text, size_t length, int line, int column, struct tokens *tokens,
                  struct error *error)
{
    struct scan scan = { .name = name,
                         .text = text,
                         .end = text + length,
                         .at = text,
                         .line = line,
                         .column = column,
                         .open = { "{{", 2 },
                         .close = { "}}", 2 },
                         .tokens = tokens,
                         .error = error };
    while (scan.at < scan.end) {
        char *tag = memmem(scan.at, (size_t)(scan.end - scan.at), scan.open.at, scan.open.length);
        scan_text(&scan, tag ? tag : scan.end);
        int result = tag ? scan_tag(&scan) : 0;
        if (result)
            return result;
    }
    if (scan.depth == 0)
        return 0;
    const struct token *open = &tokens->list[scan.stack[scan.depth - 1]];
    scan.line = open->line;
    scan.column = open->column;
    return failed(&scan, "opened here and never closed", open->text);
}

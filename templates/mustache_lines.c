/* Standalone tags: which blanks and line ends belong to a tag, not to the output.
 *
 * The manual's rule for sections, comments, delimiters and partials: one such tag and nothing but blanks on a line. Inheritance
 * widens it: the tags of parents and blocks may share a line, and a parent with all its blocks may stand on one. */
#include "templates/mustache_tree.h"

struct line {
    struct token *list; /* all tokens */
    size_t begin, end; /* this line's, without its line end */
    bool ended; /* a line end follows */
};

static bool is_blank(const struct token *token)
{
    for (size_t i = 0; i < token->text.length; i++)
        if (!mustache_blank(token->text.at[i]))
            return false;
    return true;
}

static bool inherits(enum tag tag)
{
    return tag == TAG_PARENT || tag == TAG_BLOCK;
}

/* The tag that TOKEN opens or closes. */
static enum tag pair_tag(const struct line *line, const struct token *token)
{
    return token->tag == TAG_CLOSE ? line->list[token->partner].tag : token->tag;
}

static bool may_stand_alone(const struct line *line, const struct token *token)
{
    switch (pair_tag(line, token)) {
    case TAG_COMMENT:
    case TAG_DELIMITERS:
    case TAG_SECTION:
    case TAG_INVERTED:
    case TAG_PARTIAL:
        return true;
    default:
        return false;
    }
}

static void mark_standalone(struct line *line)
{
    struct token *only = NULL;
    for (size_t i = line->begin; i < line->end; i++) {
        struct token *token = &line->list[i];
        if (token->tag == TAG_TEXT ? !is_blank(token) : only || !may_stand_alone(line, token))
            return;
        if (token->tag != TAG_TEXT)
            only = token;
    }
    if (!only)
        return;
    only->alone = only->drop_before = only->drop_after = true;
}

/* What stands before each token. */
static void look_left(struct line *line)
{
    struct slice indent = { line->list[line->begin].text.at, 0 };
    bool first = true, opening = true, closing = true;
    for (size_t i = line->begin; i < line->end; i++) {
        struct token *token = &line->list[i];
        if (token->tag == TAG_TEXT && is_blank(token)) {
            if (i == line->begin)
                indent = token->text;
            continue;
        }
        bool family = token->tag != TAG_TEXT && inherits(pair_tag(line, token));
        if (first || opening)
            token->indent = indent;
        token->leads = first || (opening && token->only_opens);
        token->only_closes = closing;
        first = false;
        opening &= family && token->tag != TAG_CLOSE;
        closing &= family && token->tag == TAG_CLOSE;
    }
}

/* What stands after each token. */
static void look_right(struct line *line)
{
    bool last = true, opening = line->ended, closing = true;
    for (size_t i = line->end; i-- > line->begin;) {
        struct token *token = &line->list[i];
        if (token->tag == TAG_TEXT && is_blank(token))
            continue;
        bool family = token->tag != TAG_TEXT && inherits(pair_tag(line, token));
        token->only_opens = opening;
        token->trails = last || (closing && token->only_closes);
        last = false;
        opening &= family && token->tag != TAG_CLOSE;
        closing &= family && token->tag == TAG_CLOSE;
    }
}

static void mark_line(struct line *line)
{
    if (line->begin == line->end)
        return;
    mark_standalone(line);
    look_right(line); /* only_opens, which look_left() wants */
    look_left(line); /* only_closes, which `trails` wants */
    look_right(line);
}

/* A parent alone: nothing before it and nothing after its end. */
static void mark_parent(struct token *open, struct token *close)
{
    open->alone = close->alone = open->leads && close->trails;
    open->drop_before = close->drop_after = open->alone;
}

/* A block: each of its ends may be on a line of its own. For an argument (a block right inside a parent) what is around it does not
 * count, as it is not output. */
static void mark_block(struct token *open, struct token *close, bool argument)
{
    open->alone = open->only_opens && (argument || open->leads);
    open->drop_before = open->drop_after = open->alone;
    close->alone = close->only_closes && (argument || close->trails);
    close->drop_before = close->drop_after = close->alone;
}

void mustache_lines(struct tokens *tokens)
{
    struct line line = { .list = tokens->list };
    for (size_t i = 0; i < tokens->count; i = line.end + 1, line.begin = i) {
        for (line.end = i; line.end < tokens->count && tokens->list[line.end].tag != TAG_LINE_END;)
            line.end++;
        line.ended = line.end < tokens->count;
        mark_line(&line);
    }
    for (size_t i = 0; i < tokens->count; i++) {
        struct token *token = &tokens->list[i];
        bool argument = token->within != TOKEN_NONE && tokens->list[token->within].tag == TAG_PARENT;
        if (token->tag == TAG_PARENT)
            mark_parent(token, &tokens->list[token->partner]);
        else if (token->tag == TAG_BLOCK)
            mark_block(token, &tokens->list[token->partner], argument);
    }
}

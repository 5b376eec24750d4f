/* Tokens to the tree. */
#include "templates/mustache_tree.h"

#include "daemon/base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const enum node_kind kinds[] = {
    [TAG_TEXT] = NODE_TEXT,       [TAG_LINE_END] = NODE_TEXT,   [TAG_VARIABLE] = NODE_VARIABLE,
    [TAG_RAW] = NODE_RAW,         [TAG_SECTION] = NODE_SECTION, [TAG_INVERTED] = NODE_INVERTED,
    [TAG_PARTIAL] = NODE_PARTIAL, [TAG_PARENT] = NODE_PARENT,   [TAG_BLOCK] = NODE_BLOCK,
};

struct build {
    struct mustache *tree;
    const struct token *list;
    size_t count;
    size_t stack[MUSTACHE_MAX_DEPTH]; /* nodes that are open */
    size_t depth;
    bool begins; /* a line begins here, and its NODE_INDENT is still to come */
};

static struct node *push(struct build *build, enum node_kind kind, struct slice text)
{
    struct mustache *tree = build->tree;
    if (tree->count == tree->capacity) {
        tree->capacity = tree->capacity ? tree->capacity * 2 : 64;
        tree->nodes = mem_resize(tree->nodes, tree->capacity, sizeof *tree->nodes);
    }
    struct node *node = &tree->nodes[tree->count++];
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a capacity above 0 has its nodes */
    *node = (struct node){ .kind = kind, .text = text, .end = tree->count };
    return node;
}

static void add_text(struct build *build, struct slice text)
{
    struct mustache *tree = build->tree;
    struct node *last = tree->count ? &tree->nodes[tree->count - 1] : NULL;
    if (text.length == 0)
        return;
    if (last && last->kind == NODE_TEXT && last->text.at + last->text.length == text.at)
        last->text.length += text.length;
    else
        push(build, NODE_TEXT, text);
}

static bool drops_line_end(const struct build *build, size_t at)
{
    while (at-- > 0 && build->list[at].tag != TAG_LINE_END)
        if (build->list[at].tag != TAG_TEXT)
            return build->list[at].drop_after;
    return false;
}

/* Blanks beside a tag that takes them with it. */
static bool dropped(const struct build *build, size_t at)
{
    const struct token *token = &build->list[at];
    bool after = at > 0 && token[-1].drop_after;
    bool before = at + 1 < build->count && token[1].drop_before;
    if (!after && !before)
        return false;
    for (size_t i = 0; i < token->text.length; i++)
        if (!mustache_blank(token->text.at[i]))
            return false;
    return true;
}

/* TEXT is about to be output (perhaps only as where a tag stands). At the beginning of a line its blanks go apart from the rest,
 * for indentation to go before them. Returns the rest. */
static struct slice begin_line(struct build *build, struct slice text)
{
    if (!build->begins)
        return text;
    struct slice blanks = { text.at, 0 };
    while (blanks.length < text.length && mustache_blank(text.at[blanks.length]))
        blanks.length++;
    push(build, NODE_INDENT, blanks);
    build->begins = false;
    return (struct slice){ text.at + blanks.length, text.length - blanks.length };
}

/* How much of the beginning of A and B is the same. */
static struct slice common(struct slice a, struct slice b)
{
    size_t i = 0;
    while (i < a.length && i < b.length && a.at[i] == b.at[i])
        i++;
    return (struct slice){ a.at, i };
}

/* Does NODE begin a line that is not empty, and with which blanks? */
static bool indentation(const struct mustache *tree, size_t at, struct slice *out)
{
    const struct node *node = &tree->nodes[at];
    bool empty_block = node->kind == NODE_BLOCK && node->opens_line && node->end == at + 1;
    if (node->kind == NODE_INDENT) {
        const struct node *next = at + 1 < tree->count ? node + 1 : NULL;
        *out = node->text;
        return !(next && next->kind == NODE_TEXT && (next->text.at[0] == '\n' || next->text.at[0] == '\r'));
    }
    *out = node->indent;
    return empty_block || ((node->kind == NODE_PARTIAL || node->kind == NODE_PARENT) && node->alone);
}

/* The indentation of the block at AT: what its lines have in common, or the tag's own when it has no line. */
static void measure_block(struct mustache *tree, size_t at)
{
    struct node *block = &tree->nodes[at];
    struct slice found, least = { NULL, 0 };
    for (size_t i = at + 1; i < block->end;) {
        if (indentation(tree, i, &found))
            least = least.at ? common(least, found) : found;
        i = tree->nodes[i].kind == NODE_PARENT ? tree->nodes[i].end : i + 1;
    }
    if (least.at)
        block->indent = least;
}

static void open_node(struct build *build, const struct token *token)
{
    struct node *node = push(build, kinds[token->tag], token->text);
    node->line = token->line;
    node->column = token->column;
    node->dynamic = token->dynamic;
    node->alone = token->alone;
    node->opens_line = token->alone;
    node->indent = token->indent;
    if (token->partner != TOKEN_NONE)
        build->stack[build->depth++] = build->tree->count - 1;
}

/* The node that the closing tag at AT ends. Returns the next token to look at. */
static size_t close_node(struct build *build, size_t at)
{
    struct mustache *tree = build->tree;
    size_t open = build->stack[--build->depth];
    struct node *node = &tree->nodes[open];
    node->end = tree->count;
    if (node->kind != NODE_BLOCK)
        return at + 1;
    node->closes_line = build->list[at].alone;
    if (node->opens_line)
        measure_block(tree, open);
    size_t next = at + 1;
    if (node->closes_line && next < build->count && build->list[next].tag == TAG_TEXT)
        next++; /* the dropped blanks */
    if (next == build->count || build->list[next].tag != TAG_LINE_END)
        return at + 1;
    node->line_end = build->list[next].text;
    build->begins = true;
    return next + 1;
}

static size_t add_token(struct build *build, size_t at)
{
    const struct token *token = &build->list[at];
    const struct slice here = { token->text.at, 0 };
    switch (token->tag) {
    case TAG_TEXT:
        if (!dropped(build, at))
            add_text(build, begin_line(build, token->text));
        return at + 1;
    case TAG_LINE_END:
        if (!drops_line_end(build, at)) {
            begin_line(build, here);
            add_text(build, token->text);
        }
        build->begins = true;
        return at + 1;
    default:
        break;
    }
    if (!token->drop_before)
        begin_line(build, here);
    if (token->tag == TAG_CLOSE)
        return close_node(build, at);
    if (token->tag != TAG_COMMENT && token->tag != TAG_DELIMITERS)
        open_node(build, token);
    return at + 1;
}

int mustache_parse_at(const char *name, int line, int column, const char *text, size_t length, struct mustache **out,
                      struct error *error)
{
    *out = NULL;
    if (length > MUSTACHE_MAX_LENGTH)
        return error_set(error, -EINVAL, "%s:%d:%d: the template is larger than %u bytes", name, line, column,
                         MUSTACHE_MAX_LENGTH);
    struct mustache *tree = mem_zero(1, sizeof *tree);
    tree->name = mem_string(name);
    tree->text = mem_string_n(text, length);
    struct tokens tokens = { 0 };
    int result = mustache_scan(name, tree->text, length, line, column, &tokens, error);
    if (result == 0) {
        mustache_lines(&tokens);
        struct build build = { .tree = tree, .list = tokens.list, .count = tokens.count, .begins = true };
        for (size_t i = 0; i < tokens.count;)
            i = add_token(&build, i);
        *out = tree;
    } else {
        mustache_free(tree);
    }
    free(tokens.list);
    return result;
}

int mustache_parse(const char *name, const char *text, size_t length, struct mustache **out, struct error *error)
{
    return mustache_parse_at(name, 1, 1, text, length, out, error);
}

void mustache_free(struct mustache *template)
{
    if (!template)
        return;
    free(template->name);
    free(template->text);
    free(template->nodes);
    free(template);
}

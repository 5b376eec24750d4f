/* The names that a template uses, for whoever wants to check them before it renders anything. */
#include "templates/mustache_tree.h"

struct walk {
    mustache_partials *partials;
    mustache_visit *visit;
    void *context;
    const char *sections[MUSTACHE_MAX_DEPTH];
    size_t depth;
    unsigned inverted;
    int partial_depth;
};

/* A run of nodes, and what its blocks are replaced by. */
struct stretch {
    const struct mustache *template;
    const struct arguments *arguments;
    size_t begin, end;
};

static int walk(struct walk *state, const struct stretch *stretch);

static int visit(struct walk *state, const struct mustache *template, const struct node *node)
{
    const struct mustache_use use = { .name = node->text.at,
                                      .file = template->name,
                                      .line = node->line,
                                      .column = node->column,
                                      .sections = state->sections,
                                      .depth = state->depth,
                                      .inverted = state->inverted,
                                      .value = node->kind == NODE_VARIABLE || node->kind == NODE_RAW };
    return state->visit(state->context, &use);
}

static int walk_section(struct walk *state, const struct stretch *inside, const struct node *node)
{
    if (state->depth == MUSTACHE_MAX_DEPTH)
        return 0;
    state->sections[state->depth++] = node->text.at;
    int result = walk(state, inside);
    state->depth--;
    return result;
}

static int walk_inverted(struct walk *state, const struct stretch *inside)
{
    state->inverted++;
    int result = walk(state, inside);
    state->inverted--;
    return result;
}

static int walk_partial(struct walk *state, const struct stretch *around, size_t at)
{
    const struct node *node = &around->template->nodes[at];
    const struct mustache *partial =
        node->dynamic || !state->partials ? NULL : state->partials(state->context, node->text.at);
    if (!partial || state->partial_depth == MUSTACHE_MAX_DEPTH)
        return 0;
    struct arguments arguments = { around->template, at, around->arguments };
    struct stretch inside = { partial, node->kind == NODE_PARENT ? &arguments : around->arguments, 0, partial->count };
    state->partial_depth++;
    int result = walk(state, &inside);
    state->partial_depth--;
    return result;
}

/* A block is what it is replaced by. */
static int walk_block(struct walk *state, const struct stretch *inside, const struct node *block)
{
    const struct arguments *from = NULL;
    const struct node *argument = mustache_find_argument(inside->arguments, block->text, &from);
    if (!argument)
        return walk(state, inside);
    size_t index = (size_t)(argument - from->template->nodes);
    return walk(state, &(struct stretch){ from->template, from->outer, index + 1, argument->end });
}

static int walk_node(struct walk *state, const struct stretch *stretch, size_t at)
{
    const struct node *node = &stretch->template->nodes[at];
    const struct stretch inside = { stretch->template, stretch->arguments, at + 1, node->end };
    int result = 0;
    switch (node->kind) {
    case NODE_TEXT:
    case NODE_INDENT:
        return 0;
    case NODE_VARIABLE:
    case NODE_RAW:
        return visit(state, stretch->template, node);
    case NODE_SECTION:
    case NODE_INVERTED:
        result = visit(state, stretch->template, node);
        if (result)
            return result;
        return node->kind == NODE_SECTION ? walk_section(state, &inside, node) : walk_inverted(state, &inside);
    case NODE_PARTIAL:
    case NODE_PARENT:
        if (node->dynamic)
            result = visit(state, stretch->template, node);
        return result ? result : walk_partial(state, stretch, at);
    case NODE_BLOCK:
        return walk_block(state, &inside, node);
    }
    return 0;
}

static int walk(struct walk *state, const struct stretch *stretch)
{
    int result = 0;
    for (size_t i = stretch->begin; i < stretch->end && result == 0; i = stretch->template->nodes[i].end)
        result = walk_node(state, stretch, i);
    return result;
}

int mustache_names(const struct mustache *template, mustache_partials *partials, mustache_visit *tell, void *context)
{
    struct walk state = { .partials = partials, .visit = tell, .context = context };
    return walk(&state, &(struct stretch){ template, NULL, 0, template->count });
}

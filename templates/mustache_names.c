/* The names that a template uses, for whoever wants to check them before it renders anything. */
#include "templates/mustache_tree.h"

struct walk {
    const struct mustache *template;
    mustache_visit *visit;
    void *context;
    const char *sections[MUSTACHE_MAX_DEPTH];
    size_t depth;
};

static int walk(struct walk *state, size_t begin, size_t end)
{
    const struct node *nodes = state->template->nodes;
    int result = 0;
    for (size_t i = begin; i < end && result == 0; i = nodes[i].end) {
        const struct node *node = &nodes[i];
        bool value = node->kind == NODE_VARIABLE || node->kind == NODE_RAW || node->kind == NODE_SECTION ||
                     node->kind == NODE_INVERTED || node->dynamic;
        if (value)
            result =
                state->visit(state->context, node->text.at, node->line, node->column, state->sections, state->depth);
        if (result)
            break;
        if (node->kind == NODE_SECTION)
            state->sections[state->depth++] = node->text.at;
        result = walk(state, i + 1, node->end);
        if (node->kind == NODE_SECTION)
            state->depth--;
    }
    return result;
}

int mustache_names(const struct mustache *template, mustache_visit *visit, void *context)
{
    struct walk state = { .template = template, .visit = visit, .context = context };
    return walk(&state, 0, template->count);
}

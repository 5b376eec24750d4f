/* The tree and the data to text. */
#include "templates/mustache_tree.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OUTPUT ((size_t)64 << 20)
#define MAX_STEPS                                                                                                      \
    200000000L /* nodes visited: some seconds; only partials that call each other many times over get there */

/* The context stack of the manual: values that names are looked up in, innermost first. */
struct values {
    const struct value *value;
    const struct values *outer;
};

/* What a run of nodes is rendered in. */
struct scope {
    const struct mustache *template;
    const struct values *values;
    const struct arguments *arguments;
    size_t prefix; /* where in render.prefix its lines' indentation begins */
    struct slice strip; /* blanks to take off its lines' own */
};

struct render {
    enum mustache_escape escape;
    mustache_partials *partials;
    void *context;
    struct buf *out;
    struct error *error;
    size_t limit; /* of out->length */
    long steps;
    int depth; /* of partials */
    struct buf prefix; /* the indentation of all partials and blocks under way, outermost first */
    size_t begun; /* bytes of prefix that the next line has already, as it goes on with one begun outside a block */
};

static int render_range(struct render *render, const struct scope *scope, size_t begin, size_t end);

static int failed(const struct render *render, const struct scope *scope, const struct node *node, int code,
                  const char *what)
{
    return error_set(render->error, code, "%s:%d:%d: %s", scope->template->name, node->line, node->column, what);
}

/* NAME in VALUES by the manual's rules: its first word in the innermost object that has it, each further one in what was found. */
static const struct value *lookup(const struct values *values, struct slice name)
{
    if (name.length == 1 && name.at[0] == '.')
        return values->value;
    const struct value *found = NULL;
    for (const char *at = name.at, *end = name.at + name.length; at <= end;) {
        const char *dot = memchr(at, '.', (size_t)(end - at));
        size_t length = (size_t)((dot ? dot : end) - at);
        if (at != name.at)
            found = value_member(found, at, length);
        else
            for (; values && !found; values = values->outer)
                found = value_member(values->value, at, length);
        if (!found)
            return NULL;
        at += length + 1;
    }
    return found;
}

static bool truthy(const struct value *value)
{
    switch (value ? value->kind : VALUE_NULL) {
    case VALUE_NULL:
    case VALUE_FALSE:
        return false;
    case VALUE_TEXT:
    case VALUE_LIST:
        return value->length != 0;
    case VALUE_INTEGER:
        return value->integer != 0;
    case VALUE_REAL:
        return value->real != 0.0;
    default:
        return true;
    }
}

static void add_html(struct buf *out, const char *text, size_t length)
{
    static const char special[] = "&<>\"'";
    static const char *const names[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };
    size_t begin = 0;
    for (size_t i = 0; i < length; i++) {
        const char *found = text[i] ? strchr(special, text[i]) : NULL;
        if (!found)
            continue;
        buf_add(out, text + begin, i - begin);
        buf_add_string(out, names[found - special]);
        begin = i + 1;
    }
    buf_add(out, text + begin, length - begin);
}

/* The shortest decimal that reads back as VALUE. */
static void add_real(struct buf *out, double value)
{
    char text[40] = "";
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (fabs(strtod(text, NULL) - value) <= 0.0)
            break;
    }
    buf_add_string(out, text);
}

static void add_value(struct render *render, const struct value *value, bool escape)
{
    switch (value ? value->kind : VALUE_NULL) {
    case VALUE_TEXT:
        if (escape)
            add_html(render->out, value->text, value->length);
        else
            buf_add(render->out, value->text, value->length);
        break;
    case VALUE_INTEGER:
        buf_add_format(render->out, "%" PRId64, value->integer);
        break;
    case VALUE_REAL:
        add_real(render->out, value->real);
        break;
    case VALUE_TRUE:
        buf_add_string(render->out, "true");
        break;
    case VALUE_FALSE:
        buf_add_string(render->out, "false");
        break;
    default: /* null, lists and objects have no text of their own */
        break;
    }
}

/* What is left of BLANKS without STRIP, or without as much of it as there is. */
static struct slice stripped(struct slice blanks, struct slice strip)
{
    size_t i = 0;
    while (i < blanks.length && i < strip.length && blanks.at[i] == strip.at[i])
        i++;
    return i ? (struct slice){ blanks.at + i, blanks.length - i } : blanks; /* no blanks may be nowhere */
}

static void add_indent(struct render *render, const struct scope *scope, struct slice blanks)
{
    size_t from = scope->prefix + render->begun;
    if (from < render->prefix.length)
        buf_add(render->out, render->prefix.data + from, render->prefix.length - from);
    render->begun = 0;
    blanks = stripped(blanks, scope->strip);
    buf_add(render->out, blanks.at, blanks.length);
}

static int render_section(struct render *render, const struct scope *scope, size_t at)
{
    const struct node *node = &scope->template->nodes[at];
    const struct value *value = lookup(scope->values, node->text);
    if (!truthy(value))
        return 0;
    bool list = value->kind == VALUE_LIST;
    size_t count = list ? value->length : 1;
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        struct values values = { list ? &value->items[i] : value, scope->values };
        struct scope inner = *scope;
        inner.values = &values;
        result = render_range(render, &inner, at + 1, node->end);
    }
    return result;
}

/* The template that NODE brings in, or NULL. */
static const struct mustache *find_partial(const struct render *render, const struct scope *scope,
                                           const struct node *node)
{
    const char *name = node->text.at;
    if (node->dynamic) {
        const struct value *value = lookup(scope->values, node->text);
        name = value && value->kind == VALUE_TEXT ? value->text : NULL;
    }
    return name && render->partials ? render->partials(render->context, name) : NULL;
}

/* {{>name}} and {{<name}}…{{/name}}. */
static int render_partial(struct render *render, const struct scope *scope, size_t at)
{
    const struct node *node = &scope->template->nodes[at];
    const struct mustache *partial = find_partial(render, scope, node);
    if (!partial)
        return 0;
    if (render->depth == MUSTACHE_MAX_DEPTH)
        return failed(render, scope, node, -ELOOP, "partials nest deeper than 64");
    struct arguments arguments = { scope->template, at, scope->arguments };
    struct scope inner = { .template = partial,
                           .values = scope->values,
                           .arguments = node->kind == NODE_PARENT ? &arguments : scope->arguments,
                           .prefix = scope->prefix };
    size_t length = render->prefix.length;
    if (node->alone) {
        struct slice indent = stripped(node->indent, scope->strip);
        buf_add(&render->prefix, indent.at, indent.length);
    } else {
        inner.prefix =
            length; /* indentation is for the lines of the template around it, not for those inside an inline partial */
    }
    render->depth++;
    int result = render_range(render, &inner, 0, partial->count);
    render->depth--;
    buf_truncate(&render->prefix, length);
    return result;
}

const struct node *mustache_find_argument(const struct arguments *arguments, struct slice name,
                                          const struct arguments **from)
{
    const struct node *found = NULL;
    for (; arguments; arguments = arguments->outer) {
        const struct node *nodes = arguments->template->nodes;
        for (size_t i = arguments->parent + 1; i < nodes[arguments->parent].end; i = nodes[i].end) {
            if (nodes[i].kind != NODE_BLOCK || nodes[i].text.length != name.length ||
                memcmp(nodes[i].text.at, name.at, name.length) != 0)
                continue;
            found = &nodes[i];
            *from = arguments;
        }
    }
    return found;
}

/* BLOCK's place taken by ARGUMENT, which FROM passes. Its text belongs to the template that passes it, so its own blocks are replaced by what
 * that template was passed (and a block inside its own replacement ends); its names are looked up where the block stands. */
static int render_argument(struct render *render, const struct scope *scope, const struct node *block,
                           const struct node *argument, const struct arguments *from)
{
    struct scope inner = { .template = from->template,
                           .values = scope->values,
                           .arguments = from->outer,
                           .prefix = scope->prefix,
                           .strip = argument->indent };
    struct slice indent = stripped(block->indent, scope->strip);
    size_t length = render->prefix.length, before = render->out->length;
    buf_add(&render->prefix, indent.at, indent.length);
    if (block->opens_line && !argument->opens_line)
        add_indent(render, &inner, (struct slice){ NULL, 0 });
    else if (!block->opens_line && argument->opens_line)
        render->begun = render->prefix.length - inner.prefix;
    size_t begin = (size_t)(argument - from->template->nodes) + 1, start = render->out->length;
    int result = render_range(render, &inner, begin, argument->end);
    if (render->out->length == start)
        buf_truncate(render->out, before);
    render->begun = 0;
    buf_truncate(&render->prefix, length);
    return result;
}

static int render_block(struct render *render, const struct scope *scope, size_t at)
{
    const struct node *block = &scope->template->nodes[at];
    const struct arguments *from = NULL;
    const struct node *argument = mustache_find_argument(scope->arguments, block->text, &from);
    size_t before = render->out->length;
    int result = argument ? render_argument(render, scope, block, argument, from)
                          : render_range(render, scope, at + 1, block->end);
    bool wrote = render->out->length > before;
    bool ended = wrote && render->out->data[render->out->length - 1] == '\n';
    /* The line end behind the block: one of its own lines may have brought it, or its last line is still without. */
    bool wanted = block->closes_line ? wrote && !ended : !(ended && argument && argument->closes_line);
    if (result == 0 && wanted)
        buf_add(render->out, block->line_end.at, block->line_end.length);
    return result;
}

static int render_node(struct render *render, const struct scope *scope, size_t at)
{
    const struct node *node = &scope->template->nodes[at];
    switch (node->kind) {
    case NODE_TEXT:
        buf_add(render->out, node->text.at, node->text.length);
        return 0;
    case NODE_INDENT:
        add_indent(render, scope, node->text);
        return 0;
    case NODE_VARIABLE:
    case NODE_RAW:
        add_value(render, lookup(scope->values, node->text),
                  node->kind == NODE_VARIABLE && render->escape == MUSTACHE_HTML);
        return 0;
    case NODE_SECTION:
        return render_section(render, scope, at);
    case NODE_INVERTED:
        return truthy(lookup(scope->values, node->text)) ? 0 : render_range(render, scope, at + 1, node->end);
    case NODE_PARTIAL:
    case NODE_PARENT:
        return render_partial(render, scope, at);
    case NODE_BLOCK:
        return render_block(render, scope, at);
    }
    return 0;
}

static int render_range(struct render *render, const struct scope *scope, size_t begin, size_t end)
{
    const struct node *nodes = scope->template->nodes;
    for (size_t i = begin; i < end; i = nodes[i].end) {
        int result = render_node(render, scope, i);
        if (result)
            return result;
        if (render->out->length > render->limit || ++render->steps > MAX_STEPS)
            return failed(render, scope, &nodes[i], -E2BIG, "what this renders to is too large");
    }
    return 0;
}

int mustache_render(const struct mustache *template, const struct value *data, enum mustache_escape escape,
                    mustache_partials *partials, void *context, struct buf *out, struct error *error)
{
    size_t before = out->length;
    struct values values = { data, NULL };
    struct scope scope = { .template = template, .values = &values };
    struct render render = { .escape = escape,
                             .partials = partials,
                             .context = context,
                             .out = out,
                             .error = error,
                             .limit = before + MAX_OUTPUT };
    int result = render_range(&render, &scope, 0, template->count);
    if (result)
        buf_truncate(out, before);
    buf_free(&render.prefix);
    return result;
}

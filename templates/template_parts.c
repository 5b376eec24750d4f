#include "templates/template_parts.h"

#include "daemon/base/mem.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 998 /* RFC 5322 §2.1.1 */
#define NESTING_MAX 8 /* of partials: more is a loop, or too clever to be read */

int template_check_text(const char *file, const char *text, size_t length, struct error *error)
{
    json_t *read = length <= MUSTACHE_MAX_LENGTH ? json_stringn(text, length) : NULL;
    bool good = read && !memchr(text, '\0', length);
    json_decref(read);
    if (!good)
        return error_set(error, -EINVAL, "%s:1:1: not a text file in UTF-8, or too large", file);
    int line = 1;
    for (const char *at = text, *end = text + length; at < end; line++) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        if ((feed ? feed : end) - at > LINE_MAX_BYTES)
            return error_set(error, -EINVAL, "%s:%d:%d: a line of more than %d bytes: break it", file, line,
                             LINE_MAX_BYTES, LINE_MAX_BYTES);
        at = feed ? feed + 1 : end;
    }
    return 0;
}

/* ---- What it takes in ------------------------------------------------------------------------------------------------------------------ */

const struct mustache *template_find_partial(void *context, const char *name)
{
    const struct template *template = context;
    for (size_t i = 0; i < template->partial_count; i++)
        if (strcmp(template->partials[i].name, name) == 0)
            return template->partials[i].parsed;
    return NULL;
}

struct taking {
    struct template *template;
    const struct template_source *given;
    struct error *error;
};

static int refuse(const struct taking *taking, const struct mustache *where, const struct node *node, const char *what)
{
    return error_set(taking->error, -EINVAL, "%s:%d:%d: %s", where->name, node->line, node->column, what);
}

static int parse_partial(const struct taking *taking, const struct mustache *where, const struct node *node)
{
    const struct template_partial *found = NULL;
    for (size_t i = 0; i < taking->given->partial_count && !found; i++)
        if (strcmp(taking->given->partials[i].name, node->text.at) == 0)
            found = &taking->given->partials[i];
    if (!found)
        return error_set(taking->error, -EINVAL, "%s:%d:%d: there is no %s.mustache in the template's language",
                         where->name, node->line, node->column, node->text.at);
    struct mustache *parsed = NULL;
    size_t length = strlen(found->text);
    int result = template_check_text(found->file, found->text, length, taking->error);
    if (result == 0)
        result = mustache_parse(found->file, found->text, length, &parsed, taking->error);
    if (result)
        return result;
    struct template *template = taking->template;
    template->partials = mem_resize(template->partials, template->partial_count + 1, sizeof *template->partials);
    template->partials[template->partial_count++] = (struct partial){ mem_string(node->text.at), parsed };
    return 0;
}

/* Has PART, or what it takes in, a block called NAME? */
static bool has_block(const struct template *template, const struct mustache *part, const char *name)
{
    for (size_t i = 0; part && i < part->count; i++) {
        const struct node *node = &part->nodes[i];
        if (node->kind == NODE_BLOCK && strcmp(node->text.at, name) == 0)
            return true;
        const struct mustache *inner = node->kind == NODE_PARTIAL || node->kind == NODE_PARENT
                                           ? template_find_partial((void *)template, node->text.at)
                                           : NULL;
        if (inner && has_block(template, inner, name))
            return true;
    }
    return false;
}

/* A block whose name is misspelt would not be in any mail. */
static int check_blocks(const struct taking *taking, const struct mustache *part, size_t parent)
{
    const struct node *nodes = part->nodes;
    const struct mustache *inner = template_find_partial(taking->template, nodes[parent].text.at);
    for (size_t i = parent + 1; i < nodes[parent].end; i = nodes[i].end)
        if (nodes[i].kind == NODE_BLOCK && !has_block(taking->template, inner, nodes[i].text.at))
            return error_set(taking->error, -EINVAL, "%s:%d:%d: %s.mustache has no block called %s", part->name,
                             nodes[i].line, nodes[i].column, nodes[parent].text.at, nodes[i].text.at);
    return 0;
}

static int take_partials(const struct taking *taking, const struct mustache *part, int depth)
{
    int result = 0;
    for (size_t i = 0; part && i < part->count && result == 0; i++) {
        const struct node *node = &part->nodes[i];
        if (node->kind != NODE_PARTIAL && node->kind != NODE_PARENT)
            continue;
        if (node->dynamic)
            return refuse(taking, part, node, "a mail's text is frozen whole: name the file that it takes in");
        if (depth == NESTING_MAX)
            return refuse(taking, part, node, "files that take in others nest deeper than 8: is one inside itself?");
        if (!template_find_partial(taking->template, node->text.at))
            result = parse_partial(taking, part, node);
        if (result == 0)
            result = take_partials(taking, template_find_partial(taking->template, node->text.at), depth + 1);
        if (result == 0 && node->kind == NODE_PARENT)
            result = check_blocks(taking, part, i);
    }
    return result;
}

int template_take_partials(struct template *template, const struct mustache *part, const struct template_source *given,
                           struct error *error)
{
    const struct taking taking = { template, given, error };
    return take_partials(&taking, part, 0);
}

void template_drop_partials(struct template *template)
{
    for (size_t i = 0; i < template->partial_count; i++) {
        free(template->partials[i].name);
        mustache_free(template->partials[i].parsed);
    }
    free(template->partials);
}

/* ---- Politeness ------------------------------------------------------------------------------------------------------------------------- */

struct polite {
    const struct template *template;
    bool who, stop;
};

static int note_polite(void *context, const struct mustache_use *use)
{
    struct polite *polite = context;
    bool always = use->value && use->depth == 0 && use->inverted == 0;
    polite->who = polite->who || (always && strcmp(use->name, "sender.name") == 0);
    polite->stop = polite->stop || (always && strcmp(use->name, "opt_out") == 0);
    return 0;
}

static const struct mustache *find_of_polite(void *context, const char *name)
{
    return template_find_partial((void *)((struct polite *)context)->template, name);
}

int template_check_polite(const struct template *template, const struct mustache *part, const char *file, int line,
                          struct error *error)
{
    struct polite polite = { template, false, false };
    mustache_names(part, find_of_polite, note_polite, &polite);
    if (!polite.who)
        return error_set(error, -EINVAL, "%s:%d:1: the text must say who writes, always: {{sender.name}} is missing",
                         file, line);
    if (!polite.stop)
        return error_set(error, -EINVAL,
                         "%s:%d:1: the text must say how to make it stop, always: {{opt_out}} is missing", file, line);
    return 0;
}

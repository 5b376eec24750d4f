/* What a parsed template is made of, and the checks of its parts. For templates/ alone. */
#ifndef TOCSIN_TEMPLATES_TEMPLATE_PARTS_H
#define TOCSIN_TEMPLATES_TEMPLATE_PARTS_H

#include "templates/mustache_tree.h"
#include "templates/template.h"

struct partial {
    char *name;
    struct mustache *parsed;
};

struct template
{
    char *language;
    struct mustache *subject, *body;
    struct mustache *html; /* the same as the body; NULL: there is none */
    struct partial *partials; /* all that these take in, and what those do */
    size_t partial_count;
};

/* Is it a text that people can be sent: UTF-8, no line longer than a mail's may be? 0 or -EINVAL. */
int template_check_text(const char *file, const char *text, size_t length, struct error *error);

/* Parse what PART of TEMPLATE takes in, of GIVEN's partials. Refused: one that is not there, one whose name the data would say, one that takes in itself,
 * and a block that nothing has a place for. */
int template_take_partials(struct template *template, const struct mustache *part, const struct template_source *given,
                           struct error *error);
void template_drop_partials(struct template *template);
/* A mustache_partials; CONTEXT is the template. */
const struct mustache *template_find_partial(void *context, const char *name);

/* Every mail says who writes and how to make it stop, in each PART that somebody may read alone. It begins at LINE of FILE. */
int template_check_polite(const struct template *template, const struct mustache *part, const char *file, int line,
                          struct error *error);

/* html_check.c: is TEMPLATE's HTML fit for mail? It is elements of text, lists, tables and links, each begun and ended in the same section, with attributes in quotes;
 * nothing in it is fetched or run, no value is left unescaped, and inside a tag only ours stand. 0 or -EINVAL. */
int template_check_html(const struct template *template, struct error *error);

/* 0 when PART of TEMPLATE, with what that takes in, uses known names only; else -EINVAL, with the place and the nearest known name in ERROR. */
int template_check_variables(const struct template *template, const struct mustache *part, struct error *error);

#endif

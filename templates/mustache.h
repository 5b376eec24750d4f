/* Mustache (the manual's required modules, with inheritance and dynamic names; no lambdas). Pure; any thread.
 *
 * A template is parsed once and rendered many times; a parsed template is never changed by rendering, so threads may share it. */
#ifndef TOCSIN_TEMPLATES_MUSTACHE_H
#define TOCSIN_TEMPLATES_MUSTACHE_H

#include "daemon/base/buf.h"
#include "daemon/base/error.h"
#include "templates/value.h"

#include <stdbool.h>

struct mustache;

enum mustache_escape {
    MUSTACHE_TEXT, /* nothing is escaped */
    MUSTACHE_HTML, /* {{x}} is, {{{x}}} and {{&x}} are not */
};

/* Find partial NAME: a parsed template that outlives the rendering, or NULL where there is none (renders as nothing). */
typedef const struct mustache *mustache_partials(void *context, const char *name);

/* Parse LENGTH bytes. On -EINVAL the error says NAME:line:column and why. mustache_free() frees *OUT. */
int mustache_parse(const char *name, const char *text, size_t length, struct mustache **out, struct error *error);
void mustache_free(struct mustache *template);

/* Append the rendering for DATA to OUT. PARTIALS may be NULL. -ELOOP when partials nest deeper than 64, -E2BIG above 64 MiB. */
int mustache_render(const struct mustache *template, const struct value *data, enum mustache_escape escape,
                    mustache_partials *partials, void *context, struct buf *out, struct error *error);

/* A name that a template uses (a variable, section or inverted section; dotted names whole), where its tag stands, and what is around it. */
struct mustache_use {
    const char *name;
    const char *file; /* the name that the template, or its partial, was parsed under */
    int line, column;
    const char *const *sections; /* outermost first */
    size_t depth;
    unsigned inverted; /* inverted sections around it */
    bool value; /* it is a variable: what it stands for is written */
};

/* Call VISIT for each name that is used where TEMPLATE is rendered: also those of the partials that PARTIALS (may be NULL) finds with CONTEXT, and of blocks where
 * they come to stand. What nests deeper than 64 is not visited. Stops and returns what VISIT returned when that is not 0. */
typedef int mustache_visit(void *context, const struct mustache_use *use);
int mustache_names(const struct mustache *template, mustache_partials *partials, mustache_visit *visit, void *context);

#endif

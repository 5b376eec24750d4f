/* A notification template: front matter (the headers that it sets) and a Mustache body. Pure.
 *
 *     ---
 *     subject: "[{{ticket}}] Your domain {{first.target}} …"
 *     language: en
 *     ---
 *     Hello, …
 */
#ifndef TOCSIN_TEMPLATES_TEMPLATE_H
#define TOCSIN_TEMPLATES_TEMPLATE_H

#include "templates/mustache.h"

struct template;

/* A file that templates take in, by {{>name}} or {{<name}}…{{/name}}: what many of them have in common. */
struct template_partial {
    const char *name; /* as the tag has it */
    const char *file, *text;
};

/* All that a template is made of. */
struct template_source {
    const char *file, *text;
    size_t length;
    const char *language; /* where the front matter names none; NULL: en */
    const char *html_file, *html; /* what stands beside it: the same in HTML; NULL: nothing */
    const struct template_partial *partials; /* those that it may take in */
    size_t partial_count;
};

/* Parse a template's source. Refused, with FILE:line:column: a missing subject, an unknown front matter key, an unknown variable (the known
 * ones stand in a table in template_variables.c, by section), a partial that is not given or has no place for a block, a line of more than 998 bytes, a body that
 * does not say, outside of all sections, who writes and how to make it stop ({{sender.name}}, {{opt_out}}); of HTML, which has no front matter, also what is not
 * for mail (html_check.c). 0 or -EINVAL. template_free() frees *OUT. */
int template_parse_source(const struct template_source *source, struct template **out, struct error *error);
/* The same for one that takes in nothing. */
int template_parse(const char *file, const char *text, size_t length, struct template **out, struct error *error);
void template_free(struct template *template);

/* The language that it is in. */
const char *template_language(const struct template *template);

/* Append the rendered subject: one line of at most 200 characters (and an ellipsis, where it was cut there), never empty; CR, LF, NUL and other controls in a value become a
 * blank. */
int template_subject(const struct template *template, const struct value *data, struct buf *out, struct error *error);

/* Append the rendered body: UTF-8 text with LF line ends, wrapped as the template wraps it, apart from lines that values have made too long
 * (wrap.h). */
int template_body(const struct template *template, const struct value *data, struct buf *out, struct error *error);

/* Has it HTML? */
bool template_has_html(const struct template *template);

/* Append the rendered HTML: what stands in a `body`, values escaped, UTF-8 with LF line ends, no control characters. It must have some. */
int template_html(const struct template *template, const struct value *data, struct buf *out, struct error *error);

#endif

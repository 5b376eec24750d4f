/* A notification template: front matter (the headers that it sets) and a Mustache body. Pure, except template_find().
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

/* Parse a template's source. Refused, with FILE:line:column: a missing subject, an unknown front matter key, an unknown variable (the known
 * ones stand in a table in template_variables.c, by section), a partial (a notification freezes this text, so it must be all), a body that
 * does not say who writes or how to make it stop ({{sender.name}}, {{opt_out}}). 0 or -EINVAL. template_free() frees *OUT. */
int template_parse(const char *file, const char *text, size_t length, struct template **out, struct error *error);
void template_free(struct template *template);

/* The language that the front matter names ("en" when it names none). */
const char *template_language(const struct template *template);

/* Append the rendered subject: one line of at most 200 characters (and an ellipsis, where it was cut there), never empty; CR, LF, NUL and other controls in a value become a
 * blank. */
int template_subject(const struct template *template, const struct value *data, struct buf *out, struct error *error);

/* Append the rendered body: UTF-8 text with LF line ends, wrapped as the template wraps it, apart from lines that values have made too long
 * (wrap.h). */
int template_body(const struct template *template, const struct value *data, struct buf *out, struct error *error);

/* Read NAME.txt from the first of DIRECTORIES that has it; NAME is a plain word ([a-z0-9.-]). The source (to be freed by the caller) and
 * its path for messages. 0 or -errno (-ENOENT names the directories). */
int template_find(const char *const *directories, size_t count, const char *name, char **text, char **path,
                  struct error *error);

#endif

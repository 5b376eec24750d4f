/* The templates of some directories, by name and language.
 *
 *     NAME.LANGUAGE.txt         a template; NAME.txt, where the front matter alone says the language
 *     NAME.LANGUAGE.html        the same in HTML, without front matter, of the template with that name beside it, in the same directory: the one in its language, or
 *                               in the one that this is a variety of; NAME.html beside NAME.txt
 *     NAME.LANGUAGE.mustache    what templates of that language take in; NAME.mustache, for languages that have none of their own
 *
 * Of two with the same name and language the one in the earlier directory counts: the administrator's stand before those that Tocsin comes with. LANGUAGE is a tag
 * such as de or de-AT. Other files are left alone. */
#ifndef TOCSIN_TEMPLATES_SET_H
#define TOCSIN_TEMPLATES_SET_H

#include "daemon/base/error.h"
#include "templates/choose.h"

#include <stdbool.h>
#include <stddef.h>

struct template_set;

/* Read and parse them all. What is wrong with a template is found out here, and told by the functions below. Blocks. template_set_free() frees it. */
struct template_set *template_set_read(const char *const *directories, size_t count);
void template_set_free(struct template_set *set);

/* The templates that count, fit or not, with *COUNT of them. Owned by SET. */
const struct template_name *template_set_names(const struct template_set *set, size_t *count);

#define TEMPLATE_SET_BILINGUAL                                                                                         \
    1U /* with the English one of its name (or else of TEMPLATE_GENERIC) for below, unless it is in English */
#define TEMPLATE_SET_HTML                                                                                              \
    2U /* with the HTML beside it; beside both, where there are two, or there is none in the mail */

/* The template at INDEX of those as a notification keeps it (frozen.h), as WANTED: a new string. NULL where it, or what goes with it, is not fit; ERROR says why,
 * FILE:line:column. */
char *template_set_freeze(const struct template_set *set, int index, unsigned wanted, struct error *error);

/* There is none called NAME: say so, and where it was looked for. Returns -ENOENT. */
int template_set_missing(const struct template_set *set, const char *name, struct error *error);

/* Call TELL with all that is wrong, FILE:line:column first: templates that are not fit to be sent, HTML that stands beside none, files that cannot be read, names that are none, a language in the
 * name that the front matter denies, two files for the same. Returns how many. */
typedef void template_tell(void *context, const char *text);
size_t template_set_complain(const struct template_set *set, template_tell *tell, void *context);

/* Call TELL for each template that nothing leads to: Tocsin does not ask for its name, and NAMED (with CONTEXT) says that neither a profile nor any known type of
 * incident does. */
typedef bool template_named(void *context, const char *name);
void template_set_doubt(const struct template_set *set, template_named *named, template_tell *tell, void *context);

#endif

/* Which template a mail is written from. Pure; any thread.
 *
 * By language first, then by what was seen: a mail in one's own language is worth more than one that speaks of just this problem. The languages are those of
 * language_order(); in each of them classification.identifier is tried, then classification.type, then the group that a table in choose.c puts the two
 * in, then `notification`. What is left when there is none in any of the languages: any of the names, in that order, in whichever language. */
#ifndef TOCSIN_TEMPLATES_CHOOSE_H
#define TOCSIN_TEMPLATES_CHOOSE_H

#include "daemon/base/language.h"

#include <stdbool.h>
#include <stddef.h>

#define TEMPLATE_GENERIC "notification"
#define TEMPLATE_REMINDER "reminder" /* about what was told of before */
#define TEMPLATE_RECEIPT "opt-out-receipt"
#define TEMPLATE_AUTO "auto" /* a profile's template: by what was seen */

/* One that there is. */
struct template_name {
    const char *name; /* exposed-git */
    const char *language; /* de */
};

/* What a mail is about. Where several things are in one mail, only what they have in common: NULL where it differs. */
struct template_subject_matter {
    const char *
        reminder; /* of what its reader was told of before: the template for that, which comes before all that follows; NULL: it is none */
    const char *name; /* the template that the profile names; NULL or TEMPLATE_AUTO: by the following */
    const char *identifier, *type; /* classification.identifier, classification.type */
    const char *group; /* template_group() of them */
};

/* The name of the template for the kind of problem that TYPE and IDENTIFIER (each may be NULL) are, or NULL. */
const char *template_group(const char *type, const char *identifier);

/* Is NAME one that a group leads to, or that Tocsin itself asks for? */
bool template_is_asked_for(const char *name);

/* The index of the one of COUNT templates to take, or -1 where none is called so. */
int template_choose(const struct template_name *templates, size_t count, const struct template_subject_matter *matter,
                    const struct language_clues *clues);

#endif

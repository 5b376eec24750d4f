/* What a mail's words come from, frozen: one text that holds its template in the recipient's language, where wanted the one in English for below, and
 * all that these take in. The store keeps it by its hash. A plain template is such a text, too. Pure; any thread. */
#ifndef TOCSIN_TEMPLATES_FROZEN_H
#define TOCSIN_TEMPLATES_FROZEN_H

#include "templates/template.h"

#define FROZEN_LANGUAGES 2 /* in one mail */

struct frozen {
    struct template
        *texts[FROZEN_LANGUAGES]; /* in the order in which they stand in the mail; the first has the subject */
    size_t count;
};

/* COUNT sources as one text, with those of their partials that they take in. A new string. The sources have been parsed without complaint. */
char *frozen_write(const struct template_source *texts, size_t count);

/* Parse what frozen_write() wrote, or a plain template. 0 or -EINVAL. frozen_clear() frees what is in OUT. */
int frozen_parse(const char *text, struct frozen *out, struct error *error);
void frozen_clear(struct frozen *frozen);

#endif

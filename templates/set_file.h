/* One file of a set of templates. For templates/ alone. */
#ifndef TOCSIN_TEMPLATES_SET_FILE_H
#define TOCSIN_TEMPLATES_SET_FILE_H

#include "daemon/base/error.h"
#include "daemon/base/language.h"

#include <stdbool.h>
#include <stddef.h>

enum set_kind { SET_TEMPLATE, SET_PARTIAL, SET_HTML };

struct set_file {
    enum set_kind kind;
    char *path;
    char *name; /* NULL: its file name is none */
    char language[LANGUAGE_SIZE]; /* "": not known, or of HTML: that of the template beside it */
    bool has_language; /* in its file name */
    char *text; /* NULL: it could not be read */
    char *wrong; /* what is wrong with it, or NULL */
};

/* Append what DIRECTORY holds to *FILES (*COUNT so far), in the order of the names. One that is not there holds nothing; one that cannot be read is told of as a
 * file that cannot. */
void set_files_read(const char *directory, struct set_file **files, size_t *count);
void set_files_free(struct set_file *files, size_t count);

/* The language of the template FILE: that of its name, which the front matter must not deny, or of its front matter ("en" when that names none). 0 or -EINVAL. */
int set_file_language(const struct set_file *file, char out[static LANGUAGE_SIZE], struct error *error);

#endif

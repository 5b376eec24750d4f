/* Long lines. Pure. */
#ifndef TOCSIN_TEMPLATES_WRAP_H
#define TOCSIN_TEMPLATES_WRAP_H

#include "daemon/base/buf.h"

/* Append TEXT (UTF-8, LF line ends), with lines that are wider than 76 columns (width.h) broken at blanks, at 72.
 *
 * What a line of prose loses goes to the beginning of the next line of its paragraph, so that a long value does not leave a short
 * line behind it; the rest of the paragraph stays as it is. Prose is what begins in the first column, or behind a list mark (`-`, `*`, `1.`)
 * and is indented under its text. Any other indented line is broken by itself, and goes on two columns further in. Words are never broken. */
void wrap_lines(struct buf *out, const char *text, size_t length);

#endif

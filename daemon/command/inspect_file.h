/* What the kinds of `tocsin inspect` have in common that read a file whole: one JSON object a line for each FILE. */
#ifndef TOCSIN_COMMAND_INSPECT_FILE_H
#define TOCSIN_COMMAND_INSPECT_FILE_H

#include <jansson.h>
#include <stddef.h>

/* Say in OBJECT, which has "file" already, what the LENGTH bytes at DATA (a NUL behind them) mean. */
typedef void inspect_describe(void *context, json_t *object, const char *data, size_t length);

/* Print what each of the COUNT files at PATHS says. Returns the exit code: 0, 66 when one could not be read (the others are printed all the same). */
int inspect_files(char **paths, int count, inspect_describe *describe, void *context);

/* A string from outside, whatever its bytes: JSON wants UTF-8, so bytes that are none become `?`. */
json_t *inspect_text(const char *text);

#endif

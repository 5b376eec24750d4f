/* A fuzz target is one file beside this one, fuzz_NAME.c, that defines the two functions below; its seeds stand in seeds/NAME/.
 *
 * `make fuzz` links it with libFuzzer (libfuzzer.c). `make check` links it with replay.c instead, which runs every seed through it, so that
 * what once crashed never does again. Everything runs from the top of the tree. To add a target: the file, at least one seed, nothing else. */
#ifndef TOCSIN_TESTS_FUZZ_FUZZ_H
#define TOCSIN_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Called once, before the first input. */
void fuzz_start(void);

/* Take one input of LENGTH bytes, in a block of exactly that size: no NUL behind it. */
void fuzz_one(const char *data, size_t length);

/* A promise that the code under test makes. */
#define FUZZ_MUST(condition)                                                                                           \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);                                    \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* An input that has several parts has a line `%%` between them. Cuts the first part off the *LENGTH bytes at *DATA, which become the rest; a new
 * string, NUL-terminated, of *PART_LENGTH bytes; empty when nothing is left. */
static inline char *fuzz_part(const char **data, size_t *length, size_t *part_length)
{
    static const char mark[] = "\n%%\n";
    const char *end = *length ? memmem(*data, *length, mark, sizeof mark - 1) : NULL;
    size_t size = end ? (size_t)(end - *data) : *length, used = end ? size + sizeof mark - 1 : size;
    char *part = malloc(size + 1);
    FUZZ_MUST(part);
    if (size)
        memcpy(part, *data, size);
    part[size] = '\0';
    *data += used;
    *length -= used;
    *part_length = size;
    return part;
}

#endif

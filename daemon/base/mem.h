/* Allocation that does not fail: out of memory ends the process.
 *
 * Ending is safe because everything that matters is on disk before anyone acts on it: an abort is a `kill -9`,
 * which the crash test covers. Sizes that a stranger controls are limited before they get here. Any thread. */
#ifndef TOCSIN_BASE_MEM_H
#define TOCSIN_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size) __attribute__((returns_nonnull)); /* uninitialised */
void *mem_zero(size_t count, size_t size)
    __attribute__((returns_nonnull)); /* zeroed; aborts when the product overflows */
void *mem_resize(void *block, size_t count, size_t size) __attribute__((returns_nonnull)); /* like reallocarray */
char *mem_string(const char *text); /* a copy; NULL stays NULL */
char *mem_string_n(const char *text, size_t length)
    __attribute__((returns_nonnull)); /* a copy of LENGTH bytes, with a NUL after them */
char *mem_format(const char *format, ...)
    __attribute__((returns_nonnull, format(printf, 1, 2))); /* a new string, printf style */

/* The same for what libuv, jansson and c-ares allocate: they would return an error that stands for lost data where nobody expects one. First thing in main().
 * (GLib ends the process by itself; SQLite's want of memory is a fault of the store that passes.) 0, or a negative errno. */
int mem_guard_libraries(void);

#endif

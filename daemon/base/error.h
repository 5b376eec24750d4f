/* A message for a person, beside the negative errno that a function returns.
 *
 * Every function of Tocsin that can fail returns 0 or a negative errno-style code. Where a person will read why, it also takes a
 * struct error; the text says what went wrong, where, and what to do, and has no line end. Nothing below main() prints or exits. */
#ifndef TOCSIN_BASE_ERROR_H
#define TOCSIN_BASE_ERROR_H

struct error {
    /* Short enough that what holds one stays under the 1,032 bytes that glibc allocates without a lock. */
    char text[768];
};

/* Set ERROR's text (cut to fit; ERROR may be NULL) and return CODE, so that `return error_set(e, -EINVAL, "…")` is one line. */
int error_set(struct error *error, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
#ifdef __clang_analyzer__ /* It reads one file at a time, and must be told that CODE is what comes back. */
#define error_set(error, code, ...) ((error_set)(error, code, __VA_ARGS__), (code))
#endif

#endif

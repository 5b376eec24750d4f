/* A growing byte buffer. Its data always ends in a NUL that `length` does not count. One thread at a time. */
#ifndef TOCSIN_BASE_BUF_H
#define TOCSIN_BASE_BUF_H

#include <stddef.h>

struct buf {
    char *data; /* never NULL after the first buf_* call; owned by the buffer */
    size_t length, capacity;
};

#define BUF_EMPTY                                                                                                      \
    {                                                                                                                  \
        NULL, 0, 0                                                                                                     \
    }

void buf_add(struct buf *buf, const void *data, size_t length);
void buf_add_string(struct buf *buf, const char *text);
void buf_add_char(struct buf *buf, char byte);
void buf_add_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_reserve(struct buf *buf, size_t more); /* room for MORE further bytes without another allocation */
void buf_truncate(struct buf *buf, size_t length); /* shorten to LENGTH; keeps the memory */
char *buf_take(struct buf *buf); /* the string, now the caller's to free(); the buffer is empty again */
void buf_free(struct buf *buf); /* frees the memory; the buffer may be used again */

#endif

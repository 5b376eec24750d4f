#include "daemon/base/buf.h"

#include "daemon/base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT_USUAL 64 /* bytes that most formatted texts fit into */

void buf_reserve(struct buf *buf, size_t more)
{
    size_t need = buf->length + more + 1;
    if (need <= buf->capacity)
        return;
    size_t capacity = buf->capacity ? buf->capacity : 64;
    while (capacity < need)
        capacity *= 2;
    buf->data = mem_resize(buf->data, capacity, 1);
    buf->capacity = capacity;
    buf->data[buf->length] = '\0';
}

void buf_add(struct buf *buf, const void *data, size_t length)
{
    buf_reserve(buf, length);
    if (length)
        memcpy(buf->data + buf->length, data, length);
    buf->length += length;
    buf->data[buf->length] = '\0';
}

void buf_add_string(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_add_char(struct buf *buf, char byte)
{
    buf_reserve(buf, 1);
    buf->data[buf->length++] = byte;
    buf->data[buf->length] = '\0';
}

void buf_add_format(struct buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    buf_reserve(buf, FORMAT_USUAL);
    int length = vsnprintf(buf->data + buf->length, buf->capacity - buf->length, format, args);
    va_end(args);
    if (length > 0 && (size_t)length >= buf->capacity - buf->length) {
        buf_reserve(buf, (size_t)length);
        vsnprintf(buf->data + buf->length, (size_t)length + 1, format, again);
    }
    buf->length += length > 0 ? (size_t)length : 0;
    buf->data[buf->length] = '\0';
    va_end(again);
}

void buf_truncate(struct buf *buf, size_t length)
{
    buf_reserve(buf, 0);
    if (length < buf->length)
        buf->length = length;
    buf->data[buf->length] = '\0';
}

char *buf_take(struct buf *buf)
{
    buf_reserve(buf, 0);
    char *data = buf->data;
    *buf = (struct buf)BUF_EMPTY;
    return data;
}

void buf_free(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf)BUF_EMPTY;
}

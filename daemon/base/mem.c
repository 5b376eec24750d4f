#include "daemon/base/mem.h"

#include <ares.h>
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

static void *checked(void *block)
{
    if (!block) {
        static const char message[] = "tocsin: out of memory; ending at once (nothing committed is lost)\n";
        ssize_t ignored = write(STDERR_FILENO, message, sizeof message - 1);
        (void)ignored;
        abort();
    }
    return block;
}

void *mem_alloc(size_t size)
{
    return checked(malloc(size ? size : 1));
}

void *mem_zero(size_t count, size_t size)
{
    return checked(calloc(count ? count : 1, size ? size : 1));
}

void *mem_resize(void *block, size_t count, size_t size)
{
    return checked(reallocarray(block, count ? count : 1, size ? size : 1));
}

char *mem_string(const char *text)
{
    return text ? checked(strdup(text)) : NULL;
}

char *mem_string_n(const char *text, size_t length)
{
    char *copy = mem_alloc(length + 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *mem_format(const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    return checked(length < 0 ? NULL : text);
}

static void *resize(void *block, size_t size)
{
    return mem_resize(block, size, 1);
}

int mem_guard_libraries(void)
{
    json_set_alloc_funcs(mem_alloc, free);
    int status = uv_replace_allocator(mem_alloc, resize, mem_zero, free);
    return !status && ares_library_init_mem(ARES_LIB_INIT_ALL, mem_alloc, free, resize) ? -EIO : status;
}

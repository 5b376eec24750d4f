#include "daemon/base/base64.h"

#include "daemon/base/mem.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

char *base64_encode(const void *data, size_t length)
{
    char *text = mem_alloc((length + 2) / 3 * 4 + 1);
    EVP_EncodeBlock((unsigned char *)text, data, (int)length);
    return text;
}

char *base64_decode(const char *text, size_t *length)
{
    size_t in = strlen(text);
    if (in % 4 || in > INT_MAX / 2)
        return NULL;
    char *data = mem_alloc(in / 4 * 3 + 1);
    int out = EVP_DecodeBlock((unsigned char *)data, (const unsigned char *)text, (int)in);
    if (out < 0) {
        free(data);
        return NULL;
    }
    /* OpenSSL counts the padding as bytes. */
    size_t padding = in && text[in - 1] == '=' ? (text[in - 2] == '=' ? 2 : 1) : 0;
    *length = (size_t)out - padding;
    data[*length] = '\0';
    return data;
}

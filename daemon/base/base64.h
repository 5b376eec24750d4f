/* Base64 (RFC 4648 §4), by OpenSSL. Pure; any thread. */
#ifndef TOCSIN_BASE_BASE64_H
#define TOCSIN_BASE_BASE64_H

#include <stddef.h>

/* A new string, one line. */
char *base64_encode(const void *data, size_t length);
/* New bytes (with a NUL after them); NULL when TEXT is not base64. */
char *base64_decode(const char *text, size_t *length);

#endif

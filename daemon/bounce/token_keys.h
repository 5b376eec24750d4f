/* What token_keys.c (the key file) and token.c (the arithmetic) share; nobody else includes it. */
#ifndef TOCSIN_BOUNCE_TOKEN_KEYS_H
#define TOCSIN_BOUNCE_TOKEN_KEYS_H

#include "daemon/bounce/token.h"

#include <openssl/evp.h>

#define TOKEN_KEY_MAX_ID 255 /* a token gives the id one byte */

struct token_key {
    unsigned id; /* from 1 */
    enum token_purpose purpose;
    EVP_MAC_CTX *mac; /* keyed once; each computation works on a duplicate, so threads may share it */
};

struct token_keys {
    struct token_key *items;
    size_t count;
};

#endif

/* VERP and opt-out tokens. Pure (time is an argument), except the key file; keys are never changed once loaded, so
 * threads may share them. */
#ifndef TOCSIN_BOUNCE_TOKEN_H
#define TOCSIN_BOUNCE_TOKEN_H

#include "daemon/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct token_keys;

enum token_purpose {
    TOKEN_BOUNCE, /* verifies for TOKEN_BOUNCE_DAYS after its notification's date */
    TOKEN_OPT_OUT, /* verifies for ever; another key */
    TOKEN_PROOF, /* as TOKEN_BOUNCE, for a proof's number: with its keys, but neither verifies as the other */
};

#define TOKEN_BOUNCE_DAYS 90
#define TOKEN_SIZE 64 /* any token fits, with its NUL */

/* Read the key file at PATH (one `ID PURPOSE HEX` a line, PURPOSE bounce or opt-out; the highest ID of a purpose is used for new tokens). When it does not exist and CREATE, make one
 * with fresh random keys, mode 0600, durably. 0 or -errno; a file that others can read is refused with -EPERM. */
int token_keys_load(const char *path, bool create, struct token_keys **out, struct error *error);
void token_keys_free(struct token_keys *keys);

/* The id that new tokens are made under: the highest in the file, of either purpose. A new key takes an id above all that are there. */
unsigned token_keys_current(const struct token_keys *keys);

/* Make the token of NOTIFICATION, composed at DATE under key KEY_ID: lower-case base32 of the key id, the number, the date's day and a truncated
 * HMAC-SHA-256 (88 bits). Where PURPOSE has no key KEY_ID because only the other was rotated then, it is made with the next lower one. -ENOENT
 * when the key is gone, -ERANGE when the number or the date does not fit. */
int token_make(const struct token_keys *keys, enum token_purpose purpose, unsigned key_id, int64_t notification,
               int64_t date, char out[TOKEN_SIZE]);

/* Verify LENGTH bytes, in any case. 0 and the notification's number; -EINVAL: forged or mangled (too short, too long, a wrong letter, a wrong HMAC, an
 * unknown key); -ESTALE: ours, but over its age at NOW. Compares in constant time. */
int token_verify(const struct token_keys *keys, enum token_purpose purpose, const char *text, size_t length,
                 int64_t now, int64_t *notification);

/* Insert TOKEN into MAILBOX: bounce@tocsin.example becomes bounce+TOKEN@tocsin.example; a new string. */
char *token_address(const char *mailbox, const char *token);

/* The token in ADDRESS when ADDRESS is MAILBOX with a `+TOKEN`, compared without case; NULL when it is another address, "" when it is the bare
 * mailbox. A pointer into ADDRESS; *LENGTH is the token's. */
const char *token_in_address(const char *mailbox, const char *address, size_t *length);

#endif

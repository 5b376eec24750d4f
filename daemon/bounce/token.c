/* What a token says, 20 bytes that make 32 letters with no bit to spare (so that each token has one spelling only):
 *
 *     key id 1 | days since 1970 2 | notification number 6 | HMAC-SHA-256, its first 11 bytes (88 bits)
 *
 * The HMAC covers the purpose and the nine bytes before it. With `bounce+` the local part is 39 letters long, well under SMTP's 64. */
#include "daemon/bounce/token.h"

#include "daemon/base/mem.h"
#include "daemon/bounce/token_keys.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>
#include <strings.h>

#define SAID_BYTES 9
#define MAC_BYTES 11
#define TOKEN_BYTES (SAID_BYTES + MAC_BYTES)
#define TOKEN_LETTERS (TOKEN_BYTES * 8 / 5)
#define NUMBER_MAX ((INT64_C(1) << 48) - 1)
#define SECONDS_A_DAY 86400

_Static_assert(TOKEN_BYTES % 5 == 0, "no padding bits, which a forger could turn");
_Static_assert(TOKEN_LETTERS < TOKEN_SIZE, "a token fits");

static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567"; /* RFC 4648 §6, lower case */

static void base32_write(const unsigned char bytes[TOKEN_BYTES], char out[TOKEN_LETTERS + 1])
{
    for (size_t group = 0; group < TOKEN_BYTES / 5; group++) {
        uint64_t bits = 0;
        for (size_t i = 0; i < 5; i++)
            bits = bits << 8 | bytes[group * 5 + i];
        for (size_t i = 0; i < 8; i++)
            out[group * 8 + i] = letters[bits >> (35 - 5 * i) & 31];
    }
    out[TOKEN_LETTERS] = '\0';
}

static int letter_value(char letter)
{
    if (letter >= '2' && letter <= '7')
        return letter - '2' + 26;
    if (letter >= 'A' && letter <= 'Z')
        return letter - 'A';
    return letter >= 'a' && letter <= 'z' ? letter - 'a' : -1;
}

static bool base32_read(const char *text, unsigned char out[TOKEN_BYTES])
{
    for (size_t group = 0; group < TOKEN_BYTES / 5; group++) {
        uint64_t bits = 0;
        for (size_t i = 0; i < 8; i++) {
            int value = letter_value(text[group * 8 + i]);
            if (value < 0)
                return false;
            bits = bits << 5 | (uint64_t)value;
        }
        for (size_t i = 0; i < 5; i++)
            out[group * 5 + i] = (unsigned char)(bits >> (32 - 8 * i));
    }
    return true;
}

/* Whose keys PURPOSE uses: what the HMAC covers keeps purposes apart that share them. */
static enum token_purpose keys_for(enum token_purpose purpose)
{
    return purpose == TOKEN_PROOF ? TOKEN_BOUNCE : purpose;
}

/* The truncated HMAC of what the token SAID for its PURPOSE. */
static int mac_compute(const struct token_key *key, enum token_purpose purpose, const unsigned char said[SAID_BYTES],
                       unsigned char out[MAC_BYTES])
{
    unsigned char input[1 + SAID_BYTES] = { (unsigned char)purpose }, full[32];
    memcpy(input + 1, said, SAID_BYTES);
    EVP_MAC_CTX *mac = EVP_MAC_CTX_dup(key->mac);
    size_t length = 0;
    bool done = mac && EVP_MAC_update(mac, input, sizeof input) && EVP_MAC_final(mac, full, &length, sizeof full) &&
                length == sizeof full;
    EVP_MAC_CTX_free(mac);
    if (!done)
        return -EIO;
    memcpy(out, full, MAC_BYTES);
    return 0;
}

/* The key of PURPOSE with the highest id up to LIMIT. */
static const struct token_key *newest(const struct token_keys *keys, enum token_purpose purpose, unsigned limit)
{
    const struct token_key *best = NULL;
    for (size_t i = 0; i < keys->count; i++) {
        const struct token_key *key = &keys->items[i];
        if (key->purpose == keys_for(purpose) && key->id <= limit && (!best || key->id > best->id))
            best = key;
    }
    return best;
}

/* Was KEY_ID ever current, for either purpose? */
static bool known(const struct token_keys *keys, unsigned key_id)
{
    for (size_t i = 0; i < keys->count; i++)
        if (keys->items[i].id == key_id)
            return true;
    return false;
}

unsigned token_keys_current(const struct token_keys *keys)
{
    unsigned id = 0;
    for (size_t i = 0; i < keys->count; i++)
        if (keys->items[i].id > id)
            id = keys->items[i].id;
    return id;
}

int token_make(const struct token_keys *keys, enum token_purpose purpose, unsigned key_id, int64_t notification,
               int64_t date, char out[TOKEN_SIZE])
{
    const struct token_key *key = known(keys, key_id) ? newest(keys, purpose, key_id) : NULL;
    if (!key)
        return -ENOENT;
    int64_t day = date / SECONDS_A_DAY;
    if (notification < 0 || notification > NUMBER_MAX || date < 0 || day > UINT16_MAX)
        return -ERANGE;
    unsigned char bytes[TOKEN_BYTES] = { (unsigned char)key->id, (unsigned char)(day >> 8), (unsigned char)day };
    for (int i = 0; i < 6; i++)
        bytes[3 + i] = (unsigned char)(notification >> (40 - 8 * i));
    int code = mac_compute(key, purpose, bytes, bytes + SAID_BYTES);
    if (!code)
        base32_write(bytes, out);
    return code;
}

int token_verify(const struct token_keys *keys, enum token_purpose purpose, const char *text, size_t length,
                 int64_t now, int64_t *notification)
{
    unsigned char bytes[TOKEN_BYTES], mac[MAC_BYTES];
    if (length != TOKEN_LETTERS || !base32_read(text, bytes))
        return -EINVAL;
    const struct token_key *key = newest(keys, purpose, bytes[0]);
    if (!key || key->id != bytes[0])
        return -EINVAL;
    if (mac_compute(key, purpose, bytes, mac) || CRYPTO_memcmp(mac, bytes + SAID_BYTES, MAC_BYTES) != 0)
        return -EINVAL;
    int64_t day = (int64_t)bytes[1] << 8 | bytes[2];
    if (purpose != TOKEN_OPT_OUT && now / SECONDS_A_DAY - day > TOKEN_BOUNCE_DAYS)
        return -ESTALE;
    int64_t number = 0;
    for (size_t i = 3; i < SAID_BYTES; i++)
        number = number << 8 | bytes[i];
    *notification = number;
    return 0;
}

char *token_address(const char *mailbox, const char *token)
{
    const char *at = strrchr(mailbox, '@');
    size_t local = at ? (size_t)(at - mailbox) : strlen(mailbox);
    size_t given = strlen(token), rest = strlen(mailbox + local) + 1;
    char *address = mem_alloc(local + 1 + given + rest), *end = mempcpy(address, mailbox, local);
    *end++ = '+';
    end = mempcpy(end, token, given);
    memcpy(end, mailbox + local, rest);
    return address;
}

const char *token_in_address(const char *mailbox, const char *address, size_t *length)
{
    *length = 0;
    const char *mailbox_at = strrchr(mailbox, '@'), *at = strrchr(address, '@');
    if (!mailbox_at || !at || strcasecmp(mailbox_at, at) != 0)
        return NULL;
    size_t local = (size_t)(mailbox_at - mailbox), given = (size_t)(at - address);
    if (given < local || strncasecmp(mailbox, address, local) != 0)
        return NULL;
    if (given == local)
        return address + strlen(address);
    if (address[local] != '+')
        return NULL;
    *length = given - local - 1;
    return *length ? address + local + 1 : address + strlen(address);
}

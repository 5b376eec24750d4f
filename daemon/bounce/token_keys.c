/* The key file: read it, or make it so that it is either wholly there or not at all. */
#include "daemon/bounce/token_keys.h"

#include "daemon/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_BYTES 32 /* SHA-256's output: more adds nothing, less weakens the HMAC (RFC 2104 §3) */
#define FILE_MAX 65536 /* 255 keys of both purposes with comments fit twice over */

static const char *const purpose_names[] = { [TOKEN_BOUNCE] = "bounce", [TOKEN_OPT_OUT] = "opt-out" };
#define PURPOSE_COUNT (sizeof purpose_names / sizeof *purpose_names)

static EVP_MAC_CTX *mac_new(const unsigned char key[KEY_BYTES])
{
    char digest[] = "SHA256";
    OSSL_PARAM parameters[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                OSSL_PARAM_construct_end() };
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    EVP_MAC_free(hmac);
    if (context && !EVP_MAC_init(context, key, KEY_BYTES, parameters)) {
        EVP_MAC_CTX_free(context);
        context = NULL;
    }
    return context;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool hex_read(const char *text, unsigned char out[KEY_BYTES])
{
    if (strlen(text) != 2 * KEY_BYTES)
        return false;
    for (size_t i = 0; i < KEY_BYTES; i++) {
        int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static bool id_read(const char *text, unsigned *out)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    *out = (unsigned)value;
    return *text >= '1' && *text <= '9' && !*end && value <= TOKEN_KEY_MAX_ID;
}

static bool has_key(const struct token_keys *keys, enum token_purpose purpose, unsigned id)
{
    for (size_t i = 0; i < keys->count; i++)
        if (keys->items[i].purpose == purpose && (!id || keys->items[i].id == id))
            return true;
    return false;
}

/* Take one `ID PURPOSE HEX` line. No message ever shows the line: it is secret. */
static int line_read(struct token_keys *keys, char *line, const char *path, unsigned number, struct error *error)
{
    char *rest = NULL, *words[4] = { NULL };
    for (size_t i = 0; i < 4; i++)
        words[i] = strtok_r(i ? NULL : line, " \t\r", &rest);
    if (!words[0] || *words[0] == '#')
        return 0;
    unsigned id;
    unsigned char key[KEY_BYTES];
    size_t purpose = 0;
    while (words[1] && purpose < PURPOSE_COUNT && strcmp(words[1], purpose_names[purpose]) != 0)
        purpose++;
    if (!words[1] || !words[2] || words[3] || !id_read(words[0], &id) || purpose == PURPOSE_COUNT)
        return error_set(error, -EINVAL, "%s:%u: not `ID PURPOSE HEX` (1 to %d; bounce or opt-out; %d hex digits)",
                         path, number, TOKEN_KEY_MAX_ID, 2 * KEY_BYTES);
    if (has_key(keys, (enum token_purpose)purpose, id))
        return error_set(error, -EINVAL, "%s:%u: there is a %s key %u already", path, number, words[1], id);
    if (!hex_read(words[2], key))
        return error_set(error, -EINVAL, "%s:%u: the key is not %d hex digits", path, number, 2 * KEY_BYTES);
    EVP_MAC_CTX *mac = mac_new(key);
    OPENSSL_cleanse(key, sizeof key);
    if (!mac)
        return error_set(error, -EIO, "OpenSSL gives no HMAC-SHA-256");
    keys->items = mem_resize(keys->items, keys->count + 1, sizeof *keys->items);
    keys->items[keys->count++] = (struct token_key){ .id = id, .purpose = (enum token_purpose)purpose, .mac = mac };
    return 0;
}

static int text_read(struct token_keys *keys, char *text, const char *path, struct error *error)
{
    unsigned number = 0;
    for (char *line = text, *end; line; line = end) {
        end = strchr(line, '\n');
        if (end)
            *end++ = '\0';
        int code = line_read(keys, line, path, ++number, error);
        if (code)
            return code;
    }
    for (size_t i = 0; i < PURPOSE_COUNT; i++)
        if (!has_key(keys, (enum token_purpose)i, 0))
            return error_set(error, -EINVAL, "%s: holds no %s key", path, purpose_names[i]);
    return 0;
}

/* The whole of the open file FD as a string of *LENGTH bytes in TEXT. */
static int file_read(int fd, char text[FILE_MAX], size_t *length, const char *path, struct error *error)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_set(error, -errno, "%s: %m", path);
    if (!S_ISREG(status.st_mode))
        return error_set(error, -EINVAL, "%s: not a plain file", path);
    if (status.st_mode & (S_IRWXG | S_IRWXO))
        return error_set(error, -EPERM,
                         "%s: others than its owner may use it (mode %04o); `chmod 600` it, and make new keys if "
                         "anyone may have read it",
                         path, (unsigned)status.st_mode & 07777U);
    for (*length = 0;;) {
        ssize_t got = read(fd, text + *length, FILE_MAX - *length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set(error, -errno, "%s: %m", path);
        if (got == 0)
            break;
        *length += (size_t)got;
        if (*length == FILE_MAX)
            return error_set(error, -EFBIG, "%s: over %d bytes: not a key file", path, FILE_MAX);
    }
    text[*length] = '\0';
    if (strlen(text) != *length)
        return error_set(error, -EINVAL, "%s: holds a NUL: not a key file", path);
    return 0;
}

static int write_all(int fd, const char *text, size_t length)
{
    while (length) {
        ssize_t done = write(fd, text, length);
        if (done < 0 && errno != EINTR)
            return -errno;
        if (done > 0) {
            text += done;
            length -= (size_t)done;
        }
    }
    return 0;
}

/* A file text with one fresh key a purpose. */
static int fresh_text(char *out, size_t size)
{
    int length =
        snprintf(out, size,
                 "# Tocsin's token keys: ID PURPOSE KEY. To rotate, add lines with a higher ID and keep the old ones:\n"
                 "# a bounce key for 90 days, an opt-out key for ever.\n");
    for (size_t i = 0; i < PURPOSE_COUNT; i++) {
        unsigned char key[KEY_BYTES];
        if (RAND_bytes(key, sizeof key) != 1)
            return -EIO;
        length += snprintf(out + length, size - (size_t)length, "1 %s ", purpose_names[i]);
        for (size_t j = 0; j < sizeof key; j++)
            length += snprintf(out + length, size - (size_t)length, "%02x", key[j]);
        length += snprintf(out + length, size - (size_t)length, "\n");
        OPENSSL_cleanse(key, sizeof key);
    }
    return length;
}

static int directory_sync(const char *path)
{
    char *copy = mem_string(path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    if (fd < 0)
        return -errno;
    int code = fsync(fd) < 0 ? -errno : 0;
    close(fd);
    return code;
}

/* Make PATH with fresh keys. The whole file is on disk under a name of its own before it gets the real one, and the real one is given by
 * link(), which, unlike rename(), never replaces: of two processes that start at once, one wins and the other reads the winner's keys. The
 * directory is synced by the loser too, lest it use keys that a power cut takes back. */
static int file_make(const char *path, struct error *error)
{
    char text[1024];
    char *temporary = mem_format("%s.XXXXXX", path);
    int code, fd = -1, length = fresh_text(text, sizeof text);
    if (length < 0) {
        code = error_set(error, length, "OpenSSL gives no random bytes");
        goto done;
    }
    fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
    if (fd < 0) {
        code = error_set(error, -errno, "%s: cannot be made: %m", path);
        goto done;
    }
    code = write_all(fd, text, (size_t)length);
    if (!code && fsync(fd) < 0)
        code = -errno;
    if (!code && link(temporary, path) < 0 && errno != EEXIST)
        code = -errno;
    unlink(temporary);
    if (!code)
        code = directory_sync(path);
    if (code)
        error_set(error, code, "%s: cannot be made: %s", path, strerror(-code));
done:
    if (fd >= 0)
        close(fd);
    OPENSSL_cleanse(text, sizeof text);
    free(temporary);
    return code;
}

int token_keys_load(const char *path, bool create, struct token_keys **out, struct error *error)
{
    *out = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT && create) {
        int code = file_make(path, error);
        if (code)
            return code;
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    }
    if (fd < 0)
        return error_set(error, -errno, "%s: %m", path);
    char *text = mem_alloc(FILE_MAX);
    size_t length = 0;
    struct token_keys *keys = mem_zero(1, sizeof *keys);
    int code = file_read(fd, text, &length, path, error);
    if (!code)
        code = text_read(keys, text, path, error);
    OPENSSL_cleanse(text, FILE_MAX);
    free(text);
    close(fd);
    if (code) {
        token_keys_free(keys);
        return code;
    }
    *out = keys;
    return 0;
}

void token_keys_free(struct token_keys *keys)
{
    if (!keys)
        return;
    for (size_t i = 0; i < keys->count; i++)
        EVP_MAC_CTX_free(keys->items[i].mac); /* wipes the key */
    free(keys->items);
    free(keys);
}

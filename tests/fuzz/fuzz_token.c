/* Tokens, and addresses that carry them: `MAILBOX\n%%\nADDRESS\n%%\nTOKEN`, and a key file. What we did not make does not verify. */
#include "daemon/bounce/token.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW INT64_C(1795435200)

static struct token_keys *keys;

/* The key file's parser reads a file, which need not be on a disk. */
static int load(const char *text, size_t length, struct token_keys **out)
{
    char path[64];
    struct error error = { "" };
    int fd = memfd_create("keys", MFD_CLOEXEC);
    FUZZ_MUST(fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, text, length) == (ssize_t)length);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int code = token_keys_load(path, false, out, &error);
    FUZZ_MUST(!code == !*error.text);
    close(fd);
    return code;
}

void fuzz_start(void)
{
    static const char text[] = "1 bounce 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
                               "1 opt-out f0f1f2f3f4f5f6f7f8f9fafbfcfdfeffe0e1e2e3e4e5e6e7e8e9eaebecedeeef\n";
    FUZZ_MUST(load(text, sizeof text - 1, &keys) == 0);
}

static void check_verify(const char *text, size_t length)
{
    for (int purpose = TOKEN_BOUNCE; purpose <= TOKEN_OPT_OUT; purpose++) {
        int64_t number = 0;
        int code = token_verify(keys, (enum token_purpose)purpose, text, length, NOW, &number);
        FUZZ_MUST(code == 0 || code == -EINVAL || code == -ESTALE);
        FUZZ_MUST(code == -EINVAL || number >= 0);
    }
}

/* A token of ours with one letter changed is none of ours. */
static void check_change(const char *text, size_t length)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    char token[TOKEN_SIZE];
    int64_t number = 0, found;
    memcpy(&number, text, length < 6 ? length : 6);
    FUZZ_MUST(token_make(keys, TOKEN_BOUNCE, 1, number, NOW, token) == 0);
    size_t size = strlen(token);
    FUZZ_MUST(token_verify(keys, TOKEN_BOUNCE, token, size, NOW, &found) == 0 && found == number);
    FUZZ_MUST(token_verify(keys, TOKEN_OPT_OUT, token, size, NOW, &found) == -EINVAL);
    if (length < 8)
        return;
    char *letter = &token[(unsigned char)text[6] % size], before = *letter;
    *letter = letters[(unsigned char)text[7] % 32];
    FUZZ_MUST(token_verify(keys, TOKEN_BOUNCE, token, size, NOW, &found) == (*letter == before ? 0 : -EINVAL));
}

static void check_address(const char *mailbox, const char *address)
{
    size_t length = 0;
    const char *token = token_in_address(mailbox, address, &length);
    FUZZ_MUST(!token || (token >= address && token + length <= address + strlen(address)));
    if (!length)
        return;
    char *copy = strndup(token, length), *made = token_address(mailbox, copy);
    FUZZ_MUST(strcasecmp(made, address) == 0);
    free(copy);
    free(made);
}

void fuzz_one(const char *data, size_t length)
{
    size_t mailbox_length, address_length, token_length, file_length;
    char *mailbox = fuzz_part(&data, &length, &mailbox_length), *address = fuzz_part(&data, &length, &address_length),
         *token = fuzz_part(&data, &length, &token_length), *file = fuzz_part(&data, &length, &file_length);
    struct token_keys *others = NULL;
    check_verify(token, token_length);
    check_change(token, token_length);
    if (strchr(mailbox, '@')) /* the configuration's, checked there */
        check_address(mailbox, address);
    if (load(file, file_length, &others) == 0)
        FUZZ_MUST(token_keys_current(others) >= 1);
    token_keys_free(others);
    free(mailbox);
    free(address);
    free(token);
    free(file);
}

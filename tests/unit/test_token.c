/* Tokens: what verifies, what does not, and the file that their keys live in. */
#include "daemon/bounce/token.h"

#include "daemon/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DAY INT64_C(86400)
#define DATE INT64_C(1795392000) /* midnight of some day in 2026 */

#define KEY_A "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY_B "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeffe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
#define KEY_C "0f0e0d0c0b0a090807060504030201000f0e0d0c0b0a09080706050403020100"
#define ONE_KEY "1 bounce " KEY_A "\n1 opt-out " KEY_B "\n"
#define TWO_KEYS "# rotated\n\n" ONE_KEY "2 bounce " KEY_B "\n2 opt-out " KEY_A "\n"

static char directory[64], path[128];

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/tocsin-token-XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/keys", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory); /* fails when a temporary file was left behind */
}

static void write_keys_mode(const char *text, size_t length, mode_t mode)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(write(fd, text, length), (ssize_t)length);
    close(fd);
}

static struct token_keys *load(const char *text)
{
    struct token_keys *keys = NULL;
    struct error error = { "" };
    write_keys_mode(text, strlen(text), 0600);
    int code = token_keys_load(path, false, &keys, &error);
    if (code)
        fail_msg("%d: %s", code, error.text);
    return keys;
}

static int load_fails(const char *text, mode_t mode, char *message)
{
    struct token_keys *keys = (void *)1;
    struct error error = { "" };
    write_keys_mode(text, strlen(text), mode);
    int code = token_keys_load(path, false, &keys, &error);
    assert_null(keys);
    assert_non_null(strstr(error.text, path));
    assert_null(strstr(error.text, "0001020304")); /* no key in a message */
    strcpy(message, error.text);
    return code;
}

static int verify(const struct token_keys *keys, enum token_purpose purpose, const char *text, int64_t now,
                  int64_t *number)
{
    return token_verify(keys, purpose, text, strlen(text), now, number);
}

static void test_round_trip(void **state)
{
    (void)state;
    struct token_keys *keys = load(ONE_KEY);
    assert_int_equal(token_keys_current(keys), 1);
    static const int64_t numbers[] = { 0, 1, 255, 256, 1234567, INT64_C(1) << 32, (INT64_C(1) << 48) - 1 };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        for (int purpose = TOKEN_BOUNCE; purpose <= TOKEN_PROOF; purpose++) {
            char token[TOKEN_SIZE], again[TOKEN_SIZE];
            int64_t number = -1;
            assert_int_equal(token_make(keys, (enum token_purpose)purpose, 1, numbers[i], DATE, token), 0);
            assert_int_equal(strlen(token), 32);
            assert_int_equal(strspn(token, "abcdefghijklmnopqrstuvwxyz234567"), 32);
            assert_int_equal(token_make(keys, (enum token_purpose)purpose, 1, numbers[i], DATE + 5, again), 0);
            assert_string_equal(token, again);
            assert_int_equal(verify(keys, (enum token_purpose)purpose, token, DATE, &number), 0);
            assert_true(number == numbers[i]);
            number = -7;
            for (int other = TOKEN_BOUNCE; other <= TOKEN_PROOF; other++)
                if (other != purpose)
                    assert_int_equal(verify(keys, (enum token_purpose)other, token, DATE, &number), -EINVAL);
            assert_int_equal(number, -7);
        }
    token_keys_free(keys);
}

/* Computed once by an independent program (Python's hmac and base64); a token in the wild must go on verifying. */
static void test_known_token(void **state)
{
    (void)state;
    struct token_keys *keys = load(ONE_KEY);
    char token[TOKEN_SIZE];
    assert_int_equal(token_make(keys, TOKEN_BOUNCE, 1, 4711, DATE, token), 0);
    assert_string_equal(token, "afisyaaaaaabez3diz46qvqddgaomcax");
    assert_int_equal(token_make(keys, TOKEN_OPT_OUT, 1, 4711, DATE, token), 0);
    assert_string_equal(token, "afisyaaaaaabez6zqt65cqkbilnr4lus");
    assert_int_equal(token_make(keys, TOKEN_PROOF, 1, 4711, DATE, token), 0);
    assert_string_equal(token, "afisyaaaaaabezypnfyubuhixr2t2ye4");
    token_keys_free(keys);
}

static void test_out_of_range(void **state)
{
    (void)state;
    struct token_keys *keys = load(ONE_KEY);
    char token[TOKEN_SIZE];
    assert_int_equal(token_make(keys, TOKEN_BOUNCE, 1, -1, DATE, token), -ERANGE);
    assert_int_equal(token_make(keys, TOKEN_BOUNCE, 1, INT64_C(1) << 48, DATE, token), -ERANGE);
    assert_int_equal(token_make(keys, TOKEN_BOUNCE, 1, 1, -1, token), -ERANGE);
    assert_int_equal(token_make(keys, TOKEN_BOUNCE, 1, 1, 65536 * DAY, token), -ERANGE);
    assert_int_equal(token_make(keys, TOKEN_BOUNCE, 1, 1, 65536 * DAY - 1, token), 0);
    assert_int_equal(token_make(keys, TOKEN_BOUNCE, 2, 1, DATE, token), -ENOENT);
    assert_int_equal(token_make(keys, TOKEN_BOUNCE, 0, 1, DATE, token), -ENOENT);
    token_keys_free(keys);
}

static void test_case_folded(void **state)
{
    (void)state;
    struct token_keys *keys = load(ONE_KEY);
    char token[TOKEN_SIZE];
    int64_t number = 0;
    assert_int_equal(token_make(keys, TOKEN_BOUNCE, 1, 99, DATE, token), 0);
    for (size_t i = 0; token[i]; i++)
        if (i % 3)
            token[i] = (char)toupper((unsigned char)token[i]);
    assert_int_equal(verify(keys, TOKEN_BOUNCE, token, DATE, &number), 0);
    assert_int_equal(number, 99);
    token_keys_free(keys);
}

/* Every other letter in every place, every shorter and some longer texts: none verifies. */
static void test_forged(void **state)
{
    (void)state;
    struct token_keys *keys = load(TWO_KEYS);
    char token[TOKEN_SIZE], forged[TOKEN_SIZE + 2];
    int64_t number = -7;
    assert_int_equal(token_make(keys, TOKEN_BOUNCE, 1, 123456, DATE, token), 0);
    for (size_t i = 0; token[i]; i++)
        for (int letter = 1; letter < 256; letter++) {
            if (tolower(letter) == token[i])
                continue;
            strcpy(forged, token);
            forged[i] = (char)letter;
            assert_int_equal(verify(keys, TOKEN_BOUNCE, forged, DATE, &number), -EINVAL);
        }
    for (size_t length = 0; length < 32; length++) {
        assert_int_equal(token_verify(keys, TOKEN_BOUNCE, token, length, DATE, &number), -EINVAL);
        assert_int_equal(token_verify(keys, TOKEN_BOUNCE, token + 32 - length, length, DATE, &number), -EINVAL);
    }
    snprintf(forged, sizeof forged, "%sa", token);
    assert_int_equal(verify(keys, TOKEN_BOUNCE, forged, DATE, &number), -EINVAL);
    snprintf(forged, sizeof forged, "a%s", token);
    assert_int_equal(verify(keys, TOKEN_BOUNCE, forged, DATE, &number), -EINVAL);
    assert_int_equal(token_verify(keys, TOKEN_BOUNCE, token, 33, DATE, &number), -EINVAL); /* its NUL */
    assert_int_equal(number, -7);
    token_keys_free(keys);
}

static void test_stale(void **state)
{
    (void)state;
    struct token_keys *keys = load(ONE_KEY);
    char token[TOKEN_SIZE];
    int64_t number = -7;
    assert_int_equal(token_make(keys, TOKEN_BOUNCE, 1, 5, DATE + 7, token), 0);
    assert_int_equal(verify(keys, TOKEN_BOUNCE, token, DATE + (TOKEN_BOUNCE_DAYS + 1) * DAY, &number), -ESTALE);
    assert_int_equal(verify(keys, TOKEN_BOUNCE, token, DATE + 1000 * DAY, &number), -ESTALE);
    assert_int_equal(number, -7);
    assert_int_equal(verify(keys, TOKEN_BOUNCE, token, DATE + (TOKEN_BOUNCE_DAYS + 1) * DAY - 1, &number), 0);
    assert_int_equal(verify(keys, TOKEN_BOUNCE, token, DATE - DAY, &number), 0); /* a clock that was set back */
    assert_int_equal(number, 5);
    token[31] = token[31] == 'a' ? 'b' : 'a'; /* old and forged is forged */
    assert_int_equal(verify(keys, TOKEN_BOUNCE, token, DATE + 1000 * DAY, &number), -EINVAL);
    assert_int_equal(token_make(keys, TOKEN_OPT_OUT, 1, 5, DATE, token), 0);
    assert_int_equal(verify(keys, TOKEN_OPT_OUT, token, DATE + 36500 * DAY, &number), 0);
    token_keys_free(keys);
}

static void test_rotation(void **state)
{
    (void)state;
    char old[TOKEN_SIZE], old_again[TOKEN_SIZE], new[TOKEN_SIZE];
    int64_t number = 0;
    struct token_keys *keys = load(ONE_KEY);
    assert_int_equal(token_make(keys, TOKEN_BOUNCE, 1, 8, DATE, old), 0);
    token_keys_free(keys);

    keys = load(TWO_KEYS);
    assert_int_equal(token_keys_current(keys), 2);
    assert_int_equal(verify(keys, TOKEN_BOUNCE, old, DATE, &number), 0);
    assert_int_equal(token_make(keys, TOKEN_BOUNCE, 1, 8, DATE, old_again), 0); /* a frozen mail stays the same */
    assert_string_equal(old, old_again);
    assert_int_equal(token_make(keys, TOKEN_BOUNCE, 2, 8, DATE, new), 0);
    assert_string_not_equal(old, new);
    assert_int_equal(verify(keys, TOKEN_BOUNCE, new, DATE, &number), 0);
    token_keys_free(keys);

    keys = load("2 bounce " KEY_B "\n2 opt-out " KEY_A "\n"); /* the old key is gone */
    assert_int_equal(verify(keys, TOKEN_BOUNCE, old, DATE, &number), -EINVAL);
    assert_int_equal(verify(keys, TOKEN_BOUNCE, new, DATE, &number), 0);
    assert_int_equal(token_make(keys, TOKEN_BOUNCE, 1, 8, DATE, old), -ENOENT);
    token_keys_free(keys);

    keys = load("2 bounce " KEY_C "\n2 opt-out " KEY_A "\n"); /* the same id, another key */
    assert_int_equal(verify(keys, TOKEN_BOUNCE, new, DATE, &number), -EINVAL);
    token_keys_free(keys);
}

/* Only one purpose rotated: the other goes on with the key that it has. */
static void test_rotation_of_one_purpose(void **state)
{
    (void)state;
    char first[TOKEN_SIZE], token[TOKEN_SIZE];
    int64_t number = 0;
    struct token_keys *keys = load(ONE_KEY "2 bounce " KEY_C "\n");
    assert_int_equal(token_keys_current(keys), 2);
    assert_int_equal(token_make(keys, TOKEN_OPT_OUT, 1, 8, DATE, first), 0);
    assert_int_equal(token_make(keys, TOKEN_OPT_OUT, 2, 8, DATE, token), 0);
    assert_string_equal(first, token);
    assert_int_equal(verify(keys, TOKEN_OPT_OUT, token, DATE, &number), 0);
    assert_int_equal(token_make(keys, TOKEN_BOUNCE, 2, 8, DATE, token), 0);
    assert_int_equal(verify(keys, TOKEN_BOUNCE, token, DATE, &number), 0);
    token_keys_free(keys);
}

/* The purposes differ even where a careless hand gave both the same key. */
static void test_purpose_is_signed(void **state)
{
    (void)state;
    struct token_keys *keys = load("1 bounce " KEY_A "\n1 opt-out " KEY_A "\n");
    char token[TOKEN_SIZE];
    int64_t number = 0;
    assert_int_equal(token_make(keys, TOKEN_OPT_OUT, 1, 8, DATE, token), 0);
    assert_int_equal(verify(keys, TOKEN_BOUNCE, token, DATE, &number), -EINVAL);
    token_keys_free(keys);
}

static void test_file_is_made(void **state)
{
    (void)state;
    struct token_keys *keys = NULL;
    struct error error = { "" };
    struct stat status;
    char token[TOKEN_SIZE];
    int64_t number = 0;
    unlink(path);
    assert_int_equal(token_keys_load(path, false, &keys, &error), -ENOENT);
    assert_null(keys);
    umask(0);
    assert_int_equal(token_keys_load(path, true, &keys, &error), 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(status.st_nlink, 1);
    assert_int_equal(token_keys_current(keys), 1);
    assert_int_equal(token_make(keys, TOKEN_BOUNCE, 1, 3, DATE, token), 0);
    token_keys_free(keys);
    assert_int_equal(token_keys_load(path, true, &keys, &error), 0); /* kept, not made anew */
    assert_int_equal(verify(keys, TOKEN_BOUNCE, token, DATE, &number), 0);
    token_keys_free(keys);
    unlink(path);
    assert_int_equal(token_keys_load(path, true, &keys, &error), 0); /* other keys each time */
    assert_int_equal(verify(keys, TOKEN_BOUNCE, token, DATE, &number), -EINVAL);
    token_keys_free(keys);
    assert_int_equal(token_keys_load("/tmp/tocsin-no-such-directory/keys", true, &keys, &error), -ENOENT);
    assert_non_null(strstr(error.text, "/tmp/tocsin-no-such-directory/keys"));
}

/* Eight processes that start at once all end up with the same keys. */
static void test_file_is_made_once(void **state)
{
    (void)state;
    char tokens[8][TOKEN_SIZE];
    for (int round = 0; round < 10; round++) {
        int pipes[2];
        unlink(path);
        assert_int_equal(pipe(pipes), 0);
        for (int i = 0; i < 8; i++)
            if (fork() == 0) {
                struct token_keys *keys = NULL;
                char token[TOKEN_SIZE] = "";
                if (token_keys_load(path, true, &keys, NULL) == 0)
                    token_make(keys, TOKEN_BOUNCE, 1, 3, DATE, token);
                token_keys_free(keys);
                _exit(write(pipes[1], token, sizeof token) != sizeof token);
            }
        for (int i = 0; i < 8; i++) {
            int status = -1;
            assert_int_equal(read(pipes[0], tokens[i], TOKEN_SIZE), TOKEN_SIZE);
            assert_int_equal(strlen(tokens[i]), 32);
            assert_string_equal(tokens[i], tokens[0]);
            assert_true(wait(&status) > 0);
            assert_int_equal(status, 0);
        }
        close(pipes[0]);
        close(pipes[1]);
    }
}

static void test_file_is_private(void **state)
{
    (void)state;
    static const mode_t refused[] = { 0640, 0604, 0660, 0644, 0601, 0610, 0620 };
    char message[1024];
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_int_equal(load_fails(ONE_KEY, refused[i], message), -EPERM);
        assert_non_null(strstr(message, "chmod 600"));
    }
    write_keys_mode(ONE_KEY, strlen(ONE_KEY), 0400);
    struct token_keys *keys = NULL;
    assert_int_equal(token_keys_load(path, false, &keys, NULL), 0);
    token_keys_free(keys);
    assert_int_equal(token_keys_load(directory, false, &keys, NULL), -EINVAL);
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0); /* must not hang */
    assert_int_equal(token_keys_load(path, true, &keys, NULL), -EINVAL);
}

static void test_file_is_checked(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {
        { "", "no bounce key" },
        { "# nothing\n", "no bounce key" },
        { "1 bounce " KEY_A "\n", "no opt-out key" },
        { "1 opt-out " KEY_A "\n", "no bounce key" },
        { ONE_KEY "1 bounce " KEY_C "\n", ":3: there is a bounce key 1 already" },
        { ONE_KEY "2 bounce\n", ":3: not `ID PURPOSE HEX`" },
        { ONE_KEY "2\n", ":3: not `ID PURPOSE HEX`" },
        { ONE_KEY "2 bounce " KEY_A " more\n", ":3: not `ID PURPOSE HEX`" },
        { ONE_KEY "2 bouncy " KEY_A "\n", ":3: not `ID PURPOSE HEX`" },
        { "0 bounce " KEY_A "\n", ":1: not `ID PURPOSE HEX`" },
        { "-1 bounce " KEY_A "\n", ":1: not `ID PURPOSE HEX`" },
        { "256 bounce " KEY_A "\n", ":1: not `ID PURPOSE HEX`" },
        { "18446744073709551617 bounce " KEY_A "\n", ":1: not `ID PURPOSE HEX`" },
        { "1x bounce " KEY_A "\n", ":1: not `ID PURPOSE HEX`" },
        { "1 bounce " KEY_A "0\n", ":1: the key is not 64 hex digits" },
        { "1 bounce 0001020304\n", ":1: the key is not 64 hex digits" },
        { "1 bounce g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n", ":1: the key is not 64" },
    };
    char message[1024];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(load_fails(rows[i].text, 0600, message), -EINVAL);
        if (!strstr(message, rows[i].says))
            fail_msg("row %zu: %s", i, message);
    }
    struct token_keys *keys = load("255 bounce " KEY_A "\r\n255\topt-out  " KEY_B); /* no line end at the end */
    assert_int_equal(token_keys_current(keys), 255);
    token_keys_free(keys);
    write_keys_mode(ONE_KEY "\0 ", strlen(ONE_KEY) + 2, 0600);
    assert_int_equal(token_keys_load(path, false, &keys, NULL), -EINVAL);
    char *large = mem_alloc(70000);
    memset(large, '#', 70000);
    write_keys_mode(large, 70000, 0600);
    assert_int_equal(token_keys_load(path, false, &keys, NULL), -EFBIG);
    free(large);
}

static void test_addresses(void **state)
{
    (void)state;
    char *address = token_address("bounce@tocsin.example", "abc");
    assert_string_equal(address, "bounce+abc@tocsin.example");
    size_t length;
    const char *token = token_in_address("bounce@tocsin.example", address, &length);
    assert_ptr_equal(token, address + 7);
    assert_int_equal(length, 3);
    free(address);

    static const struct {
        const char *address;
        const char *token; /* NULL: another address */
    } rows[] = {
        { "BOUNCE+ABC@Tocsin.Example", "ABC" },
        { "bounce@tocsin.example", "" },
        { "Bounce@TOCSIN.example", "" },
        { "bounce+@tocsin.example", "" },
        { "bounce+a+b@tocsin.example", "a+b" },
        { "bounces@tocsin.example", NULL },
        { "bounc@tocsin.example", NULL },
        { "bounce-abc@tocsin.example", NULL },
        { "bounce+abc@tocsin.example.org", NULL },
        { "bounce+abc@example", NULL },
        { "bounce+abc", NULL },
        { "bounce+abc@", NULL },
        { "@tocsin.example", NULL },
        { "", NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        token = token_in_address("bounce@tocsin.example", rows[i].address, &length);
        if (!rows[i].token) {
            assert_null(token);
            assert_int_equal(length, 0);
            continue;
        }
        assert_non_null(token);
        assert_true(token >= rows[i].address && token <= rows[i].address + strlen(rows[i].address));
        assert_int_equal(length, strlen(rows[i].token));
        assert_memory_equal(token, rows[i].token, length);
        assert_true(length || !*token);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_known_token),
        cmocka_unit_test(test_out_of_range),
        cmocka_unit_test(test_case_folded),
        cmocka_unit_test(test_forged),
        cmocka_unit_test(test_stale),
        cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_rotation_of_one_purpose),
        cmocka_unit_test(test_purpose_is_signed),
        cmocka_unit_test(test_file_is_made),
        cmocka_unit_test(test_file_is_made_once),
        cmocka_unit_test(test_file_is_private),
        cmocka_unit_test(test_file_is_checked),
        cmocka_unit_test(test_addresses),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/base/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE 16

static char directory[] = "/tmp/tocsin-secret-XXXXXX", path[64];

static int begin(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/secret", directory);
    return 0;
}

static int end(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

/* Read a file of TEXT with MODE; what was read is in OUT. */
static int read_text(const char *text, mode_t mode, char out[SIZE], struct error *error)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    chmod(path, mode);
    return secret_read(path, out, SIZE, error);
}

static void test_good(void **state)
{
    (void)state;
    static const char *const texts[] = { "open sesame", "open sesame\n", "open sesame\r\n", "open sesame\nand more\n" };
    char out[SIZE];
    struct error error;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(read_text(texts[i], 0640, out, &error), 0);
        assert_string_equal(out, "open sesame");
    }
    assert_int_equal(read_text("123456789012345\n", 0400, out, &error), 0);
    assert_string_equal(out, "123456789012345");
}

/* No message shows what was read, and nothing of it stays behind. */
static void expect_bad(const char *text, mode_t mode, int status)
{
    char out[SIZE];
    static const char nothing[SIZE];
    struct error error = { "" };
    assert_int_equal(read_text(text, mode, out, &error), status);
    assert_non_null(strstr(error.text, path));
    assert_null(strstr(error.text, "open"));
    assert_memory_equal(out, nothing, SIZE);
}

static void test_bad(void **state)
{
    (void)state;
    expect_bad("open\n", 0644, -EPERM);
    expect_bad("open\n", 0620, -EPERM);
    expect_bad("open\n", 0601, -EPERM);
    expect_bad("", 0600, -EINVAL);
    expect_bad("\nopen", 0600, -EINVAL);
    expect_bad("open\tsesame", 0600, -EINVAL);
    expect_bad("open 67890123456\n", 0600, -EINVAL);
    expect_bad("open 67890123456 and far more than fits", 0600, -EINVAL);
    char out[SIZE];
    struct error error;
    assert_int_equal(secret_read("/does/not/exist", out, SIZE, &error), -ENOENT);
    assert_non_null(strstr(error.text, "/does/not/exist"));
    assert_int_equal(secret_read(directory, out, SIZE, &error), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_good), cmocka_unit_test(test_bad) };
    return cmocka_run_group_tests_name("secret", tests, begin, end);
}

/* Memory that cannot be had, of ours and of the libraries'. Each in a child, which it ends. */
#include "daemon/base/mem.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

/* More than there is anywhere. */
#define TOO_MUCH ((size_t)PTRDIFF_MAX)

/* What ASK, which asks for too much, comes to: what the child said last. */
static void expect_end(void (*ask)(void))
{
    char said[65536] = "";
    size_t length = 0;
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        static const struct rlimit none = { 0, 0 };
        setrlimit(RLIMIT_CORE, &none);
        dup2(ends[1], STDERR_FILENO);
        ask();
        _exit(0);
    }
    close(ends[1]);
    for (ssize_t got; (got = read(ends[0], said + length, sizeof said - 1 - length)) > 0;)
        length += (size_t)got;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    /* ASan's own allocator ends the process by itself, and with other words. */
    if (!strstr(said, "out of memory; ending at once") && !strstr(said, "AddressSanitizer") &&
        !strstr(said, "ERROR: Failed to mmap"))
        fail_msg("it said: %s", said);
}

static void ask_us(void)
{
    mem_alloc(TOO_MUCH);
}

static void ask_jansson(void)
{
    if (mem_guard_libraries() == 0)
        json_decref(json_stringn_nocheck("text", TOO_MUCH - 1));
}

/* It copies as many buffers as it is told to read into. */
static void ask_libuv(void)
{
    static const struct rlimit little = { (rlim_t)1 << 30, (rlim_t)1 << 30 };
    uv_fs_t request;
    uv_buf_t one = { 0 };
    if (mem_guard_libraries() == 0 && setrlimit(RLIMIT_AS, &little) == 0)
        uv_fs_read(NULL, &request, 0, &one, UINT32_MAX, 0, NULL);
}

static void test_ours(void **state)
{
    (void)state;
    expect_end(ask_us);
}

/* It would be a null pointer, which jansson and we pass on for "not there". */
static void test_jansson(void **state)
{
    (void)state;
    expect_end(ask_jansson);
}

static void test_libuv(void **state)
{
    (void)state;
    expect_end(ask_libuv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ours),
        cmocka_unit_test(test_jansson),
        cmocka_unit_test(test_libuv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

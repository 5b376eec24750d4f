/* A listening socket, and what becomes of those who come when there is no descriptor. */
#include "daemon/base/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define BOUND 20 /* seconds: one who waits for ever fails */

static uv_loop_t loop;
static struct listener *listener;
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static int accepted; /* how many */

static void on_accepted(void *context, int fd)
{
    assert_ptr_equal(context, &accepted);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_int_equal(write(fd, "welcome", 7), 7);
    close(fd);
    accepted++;
}

static int set_up(void **state)
{
    (void)state;
    alarm(BOUND);
    accepted = 0;
    /* The one without a name in the file system, which nobody need remove. */
    snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "tocsin-test-listener-%d", (int)getpid());
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return uv_loop_init(&loop) || bind(fd, (struct sockaddr *)&address, sizeof address) ||
           listener_open(&loop, fd, on_accepted, &accepted, &listener);
}

static int tear_down(void **state)
{
    (void)state;
    listener_close(listener);
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop);
}

static int dial(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* What the listener sent to FD: so many bytes, 0 when it hung up without a word, -EAGAIN when it has done nothing within some turns of the loop. */
static ssize_t hear(int fd)
{
    char text[16];
    ssize_t got = -1;
    for (int turns = 0; turns < 10 && got < 0; turns++) {
        uv_run(&loop, UV_RUN_NOWAIT);
        got = read(fd, text, sizeof text);
    }
    return got < 0 ? -errno : got;
}

/* No descriptor from FIRST on; what there was before. */
static struct rlimit allow(rlim_t first)
{
    struct rlimit before, less;
    getrlimit(RLIMIT_NOFILE, &before);
    less = (struct rlimit){ first, before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
    return before;
}

static void test_accepts(void **state)
{
    (void)state;
    int first = dial(), second = dial();
    assert_int_equal(hear(first), 7);
    assert_int_equal(hear(second), 7);
    assert_int_equal(accepted, 2);
    close(first);
    close(second);
}

/* The reserve is all there is. */
static void test_turns_away(void **state)
{
    (void)state;
    int first = dial(), second = dial(), fillers[64], count = 0, were = accepted;
    struct rlimit before = allow(64);
    while ((fillers[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        count++;
    assert_int_equal(hear(first), 0);
    assert_int_equal(hear(second), 0);
    assert_int_equal(accepted, were);
    setrlimit(RLIMIT_NOFILE, &before);
    close(first);
    first = dial();
    assert_int_equal(hear(first), 7);
    close(first);
    close(second);
    while (count)
        close(fillers[--count]);
}

/* Nor can the reserve be had again: the loop does not stand still, and who came is served when there are descriptors. */
static void test_without_a_reserve(void **state)
{
    if (getenv("TOCSIN_SLOWDOWN"))
        skip(); /* tests/valgrind: valgrind keeps the limit itself, and hangs up on whom the kernel has accepted */
    int guest = dial();
    struct rlimit before = allow(3);
    assert_int_equal(hear(guest), -EAGAIN);
    assert_int_equal(hear(guest), -EAGAIN);
    setrlimit(RLIMIT_NOFILE, &before);
    while (!accepted)
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(hear(guest), 7);
    close(guest);
    /* And there is a reserve again. */
    test_turns_away(state);
}

/* Somebody has closed the door: no reason to look at it all the time. */
static void test_a_socket_that_fails(void **state)
{
    (void)state;
    int turns = 0;
    for (int fd = 3; fd < 64; fd++)
        shutdown(fd, SHUT_RDWR); /* only the listener's is a socket */
    for (uint64_t since = uv_hrtime(); uv_hrtime() - since < 500000000; turns++)
        uv_run(&loop, UV_RUN_ONCE);
    assert_in_range(turns, 1, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_accepts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_turns_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_a_reserve, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_socket_that_fails, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

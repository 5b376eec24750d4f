/* The control socket against clients that mean ill; what is asked of it is the daemon's matter. */
#include "daemon/base/mem.h"
#include "daemon/control/control.h"
#include "daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static uv_loop_t loop;
static struct config config;
static struct daemon server;
static char path[64];

static int setup(void **state)
{
    (void)state;
    struct error error = { "" };
    snprintf(path, sizeof path, "/tmp/tocsin-control-%ld", (long)getpid());
    config.paths.control_socket = path;
    uv_loop_init(&loop);
    server = (struct daemon){ .loop = &loop, .config = &config };
    return control_open(&server, &error);
}

static int teardown(void **state)
{
    (void)state;
    control_close(server.control);
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop);
}

static int connect_client(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* Send LENGTH bytes of TEXT, and count the lines that come back until there are WANTED of them; the last bytes of it all stand in TAIL. */
static size_t talk(int fd, const char *text, size_t length, size_t wanted, char tail[64])
{
    size_t sent = 0, lines = 0;
    for (int turns = 0; (sent < length || lines < wanted) && turns < 2000000; turns++) {
        char block[4096];
        ssize_t put = sent < length ? write(fd, text + sent, length - sent) : 0;
        sent += put > 0 ? (size_t)put : 0;
        uv_run(&loop, UV_RUN_NOWAIT);
        ssize_t got = read(fd, block, sizeof block);
        for (ssize_t i = 0; i < got; i++)
            lines += block[i] == '\n';
        if (got >= 64)
            memcpy(tail, block + got - 64, 64);
        if (got == 0 || (got < 0 && errno != EAGAIN))
            break;
    }
    return lines;
}

/* Each was answered from within the answer before it. */
static void test_a_flood_of_bad_requests(void **state)
{
    (void)state;
    size_t count = 200000;
    char *flood = mem_alloc(count), tail[64];
    memset(flood, '\n', count);
    int fd = connect_client();
    assert_int_equal(talk(fd, flood, count, count, tail), count);
    assert_non_null(memmem(tail, sizeof tail, "JSON object", 11));
    const char *good = "{\"verb\":\"version\"}\n";
    assert_int_equal(talk(fd, good, strlen(good), 1, tail), 1);
    close(fd);
    free(flood);
}

static void test_a_request_in_pieces(void **state)
{
    (void)state;
    static const char text[] = "\n{\"verb\":\"version\"}\n{}\n";
    char tail[64];
    int fd = connect_client();
    for (size_t i = 0; i + 1 < sizeof text; i++)
        talk(fd, text + i, 1, text[i] == '\n', tail);
    assert_non_null(memmem(tail, sizeof tail, "no such verb", 12));
    close(fd);
}

static void test_one_who_does_not_listen(void **state)
{
    (void)state;
    static const char request[] = "{\"verb\":\"version\"}\n";
    size_t sent = 0, most = (size_t)8 * 1024 * 1024;
    int fd = connect_client();
    for (int idle = 0; idle < 1000 && sent < most; idle++) {
        ssize_t put;
        while ((put = write(fd, request, sizeof request - 1)) > 0 && sent < most) {
            sent += (size_t)put;
            idle = 0;
        }
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    assert_in_range(sent, 1, most / 2);
    close(fd);
}

/* He is told why, and not to try again. */
static void test_one_of_neither_group(void **state)
{
    (void)state;
    static const char good[] = "{\"verb\":\"version\"}\n";
    char answer[512] = "";
    if (geteuid() != 0)
        skip();
    config.access.submit_group = "tocsin-none";
    config.access.admin_group = "tocsin-neither";
    assert_int_equal(seteuid(65534), 0);
    int fd = connect_client();
    assert_int_equal(seteuid(0), 0);
    for (int turns = 0; turns < 5; turns++)
        uv_run(&loop, UV_RUN_NOWAIT);
    assert_true(write(fd, good, sizeof good - 1) < 0);
    assert_true(read(fd, answer, sizeof answer - 1) > 0);
    assert_non_null(strstr(answer, "\"exit\":77"));
    assert_non_null(strstr(answer, "tocsin-neither (access.admin_group)"));
    close(fd);
}

/* Whoever says nothing does not stay; whoever has said something stays longer. */
static void test_one_who_asks_nothing(void **state)
{
    (void)state;
    static const char good[] = "{\"verb\":\"version\"}\n";
    char answer[512] = "", tail[64];
    int idle = connect_client(), busy = connect_client();
    assert_int_equal(talk(busy, good, sizeof good - 1, 1, tail), 1);
    assert_true(write(idle, "{", 1) == 1);
    /* 15 seconds, which nothing in the loop need end. */
    for (int turns = 0; turns < 300 && read(idle, answer, sizeof answer - 1) < 0; turns++) {
        usleep(50000);
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    assert_non_null(strstr(answer, "\"exit\":75"));
    assert_non_null(strstr(answer, "no request came"));
    assert_int_equal(read(idle, answer, sizeof answer), 0);
    assert_int_equal(talk(busy, good, sizeof good - 1, 1, tail), 1);
    close(idle);
    close(busy);
}

/* The connection of UID, which is in the group that may submit; what the daemon said to it at once, in ANSWER. */
static int connect_as(uid_t uid, char answer[512])
{
    assert_int_equal(seteuid(uid), 0);
    int fd = connect_client();
    assert_int_equal(seteuid(0), 0);
    for (int turns = 0; turns < 3; turns++)
        uv_run(&loop, UV_RUN_NOWAIT);
    ssize_t got = read(fd, answer, 511);
    answer[got > 0 ? got : 0] = '\0';
    return fd;
}

/* One user does not keep out another, and all of them together not an administrator. */
static void test_a_crowd(void **state)
{
    (void)state;
    static const char good[] = "{\"verb\":\"version\"}\n";
    char answer[512], tail[64];
    int fds[3][16];
    if (geteuid() != 0)
        skip();
    config.access.submit_group = "root"; /* the group that the test keeps */
    config.access.admin_group = "tocsin-neither";
    for (uid_t user = 0; user < 3; user++) {
        for (size_t i = 0; i < 16; i++) {
            fds[user][i] = connect_as(61000 + user, answer);
            assert_string_equal(answer, "");
        }
        close(connect_as(61000 + user, answer));
        assert_non_null(strstr(answer, user < 2 ? "you have too many" : "the daemon has too many"));
    }
    close(connect_as(61003, answer));
    assert_non_null(strstr(answer, "the daemon has too many"));
    int fd = connect_client();
    assert_int_equal(talk(fd, good, sizeof good - 1, 1, tail), 1);
    close(fd);
    for (size_t i = 0; i < 48; i++)
        close(fds[i / 16][i % 16]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_flood_of_bad_requests, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_request_in_pieces, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_who_does_not_listen, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_of_neither_group, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_who_asks_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_crowd, setup, teardown),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* `tocsin inspect bounce` (daemon/command/inspect_bounce.h): the printed lines are read back. */
#include "daemon/command/inspect_bounce.h"

#include <fcntl.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/test-inspect-XXXXXX";

static char *write_mail(const char *name, const char *text)
{
    static char paths[8][128];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return path;
}

/* Run it with standard output (and error) in files; the lines of the former are parsed into an array. */
static json_t *inspect(int argc, char **argv, int *code)
{
    char path[128], quiet[128];
    snprintf(path, sizeof path, "%s/stdout", directory);
    snprintf(quiet, sizeof quiet, "%s/stderr", directory);
    fflush(stdout);
    int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
    int to = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600), to_err = open(quiet, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    dup2(to, STDOUT_FILENO);
    dup2(to_err, STDERR_FILENO);
    *code = inspect_bounce(argc, argv);
    fflush(stdout);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    close(out), close(err), close(to), close(to_err);
    json_t *lines = json_array();
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, file) > 0) {
        json_t *object = json_loads(line, 0, NULL);
        assert_non_null(object);
        json_array_append_new(lines, object);
    }
    free(line);
    fclose(file);
    return lines;
}

static const char *text(const json_t *lines, size_t index, const char *key)
{
    const json_t *value = json_object_get(json_array_get(lines, index), key);
    assert_non_null(value);
    return json_is_null(value) ? "null" : json_string_value(value);
}

static void test_fields(void **state)
{
    (void)state;
    char *bounce = write_mail(
        "bounce",
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: Bounce+ABCDEFGHIJKLMNOPQRSTUVWXYZ234567@tocsin.example\n"
        "Subject: Undelivered\n\n<A@t.example>: 550 5.1.1 user unknown\n");
    char *nothing = write_mail("nothing", "");
    char *odd = write_mail("odd\xff", "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: "
                                      "bounce+short@tocsin.example\nSubject: Undelivered\n\n<\xff@t.example>: \xff\n");
    char *argv[] = { "bounce", bounce, nothing, odd, NULL };
    int code;
    json_t *lines = inspect(4, argv, &code);
    assert_int_equal(code, 0);
    assert_int_equal(json_array_size(lines), 3);
    assert_string_equal(text(lines, 0, "file"), bounce);
    assert_string_equal(text(lines, 0, "class"), "hard");
    assert_string_equal(text(lines, 0, "status"), "5.1.1");
    assert_string_equal(text(lines, 0, "reply"), "550");
    assert_string_equal(text(lines, 0, "reason"), "user_unknown");
    assert_string_equal(text(lines, 0, "token"), "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    const json_t *recipients = json_object_get(json_array_get(lines, 0), "recipients");
    assert_int_equal(json_array_size(recipients), 1);
    assert_string_equal(json_string_value(json_array_get(recipients, 0)), "a@t.example");
    static const char *const empty[] = { "status", "reply", "reason", "token" };
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
        assert_string_equal(text(lines, 1, empty[i]), "null");
    assert_string_equal(text(lines, 1, "class"), "unknown");
    assert_int_equal(json_array_size(json_object_get(json_array_get(lines, 1), "recipients")), 0);
    assert_string_equal(text(lines, 2, "token"), "null");
    assert_string_equal(json_string_value(json_array_get(json_object_get(json_array_get(lines, 2), "recipients"), 0)),
                        "?@t.example");
    json_decref(lines);
}

static void test_unreadable(void **state)
{
    (void)state;
    char *good = write_mail("good", "From: a@b.example\n\nhello\n");
    char *argv[] = { "bounce", "/nonexistent/file", good, directory, NULL };
    int code;
    json_t *lines = inspect(4, argv, &code);
    assert_int_equal(code, EX_NOINPUT);
    assert_int_equal(json_array_size(lines), 1);
    assert_string_equal(text(lines, 0, "file"), good);
    json_decref(lines);
    lines = inspect(1, argv, &code);
    assert_int_equal(code, EX_USAGE);
    assert_int_equal(json_array_size(lines), 0);
    json_decref(lines);
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const names[] = { "bounce", "nothing", "odd\xff", "good", "stdout", "stderr" };
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        unlink(path);
    }
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_fields), cmocka_unit_test(test_unreadable) };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

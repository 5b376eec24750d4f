/* tocsin render, run in a child as main() would: its output, its message, its exit code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/command/render.h"

#include "daemon/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

static char directory[] = "/tmp/tocsin-render-XXXXXX";

static void put_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static char *take_file(const char *name)
{
    char *text = mem_zero(1, 4096);
    FILE *file = fopen(name, "r");
    assert_non_null(file);
    size_t length = fread(text, 1, 4095, file);
    text[length] = '\0';
    fclose(file);
    return text;
}

/* Run `render ARGUMENTS`, words parted by blanks; the exit code. */
static int run(const char *arguments)
{
    char *words = mem_string(arguments), *argv[10] = { (char *)"render" };
    int argc = 1, status = 0;
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (!freopen("out", "w", stdout) || !freopen("err", "w", stderr))
            _exit(99);
        int code = command_render(argc, argv);
        fflush(NULL);
        _exit(code);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    free(words);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void expect(const char *arguments, int code, const char *out, const char *message)
{
    assert_int_equal(run(arguments), code);
    char *got = take_file("out"), *said = take_file("err");
    assert_string_equal(got, out);
    if (*message)
        assert_non_null(strstr(said, message));
    else
        assert_string_equal(said, "");
    free(got);
    free(said);
}

static int enter(void **state)
{
    (void)state;
    if (!mkdtemp(directory) || chdir(directory) != 0 || mkdir("partials", 0700) != 0)
        return -1;
    put_file("t", "---\n{{a}}");
    put_file("t.html", "{{a}}{{{a}}}");
    put_file("p", "[{{>x}}{{>none}}{{>*a}}]");
    put_file("broken", "x\n{{#a}}");
    put_file("uses-broken", "{{>broken}}{{>loop}}");
    put_file("loops", "{{>loop}}");
    put_file("partials/x.mustache", "x={{a}}");
    put_file("partials/broken.mustache", "{{/a}}");
    put_file("partials/loop.mustache", "{{>loop}}");
    put_file("outside.mustache", "secret");
    put_file("d.json", "{\"a\":\"<\"}");
    put_file("way-out.json", "{\"a\":\"../outside\"}");
    put_file("d.broken", "{\n \"a\":}");
    return 0;
}

static int leave(void **state)
{
    (void)state;
    char *command = mem_format("rm -r %s", directory);
    int result = system(command);
    free(command);
    return result;
}

static void test_output(void **state)
{
    (void)state;
    expect("t d.json", 0, "---\n<", "");
    expect("t.html d.json", 0, "&lt;<", "");
    expect("--escape html t d.json", 0, "---\n&lt;", "");
    expect("t.html d.json --escape=text", 0, "<<", "");
    expect("p d.json", 0, "[]", "");
    expect("--partials partials p d.json", 0, "[x=<]", "");
    expect("--partials partials p way-out.json", 0, "[x=../outside]", "");
}

static void test_failures(void **state)
{
    (void)state;
    expect("broken d.json", EX_DATAERR, "", "broken:2:1: opened here and never closed: a");
    expect("t d.broken", EX_DATAERR, "", "d.broken:2:");
    expect("--partials partials uses-broken d.json", EX_DATAERR, "", "partials/broken.mustache:1:1: ");
    expect("--partials partials loops d.json", EX_DATAERR, "", "loop.mustache:1:1: partials nest deeper");
    expect("none d.json", EX_NOINPUT, "", "none: No such file");
    expect("t none", EX_NOINPUT, "", "none: No such file");
    expect("partials d.json", EX_NOINPUT, "", "partials: Is a directory");
}

static void test_usage(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", "t", "t d.json more", "--escape", "--escape xml t d.json", "--nope t d.json"
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect(wrong[i], EX_USAGE, "", "see `tocsin render --help`");
    assert_int_equal(run("-h"), 0);
    char *help = take_file("out");
    assert_non_null(strstr(help, "usage: tocsin render"));
    free(help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_usage),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}

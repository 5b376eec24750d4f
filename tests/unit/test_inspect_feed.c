/* tocsin inspect feed, called as the dispatcher calls it. */
#include "daemon/base/buf.h"
#include "daemon/base/mem.h"
#include "daemon/command/inspect_feed.h"

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

static char directory[] = "/tmp/tocsin-inspect-XXXXXX";

static const char *write_file(const char *name, const char *text)
{
    static char paths[4][128];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return path;
}

static char *read_back(const char *path)
{
    struct buf text = BUF_EMPTY;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (int byte; (byte = fgetc(file)) != EOF;)
        buf_add_char(&text, (char)byte);
    fclose(file);
    buf_add(&text, "", 0);
    return buf_take(&text);
}

/* Run it with its two outputs in files; the standard output is the caller's to free. */
static char *inspect(int *code, char **complaints, const char *const *arguments)
{
    char *argv[16] = { (char *)"feed" };
    char out[128], err[128];
    int argc = 1;
    for (; arguments[argc - 1]; argc++)
        argv[argc] = (char *)arguments[argc - 1];
    snprintf(out, sizeof out, "%s/out", directory);
    snprintf(err, sizeof err, "%s/err", directory);
    fflush(stdout);
    int saved[2] = { dup(1), dup(2) };
    int files[2] = { open(out, O_CREAT | O_TRUNC | O_WRONLY, 0600), open(err, O_CREAT | O_TRUNC | O_WRONLY, 0600) };
    for (int i = 0; i < 2; i++)
        dup2(files[i], i + 1);
    struct context context = { .config_path = "/absent.yaml" };
    *code = inspect_feed(&context, argc, argv);
    config_free(context.config);
    fflush(stdout);
    for (int i = 0; i < 2; i++) {
        dup2(saved[i], i + 1);
        close(saved[i]);
        close(files[i]);
    }
    *complaints = read_back(err);
    return read_back(out);
}

static void check(int expected_code, const char *expected, const char *expected_complaint, const char *const *arguments)
{
    char *complaints;
    int code;
    char *out = inspect(&code, &complaints, arguments);
    assert_string_equal(out, expected);
    if (expected_complaint && !strstr(complaints, expected_complaint))
        assert_string_equal(complaints, expected_complaint);
    if (!expected_complaint)
        assert_string_equal(complaints, "");
    assert_int_equal(code, expected_code);
    free(complaints);
    free(out);
}

static void test_summary(void **state)
{
    (void)state;
    const char *path = write_file(
        "a.csv", "domain,ip\nb.example,192.0.2.2\na.example,192.0.2.1\nwww.a.example,192.0.2.1\na.example,\ncom,\n");
    char *expected = mem_format(
        "{\"file\":\"%s\",\"format\":\"csv\",\"records\":4,\"rejected\":1,\"domains\":[\"a.example\",\"b.example\","
        "\"www.a.example\"],\"ips\":[\"192.0.2.1\",\"192.0.2.2\"],\"errors\":[{\"line\":6,\"reason\":\"no valid "
        "domain: 'com'\"}]}\n",
        path);
    check(EX_OK, expected, NULL, (const char *const[]){ path, NULL });
    free(expected);
}

static void test_records(void **state)
{
    (void)state;
    const char *path = write_file("a.txt", "a.example\nno domain\n192.0.2.1\n");
    check(EX_OK,
          "{\"line\":1,\"source.fqdn\":\"a.example\"}\n"
          "{\"line\":2,\"rejected\":\"neither a domain, an address nor a URL: 'no domain'\"}\n"
          "{\"line\":3,\"source.ip\":\"192.0.2.1\"}\n",
          NULL, (const char *const[]){ "--records", path, NULL });
}

static void test_refused_whole(void **state)
{
    (void)state;
    const char *path = write_file("a.html", "<html><body>x\n");
    char *expected = mem_format(
        "{\"file\":\"%s\",\"format\":null,\"records\":0,\"rejected\":0,\"domains\":[],\"ips\":[],\"errors\":[{\"line\":"
        "0,"
        "\"reason\":\"it is a web page (HTML): convert its table to CSV, or its list to one domain a line\"}]}\n",
        path);
    check(EX_OK, expected, NULL, (const char *const[]){ path, NULL });
    check(EX_OK, "", "it is a web page", (const char *const[]){ "--records", path, NULL });
    free(expected);
}

static void test_mapping(void **state)
{
    (void)state;
    const char *path = write_file("b.csv", "a.example,x=y\n");
    check(EX_OK, "{\"line\":1,\"source.fqdn\":\"a.example\",\"extra.note\":\"x=y\"}\n", NULL,
          (const char *const[]){ "--no-header", "--map", "1=source.fqdn", "--map=2=extra.note", "--records", path,
                                 NULL });
    check(EX_USAGE, "", "COLUMN=FIELD", (const char *const[]){ "--map", "=x", path, NULL });
    check(EX_USAGE, "", "COLUMN=FIELD", (const char *const[]){ "--map", "x", path, NULL });
    check(EX_OK, "", "unknown field 'source.fdqn'",
          (const char *const[]){ "--map", "a=source.fdqn", "--records", path, NULL });
}

static void test_profile(void **state)
{
    (void)state;
    const char *path = write_file("c.csv", "a.example;drone\n");
    const char *config =
        write_file("tocsin.yaml", "sender:\n  name: Researcher\n  address: me@research.example\n"
                                  "return_path:\n  bounce: bounce@research.example\n  opt_out: stop@research.example\n"
                                  "delivery:\n  relay: relay.research.example:25\n"
                                  "profiles:\n  scans:\n    header: no\n    type: infected-system\n"
                                  "    columns:\n      1: source.fqdn\n      2: classification.identifier\n");
    check(EX_OK,
          "{\"line\":1,\"source.fqdn\":\"a.example\",\"classification.type\":\"infected-system\",\"classification."
          "identifier\":\"drone\"}\n",
          NULL, (const char *const[]){ "--profile", "scans", "--config", config, "--records", path, NULL });
    check(EX_CONFIG, "", "no profile 'other'",
          (const char *const[]){ "--profile", "other", "--config", config, path, NULL });
    check(EX_CONFIG, "", "absent.yaml",
          (const char *const[]){ "--profile", "scans", "--config", "/absent.yaml", path, NULL });
}

static void test_usage(void **state)
{
    (void)state;
    check(EX_USAGE, "", "usage: tocsin inspect feed", (const char *const[]){ NULL });
    check(EX_USAGE, "", "usage: tocsin inspect feed", (const char *const[]){ "--nonsense", NULL });
    check(EX_NOINPUT, "", "/absent.csv", (const char *const[]){ "/absent.csv", NULL });
}

/* The list of distinct names is exact though it is tidied on the way. */
static void test_many_names(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    for (int i = 0; i < 3000; i++)
        buf_add_format(&text, "h%d.example\n", i % 700);
    const char *path = write_file("many.txt", text.data);
    int code;
    char *complaints, *out = inspect(&code, &complaints, (const char *const[]){ path, NULL });
    json_t *object = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
    assert_int_equal(json_integer_value(json_object_get(object, "records")), 3000);
    assert_int_equal(json_array_size(json_object_get(object, "domains")), 700);
    json_decref(object);
    free(out);
    free(complaints);
    buf_free(&text);
}

/* Said once, however many rows; a type that is known, or none, is no reason to. */
static void test_unknown_types(void **state)
{
    (void)state;
    const char *odd =
        write_file("a.csv", "source.fqdn,classification.type\na.example,Open Relai\nb.example,Open Relai\n"
                            "c.example,phishing\nd.example,\n");
    const char *known = write_file("b.csv", "source.fqdn,classification.type\na.example,open-relay\n");
    int code;
    char *complaints, *out = inspect(&code, &complaints, (const char *const[]){ odd, known, NULL });
    assert_int_equal(code, EX_OK);
    assert_non_null(strstr(complaints, "a.csv: 2 rows are of a type that there are no words for (\"open-relai\""));
    assert_non_null(strstr(complaints, "did you mean `open-relay`?"));
    assert_null(strstr(complaints, "b.csv"));
    free(out);
    free(complaints);
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const names[] = { "a.csv",       "a.txt",    "a.html", "b.csv", "c.csv",
                                         "tocsin.yaml", "many.txt", "out",    "err" };
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        unlink(path);
    }
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_summary),    cmocka_unit_test(test_records),       cmocka_unit_test(test_refused_whole),
        cmocka_unit_test(test_mapping),    cmocka_unit_test(test_profile),       cmocka_unit_test(test_usage),
        cmocka_unit_test(test_many_names), cmocka_unit_test(test_unknown_types),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

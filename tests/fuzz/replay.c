/* A target without a fuzzer: build/tests/fuzz/test_NAME runs each file of tests/fuzz/seeds/NAME/ through it, as a test a file. */
#include "tests/fuzz/fuzz.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>

#define PREFIX "test_"

static char directory[256];

static void replay(void **state)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", directory, (const char *)*state);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    assert_true(size >= 0);
    rewind(file);
    /* Of exactly that size, so that ASan sees a step beyond it. */
    char *data = malloc(size ? (size_t)size : 1);
    assert_int_equal(fread(data, 1, (size_t)size, file), size);
    fclose(file);
    fuzz_one(data, (size_t)size);
    free(data);
}

static int is_seed(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    (void)argc;
    const char *slash = strrchr(argv[0], '/'), *program = slash ? slash + 1 : argv[0];
    if (strncmp(program, PREFIX, strlen(PREFIX)) != 0)
        return 1;
    snprintf(directory, sizeof directory, "tests/fuzz/seeds/%s", program + strlen(PREFIX));
    struct dirent **seeds;
    int count = scandir(directory, &seeds, is_seed, alphasort);
    if (count <= 0) {
        fprintf(stderr, "%s: no seeds there; run this from the top of the tree\n", directory);
        return 1;
    }
    struct CMUnitTest *tests = calloc((size_t)count, sizeof *tests);
    for (int i = 0; tests && i < count; i++)
        tests[i] =
            (struct CMUnitTest){ .name = seeds[i]->d_name, .test_func = replay, .initial_state = seeds[i]->d_name };
    fuzz_start();
    int failed = tests ? _cmocka_run_group_tests(program, tests, (size_t)count, NULL, NULL) : 1;
    for (int i = 0; i < count; i++)
        free(seeds[i]);
    free(seeds);
    free(tests);
    return failed;
}

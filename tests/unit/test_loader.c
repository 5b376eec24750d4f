/* The loading thread: what it puts into the store is what was registered, or it says so. */
#include "tests/unit/queue_bench.h"

#include "daemon/loader.h"

struct loading {
    struct bench *bench;
    struct loader *loader;
    char *path, *rejected_path;
    struct load_result result;
    char message[512];
    bool done;
};

static void on_loaded(void *context, const struct load_result *result)
{
    struct loading *loading = context;
    loading->result = *result;
    snprintf(loading->message, sizeof loading->message, "%s", result->message);
    loading->done = true;
}

static void loading_open(struct loading *loading)
{
    *loading = (struct loading){ .bench = bench_open() };
    loading->path = mem_format("%s/feed", loading->bench->directory);
    loading->rejected_path = mem_format("%s/feed.rejected", loading->bench->directory);
    assert_int_equal(loader_open(&loading->bench->loop, loading->bench->queue, &loading->loader, NULL), 0);
}

static void loading_close(struct loading *loading)
{
    loader_close(loading->loader);
    free(loading->path);
    free(loading->rejected_path);
    bench_close(loading->bench);
}

static void write_feed(const struct loading *loading, const char *text)
{
    FILE *file = fopen(loading->path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void wait_for_loader(struct loading *loading)
{
    while (!loading->done)
        uv_run(&loading->bench->loop, UV_RUN_ONCE);
    loading->done = false;
}

/* TEXT is there when the file is hashed, LATER when it is parsed. */
static int load(struct loading *loading, const char *text, const char *later)
{
    struct load load = { .path = loading->path, .rejected_path = loading->rejected_path };
    load.profile = config_profile(loading->bench->config, "default");
    assert_non_null(load.profile);
    write_feed(loading, text);
    loader_hash(loading->loader, &load, on_loaded, loading);
    wait_for_loader(loading);
    assert_int_equal(loading->result.status, 0);
    struct dropped dropped = begin_file(loading->bench, &(struct drop){ .name = "a", .hash = loading->result.hash });
    char hash[65];
    strcpy(hash, loading->result.hash);
    load.file = dropped.file;
    load.hash = hash;
    load.size = loading->result.size;
    write_feed(loading, later);
    loader_parse(loading->loader, &load, on_loaded, loading);
    wait_for_loader(loading);
    return loading->result.status;
}

static void what_was_registered(void **state)
{
    (void)state;
    struct loading loading;
    loading_open(&loading);
    assert_int_equal(load(&loading, "a.test\nb.test\n", "a.test\nb.test\n"), 0);
    assert_int_equal(loading.result.rows, 2);
    assert_int_equal(look(loading.bench, "SELECT count(*) FROM incident WHERE ?1 = ''", ""), 2);
    loading_close(&loading);
}

static void what_was_not(void **state)
{
    static const char *const later[] = { "a.test\n", "a.test\nb.test\nc.test\n", "a.test\nc.test\n", "" };
    static const char *const words[] = { "14 bytes when it was taken, 7 when", "taken, 21 when",
                                         "taken, 14 others when", "taken, 0 when" };
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct loading loading;
        loading_open(&loading);
        assert_int_equal(load(&loading, "a.test\nb.test\n", later[i]), -ESTALE);
        assert_non_null(strstr(loading.message, "it was changed while it was read"));
        assert_non_null(strstr(loading.message, words[i]));
        loading_close(&loading);
    }
}

/* It was cut off within a quoted field: that it was cut is what helps a person. */
static void cut_off_in_the_middle(void **state)
{
    (void)state;
    struct loading loading;
    loading_open(&loading);
    assert_int_equal(load(&loading, "fqdn,text\na.test,\"one\"\n", "fqdn,text\na.test,\"o"), -ESTALE);
    loading_close(&loading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_registered),
        cmocka_unit_test(what_was_not),
        cmocka_unit_test(cut_off_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

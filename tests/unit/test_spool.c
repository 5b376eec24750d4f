/* The spool with a real loop in a scratch directory. */
#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/spool/look.h"
#include "daemon/spool/spool.h"
#include "daemon/spool/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

struct bench {
    char root[64], spool_path[80];
    uv_loop_t loop;
    struct config config;
    struct config_profile profiles[2];
    struct spool *spool;
    struct spool_claim claims[64];
    size_t count;
    int done, status;
    char message[512];
    uv_timer_t limit;
    bool out_of_time;
};

/* ---- Files ------------------------------------------------------------------------------------------------------------------------------ */

static char path_buffer[8][512];

static const char *at(const struct bench *bench, const char *name)
{
    static int next;
    char *path = path_buffer[next++ % 8];
    snprintf(path, sizeof path_buffer[0], "%s/%s", bench->spool_path, name);
    return path;
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static bool is_there(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

static void assert_text(const char *path, const char *expected)
{
    char text[4096] = "";
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s is not there", path);
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    assert_string_equal(text, expected);
}

/* Write elsewhere, rename into incoming/NAME. */
static void drop(const struct bench *bench, const char *name, const char *text)
{
    char outside[128];
    snprintf(outside, sizeof outside, "%s/outside", bench->root);
    put(outside, text);
    assert_int_equal(rename(outside, at(bench, name)), 0);
}

/* ---- The loop ---------------------------------------------------------------------------------------------------------------------------- */

static void on_claimed(void *context, const struct spool_claim *claim)
{
    struct bench *bench = context;
    assert_true(bench->count < COUNT(bench->claims));
    assert_true(is_there(claim->path));
    bench->claims[bench->count++] = (struct spool_claim){
        mem_string(claim->path), mem_string(claim->id),      mem_string(claim->profile),
        mem_string(claim->name), mem_string(claim->options), mem_string(claim->owner),
    };
}

static void on_done(void *context, int status, const char *message)
{
    struct bench *bench = context;
    bench->done++;
    bench->status = status;
    snprintf(bench->message, sizeof bench->message, "%s", message);
}

static void on_limit(uv_timer_t *timer)
{
    ((struct bench *)timer->data)->out_of_time = true;
}

/* Run until there are CLAIMS claims and DONE calls, MS milliseconds at most. Was it so? */
static bool run(struct bench *bench, size_t claims, int done, uint64_t ms)
{
    bench->out_of_time = false;
    uv_update_time(&bench->loop);
    uv_timer_start(&bench->limit, on_limit, ms, 0);
    while (!bench->out_of_time && (bench->count < claims || bench->done < done))
        uv_run(&bench->loop, UV_RUN_ONCE);
    uv_timer_stop(&bench->limit);
    return bench->count >= claims && bench->done >= done;
}

static void idle(struct bench *bench, uint64_t ms)
{
    run(bench, SIZE_MAX, 0, ms);
}

static void start(struct bench *bench)
{
    struct error error = { "" };
    if (spool_open(&bench->loop, &bench->config, on_claimed, bench, &bench->spool, &error))
        fail_msg("%s", error.text);
}

static void forget_claims(struct bench *bench)
{
    for (size_t i = 0; i < bench->count; i++) {
        const struct spool_claim *claim = &bench->claims[i];
        const char *const strings[] = { claim->path, claim->id,      claim->profile,
                                        claim->name, claim->options, claim->owner };
        for (size_t k = 0; k < COUNT(strings); k++)
            free((char *)strings[k]);
    }
    bench->count = 0;
}

/* Close the spool; with nothing else open but the bench's own timer the loop runs empty. */
static void stop(struct bench *bench)
{
    spool_close(bench->spool);
    bench->spool = NULL;
    uv_run(&bench->loop, UV_RUN_DEFAULT);
}

static void restart(struct bench *bench)
{
    stop(bench);
    forget_claims(bench);
    start(bench);
}

static int set_up(void **state)
{
    struct bench *bench = mem_zero(1, sizeof *bench);
    strcpy(bench->root, "/tmp/tocsin-spool-XXXXXX");
    assert_non_null(mkdtemp(bench->root));
    snprintf(bench->spool_path, sizeof bench->spool_path, "%s/spool", bench->root);
    bench->profiles[0].name = (char *)"default";
    bench->profiles[1].name = (char *)"scans";
    bench->config.paths.spool = bench->spool_path;
    bench->config.spool.rescan = 60000;
    bench->config.spool.quiet = 10000;
    bench->config.spool.max_file = 100;
    bench->config.profiles = bench->profiles;
    bench->config.profile_count = 2;
    uv_loop_init(&bench->loop);
    uv_timer_init(&bench->loop, &bench->limit);
    bench->limit.data = bench;
    start(bench);
    *state = bench;
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    if (bench->spool)
        spool_close(bench->spool);
    uv_close((uv_handle_t *)&bench->limit, NULL);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&bench->loop), 0);
    forget_claims(bench);
    nftw(bench->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(bench);
    return 0;
}

/* ---- Tests -------------------------------------------------------------------------------------------------------------------------------- */

static void assert_mode(const char *path, mode_t mode)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, mode);
}

static void test_directories(void **state)
{
    struct bench *bench = *state;
    assert_mode(at(bench, "incoming"), 03770);
    assert_mode(at(bench, "incoming/scans"), 03770);
    assert_mode(at(bench, "processing/scans"), 0750);
    assert_mode(at(bench, "done"), 0750);
    assert_mode(at(bench, "failed"), 0750);
    /* What the administrator has made otherwise stays. */
    assert_int_equal(chmod(at(bench, "incoming"), 0700), 0);
    restart(bench);
    assert_mode(at(bench, "incoming"), 0700);
}

static void test_renamed_in_is_taken_at_once(void **state)
{
    struct bench *bench = *state;
    char who[64];
    struct passwd *user = getpwuid(getuid());
    snprintf(who, sizeof who, "%s", user ? user->pw_name : "");
    idle(bench, 100);
    drop(bench, "incoming/a.csv", "domain\n");
    assert_true(run(bench, 1, 0, 2000));
    const struct spool_claim *claim = &bench->claims[0];
    assert_string_equal(claim->name, "a.csv");
    assert_string_equal(claim->profile, "default");
    assert_null(claim->options);
    if (*who)
        assert_string_equal(claim->owner, who);
    char expected[256];
    snprintf(expected, sizeof expected, "%s/processing/%s", bench->spool_path, claim->id);
    assert_string_equal(claim->path, expected);
    assert_int_equal(strncmp(claim->id, "default/", 8), 0);
    assert_true(tree_has_stamp(claim->id + 8));
    assert_text(claim->path, "domain\n");
    assert_false(is_there(at(bench, "incoming/a.csv")));

    drop(bench, "incoming/scans/b.csv", "domain\n");
    assert_true(run(bench, 2, 0, 2000));
    assert_string_equal(bench->claims[1].profile, "scans");
    assert_true(strcmp(strchr(bench->claims[1].id, '/'), strchr(claim->id, '/')) > 0);

    /* The way of people who read the manual: hidden first. */
    put(at(bench, "incoming/.c.csv"), "domain\n");
    put(at(bench, "incoming/d.csv.part"), "domain\n");
    put(at(bench, "incoming/e.csv.tmp"), "domain\n");
    idle(bench, 200);
    assert_int_equal(bench->count, 2);
    assert_int_equal(rename(at(bench, "incoming/.c.csv"), at(bench, "incoming/c.csv")), 0);
    assert_int_equal(rename(at(bench, "incoming/d.csv.part"), at(bench, "incoming/d.csv")), 0);
    assert_true(run(bench, 4, 0, 2000));
    assert_true(is_there(at(bench, "incoming/e.csv.tmp")));
}

static void test_many_renamed_in_one_go(void **state)
{
    struct bench *bench = *state;
    idle(bench, 50);
    for (int i = 0; i < 40; i++) {
        char name[64];
        snprintf(name, sizeof name, "incoming/%d.csv", i);
        drop(bench, name, "domain\n");
    }
    assert_true(run(bench, 40, 0, 5000));
    for (size_t i = 1; i < bench->count; i++)
        assert_true(strcmp(bench->claims[i - 1].id, bench->claims[i].id) < 0);
}

static void test_written_in_place_is_taken_when_quiet(void **state)
{
    struct bench *bench = *state;
    stop(bench);
    bench->config.spool.quiet = 400;
    start(bench);
    idle(bench, 50);
    for (int i = 0; i < 8; i++) {
        put(at(bench, "incoming/slow.csv"), "domain\n");
        idle(bench, 100);
        assert_int_equal(bench->count, 0);
    }
    assert_true(run(bench, 1, 0, 2000));
    assert_text(bench->claims[0].path, "domain\ndomain\ndomain\ndomain\ndomain\ndomain\ndomain\ndomain\n");
    /* Also one that stays empty. */
    put(at(bench, "incoming/empty.csv"), "");
    idle(bench, 150);
    assert_int_equal(bench->count, 1);
    assert_true(run(bench, 2, 0, 2000));
}

static void test_there_before_the_daemon(void **state)
{
    struct bench *bench = *state;
    stop(bench);
    bench->config.spool.quiet = 100;
    const char *const names[] = { "incoming/younger.csv", "incoming/scans/older.csv" };
    for (size_t i = 0; i < COUNT(names); i++) {
        const struct timespec times[2] = { { 1000000000 - (time_t)i, 0 }, { 1000000000 - (time_t)i, 0 } };
        put(at(bench, names[i]), "domain\n");
        assert_int_equal(utimensat(AT_FDCWD, at(bench, names[i]), times, 0), 0);
    }
    start(bench);
    assert_true(run(bench, 2, 0, 2000));
    assert_string_equal(bench->claims[0].name, "older.csv");
    assert_string_equal(bench->claims[1].name, "younger.csv");
}

static void test_refused(void **state)
{
    struct bench *bench = *state;
    char big[200];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    assert_int_equal(symlink("/etc/passwd", at(bench, "incoming/link.csv")), 0);
    assert_int_equal(mkfifo(at(bench, "incoming/fifo.csv"), 0600), 0);
    assert_int_equal(mkdir(at(bench, "incoming/directory"), 0700), 0);
    drop(bench, "incoming/big.csv", big);
    drop(bench, "incoming/x.csv.rejected", "domain\n");
    drop(bench, "incoming/new\nline.csv", "domain\n");
    drop(bench, "incoming/latin\xe4.csv", "domain\n");
    drop(bench, "incoming/good.csv", "domain\n");
    assert_true(run(bench, 1, 0, 2000));
    idle(bench, 200);
    assert_int_equal(bench->count, 1);
    assert_string_equal(bench->claims[0].name, "good.csv");
    assert_text(at(bench, "failed/link.csv.error"), "it is a symbolic link: drop the file itself\n");
    struct stat status;
    assert_int_equal(lstat(at(bench, "failed/link.csv"), &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_text(at(bench, "failed/fifo.csv.error"), "it is no regular file\n");
    assert_text(at(bench, "failed/big.csv.error"),
                "it is larger than spool.max_file allows: split it, or raise the limit\n");
    assert_text(at(bench, "failed/big.csv"), big);
    assert_true(is_there(at(bench, "failed/x.csv.rejected.error")));
    assert_true(is_there(at(bench, "failed/new_line.csv.error")));
    assert_true(is_there(at(bench, "failed/latin_.csv.error")));
    assert_true(is_there(at(bench, "incoming/directory")));
    assert_true(is_there("/etc/passwd"));
    /* The same name again. */
    assert_int_equal(symlink("/etc/passwd", at(bench, "incoming/link.csv")), 0);
    idle(bench, 200);
    assert_true(is_there(at(bench, "failed/link.csv.2")));
    assert_true(is_there(at(bench, "failed/link.csv.2.error")));
}

static void test_hard_link_waits(void **state)
{
    struct bench *bench = *state;
    put(at(bench, "elsewhere"), "domain\n");
    assert_int_equal(link(at(bench, "elsewhere"), at(bench, "incoming/a.csv")), 0);
    idle(bench, 300);
    assert_int_equal(bench->count, 0);
    assert_true(is_there(at(bench, "incoming/a.csv")));
    unlink(at(bench, "elsewhere"));
    spool_rescan(bench->spool);
    assert_true(run(bench, 1, 0, 2000));
}

static void test_offered_again_after_a_crash(void **state)
{
    struct bench *bench = *state;
    drop(bench, "incoming/first.csv", "1\n");
    assert_true(run(bench, 1, 0, 2000));
    drop(bench, "incoming/scans/second.csv", "2\n");
    assert_true(run(bench, 2, 0, 2000));
    char *first = mem_string(bench->claims[0].id), *second = mem_string(bench->claims[1].id);
    char *rejected = spool_scratch(bench->spool, first, "rejected");
    put(rejected, "half of it");
    stop(bench);
    forget_claims(bench);
    /* Leftovers: an unfinished write, options and results of nothing, and something that is not ours. */
    put(at(bench, "processing/default/.x.tmp"), "x");
    put(at(bench, "processing/default/20200101T000000.000000-gone.csv.options.json"), "{}");
    put(at(bench, "processing/default/20200101T000000.000000-gone.csv.result.jsonl"), "{}");
    put(at(bench, "processing/default/stray.csv"), "x");
    mkdir(at(bench, "processing/oldprofile"), 0700);
    put(at(bench, "processing/oldprofile/20200101T000000.000000-old.csv"), "0\n");
    start(bench);
    drop(bench, "incoming/third.csv", "3\n");
    assert_true(run(bench, 4, 0, 2000));
    assert_string_equal(bench->claims[0].id, "oldprofile/20200101T000000.000000-old.csv");
    assert_string_equal(bench->claims[0].profile, "oldprofile");
    assert_string_equal(bench->claims[1].id, first);
    assert_string_equal(bench->claims[1].name, "first.csv");
    assert_string_equal(bench->claims[2].id, second);
    assert_string_equal(bench->claims[3].name, "third.csv");
    assert_true(is_there(rejected));
    assert_false(is_there(at(bench, "processing/default/.x.tmp")));
    assert_false(is_there(at(bench, "processing/default/20200101T000000.000000-gone.csv.options.json")));
    assert_false(is_there(at(bench, "processing/default/20200101T000000.000000-gone.csv.result.jsonl")));
    assert_true(is_there(at(bench, "processing/default/stray.csv")));
    free(rejected);
    free(first);
    free(second);
}

static void test_submit(void **state)
{
    struct bench *bench = *state;
    put(at(bench, "incoming/.up"), "domain\n");
    spool_submit(bench->spool, ".up", "scans", "list.csv", "{\"hold\":true}", on_done, bench);
    assert_true(run(bench, 1, 1, 2000));
    assert_int_equal(bench->status, 0);
    const struct spool_claim *claim = &bench->claims[0];
    assert_string_equal(bench->message, claim->id);
    assert_string_equal(claim->name, "list.csv");
    assert_string_equal(claim->profile, "scans");
    assert_string_equal(claim->options, "{\"hold\":true}");
    assert_false(is_there(at(bench, "incoming/.up")));
    restart(bench);
    assert_true(run(bench, 1, 0, 2000));
    assert_string_equal(bench->claims[0].options, "{\"hold\":true}");
    char *options = spool_scratch(bench->spool, bench->claims[0].id, "options.json");
    assert_true(is_there(options));
    spool_finish(bench->spool, bench->claims[0].id, true, NULL, on_done, bench);
    assert_true(run(bench, 0, 2, 2000));
    assert_false(is_there(options));
    assert_true(is_there(at(bench, "done/list.csv")));
    free(options);
}

static void test_submit_refused(void **state)
{
    struct bench *bench = *state;
    static const struct {
        const char *hidden, *profile, *name;
    } rows[] = {
        { "visible", "scans", "a.csv" }, { "..", "scans", "a.csv" },           { ".", "scans", "a.csv" },
        { "", "scans", "a.csv" },        { "./visible", "scans", "a.csv" },    { "../outside", "scans", "a.csv" },
        { ".absent", "scans", "a.csv" }, { ".link", "scans", "a.csv" },        { ".ok", "nobody", "a.csv" },
        { ".ok", "../done", "a.csv" },   { ".ok", "scans", "../a.csv" },       { ".ok", "scans", "" },
        { ".ok", "scans", ".hidden" },   { ".ok", "scans", "a.result.jsonl" }, { ".ok", "scans", "a\n.csv" },
    };
    put(at(bench, "incoming/.ok"), "domain\n");
    put(at(bench, "outside"), "domain\n");
    assert_int_equal(symlink("/etc/passwd", at(bench, "incoming/.link")), 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        spool_submit(bench->spool, rows[i].hidden, rows[i].profile, rows[i].name, "{}", on_done, bench);
        assert_true(run(bench, 0, (int)i + 1, 2000));
        assert_true(bench->status < 0);
        assert_true(bench->message[0]);
    }
    assert_int_equal(bench->count, 0);
    assert_true(is_there(at(bench, "incoming/.ok")));
    assert_true(is_there(at(bench, "outside")));
}

static void finish(struct bench *bench, const char *id, bool ok, const char *why)
{
    int before = bench->done;
    spool_finish(bench->spool, id, ok, why, on_done, bench);
    assert_true(run(bench, 0, before + 1, 2000));
}

static void write_scratch(struct bench *bench, const char *id, const char *suffix, const char *text)
{
    char *path = spool_scratch(bench->spool, id, suffix);
    put(path, text);
    free(path);
}

static void replace(struct bench *bench, const char *id, const char *text)
{
    int before = bench->done;
    write_scratch(bench, id, "result.jsonl", text);
    spool_replace_result(bench->spool, id, on_done, bench);
    assert_true(run(bench, 0, before + 1, 2000));
    assert_int_equal(bench->status, 0);
}

static void test_finish(void **state)
{
    struct bench *bench = *state;
    for (size_t i = 0; i < 3; i++) {
        drop(bench, "incoming/a.csv", "domain\n");
        assert_true(run(bench, i + 1, 0, 2000));
    }
    const char *first = bench->claims[0].id, *second = bench->claims[1].id, *third = bench->claims[2].id;
    write_scratch(bench, first, "result.jsonl", "one");
    write_scratch(bench, first, "rejected", "bad rows");
    finish(bench, first, true, NULL);
    assert_int_equal(bench->status, 0);
    assert_text(at(bench, "done/a.csv"), "domain\n");
    assert_text(at(bench, "done/a.csv.result.jsonl"), "one");
    assert_text(at(bench, "done/a.csv.rejected"), "bad rows");
    assert_false(is_there(bench->claims[0].path));

    write_scratch(bench, second, "result.jsonl", "two");
    finish(bench, second, true, NULL);
    assert_text(at(bench, "done/a.csv.2.result.jsonl"), "two");
    assert_false(is_there(at(bench, "done/a.csv.2.rejected")));

    write_scratch(bench, third, "rejected", "all rows");
    finish(bench, third, false, "too many rows are bad");
    assert_int_equal(bench->status, 0);
    assert_text(at(bench, "failed/a.csv"), "domain\n");
    assert_text(at(bench, "failed/a.csv.rejected"), "all rows");
    assert_text(at(bench, "failed/a.csv.error"), "too many rows are bad\n");

    /* Later versions find their file, also in another life of the daemon. */
    replace(bench, second, "two again");
    assert_text(at(bench, "done/a.csv.2.result.jsonl"), "two again");
    char *id = mem_string(second);
    restart(bench);
    idle(bench, 100);
    replace(bench, id, "two at last");
    assert_text(at(bench, "done/a.csv.2.result.jsonl"), "two at last");
    assert_text(at(bench, "done/a.csv.result.jsonl"), "one");
    /* Taken away: nothing comes back. */
    unlink(at(bench, "done/a.csv.2"));
    unlink(at(bench, "done/a.csv.2.result.jsonl"));
    replace(bench, id, "for nobody");
    assert_false(is_there(at(bench, "done/a.csv.2.result.jsonl")));
    char *scratch = spool_scratch(bench->spool, id, "result.jsonl");
    assert_false(is_there(scratch));
    free(scratch);
    free(id);
}

static void test_finish_what_is_not_there(void **state)
{
    struct bench *bench = *state;
    static const char *const ids[] = { "default/20200101T000000.000000-gone.csv",
                                       "default/gone.csv",
                                       "../../etc/passwd",
                                       "",
                                       "default/20200101T000000.000000-",
                                       "a/b/c" };
    for (size_t i = 0; i < COUNT(ids); i++) {
        finish(bench, ids[i], true, NULL);
        assert_true(bench->status == -ENOENT || bench->status == -EINVAL);
    }
    assert_false(is_there(at(bench, "done/gone.csv")));
}

/* A crash after some of the renames: the finish goes on under the name that was chosen. */
static void test_finish_goes_on_after_a_crash(void **state)
{
    struct bench *bench = *state;
    for (size_t i = 0; i < 2; i++) {
        drop(bench, "incoming/a.csv", i ? "second\n" : "first\n");
        assert_true(run(bench, i + 1, 0, 2000));
    }
    char *first = mem_string(bench->claims[0].id), *second = mem_string(bench->claims[1].id);
    char link[64];
    snprintf(link, sizeof link, "done/.%.22s", strchr(first, '/') + 1);
    assert_int_equal(symlink("a.csv", at(bench, link)), 0);
    put(at(bench, "done/a.csv.rejected"), "of the first");
    restart(bench);
    assert_true(run(bench, 2, 0, 2000));
    finish(bench, second, true, NULL);
    finish(bench, first, true, NULL);
    assert_text(at(bench, "done/a.csv"), "first\n");
    assert_text(at(bench, "done/a.csv.rejected"), "of the first");
    assert_text(at(bench, "done/a.csv.2"), "second\n");
    /* And once more: it is done already. */
    finish(bench, first, true, NULL);
    assert_int_equal(bench->status, 0);
    assert_false(is_there(at(bench, "done/a.csv.3")));
    free(first);
    free(second);
}

/* A disk that is full for a while. */
static void test_finish_is_tried_again(void **state)
{
    struct bench *bench = *state;
    drop(bench, "incoming/a.csv", "domain\n");
    assert_true(run(bench, 1, 0, 2000));
    struct rlimit limit, none;
    getrlimit(RLIMIT_FSIZE, &limit);
    none = (struct rlimit){ 0, limit.rlim_max };
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &none);
    spool_finish(bench->spool, bench->claims[0].id, false, "why", on_done, bench);
    idle(bench, 200);
    setrlimit(RLIMIT_FSIZE, &limit);
    assert_int_equal(bench->done, 0);
    assert_true(is_there(bench->claims[0].path));
    spool_rescan(bench->spool);
    assert_true(run(bench, 0, 1, 2000));
    assert_int_equal(bench->status, 0);
    assert_text(at(bench, "failed/a.csv.error"), "why\n");
    assert_text(at(bench, "failed/a.csv"), "domain\n");
}

static void test_close_while_busy(void **state)
{
    struct bench *bench = *state;
    drop(bench, "incoming/a.csv", "domain\n");
    assert_true(run(bench, 1, 0, 2000));
    drop(bench, "incoming/b.csv", "domain\n");
    spool_finish(bench->spool, bench->claims[0].id, true, NULL, on_done, bench);
    spool_rescan(bench->spool);
    stop(bench);
    assert_int_equal(bench->done, 0); /* nobody is told, but it was done */
    assert_true(is_there(at(bench, "done/a.csv")));
}

static void test_cannot_open(void **state)
{
    struct bench *bench = *state;
    struct error error = { "" };
    struct spool *spool;
    struct config config = bench->config;
    char path[128];
    snprintf(path, sizeof path, "%s/file", bench->root);
    put(path, "x");
    config.paths.spool = path;
    assert_int_equal(spool_open(&bench->loop, &config, on_claimed, bench, &spool, &error), -ENOTDIR);
    assert_non_null(strstr(error.text, path));
}

static void test_look_wait(void **state)
{
    (void)state;
    const int64_t wall = 1700000000000000000, ms = 1000000;
    static const struct {
        enum arrival arrival;
        off_t size;
        int64_t written_ago, changed_ago, same, quiet, expected; /* milliseconds */
    } rows[] = {
        { ARRIVAL_WRITTEN, 10, 0, 0, 0, 10000, 10000 }, /* being written */
        { ARRIVAL_WRITTEN, 10, 4000, 4000, 4000, 10000, 6000 },
        { ARRIVAL_WRITTEN, 10, 10000, 10000, 10000, 10000, 0 },
        { ARRIVAL_NAMED, 10, 0, 0, 0, 10000, 60 }, /* renamed in: it must only look the same twice */
        { ARRIVAL_NAMED, 10, 60, 60, 60, 10000, 0 },
        { ARRIVAL_NAMED, 0, 60, 60, 60, 10000, 9940 }, /* created, perhaps */
        { ARRIVAL_WRITTEN, 10, 5000, 60, 60, 10000, 0 }, /* its times were set after it was written */
        { ARRIVAL_UNKNOWN, 10, 60000, 60000, 0, 10000, 0 }, /* here since before the daemon */
        { ARRIVAL_UNKNOWN, 10, 3000, 3000, 0, 10000, 7000 },
        { ARRIVAL_UNKNOWN, 10, -5000, -5000, 2000, 10000, 8000 }, /* from the future */
        { ARRIVAL_UNKNOWN, 0, 0, 0, 0, 0, 0 }, /* no quiet time wanted */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct sight sight = { .arrival = rows[i].arrival,
                                     .size = rows[i].size,
                                     .written = wall - rows[i].written_ago * ms,
                                     .changed = wall - rows[i].changed_ago * ms,
                                     .since = 5000 - rows[i].same };
        int64_t wait = look_wait(&sight, wall, 5000, rows[i].quiet);
        if (wait != rows[i].expected)
            fail_msg("row %zu: %lld", i, (long long)wait);
    }
}

int main(void)
{
    log_set_level(LOG_ERROR_LEVEL);
#define SPOOL_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        SPOOL_TEST(test_directories),
        SPOOL_TEST(test_renamed_in_is_taken_at_once),
        SPOOL_TEST(test_many_renamed_in_one_go),
        SPOOL_TEST(test_written_in_place_is_taken_when_quiet),
        SPOOL_TEST(test_there_before_the_daemon),
        SPOOL_TEST(test_refused),
        SPOOL_TEST(test_hard_link_waits),
        SPOOL_TEST(test_offered_again_after_a_crash),
        SPOOL_TEST(test_submit),
        SPOOL_TEST(test_submit_refused),
        SPOOL_TEST(test_finish),
        SPOOL_TEST(test_finish_what_is_not_there),
        SPOOL_TEST(test_finish_goes_on_after_a_crash),
        SPOOL_TEST(test_finish_is_tried_again),
        SPOOL_TEST(test_close_while_busy),
        SPOOL_TEST(test_cannot_open),
        cmocka_unit_test(test_look_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

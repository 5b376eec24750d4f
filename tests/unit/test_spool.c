/* The spool with a real loop in a scratch directory. */
#include "config/sidecar.h"
#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/spool/look.h"
#include "daemon/spool/names.h"
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
    struct spool_claim claims[256];
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

static void assert_mode(const char *path, mode_t mode)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, mode);
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
        mem_string(claim->path),    mem_string(claim->id),    mem_string(claim->profile), mem_string(claim->name),
        mem_string(claim->options), mem_string(claim->owner), mem_string(claim->sidecar), claim->sidecar_fault,
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
        const char *const strings[] = { claim->path,    claim->id,    claim->profile, claim->name,
                                        claim->options, claim->owner, claim->sidecar };
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
    assert_true(names_has_stamp(claim->id + 8));
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

/* More than are taken in one look: the oldest first, whatever they are called. */
static void test_more_than_one_look_takes(void **state)
{
    struct bench *bench = *state;
    stop(bench);
    char name[64];
    for (int i = 0; i < 150; i++) {
        const struct timespec times[2] = { { 1000000000 - i, 0 }, { 1000000000 - i, 0 } };
        snprintf(name, sizeof name, "incoming/%03d.csv", i);
        put(at(bench, name), "domain\n");
        assert_int_equal(utimensat(AT_FDCWD, at(bench, name), times, 0), 0);
    }
    start(bench);
    assert_true(run(bench, 150, 0, 5000));
    for (int i = 0; i < 150; i++) {
        snprintf(name, sizeof name, "%03d.csv", 149 - i);
        assert_string_equal(bench->claims[i].name, name);
    }
}

/* An administrator clears up too thoroughly. */
static void test_directory_taken_away(void **state)
{
    struct bench *bench = *state;
    idle(bench, 50);
    assert_int_equal(rmdir(at(bench, "incoming/scans")), 0);
    for (int wait = 0; wait < 20 && !is_there(at(bench, "incoming/scans")); wait++)
        idle(bench, 50);
    drop(bench, "incoming/scans/a.csv", "domain\n");
    assert_true(run(bench, 1, 0, 2000));
    assert_string_equal(bench->claims[0].profile, "scans");
    idle(bench, 100);
    drop(bench, "incoming/scans/b.csv", "domain\n"); /* the new directory is watched */
    assert_true(run(bench, 2, 0, 2000));
    /* All of it; nothing tells of that but the next rescan. */
    assert_int_equal(rename(at(bench, "incoming"), at(bench, "old")), 0);
    spool_rescan(bench->spool);
    idle(bench, 100);
    assert_mode(at(bench, "incoming/scans"), 03770);
    drop(bench, "incoming/scans/c.csv", "domain\n");
    assert_true(run(bench, 3, 0, 2000));
}

/* Somebody of the group has put a link where a profile's directory will be made: files behind it are not ours to move. */
static void test_directory_is_no_link(void **state)
{
    struct bench *bench = *state;
    struct error error = { "" };
    struct spool *spool;
    stop(bench);
    assert_int_equal(rmdir(at(bench, "incoming/scans")), 0);
    assert_int_equal(symlink(bench->root, at(bench, "incoming/scans")), 0);
    assert_int_equal(spool_open(&bench->loop, &bench->config, on_claimed, bench, &spool, &error), -ENOTDIR);
    assert_non_null(strstr(error.text, "incoming/scans"));
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

/* A writer that sets the mode before it is done looks by its times as if it had renamed: ctime later than mtime, bytes in it. */
static void test_half_written_is_left_alone(void **state)
{
    struct bench *bench = *state;
    stop(bench);
    bench->config.spool.quiet = 600;
    start(bench);
    idle(bench, 50);
    put(at(bench, "incoming/slow.csv"), "first half, ");
    idle(bench, 50);
    assert_int_equal(chmod(at(bench, "incoming/slow.csv"), 0640), 0);
    spool_rescan(bench->spool);
    idle(bench, 300);
    assert_int_equal(bench->count, 0);
    put(at(bench, "incoming/slow.csv"), "second half");
    assert_true(run(bench, 1, 0, 3000));
    assert_text(bench->claims[0].path, "first half, second half");
}

/* The sender's clock is wrong: an mtime in the future tells nothing, our own clock does. */
static void test_mtime_in_the_future(void **state)
{
    struct bench *bench = *state;
    const struct timespec times[2] = { { 4000000000, 0 }, { 4000000000, 0 } };
    stop(bench);
    bench->config.spool.quiet = 400;
    start(bench);
    idle(bench, 50);
    put(at(bench, "incoming/a.csv"), "domain\n");
    assert_int_equal(utimensat(AT_FDCWD, at(bench, "incoming/a.csv"), times, 0), 0);
    idle(bench, 200);
    assert_int_equal(bench->count, 0);
    assert_true(run(bench, 1, 0, 2000));
}

/* Renamed in while nobody watched: there is no telling, so it is quiet first. */
static void test_renamed_in_before_the_daemon(void **state)
{
    struct bench *bench = *state;
    stop(bench);
    bench->config.spool.quiet = 400;
    drop(bench, "incoming/a.csv", "domain\n");
    start(bench);
    idle(bench, 150);
    assert_int_equal(bench->count, 0);
    assert_true(run(bench, 1, 0, 2000));
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
    /* A crash came between the reason and the file. */
    put(at(bench, "failed/cut.csv.error"), "it is a symbolic link: drop the file itself\n");
    put(at(bench, "failed/other.csv.error"), "whatever\n");
    assert_int_equal(symlink("/etc/passwd", at(bench, "incoming/cut.csv")), 0);
    assert_int_equal(symlink("/etc/passwd", at(bench, "incoming/other.csv")), 0);
    idle(bench, 200);
    assert_true(is_there(at(bench, "failed/cut.csv")));
    assert_true(is_there(at(bench, "failed/other.csv.2")));
    assert_text(at(bench, "failed/other.csv.error"), "whatever\n");
    /* The same name again. */
    assert_int_equal(symlink("/etc/passwd", at(bench, "incoming/link.csv")), 0);
    idle(bench, 200);
    assert_true(is_there(at(bench, "failed/link.csv.2")));
    assert_true(is_there(at(bench, "failed/link.csv.2.error")));
}

/* Names that break out of a buffer, a line or a character. */
static void test_unusual_names(void **state)
{
    struct bench *bench = *state;
    char name[300], expected[300];
    static const char *const fit[] = {
        "-rf", " ", "a b.csv", "\303\244.csv", "%s%n", "a;b|c&d", "20200101T000000.000000-x"
    };
    for (size_t i = 0; i < COUNT(fit); i++) {
        snprintf(name, sizeof name, "incoming/%s", fit[i]);
        drop(bench, name, "domain\n");
        assert_true(run(bench, i + 1, 0, 2000));
        assert_string_equal(bench->claims[i].name, fit[i]);
        spool_finish(bench->spool, bench->claims[i].id, true, NULL, on_done, bench);
        assert_true(run(bench, 0, (int)i + 1, 2000));
        assert_int_equal(bench->status, 0);
        snprintf(name, sizeof name, "done/%s", fit[i]);
        assert_true(is_there(at(bench, name)));
    }
    /* 201 bytes, of which the last two are one character; 250 that are never the first of one. */
    memset(name, 'x', sizeof name);
    memcpy(name, "incoming/", 9);
    memcpy(name + 9 + 199, "\303\244", 3);
    drop(bench, name, "domain\n");
    memset(name + 9, 0x80, 250);
    name[9 + 250] = '\0';
    drop(bench, name, "domain\n");
    drop(bench, "incoming/\355\240\200", "domain\n"); /* half of a surrogate pair */
    idle(bench, 300);
    assert_int_equal(bench->count, COUNT(fit));
    memset(expected, 'x', sizeof expected);
    memcpy(expected, "failed/", 7);
    memcpy(expected + 7 + 199, ".error", 7);
    assert_true(is_there(at(bench, expected)));
    memset(expected + 7, '_', 200);
    strcpy(expected + 7 + 200, ".error");
    if (!is_there(at(bench, expected))) {
        strcpy(expected + 7 + 197, ".error");
        assert_true(is_there(at(bench, expected)));
    }
    assert_text(at(bench, "failed/___.error"),
                "its name holds control characters or is not UTF-8: rename it and drop it again\n");
}

static void test_hard_link_waits(void **state)
{
    struct bench *bench = *state;
    stop(bench);
    bench->config.spool.quiet = 100;
    start(bench);
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

/* What was on its way to failed/ when the daemon died goes there, though its next life calls it done; and the other way round. */
static void test_finish_goes_where_it_was_going(void **state)
{
    struct bench *bench = *state;
    static const char *const places[] = { "done", "failed" };
    for (size_t i = 0; i < COUNT(places); i++) {
        char link[64], name[64], text[64];
        drop(bench, "incoming/a.csv", "domain\n");
        assert_true(run(bench, i + 1, 0, 2000));
        const char *id = bench->claims[i].id;
        snprintf(link, sizeof link, "%s/.%.22s", places[i], strchr(id, '/') + 1);
        assert_int_equal(symlink("a.csv", at(bench, link)), 0);
        snprintf(text, sizeof text, "%s/a.csv.error", places[i]);
        if (i)
            put(at(bench, text), "the first reason\n");
        finish(bench, id, i, "changed its mind");
        assert_int_equal(bench->status, 0);
        snprintf(name, sizeof name, "%s/a.csv", places[i]);
        assert_true(is_there(at(bench, name)));
        assert_int_equal(is_there(at(bench, "failed/a.csv")), i == 1);
    }
    assert_false(is_there(at(bench, "done/a.csv.error")));
}

/* A new version of the results comes while the first finish is still to be: it must not be lost. */
static void test_replace_before_finish(void **state)
{
    struct bench *bench = *state;
    drop(bench, "incoming/a.csv", "domain\n");
    assert_true(run(bench, 1, 0, 2000));
    replace(bench, bench->claims[0].id, "newest");
    finish(bench, bench->claims[0].id, true, NULL);
    assert_text(at(bench, "done/a.csv.result.jsonl"), "newest");
}

/* A file of the same name comes after the administrator took the first one away: the first one's results are not written over its own. */
static void test_name_used_again(void **state)
{
    struct bench *bench = *state;
    drop(bench, "incoming/a.csv", "first\n");
    assert_true(run(bench, 1, 0, 2000));
    char *first = mem_string(bench->claims[0].id);
    finish(bench, first, true, NULL);
    unlink(at(bench, "done/a.csv"));
    drop(bench, "incoming/a.csv", "second\n");
    assert_true(run(bench, 2, 0, 2000));
    char *second = mem_string(bench->claims[1].id);
    write_scratch(bench, second, "result.jsonl", "of the second");
    finish(bench, second, true, NULL);
    replace(bench, first, "of the first");
    replace(bench, second, "of the second again");
    assert_false(is_there(at(bench, "done/a.csv")));
    assert_text(at(bench, "done/a.csv.2.result.jsonl"), "of the second again");
    /* After a restart the name is free, and only the third knows it. */
    restart(bench);
    drop(bench, "incoming/a.csv", "third\n");
    assert_true(run(bench, 1, 0, 2000));
    finish(bench, bench->claims[0].id, true, NULL);
    replace(bench, bench->claims[0].id, "of the third");
    replace(bench, first, "of the first");
    assert_text(at(bench, "done/a.csv.result.jsonl"), "of the third");
    free(first);
    free(second);
}

/* Somebody puts a file of his own under the name that was put aside. */
static void test_stranger_in_the_way(void **state)
{
    struct bench *bench = *state;
    char link[64];
    drop(bench, "incoming/a.csv", "domain\n");
    assert_true(run(bench, 1, 0, 2000));
    snprintf(link, sizeof link, "done/.%.22s", strchr(bench->claims[0].id, '/') + 1);
    assert_int_equal(symlink("a.csv", at(bench, link)), 0);
    put(at(bench, "done/a.csv"), "a stranger's\n");
    spool_finish(bench->spool, bench->claims[0].id, true, NULL, on_done, bench);
    idle(bench, 200);
    spool_rescan(bench->spool);
    assert_true(run(bench, 0, 1, 2000));
    assert_int_equal(bench->status, 0);
    assert_text(at(bench, "done/a.csv"), "a stranger's\n");
    assert_text(at(bench, "done/a.csv.2"), "domain\n");
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
    assert_int_equal(bench->done, 1);
    assert_int_equal(bench->status, 0);
    assert_true(is_there(at(bench, "done/a.csv")));
    assert_int_equal(bench->count, 1);
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

/* Its files in processing/ would be taken for those of a daemon that died. */
static void test_one_daemon_a_spool(void **state)
{
    struct bench *bench = *state;
    struct error error = { "" };
    struct spool *spool;
    drop(bench, "incoming/a.csv", "domain\n");
    assert_true(run(bench, 1, 0, 2000));
    assert_int_equal(spool_open(&bench->loop, &bench->config, on_claimed, bench, &spool, &error), -EEXIST);
    assert_non_null(strstr(error.text, "another tocsind"));
    idle(bench, 50);
    assert_int_equal(bench->count, 1);
}

/* The claim of the feed NAME, which is the only one. */
static const struct spool_claim *claim_of(struct bench *bench, const char *name)
{
    assert_true(run(bench, 1, 0, 2000));
    assert_int_equal(bench->count, 1);
    assert_string_equal(bench->claims[0].name, name);
    return &bench->claims[0];
}

static char *beside(const struct bench *bench, const struct spool_claim *claim, const char *suffix)
{
    char name[300];
    snprintf(name, sizeof name, "processing/%s%s", claim->id, suffix);
    return mem_string(at(bench, name));
}

static void test_sidecar_goes_with_its_feed(void **state)
{
    struct bench *bench = *state;
    drop(bench, "incoming/a.csv.meta.yaml", "note: x\n");
    idle(bench, 100);
    assert_int_equal(bench->count, 0);
    assert_true(is_there(at(bench, "incoming/a.csv.meta.yaml")));
    drop(bench, "incoming/a.csv", "domain\n");
    const struct spool_claim *claim = claim_of(bench, "a.csv");
    assert_string_equal(claim->sidecar, "note: x\n");
    assert_null(claim->sidecar_fault);
    assert_false(is_there(at(bench, "incoming/a.csv.meta.yaml")));
    char *taken = beside(bench, claim, ".meta.yaml");
    assert_true(is_there(taken));
    free(taken);
    restart(bench); /* it is still known after a crash */
    claim = claim_of(bench, "a.csv");
    assert_string_equal(claim->sidecar, "note: x\n");
    spool_finish(bench->spool, claim->id, true, NULL, on_done, bench);
    assert_true(run(bench, 1, 1, 2000));
    assert_text(at(bench, "done/a.csv.meta.yaml"), "note: x\n");
    assert_text(at(bench, "done/a.csv"), "domain\n");
}

/* One that is still being written holds its feed up, though that is complete. */
static void test_sidecar_is_waited_for(void **state)
{
    struct bench *bench = *state;
    bench->config.spool.quiet = 400;
    restart(bench);
    put(at(bench, "incoming/a.csv.meta.yaml"), "note:");
    drop(bench, "incoming/a.csv", "domain\n");
    idle(bench, 150);
    assert_int_equal(bench->count, 0);
    put(at(bench, "incoming/a.csv.meta.yaml"), " x\n");
    assert_string_equal(claim_of(bench, "a.csv")->sidecar, "note: x\n");
}

static void test_sidecar_that_may_not_be_read(void **state)
{
    struct bench *bench = *state;
    char outside[128], large[SIDECAR_MAX + 100];
    snprintf(outside, sizeof outside, "%s/secret", bench->root);
    put(outside, "secret\n");
    memset(large, '#', sizeof large);
    large[sizeof large - 1] = '\0';
    for (int round = 0; round < 4; round++) {
        static const char *const faults[] = { "it is a symbolic link", "it has other names (hard links)",
                                              "it is larger than 64k", "it belongs to another user than the feed" };
        const char *name = at(bench, "incoming/a.csv.meta.yaml");
        if (round == 3 && getuid() != 0)
            continue; /* only root can give a file away */
        if (round == 0)
            assert_int_equal(symlink(outside, name), 0);
        else if (round == 1)
            assert_int_equal(link(outside, name), 0);
        else
            put(name, round == 2 ? large : "note: x\n");
        if (round == 3)
            assert_int_equal(chown(name, 65534, (gid_t)-1), 0);
        struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
        utimensat(AT_FDCWD, name, old, AT_SYMLINK_NOFOLLOW);
        put(at(bench, "incoming/.hidden"), "domain\n");
        assert_int_equal(chown(at(bench, "incoming/.hidden"), getuid() ? getuid() : 1, (gid_t)-1), 0);
        assert_int_equal(rename(at(bench, "incoming/.hidden"), at(bench, "incoming/a.csv")), 0);
        if (round == 1)
            assert_int_equal(chown(outside, getuid() ? getuid() : 1, (gid_t)-1), 0);
        if (round == 2 && !getuid())
            assert_int_equal(chown(name, 1, (gid_t)-1), 0);
        const struct spool_claim *claim = claim_of(bench, "a.csv");
        assert_null(claim->sidecar);
        assert_string_equal(claim->sidecar_fault, faults[round]);
        spool_finish(bench->spool, claim->id, false, "no", on_done, bench);
        assert_true(run(bench, 1, round + 1, 2000));
        forget_claims(bench);
    }
    assert_true(is_there(at(bench, "failed/a.csv.meta.yaml")));
    assert_text(outside, "secret\n");
}

/* A crash leaves a sidecar alone in processing/: before its feed was taken, or after that had gone to done/. */
static void test_sidecar_goes_where_its_feed_is(void **state)
{
    struct bench *bench = *state;
    drop(bench, "incoming/a.csv", "domain\n");
    const struct spool_claim *claim = claim_of(bench, "a.csv");
    char *taken = beside(bench, claim, ".meta.yaml");
    spool_finish(bench->spool, claim->id, true, NULL, on_done, bench);
    assert_true(run(bench, 1, 1, 2000));
    put(taken, "note: x\n");
    put(at(bench, "processing/default/20200101T000000.000000-b.csv.meta.yaml"), "note: y\n");
    restart(bench);
    assert_text(at(bench, "done/a.csv.meta.yaml"), "note: x\n");
    assert_text(at(bench, "incoming/b.csv.meta.yaml"), "note: y\n");
    assert_false(is_there(taken));
    free(taken);
}

static void test_look_wait(void **state)
{
    (void)state;
    const int64_t wall = 1700000000000000000, ms = 1000000;
    static const struct {
        bool moved_in;
        off_t size;
        int64_t written_ago, same, quiet, expected; /* milliseconds */
    } rows[] = {
        { false, 10, 0, 0, 10000, 10000 }, /* being written */
        { false, 10, 4000, 4000, 10000, 6000 },
        { false, 10, 10000, 10000, 10000, 0 },
        { false, 0, 0, 0, 10000, 10000 },
        { true, 10, 0, 0, 10000, 0 },
        { true, 0, 0, 0, 10000, 0 },
        { false, 10, 60000, 0, 10000, 0 }, /* here since before the daemon */
        { false, 10, 3000, 0, 10000, 7000 },
        { false, 10, -5000, 0, 10000, 10000 }, /* from the future */
        { false, 10, -5000, 2000, 10000, 8000 },
        { false, 10, -5000, 10000, 10000, 0 },
        { false, 0, 0, 0, 0, 0 }, /* no quiet time wanted */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct sight sight = { .moved_in = rows[i].moved_in,
                                     .size = rows[i].size,
                                     .written = wall - rows[i].written_ago * ms,
                                     .since = 5000 - rows[i].same };
        int64_t wait = look_wait(&sight, wall, 5000, rows[i].quiet);
        if (wait != rows[i].expected)
            fail_msg("row %zu: %lld", i, (long long)wait);
    }
}

static int take_none(void *context, size_t place, const char *name)
{
    (void)place;
    fail_msg("%s was taken of %p", name, context);
    return -1;
}

/* A sidecar alone waits for its feed, as long as that takes: it is never taken, and after an hour the log says so, once. */
static void test_sidecar_without_its_feed(void **state)
{
    struct bench *bench = *state;
    const int64_t hour = INT64_C(3600000), wall = INT64_C(1786371059000000000);
    struct sights before = { 0 }, arrivals = { 0 };
    struct tree tree;
    struct error error;
    stop(bench);
    assert_int_equal(tree_open(&tree, &bench->config, &error), 0);
    drop(bench, "incoming/a.csv.meta.yaml", "note: x\n");
    assert_int_equal(look(&tree, &before, &arrivals, wall, 1000, take_none, NULL), hour);
    assert_int_equal(look(&tree, &before, &arrivals, wall, 1000 + hour - 5, take_none, NULL), 5);
    assert_false(sights_find(&before, 0, "a.csv.meta.yaml")->complained);
    assert_int_equal(look(&tree, &before, &arrivals, wall, 1000 + hour, take_none, NULL), -1);
    assert_true(sights_find(&before, 0, "a.csv.meta.yaml")->complained);
    assert_int_equal(look(&tree, &before, &arrivals, wall, 1000 + 48 * hour, take_none, NULL), -1);
    assert_text(at(bench, "incoming/a.csv.meta.yaml"), "note: x\n");
    sights_free(&before);
    tree_close(&tree);
}

int main(void)
{
    log_set_level(LOG_ERROR_LEVEL);
#define SPOOL_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        SPOOL_TEST(test_directories),
        SPOOL_TEST(test_sidecar_without_its_feed),
        SPOOL_TEST(test_renamed_in_is_taken_at_once),
        SPOOL_TEST(test_many_renamed_in_one_go),
        SPOOL_TEST(test_more_than_one_look_takes),
        SPOOL_TEST(test_directory_taken_away),
        SPOOL_TEST(test_directory_is_no_link),
        SPOOL_TEST(test_written_in_place_is_taken_when_quiet),
        SPOOL_TEST(test_half_written_is_left_alone),
        SPOOL_TEST(test_mtime_in_the_future),
        SPOOL_TEST(test_renamed_in_before_the_daemon),
        SPOOL_TEST(test_there_before_the_daemon),
        SPOOL_TEST(test_refused),
        SPOOL_TEST(test_unusual_names),
        SPOOL_TEST(test_hard_link_waits),
        SPOOL_TEST(test_offered_again_after_a_crash),
        SPOOL_TEST(test_submit),
        SPOOL_TEST(test_submit_refused),
        SPOOL_TEST(test_finish),
        SPOOL_TEST(test_finish_what_is_not_there),
        SPOOL_TEST(test_finish_goes_on_after_a_crash),
        SPOOL_TEST(test_finish_goes_where_it_was_going),
        SPOOL_TEST(test_replace_before_finish),
        SPOOL_TEST(test_name_used_again),
        SPOOL_TEST(test_stranger_in_the_way),
        SPOOL_TEST(test_finish_is_tried_again),
        SPOOL_TEST(test_close_while_busy),
        SPOOL_TEST(test_cannot_open),
        SPOOL_TEST(test_one_daemon_a_spool),
        SPOOL_TEST(test_sidecar_goes_with_its_feed),
        SPOOL_TEST(test_sidecar_is_waited_for),
        SPOOL_TEST(test_sidecar_that_may_not_be_read),
        SPOOL_TEST(test_sidecar_goes_where_its_feed_is),
        cmocka_unit_test(test_look_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

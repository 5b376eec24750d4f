/* A Maildir as intake: a real one in a scratch directory. */
#include "daemon/bounce/envelope.h"
#include "daemon/bounce/maildir.h"

#include "daemon/base/log.h"
#include "daemon/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define RESCAN 50
#define NEVER 3600000
#define MOST 1000
#define PATIENCE_MS 10000

struct bench {
    uv_loop_t loop;
    char path[64];
    struct maildir *maildir;
    struct maildir_mail *waiting[200]; /* not answered yet, where `hold` */
    size_t waiting_count;
    bool hold;
    int status; /* the answer */
    size_t taken, bytes;
    char last[MOST + 1];
};

static void on_taken(void *context, struct maildir *maildir, struct maildir_mail *mail, const char *data, size_t length)
{
    struct bench *bench = context;
    bench->taken++;
    bench->bytes += length;
    assert_true(length <= MOST);
    memcpy(bench->last, data, length);
    bench->last[length] = '\0';
    if (bench->hold)
        bench->waiting[bench->waiting_count++] = mail;
    else
        maildir_answer(maildir, mail, bench->status);
}

static char *at(const struct bench *bench, const char *name)
{
    static char path[300];
    snprintf(path, sizeof path, "%s/%s", bench->path, name);
    return path;
}

static void make(const struct bench *bench)
{
    static const char *const names[] = { "tmp", "new", "cur" };
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(mkdir(at(bench, names[i]), 0700), 0);
}

static void open_on(struct bench *bench, int64_t rescan)
{
    bench->maildir = maildir_open(&bench->loop, bench->path, rescan, MOST, on_taken, bench);
}

/* With directories where MADE. */
static struct bench *bench_open(bool made)
{
    struct bench *bench = mem_zero(1, sizeof *bench);
    log_set_level(LOG_ERROR_LEVEL);
    strcpy(bench->path, "/tmp/tocsin-maildir-XXXXXX");
    assert_non_null(mkdtemp(bench->path));
    uv_loop_init(&bench->loop);
    if (made)
        make(bench);
    return bench;
}

static void close_maildir(struct bench *bench)
{
    maildir_close(bench->maildir);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
}

static void bench_close(struct bench *bench)
{
    close_maildir(bench);
    assert_int_equal(uv_loop_close(&bench->loop), 0);
    char *command = mem_format("rm -rf %s", bench->path);
    assert_int_equal(system(command), 0);
    free(command);
    free(bench);
}

/* Deliver a mail as a mail system does: into tmp/, then by a rename. */
static void deliver(const struct bench *bench, const char *name, const char *text)
{
    char *hidden = mem_format("%s/tmp/%s", bench->path, name), *seen = mem_format("%s/new/%s", bench->path, name);
    FILE *file = fopen(hidden, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(rename(hidden, seen), 0);
    free(hidden);
    free(seen);
}

static size_t count_in(const struct bench *bench, const char *name)
{
    size_t count = 0;
    const struct dirent *entry;
    DIR *directory = opendir(at(bench, name));
    assert_non_null(directory);
    while ((entry = readdir(directory)))
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

/* Run the loop until TRUE or until patience ends. */
#define run_until(bench, true)                                                                                         \
    do {                                                                                                               \
        uv_timer_t tick;                                                                                               \
        uv_timer_init(&(bench)->loop, &tick);                                                                          \
        uv_timer_start(&tick, on_tick, 5, 5);                                                                          \
        uint64_t end = uv_now(&(bench)->loop) + PATIENCE_MS;                                                           \
        while (!(true) && uv_now(&(bench)->loop) < end)                                                                \
            uv_run(&(bench)->loop, UV_RUN_ONCE);                                                                       \
        uv_close((uv_handle_t *)&tick, NULL);                                                                          \
        uv_run(&(bench)->loop, UV_RUN_NOWAIT);                                                                         \
        if (!(true))                                                                                                   \
            fail_msg("%s never came true", #true);                                                                     \
    } while (0)

static bool there(const struct bench *bench, const char *name)
{
    return access(at(bench, name), F_OK) == 0;
}

static void what_was_there_is_taken_and_moved_on(void **state)
{
    (void)state;
    struct bench *bench = bench_open(true);
    deliver(bench, "1.a.host", "hello");
    open_on(bench, NEVER);
    run_until(bench, there(bench, "cur/1.a.host:2,S"));
    assert_int_equal(bench->taken, 1);
    assert_string_equal(bench->last, "hello");
    assert_int_equal(count_in(bench, "new"), 0);
    bench_close(bench);
}

static void what_comes_is_seen_at_once(void **state)
{
    (void)state;
    struct bench *bench = bench_open(true);
    open_on(bench, NEVER);
    uv_run(&bench->loop, UV_RUN_ONCE);
    deliver(bench, "1.a.host", "one");
    run_until(bench, count_in(bench, "cur") == 1);
    deliver(bench, "2.a.host", "two");
    run_until(bench, count_in(bench, "cur") == 2);
    assert_int_equal(bench->taken, 2);
    bench_close(bench);
}

static void more_than_a_batch(void **state)
{
    (void)state;
    struct bench *bench = bench_open(true);
    for (int i = 0; i < 100; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d.a.host", i);
        deliver(bench, name, "a mail of some length, so that its bytes count as well");
    }
    open_on(bench, NEVER);
    run_until(bench, count_in(bench, "cur") == 100);
    assert_int_equal(bench->taken, 100);
    bench_close(bench);
}

/* Nothing leaves new/ before it has been answered for. */
static void it_stays_until_it_is_committed(void **state)
{
    (void)state;
    struct bench *bench = bench_open(true);
    bench->hold = true;
    deliver(bench, "1.a.host", "one");
    deliver(bench, "2.a.host", "two");
    open_on(bench, RESCAN);
    run_until(bench, bench->waiting_count == 2);
    assert_int_equal(count_in(bench, "new"), 2);
    maildir_answer(bench->maildir, bench->waiting[0], 0);
    maildir_answer(bench->maildir, bench->waiting[1], 0);
    run_until(bench, count_in(bench, "cur") == 2);
    bench_close(bench);
}

/* Taken, not answered, and the daemon ends: what it still commits is still moved on. */
static void the_end_in_between(void **state)
{
    (void)state;
    struct bench *bench = bench_open(true);
    bench->hold = true;
    deliver(bench, "1.a.host", "one");
    deliver(bench, "2.a.host", "two");
    open_on(bench, NEVER);
    run_until(bench, bench->waiting_count == 2);
    maildir_close(bench->maildir);
    maildir_answer(bench->maildir, bench->waiting[0], 0);
    maildir_answer(bench->maildir, bench->waiting[1], -5);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_int_equal(count_in(bench, "new"), 1);
    assert_int_equal(count_in(bench, "cur"), 1);
    bench->hold = false;
    open_on(bench, NEVER);
    run_until(bench, count_in(bench, "cur") == 2);
    assert_int_equal(bench->taken, 3);
    bench_close(bench);
}

/* The store could not: again with the next look, not sooner. */
static void what_was_not_committed_is_tried_again(void **state)
{
    (void)state;
    struct bench *bench = bench_open(true);
    bench->status = -5;
    deliver(bench, "1.a.host", "one");
    open_on(bench, RESCAN);
    run_until(bench, bench->taken == 3);
    assert_int_equal(count_in(bench, "new"), 1);
    bench->status = 0;
    run_until(bench, count_in(bench, "cur") == 1);
    bench_close(bench);
}

static void a_long_mail_is_cut(void **state)
{
    (void)state;
    struct bench *bench = bench_open(true);
    char text[5 * MOST];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    deliver(bench, "1.a.host", text);
    deliver(bench, "2.a.host", "");
    open_on(bench, NEVER);
    run_until(bench, count_in(bench, "cur") == 2);
    assert_int_equal(bench->bytes, MOST);
    bench_close(bench);
}

/* Links lead to other people's files, and a pipe would be waited at for ever; neither keeps the others back. */
static void what_is_no_mail_stays(void **state)
{
    (void)state;
    struct bench *bench = bench_open(true);
    assert_int_equal(symlink("/etc/passwd", at(bench, "new/1.link")), 0);
    assert_int_equal(mkfifo(at(bench, "new/2.pipe"), 0600), 0);
    assert_int_equal(mkdir(at(bench, "new/3.directory"), 0700), 0);
    deliver(bench, ".hidden", "none of ours");
    deliver(bench, "4.a.host", "hello");
    open_on(bench, RESCAN);
    run_until(bench, count_in(bench, "cur") == 1);
    deliver(bench, "5.a.host", "hello");
    run_until(bench, count_in(bench, "cur") == 2);
    assert_int_equal(count_in(bench, "new"), 3);
    assert_int_equal(bench->taken, 2);
    assert_null(maildir_trouble(bench->maildir));
    /* It becomes one. */
    assert_int_equal(unlink(at(bench, "new/1.link")), 0);
    deliver(bench, "1.link", "a mail now");
    run_until(bench, there(bench, "cur/1.link:2,S"));
    bench_close(bench);
}

static void no_maildir_is_trouble_until_there_is_one(void **state)
{
    (void)state;
    struct bench *bench = bench_open(false);
    log_set_level((enum log_level)2);
    open_on(bench, RESCAN);
    run_until(bench, maildir_trouble(bench->maildir));
    assert_non_null(strstr(maildir_trouble(bench->maildir), "/new: No such file"));
    make(bench);
    run_until(bench, !maildir_trouble(bench->maildir));
    deliver(bench, "1.a.host", "hello");
    run_until(bench, count_in(bench, "cur") == 1);
    bench_close(bench);
}

/* Nothing is taken that could not be moved on: it would be taken again and again. */
static void without_cur_nothing_is_taken(void **state)
{
    (void)state;
    struct bench *bench = bench_open(true);
    log_set_level((enum log_level)2);
    assert_int_equal(rmdir(at(bench, "cur")), 0);
    deliver(bench, "1.a.host", "hello");
    open_on(bench, RESCAN);
    run_until(bench, maildir_trouble(bench->maildir));
    assert_int_equal(bench->taken, 0);
    assert_int_equal(mkdir(at(bench, "cur"), 0700), 0);
    run_until(bench, count_in(bench, "cur") == 1);
    bench_close(bench);
}

/* The move alone is made up for: the mail is not taken once more. */
static void a_move_that_failed_is_made_up_for(void **state)
{
    (void)state;
    struct bench *bench = bench_open(true);
    log_set_level((enum log_level)2);
    bench->hold = true;
    deliver(bench, "1.a.host", "hello");
    open_on(bench, RESCAN);
    run_until(bench, bench->waiting_count == 1);
    assert_int_equal(rmdir(at(bench, "cur")), 0);
    maildir_answer(bench->maildir, bench->waiting[0], 0);
    run_until(bench, maildir_trouble(bench->maildir));
    assert_int_equal(count_in(bench, "new"), 1);
    assert_int_equal(mkdir(at(bench, "cur"), 0700), 0);
    run_until(bench, count_in(bench, "cur") == 1);
    assert_int_equal(bench->taken, 1);
    bench_close(bench);
}

static void assert_reads(const struct bench *bench, const char *name, const char *text)
{
    char content[64] = "";
    FILE *file = fopen(at(bench, name), "r");
    assert_non_null(file);
    assert_non_null(fgets(content, sizeof content, file));
    fclose(file);
    assert_string_equal(content, text);
}

/* What is in cur/ is somebody's mail, or directory: it stays, and is no trouble. */
static void a_name_that_is_taken(void **state)
{
    (void)state;
    struct bench *bench = bench_open(true);
    char *long_name = mem_format("%0255d", 0), *cut = mem_format("cur/%0248d.1:2,S", 0);
    open_on(bench, RESCAN);
    deliver(bench, "1.a.host", "one");
    run_until(bench, there(bench, "cur/1.a.host:2,S"));
    deliver(bench, "1.a.host", "two");
    run_until(bench, there(bench, "cur/1.a.host.1:2,S"));
    deliver(bench, "1.a.host", "three");
    run_until(bench, there(bench, "cur/1.a.host.2:2,S"));
    assert_reads(bench, "cur/1.a.host:2,S", "one");
    assert_reads(bench, "cur/1.a.host.1:2,S", "two");
    assert_reads(bench, "cur/1.a.host.2:2,S", "three");
    assert_int_equal(mkdir(at(bench, "cur/2.a.host:2,S"), 0700), 0);
    deliver(bench, "2.a.host", "hello");
    run_until(bench, there(bench, "cur/2.a.host.1:2,S"));
    assert_null(maildir_trouble(bench->maildir));
    deliver(bench, "3.a.host:2,", "hello");
    run_until(bench, there(bench, "cur/3.a.host:2,"));
    deliver(bench, "3.a.host:2,", "hello");
    run_until(bench, there(bench, "cur/3.a.host.1:2,S"));
    deliver(bench, long_name, "hello");
    run_until(bench, count_in(bench, "cur") == 8);
    deliver(bench, long_name, "hello");
    run_until(bench, there(bench, cut));
    assert_int_equal(bench->taken, 8);
    free(long_name);
    free(cut);
    bench_close(bench);
}

static void a_maildir_made_anew_is_watched(void **state)
{
    (void)state;
    struct bench *bench = bench_open(true);
    open_on(bench, RESCAN);
    deliver(bench, "1.a.host", "one");
    run_until(bench, count_in(bench, "cur") == 1);
    char *old = mem_format("%s/old", bench->path);
    assert_int_equal(rename(at(bench, "new"), old), 0);
    assert_int_equal(mkdir(at(bench, "new"), 0700), 0);
    free(old);
    deliver(bench, "2.a.host", "two");
    run_until(bench, count_in(bench, "cur") == 2);
    bench_close(bench);
}

/* ---- The envelope ---------------------------------------------------------------------------------------------------------------------- */

static bool is_ours(void *context, const char *address)
{
    (void)context;
    return strncasecmp(address, "optout", 6) == 0;
}

static void assert_recipient(const char *mail, const char *expected)
{
    char *found = envelope_recipient(mail, strlen(mail), is_ours, NULL);
    if (expected)
        assert_string_equal(found, expected);
    else
        assert_null(found);
    free(found);
}

static void the_envelope_is_in_the_header(void **state)
{
    (void)state;
    assert_recipient("X-Original-To: optout+a@t.example\r\nDelivered-To: tocsin@t.example\r\n\r\n",
                     "optout+a@t.example");
    assert_recipient("To: People <x@y.example>,\n\tThem <OptOut+b@t.example>\n\nhello\n", "OptOut+b@t.example");
    assert_recipient("Delivered-To: optout+c@t.example\nTo: optout+d@t.example\n\n", "optout+c@t.example");
    /* What somebody quotes is no envelope. */
    assert_recipient("To: bounce@t.example\n\nDelivered-To: optout+e@t.example\n", NULL);
    assert_recipient("Subject: To: optout+f@t.example\n\n", NULL);
    assert_recipient("", NULL);
    assert_recipient("\n\n", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_there_is_taken_and_moved_on),
        cmocka_unit_test(what_comes_is_seen_at_once),
        cmocka_unit_test(more_than_a_batch),
        cmocka_unit_test(it_stays_until_it_is_committed),
        cmocka_unit_test(the_end_in_between),
        cmocka_unit_test(what_was_not_committed_is_tried_again),
        cmocka_unit_test(a_long_mail_is_cut),
        cmocka_unit_test(what_is_no_mail_stays),
        cmocka_unit_test(no_maildir_is_trouble_until_there_is_one),
        cmocka_unit_test(without_cur_nothing_is_taken),
        cmocka_unit_test(a_move_that_failed_is_made_up_for),
        cmocka_unit_test(a_name_that_is_taken),
        cmocka_unit_test(a_maildir_made_anew_is_watched),
        cmocka_unit_test(the_envelope_is_in_the_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

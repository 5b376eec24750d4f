#include "daemon/bounce/maildir.h"

#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/bounce/maildir_look.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define GATHER_MS 20 /* mails come in bursts: one look for all of them */

struct maildir {
    uv_loop_t *loop;
    char *path;
    int64_t rescan;
    maildir_taken *taken;
    void *context;
    uv_timer_t timer;
    uv_fs_event_t watch;
    struct stat watched; /* new/ as it was when the watch began */
    bool watching;
    uv_work_t work;
    struct maildir_look look; /* the pool's while it works */
    char *trouble;
    size_t unanswered;
    bool busy; /* a round of looks is under way */
    bool again; /* something happened meanwhile */
    bool closing, last; /* last: the look that is under way is the last one */
    unsigned handles;
};

static void work(uv_work_t *work)
{
    struct maildir *maildir = work->data;
    maildir_look_on(&maildir->look, maildir->last);
}

static void after_work(uv_work_t *work, int status);

static void look_on(struct maildir *maildir)
{
    maildir->last = maildir->closing;
    int code = uv_queue_work(maildir->loop, &maildir->work, work, after_work);
    if (code) /* only for a wrong argument */
        log_error("maildir: %s", uv_strerror(code));
}

static void free_when_done(struct maildir *maildir)
{
    if (!maildir->closing || maildir->handles || maildir->busy)
        return;
    maildir_look_clear(&maildir->look);
    free(maildir->trouble);
    free(maildir->path);
    free(maildir);
}

static void on_timer(uv_timer_t *timer)
{
    struct maildir *maildir = timer->data;
    if (maildir->busy) {
        maildir->again = true;
        return;
    }
    maildir->busy = true;
    maildir->again = false;
    maildir_look_begin(&maildir->look);
    look_on(maildir);
}

static void on_event(uv_fs_event_t *watch, const char *name, int events, int status)
{
    struct maildir *maildir = watch->data;
    (void)name;
    (void)events;
    (void)status;
    if (maildir->busy)
        maildir->again = true;
    else if (!maildir->closing && uv_timer_get_due_in(&maildir->timer) > GATHER_MS)
        uv_timer_start(&maildir->timer, on_timer, GATHER_MS, 0);
}

/* Watch new/ as it is now: it may have been made anew. */
static void watch_anew(struct maildir *maildir)
{
    const struct stat *now = &maildir->look.identity;
    if (maildir->watching && now->st_ino == maildir->watched.st_ino && now->st_dev == maildir->watched.st_dev)
        return;
    char *path = mem_format("%s/new", maildir->path);
    uv_fs_event_stop(&maildir->watch);
    int code = uv_fs_event_start(&maildir->watch, on_event, path, 0);
    if (code)
        log_warning("maildir: %s cannot be watched (%s): looked through every spool.rescan", path, uv_strerror(code));
    /* Where it fails, once is enough: there are the rescans. */
    maildir->watching = true;
    maildir->watched = *now;
    maildir->again = true; /* for what came before the watch did */
    free(path);
}

static void note_trouble(struct maildir *maildir)
{
    const char *text = maildir->look.trouble;
    if (*text && (!maildir->trouble || strcmp(text, maildir->trouble) != 0))
        log_error("maildir: %s; no bounces are taken in from it until that is mended", text);
    else if (!*text && maildir->trouble)
        log_notice("maildir: %s: works again", maildir->path);
    free(maildir->trouble);
    maildir->trouble = *text ? mem_string(text) : NULL;
}

static void end_round(struct maildir *maildir)
{
    maildir->busy = false;
    if (maildir->closing)
        free_when_done(maildir);
    else
        uv_timer_start(&maildir->timer, on_timer, maildir->again ? GATHER_MS : (uint64_t)maildir->rescan, 0);
}

static void after_work(uv_work_t *done, int status)
{
    struct maildir *maildir = done->data;
    struct maildir_look *look = &maildir->look;
    (void)status;
    note_trouble(maildir);
    if (!maildir->closing && !maildir->trouble)
        watch_anew(maildir);
    if (!look->count || maildir->closing) {
        end_round(maildir);
        return;
    }
    maildir->unanswered = look->count;
    for (size_t i = 0, count = look->count; i < count; i++) {
        struct maildir_mail *mail = &look->mails[i];
        maildir->taken(maildir->context, maildir, mail, mail->data ? mail->data : "", mail->length);
    }
}

void maildir_answer(struct maildir *maildir, struct maildir_mail *mail, int status)
{
    mail->committed = status == 0;
    if (--maildir->unanswered == 0)
        look_on(maildir);
}

const char *maildir_trouble(const struct maildir *maildir)
{
    return maildir->trouble;
}

void maildir_set_rescan(struct maildir *maildir, int64_t rescan)
{
    maildir->rescan = rescan;
}

struct maildir *maildir_open(uv_loop_t *loop, const char *path, int64_t rescan, size_t max_message,
                             maildir_taken *taken, void *context)
{
    struct maildir *maildir = mem_zero(1, sizeof *maildir);
    maildir->loop = loop;
    maildir->path = mem_string(path);
    maildir->rescan = rescan;
    maildir->taken = taken;
    maildir->context = context;
    maildir->look.path = maildir->path;
    maildir->look.max_message = max_message;
    uv_timer_init(loop, &maildir->timer);
    uv_fs_event_init(loop, &maildir->watch);
    maildir->handles = 2;
    maildir->timer.data = maildir->watch.data = maildir->work.data = maildir;
    uv_timer_start(&maildir->timer, on_timer, 0, 0);
    return maildir;
}

static void on_closed(uv_handle_t *handle)
{
    struct maildir *maildir = handle->data;
    maildir->handles--;
    free_when_done(maildir);
}

void maildir_close(struct maildir *maildir)
{
    maildir->closing = true;
    uv_close((uv_handle_t *)&maildir->timer, on_closed);
    uv_close((uv_handle_t *)&maildir->watch, on_closed);
}

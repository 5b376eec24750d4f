/* A new configuration for a daemon that runs: read and judged in libuv's pool, then taken by every room at once, or by none.
 *
 * What can fail comes first: reading it, the template of receipts, the directories of new profiles. After that it is pointers that are exchanged, all on the loop
 * thread, but for the store's: that goes through its inbox, and the old configuration lives until the store has let go of it. A file that is on its way
 * through intake keeps the one that it began with. Keys that need a restart keep their values, so that what the daemon believes is what it does. */
#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/base/service.h"
#include "daemon/daemon.h"
#include "daemon/fit.h"
#include "daemon/intake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct waiter {
    struct waiter *next;
    reload_done *done;
    void *context;
};

struct reload {
    uv_work_t work;
    struct daemon *daemon;
    struct config *config; /* the new one */
    char *receipt;
    struct buf refused; /* why, a line a complaint */
    bool again; /* the file may have changed after it was read */
    struct waiter *waiting, *next_time; /* for this one; for the one after it */
};

static void begin(struct reload *reload);

/* Who asked while it ran is told of the next one, and perhaps began his change too late for this one. */
static void end(struct reload *reload, const char *restart)
{
    struct daemon *daemon = reload->daemon;
    const char *refused = reload->refused.length ? reload->refused.data : NULL;
    struct waiter *waiter = reload->waiting, *next;
    daemon_tell(daemon, true);
    for (; waiter; waiter = next) {
        next = waiter->next;
        waiter->done(waiter->context, refused, restart);
        free(waiter);
    }
    free(reload->receipt);
    buf_free(&reload->refused);
    reload->config = NULL;
    reload->receipt = NULL;
    reload->refused = (struct buf)BUF_EMPTY;
    reload->waiting = reload->next_time;
    reload->next_time = NULL;
    if (reload->again) {
        begin(reload);
        return;
    }
    daemon->reload = NULL;
    free(reload);
}

static void refuse(struct reload *reload)
{
    static const struct log_about about = { .event = LOG_RELOAD_REFUSED };
    char *lines = mem_string(reload->refused.data), *rest = lines, *line;
    while ((line = strsep(&rest, "\n")))
        log_about(LOG_ERROR_LEVEL, &about, "reload: refused, all stays as it was: %s", line);
    free(lines);
    config_free(reload->config);
    end(reload, "");
}

/* ---- Taking it ----------------------------------------------------------------------------------------------------------------------------- */

static void on_store_reloaded(void *context, int status, const char *message)
{
    (void)message;
    /* A store that could not even do this ends with the daemon, and may hold the old one until then. */
    if (!status)
        config_free(context);
}

static void take(struct reload *reload)
{
    static const struct log_about about = { .event = LOG_RELOADED };
    struct daemon *daemon = reload->daemon;
    struct config *before = daemon->config, *after = reload->config;
    char *receipt = daemon->receipt_template;
    daemon->config = after;
    daemon->receipt_template = reload->receipt;
    reload->receipt = receipt;
    log_set_level_name(after->log_level);
    mailboxes_add(daemon, after);
    contact_reload(daemon->contact, after);
    throttle_change(daemon->throttle, after->delivery.rate, after->delivery.rate_per_domain);
    if (daemon->maildir)
        maildir_set_rescan(daemon->maildir, after->spool.rescan);
    queue_reload(daemon->queue, after, on_store_reloaded, before);
    const char *restart = daemon->restart_keys.length ? daemon->restart_keys.data : "";
    log_about(LOG_NOTICE_LEVEL, &about, "reload: the new configuration is in force%s%s",
              *restart ? "; these keys only after a restart: " : "", restart);
    pump_wake(daemon);
    end(reload, restart);
}

static void on_spool_reloaded(void *context, int status, const char *message)
{
    struct reload *reload = context;
    if (status)
        buf_add_string(&reload->refused, message);
    if (reload->daemon->ending && !status)
        buf_add_string(&reload->refused, "the daemon is ending");
    if (reload->refused.length)
        refuse(reload);
    else
        take(reload);
}

/* ---- Reading it ---------------------------------------------------------------------------------------------------------------------------- */

static void add_refusal(void *context, const char *text)
{
    struct reload *reload = context;
    buf_add_format(&reload->refused, "%s%s", reload->refused.length ? "\n" : "", text);
}

static void read_it(uv_work_t *work)
{
    struct reload *reload = work->data;
    const struct daemon_source *source = &reload->daemon->source;
    struct config_errors errors = { 0 };
    struct error error = { "" };
    int status = config_load(source->path, source->settings, source->setting_count, &reload->config, &errors);
    for (size_t i = 0; i < errors.count; i++)
        buf_add_format(&reload->refused, "%s%s", i ? "\n" : "", errors.items[i]);
    config_errors_free(&errors);
    if (status)
        return;
    if (config_missing(reload->config))
        buf_add_format(&reload->refused, "%s: must be set before anything is sent", config_missing(reload->config));
    else if (fit_look_at_templates(reload->config, add_refusal, reload))
        return;
    else if (daemon_find_receipt(reload->config, &reload->receipt, &error))
        buf_add_string(&reload->refused, error.text);
}

static void on_read(uv_work_t *work, int status)
{
    struct reload *reload = work->data;
    struct daemon *daemon = reload->daemon;
    (void)status;
    if (daemon->ending && !reload->refused.length)
        buf_add_string(&reload->refused, "the daemon is ending");
    if (reload->refused.length) {
        refuse(reload);
        return;
    }
    buf_truncate(&daemon->restart_keys, 0);
    config_restart_keys(daemon->config, reload->config, &daemon->restart_keys);
    config_carry_restart(daemon->config, reload->config);
    spool_reload(intake_spool(daemon->intake), reload->config, on_spool_reloaded, reload);
}

static void begin(struct reload *reload)
{
    reload->again = false;
    reload->work.data = reload;
    service_reloading();
    if (uv_queue_work(reload->daemon->loop, &reload->work, read_it, on_read)) {
        buf_add_string(&reload->refused, "the loop takes no work");
        refuse(reload);
    }
}

void reload_config(struct daemon *daemon, reload_done *done, void *context)
{
    struct reload *reload = daemon->reload;
    bool running = reload;
    if (!running) {
        reload = daemon->reload = mem_zero(1, sizeof *reload);
        reload->daemon = daemon;
    }
    reload->again = running;
    if (done) {
        struct waiter *waiter = mem_zero(1, sizeof *waiter);
        struct waiter **list = running ? &reload->next_time : &reload->waiting;
        *waiter = (struct waiter){ *list, done, context };
        *list = waiter;
    }
    if (!running)
        begin(reload);
}

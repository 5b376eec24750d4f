#include "daemon/daemon.h"

#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/base/service.h"
#include "daemon/base/wall.h"
#include "daemon/bounce/bounce.h"
#include "daemon/control/control.h"
#include "daemon/intake.h"
#include "templates/set.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int64_t daemon_now(void)
{
    return wall_now();
}

/* The receipt of an opt-out is a template like any other; without one an opt-out is still obeyed. */
int daemon_find_receipt(const struct config *config, char **text, struct error *error)
{
    const struct template_subject_matter matter = { .name = TEMPLATE_RECEIPT };
    const struct language_clues english = { .usual = "en" };
    size_t count;
    struct template_set *set =
        template_set_read((const char *const *)config->paths.templates.items, config->paths.templates.count);
    const struct template_name *names = template_set_names(set, &count);
    int index = template_choose(names, count, &matter, &english);
    *text = index < 0 ? NULL : template_set_freeze(set, index, 0, error);
    int status = index < 0 ? template_set_missing(set, TEMPLATE_RECEIPT, error) : *text ? 0 : -EINVAL;
    template_set_free(set);
    return status;
}

void daemon_tell(const struct daemon *daemon, bool ready)
{
    const char *restart = daemon->restart_keys.length ? daemon->restart_keys.data : "";
    char *words = mem_format("%s%s%s", daemon->stopping ? "all sending is stopped, until `tocsin start`" : "at work",
                             *restart ? "; changed, and waiting for a restart: " : "", restart);
    if (ready && !daemon->ending)
        service_ready(words);
    else if (!daemon->ending)
        service_status(words);
    free(words);
}

static int open_parts(struct daemon *daemon, struct error *error)
{
    const struct config *config = daemon->config;
    if (access(config->paths.token_keys, F_OK) && !access(config->paths.store, F_OK))
        log_warning(
            "%s is not there, but the store is: what comes back for mails sent before will count as forged. If the"
            " keys were lost, stop now and bring them back from a backup",
            config->paths.token_keys);
    int status = token_keys_load(config->paths.token_keys, true, &daemon->keys, error);
    if (!status)
        status = daemon_find_receipt(config, &daemon->receipt_template, error);
    if (!status)
        status = queue_open(daemon->loop, config, token_keys_current(daemon->keys), &daemon->queue, error);
    if (status)
        return status;
    mailboxes_open(daemon);
    faults_watch(daemon);
    daemon->stopping = queue_stopped(daemon->queue);
    if (daemon->stopping)
        log_warning("all sending is stopped, until `tocsin start`");
    status = contact_open(daemon->loop, config, &daemon->contact, error);
    if (!status)
        status = post_open(daemon, error);
    if (!status)
        status = returns_open(daemon, error);
    if (!status)
        status = control_open(daemon, error);
    if (!status)
        status = intake_open(daemon, error);
    if (!status && (pump_open(daemon) || standstill_open(daemon)))
        status = error_set(error, -1, "the loop has no timer left");
    if (!status)
        health_open(daemon);
    return status;
}

int daemon_open(struct daemon *daemon, uv_loop_t *loop, const struct daemon_source *source, const struct config *config,
                struct error *error)
{
    *daemon = (struct daemon){ .loop = loop, .source = *source, .config = config_keep(config) };
    bounce_init();
    int status = open_parts(daemon, error);
    if (status)
        daemon_close(daemon);
    return status;
}

/* From the outside in: nobody hands in work, sessions end, their outcomes reach the store, the store commits. */
void daemon_close(struct daemon *daemon)
{
    daemon->ending = true;
    if (daemon->health)
        health_close(daemon);
    if (daemon->control)
        control_close(daemon->control);
    if (daemon->intake) {
        intake_stop(daemon->intake);
        pump_close(daemon);
        standstill_close(daemon);
    }
    if (daemon->contact)
        contact_close(daemon->contact);
    search_close(daemon);
    if (daemon->delivery)
        delivery_close(daemon->delivery);
    if (daemon->maildir)
        maildir_close(daemon->maildir);
    if (daemon->queue)
        queue_close(daemon->queue);
    if (daemon->lmtp)
        lmtp_close(daemon->lmtp);
    returns_tell_faulty(daemon, true);
    uv_run(daemon->loop, UV_RUN_DEFAULT);
    if (daemon->intake)
        intake_free(daemon->intake);
    stopping_free(daemon);
    faults_free(daemon);
    mailboxes_free(daemon);
    throttle_free(daemon->throttle);
    token_keys_free(daemon->keys);
    free(daemon->receipt_template);
    buf_free(&daemon->restart_keys);
    config_free(daemon->config);
}

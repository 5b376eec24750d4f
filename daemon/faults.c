/* What stands in the way just now: said in the log once when it begins and once when it ends, and by `tocsin status` for as long as it lasts. */
#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/base/timestamp.h"
#include "daemon/daemon.h"
#include "daemon/intake.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum log_event begins, ends;
    const char *meaning; /* what it means for those who wait */
} kinds[FAULTS] = {
    [FAULT_STORE] = { "store", LOG_STORE_FAILS, LOG_STORE_WORKS,
                      "intake has stopped (LMTP answers 452 or 451), and sessions stop when what they have "
                      "done cannot be kept; nothing is lost, and all goes on by itself when this has passed" },
    [FAULT_SPOOL] = { "spool", LOG_NO_EVENT, LOG_NO_EVENT,
                      "the files concerned wait in processing/ and go on by themselves when this has passed" },
    [FAULT_LMTP] = { "LMTP socket", LOG_NO_EVENT, LOG_NO_EVENT,
                     "bounces cannot come in by it; until they can, no bounce window ends" },
    [FAULT_MAILDIR] = { "Maildir", LOG_NO_EVENT, LOG_NO_EVENT,
                        "bounces cannot come in by it; until they can, no bounce window ends" },
    [FAULT_THREAD] = { "threads", LOG_STUCK, LOG_NO_EVENT,
                       "the watchdog is not fed: a service manager that watches kills and restarts tocsind, which "
                       "loses nothing" },
    [FAULT_FILES] = { "files", LOG_NO_EVENT, LOG_NO_EVENT, "connections are refused until some are closed" },
};

void faults_note(struct daemon *daemon, enum fault what, const char *why)
{
    int64_t *since = &daemon->faults.of[what].since;
    if (!why && !*since)
        return;
    if (!why)
        log_about(LOG_NOTICE_LEVEL, &(struct log_about){ .event = kinds[what].ends }, "%s: works again",
                  kinds[what].name);
    else if (!*since)
        log_about(LOG_ERROR_LEVEL, &(struct log_about){ .event = kinds[what].begins }, "%s: %s: %s", kinds[what].name,
                  why, kinds[what].meaning);
    free(daemon->faults.of[what].why);
    daemon->faults.of[what].why = mem_string(why);
    *since = !why ? 0 : *since ? *since : daemon_now();
}

bool faults_has(const struct daemon *daemon, enum fault what)
{
    return daemon->faults.of[what].since != 0;
}

json_t *faults_describe(const struct daemon *daemon)
{
    json_t *list = json_array();
    for (int i = 0; i < FAULTS; i++) {
        if (!daemon->faults.of[i].since)
            continue;
        char since[TIMESTAMP_ISO_SIZE];
        timestamp_iso(daemon->faults.of[i].since / 1000, since);
        json_array_append_new(list, json_pack("{s:s, s:s, s:s*, s:s}", "what", kinds[i].name, "since", since, "why",
                                              daemon->faults.of[i].why, "meaning", kinds[i].meaning));
    }
    return list;
}

static void on_store(void *context, enum queue_health health, const char *why)
{
    struct daemon *daemon = context;
    faults_note(daemon, FAULT_STORE, health == QUEUE_WORKS ? NULL : why);
    if (daemon->intake && !daemon->ending)
        intake_pause(daemon->intake, health != QUEUE_WORKS);
    if (health == QUEUE_DAMAGED && !daemon->ending) {
        log_error("store: %s is damaged: nothing more is written to it, and tocsind ends. " STORE_DAMAGED,
                  daemon->config->paths.store);
        daemon->damaged = daemon->ending = true;
        uv_stop(daemon->loop);
    }
    if (health != QUEUE_WORKS)
        return;
    stopping_record(daemon);
    pump_wake(daemon);
}

void faults_watch(struct daemon *daemon)
{
    queue_watch(daemon->queue, on_store, daemon);
}

void faults_free(struct daemon *daemon)
{
    for (int i = 0; i < FAULTS; i++)
        free(daemon->faults.of[i].why);
}

/* Can bounces come in? Where they cannot, the store is told, and the bounce window's clock stands still (queue/outage.c): the LMTP socket is gone or nobody can connect to its port, the Maildir cannot be
 * read, the store takes nothing, there are no descriptors left for connections, or the whole machine slept. One way of several that are configured is enough: nobody knows by
 * which of them the mail system brings bounces. */
#include "daemon/base/log.h"
#include "daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* How often it is looked at, unless spool.rescan is less. */
#define LOOK_MS 60000
/* Looks further apart than this: the process or the machine slept, or somebody moved the clock; so much window has not passed. */
#define SLEPT_MS (LOOK_MS + 60000)

/* Connections that come when no descriptor is left are turned away (base/listener.h), which nobody is told of. */
static const char *want_of_descriptors(void)
{
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return errno == EMFILE ? "no descriptor is left (LimitNOFILE)" : NULL;
    close(fd);
    return NULL;
}

static void look_at_ways(struct daemon *daemon)
{
    struct error error = { "" };
    const char *want = want_of_descriptors();
    faults_note(daemon, FAULT_FILES, want);
    if (!want) /* which looking at the socket needs */
        faults_note(daemon, FAULT_LMTP, lmtp_check(daemon->lmtp, &error) ? error.text : NULL);
    if (daemon->maildir)
        faults_note(daemon, FAULT_MAILDIR, maildir_trouble(daemon->maildir));
}

static const char *trouble(const struct daemon *daemon)
{
    static const enum fault matters[] = { FAULT_LMTP, FAULT_MAILDIR, FAULT_STORE, FAULT_FILES };
    for (size_t i = 0; i < sizeof matters / sizeof *matters; i++)
        if (faults_has(daemon, matters[i]))
            return daemon->faults.of[matters[i]].why;
    return NULL;
}

void standstill_look(struct daemon *daemon)
{
    struct standstill *standstill = &daemon->standstill;
    int64_t now = daemon_now(), last = standstill->looked;
    const char *why = trouble(daemon);
    bool slept = last && now - last > SLEPT_MS;
    if (!standstill->still && (why || slept)) {
        standstill->still = true;
        queue_note_intake(daemon->queue, last ? last : now, why ? why : "the daemon stood still", now);
    }
    /* At first as well: an earlier daemon may have ended in trouble. */
    if (!why && (standstill->still || !last)) {
        standstill->still = false;
        queue_note_intake(daemon->queue, 0, NULL, now);
    }
    standstill->looked = now;
}

static void on_timer(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;
    int64_t rescan = daemon->config->spool.rescan;
    look_at_ways(daemon);
    returns_tell_faulty(daemon, false);
    standstill_look(daemon);
    if (!daemon->standstill.still)
        pump_wake(daemon);
    uv_timer_start(timer, on_timer, (uint64_t)(rescan < LOOK_MS ? rescan : LOOK_MS), 0);
}

int standstill_open(struct daemon *daemon)
{
    uv_timer_t *timer = &daemon->standstill.timer;
    timer->data = daemon;
    int status = uv_timer_init(daemon->loop, timer);
    if (!status)
        status = uv_timer_start(timer, on_timer, 0, 0);
    return status;
}

void standstill_close(struct daemon *daemon)
{
    uv_close((uv_handle_t *)&daemon->standstill.timer, NULL);
}

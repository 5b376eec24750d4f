/* Is every thread heard of, and how late is the loop? The service manager's watchdog is fed from here: from the loop, and only while the threads move too. */
#include "daemon/base/lag.h"
#include "daemon/base/mem.h"
#include "daemon/base/service.h"
#include "daemon/daemon.h"

#include <stdlib.h>

/* Without a watchdog the threads are looked at this often, and complained of after this long. */
#define LOOK_MS 5000
#define PATIENCE_MS 60000
/* The loop's lag is measured this often while it has something to do, and more and more rarely, down to this, while it has not: an idle daemon sleeps. */
#define PROBE_MS 20
#define PROBE_IDLE_MS 1280

struct health {
    struct daemon *daemon;
    uv_timer_t look, probe;
    uv_prepare_t turn;
    int64_t patience;
    bool watched; /* the service manager asks */
    unsigned turns; /* of the loop since the last probe */
    uint64_t wait; /* ms between probes */
    uint64_t due; /* uv_hrtime() */
    struct lag lag;
    unsigned open;
};

/* ---- The threads --------------------------------------------------------------------------------------------------------------------------- */

static void on_look(uv_timer_t *timer)
{
    struct health *health = timer->data;
    struct daemon *daemon = health->daemon;
    const char *stuck = queue_stuck(daemon->queue, health->patience);
    if (!stuck)
        stuck = delivery_stuck(daemon->delivery, health->patience);
    char *why =
        stuck ? mem_format("%s has not been heard of for %lld s", stuck, (long long)health->patience / 1000) : NULL;
    faults_note(daemon, FAULT_THREAD, why);
    free(why);
    if (!stuck && health->watched)
        service_alive();
}

/* ---- The loop ------------------------------------------------------------------------------------------------------------------------------- */

static void on_probe(uv_timer_t *timer);

static void probe_in(struct health *health, uint64_t wait)
{
    health->wait = wait;
    health->due = (uv_now(health->daemon->loop) + wait) * 1000000;
    uv_timer_start(&health->probe, on_probe, wait, 0);
}

static void on_probe(uv_timer_t *timer)
{
    struct health *health = timer->data;
    lag_add(&health->lag, ((int64_t)uv_hrtime() - (int64_t)health->due) / 1000, (int64_t)health->wait * 1000);
    /* One turn is the probe's own. */
    bool idle = health->turns <= 1;
    health->turns = 0;
    probe_in(health, !idle ? PROBE_MS : health->wait < PROBE_IDLE_MS ? health->wait * 2 : PROBE_IDLE_MS);
}

/* Something happens again: the turn's own length counts already, since the loop's clock shows when it began. */
static void on_turn(uv_prepare_t *turn)
{
    struct health *health = turn->data;
    if (++health->turns > 1 && health->wait > PROBE_MS)
        probe_in(health, PROBE_MS);
}

static double ms(int64_t us)
{
    int64_t tenths = us / 100; /* nobody needs more digits */
    return (double)tenths / 10;
}

json_t *health_describe(const struct daemon *daemon)
{
    const struct lag *lag = &daemon->health->lag;
    return json_pack("{s:I, s:f, s:f, s:f, s:f}", "samples", (json_int_t)lag->total, "p50_ms",
                     ms(lag_percentile(lag, 500)), "p99_ms", ms(lag_percentile(lag, 990)), "p99_9_ms",
                     ms(lag_percentile(lag, 999)), "longest_ms", ms(lag->longest));
}

/* ---- Opening and closing -------------------------------------------------------------------------------------------------------------------- */

void health_open(struct daemon *daemon)
{
    struct health *health = daemon->health = mem_zero(1, sizeof *health);
    int64_t watchdog = service_watchdog();
    uint64_t every = watchdog ? (uint64_t)(watchdog / 4 > 0 ? watchdog / 4 : 1) : LOOK_MS;
    health->daemon = daemon;
    health->patience = watchdog ? watchdog / 2 : PATIENCE_MS;
    health->watched = watchdog > 0;
    health->open = 3;
    health->look.data = health->probe.data = health->turn.data = health;
    uv_timer_init(daemon->loop, &health->look);
    uv_timer_init(daemon->loop, &health->probe);
    uv_prepare_init(daemon->loop, &health->turn);
    uv_timer_start(&health->look, on_look, 0, every);
    uv_prepare_start(&health->turn, on_turn);
    probe_in(health, PROBE_MS);
}

static void on_closed(uv_handle_t *handle)
{
    struct health *health = handle->data;
    if (--health->open == 0)
        free(health);
}

void health_close(struct daemon *daemon)
{
    uv_close((uv_handle_t *)&daemon->health->look, on_closed);
    uv_close((uv_handle_t *)&daemon->health->probe, on_closed);
    uv_close((uv_handle_t *)&daemon->health->turn, on_closed);
    daemon->health = NULL;
}

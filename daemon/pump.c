/* The pump: after every change, and when something falls due, the store takes a turn, and what it finds goes to those who can act. */
#include "daemon/base/log.h"
#include "daemon/base/wall.h"
#include "daemon/daemon.h"
#include "daemon/intake.h"

/* Changes within this many milliseconds share one turn: thousands of outcomes a second need no turn each. */
#define COALESCE_MS 10
/* Never sleep longer than this: clocks jump, and it is soon enough to see it. */
#define LONGEST_MS 60000

static void on_timer(uv_timer_t *timer);

static void sleep_for(struct daemon *daemon, int64_t ms)
{
    if (ms < COALESCE_MS)
        ms = COALESCE_MS;
    if (ms > LONGEST_MS)
        ms = LONGEST_MS;
    uv_timer_start(&daemon->pump.timer, on_timer, (uint64_t)ms, 0);
}

static void on_turn(void *context, const struct queue_turn *turn)
{
    struct daemon *daemon = context;
    struct pump *pump = &daemon->pump;
    pump->turning = false;
    if (daemon->ending)
        return;
    for (size_t i = 0; i < turn->result_count; i++)
        intake_write_result(daemon->intake, &turn->results[i]);
    if (turn->wants_proof)
        proof_renew(daemon);
    pump->more_due = pump->more_targets = true;
    post_due(daemon);
    search_targets(daemon);
    if (turn->more || pump->again)
        sleep_for(daemon, 0);
    else
        sleep_for(daemon, turn->next == INT64_MAX ? LONGEST_MS : turn->next - daemon_now());
    pump->again = false;
}

/* Before the turn, which would see everything fall due at once. */
static void look_at_clock(struct daemon *daemon)
{
    wall_hold();
    int64_t before = daemon_now();
    int64_t jump = wall_adopt(), minutes = (jump < 0 ? -jump : jump) / 60000;
    if (jump)
        queue_clock_set(daemon->queue, before, jump);
    wall_release();
    if (!jump)
        return;
    log_warning("the clock was set %s by %lld min %lld s: what waits, waits on for as long as before",
                jump < 0 ? "back" : "forward", (long long)minutes,
                (long long)((jump < 0 ? -jump : jump) / 1000 - minutes * 60));
    if (daemon->standstill.looked)
        daemon->standstill.looked += jump; /* nobody slept */
}

static void on_timer(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;
    if (daemon->pump.turning || daemon->ending)
        return;
    daemon->pump.turning = true;
    look_at_clock(daemon);
    standstill_look(daemon);
    queue_turn(daemon->queue, daemon_now(), on_turn, daemon);
}

void pump_wake(struct daemon *daemon)
{
    if (daemon->ending)
        return;
    daemon->pump.again = true;
    if (daemon->pump.turning)
        return;
    daemon->pump.again = false;
    if (!uv_is_active((uv_handle_t *)&daemon->pump.timer) || uv_timer_get_due_in(&daemon->pump.timer) > COALESCE_MS)
        sleep_for(daemon, 0);
}

int pump_open(struct daemon *daemon)
{
    daemon->pump.timer.data = daemon;
    int status = uv_timer_init(daemon->loop, &daemon->pump.timer);
    if (!status)
        sleep_for(daemon, 0);
    return status;
}

void pump_close(struct daemon *daemon)
{
    uv_close((uv_handle_t *)&daemon->pump.timer, NULL);
}

#include "daemon/base/pulse.h"

#include <stddef.h>
#include <time.h>

static _Thread_local struct pulse *mine;

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void pulse_attach(struct pulse *pulse)
{
    mine = pulse;
}

void pulse_beat(int64_t within)
{
    if (mine)
        mine->due = now_ms() + within;
}

int64_t pulse_rest(void)
{
    if (!mine)
        return 0;
    int64_t promised = mine->due;
    mine->due = 0;
    return promised;
}

void pulse_resume(int64_t promised)
{
    if (!mine)
        return;
    int64_t now = now_ms();
    mine->due = promised > now ? promised : now;
}

int64_t pulse_overdue(const struct pulse *pulse)
{
    int64_t due = pulse->due, now = now_ms();
    return due && now > due ? now - due : 0;
}

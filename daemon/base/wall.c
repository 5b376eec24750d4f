#include "daemon/base/wall.h"

#include <pthread.h>
#include <time.h>

/* Less than this in the at most 60 s between two looks is a clock being corrected gently, and no wait here is so exact. */
#define JUMP_MS 10000

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int64_t ahead; /* of the clock that nobody sets */

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t wall_now(void)
{
    if (!ahead)
        ahead = read_clock(CLOCK_REALTIME) - read_clock(CLOCK_MONOTONIC);
    return read_clock(CLOCK_MONOTONIC) + ahead;
}

int64_t wall_adopt(void)
{
    int64_t jump = read_clock(CLOCK_REALTIME) - wall_now();
    ahead += jump;
    return jump > -JUMP_MS && jump < JUMP_MS ? 0 : jump;
}

void wall_hold(void)
{
    pthread_mutex_lock(&held);
}

void wall_release(void)
{
    pthread_mutex_unlock(&held);
}

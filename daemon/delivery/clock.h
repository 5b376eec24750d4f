/* The room's clock: monotonic, since nobody sets it back. Any thread. */
#ifndef TOCSIN_DELIVERY_CLOCK_H
#define TOCSIN_DELIVERY_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

static inline int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* MS milliseconds from now, for pthread_cond_timedwait() on a condition of clock_condition_init(). */
static inline struct timespec clock_after(unsigned ms)
{
    int64_t at = clock_ms() + ms;
    return (struct timespec){ .tv_sec = (time_t)(at / 1000), .tv_nsec = (long)(at % 1000) * 1000000L };
}

static inline void clock_condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

#endif

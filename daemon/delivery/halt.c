#include "daemon/delivery/halt.h"

#include "daemon/base/mem.h"
#include "daemon/base/pulse.h"
#include "daemon/delivery/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct halt {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned epoch; /* even: running; odd: stopped */
    atomic_uint recalls;
};

struct halt *halt_new(void)
{
    struct halt *halt = mem_zero(1, sizeof *halt);
    pthread_mutex_init(&halt->lock, NULL);
    clock_condition_init(&halt->changed);
    return halt;
}

void halt_free(struct halt *halt)
{
    if (!halt)
        return;
    pthread_cond_destroy(&halt->changed);
    pthread_mutex_destroy(&halt->lock);
    free(halt);
}

static void set_stopped(struct halt *halt, unsigned stopped)
{
    pthread_mutex_lock(&halt->lock);
    if ((halt->epoch & 1) != stopped)
        halt->epoch++;
    pthread_cond_broadcast(&halt->changed);
    pthread_mutex_unlock(&halt->lock);
}

void halt_stop(struct halt *halt)
{
    set_stopped(halt, 1);
}

void halt_start(struct halt *halt)
{
    set_stopped(halt, 0);
}

unsigned halt_epoch(struct halt *halt)
{
    pthread_mutex_lock(&halt->lock);
    unsigned epoch = halt->epoch;
    pthread_mutex_unlock(&halt->lock);
    return epoch;
}

static bool over(const struct halt *halt, unsigned epoch)
{
    return halt->epoch != epoch || (epoch & 1);
}

bool halt_since(struct halt *halt, unsigned epoch)
{
    pthread_mutex_lock(&halt->lock);
    bool since = over(halt, epoch);
    pthread_mutex_unlock(&halt->lock);
    return since;
}

unsigned halt_recalls(struct halt *halt)
{
    return atomic_load(&halt->recalls);
}

void halt_recall(struct halt *halt)
{
    atomic_fetch_add(&halt->recalls, 1);
}

bool halt_sleep(struct halt *halt, unsigned epoch, unsigned ms)
{
    struct timespec until = clock_after(ms);
    int64_t promised = pulse_rest();
    pthread_mutex_lock(&halt->lock);
    int status = 0;
    while (!over(halt, epoch) && status != ETIMEDOUT)
        status = pthread_cond_timedwait(&halt->changed, &halt->lock, &until);
    bool since = over(halt, epoch);
    pthread_mutex_unlock(&halt->lock);
    pulse_resume(promised);
    return since;
}

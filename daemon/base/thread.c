#include "daemon/base/thread.h"

#include <signal.h>
#include <string.h>

int thread_start(pthread_t *thread, void *(*main)(void *argument), void *argument, const char *what,
                 struct error *error)
{
    pthread_t unnamed;
    pthread_attr_t attributes;
    sigset_t all, before;
    pthread_attr_init(&attributes);
    if (!thread)
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int status = pthread_create(thread ? thread : &unnamed, &attributes, main, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return !status ? 0
                   : error_set(error, -status,
                               "cannot start %s: %s (is there memory, and what do TasksMax and LimitNPROC allow?)",
                               what, strerror(status));
}

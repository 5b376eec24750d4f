/* Threads, begun in one way: signals are the loop thread's, and what cannot be begun is said. */
#ifndef TOCSIN_BASE_THREAD_H
#define TOCSIN_BASE_THREAD_H

#include "daemon/base/error.h"

#include <pthread.h>

/* Run MAIN with ARGUMENT on a new thread, to be joined; with THREAD NULL nobody joins it. WHAT it is ("the store thread") is for ERROR.
 * Every signal is blocked there, SIGPIPE with them: a write to a connection that the other side has closed fails with EPIPE and nothing more.
 * 0 or a negative errno. Any thread. */
int thread_start(pthread_t *thread, void *(*main)(void *argument), void *argument, const char *what,
                 struct error *error);

#endif

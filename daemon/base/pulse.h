/* Whether a thread moves, as the loop thread sees it: for the watchdog. No data goes by it, so that the two idioms (inbox.h, outbox.h) stay the only ways
 * in which threads hand things to one another.
 *
 * A thread that has a pulse says what it is about to do and how long that may take at the most; while it waits for work it rests. inbox_pop() rests by
 * itself. Threads without one (tests, the loop) may call all of this, to no effect. */
#ifndef TOCSIN_BASE_PULSE_H
#define TOCSIN_BASE_PULSE_H

#include <stdint.h>

struct pulse {
    _Atomic int64_t due; /* monotonic ms: to be heard of again by then; 0: it rests */
};

/* The calling thread has PULSE from now on. */
void pulse_attach(struct pulse *pulse);

/* The calling thread moves, and will again within WITHIN milliseconds. */
void pulse_beat(int64_t within);

/* The calling thread waits for others; what this returns is for pulse_resume(), when it goes on: what it had promised before holds still. */
int64_t pulse_rest(void);
void pulse_resume(int64_t promised);

/* For how many milliseconds the thread of PULSE should have been heard of; 0: all is well. Any thread. */
int64_t pulse_overdue(const struct pulse *pulse);

#endif

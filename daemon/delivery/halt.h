/* Stopped or not, and what was recalled: what delivery_stop() and delivery_recall() tell the threads, and a sleep that a stop ends. Any thread. */
#ifndef TOCSIN_DELIVERY_HALT_H
#define TOCSIN_DELIVERY_HALT_H

#include <stdbool.h>

struct halt;

struct halt *halt_new(void); /* running */
void halt_free(struct halt *halt);

void halt_stop(struct halt *halt); /* wakes every sleeper */
void halt_start(struct halt *halt);

/* A number for the present period of running. */
unsigned halt_epoch(struct halt *halt);

/* Has there been a stop since EPOCH was read, even if it is over by now? What began before a stop must not go on after it. */
bool halt_since(struct halt *halt, unsigned epoch);

/* A number for the present period between two recalls; halt_recall() begins the next one. */
unsigned halt_recalls(struct halt *halt);
void halt_recall(struct halt *halt);

/* Sleep for MS milliseconds, or until halt_since(EPOCH) is true: then the return value is true. */
bool halt_sleep(struct halt *halt, unsigned epoch, unsigned ms);

#endif

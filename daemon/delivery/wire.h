/* The connection of one delivery thread: made with limits, and cut from outside. */
#ifndef TOCSIN_DELIVERY_WIRE_H
#define TOCSIN_DELIVERY_WIRE_H

#include "daemon/base/error.h"
#include "daemon/delivery/halt.h"
#include "daemon/delivery/relay.h"

#include <stdbool.h>
#include <stdint.h>

struct wire;

struct wire *wire_new(struct halt *halt);
void wire_free(struct wire *wire);

/* Connect to the first of ADDRESSES that answers within TIMEOUT_MS each. Returns the socket, which stays WIRE's; -ECANCELED when there
 * was a halt since EPOCH; else a negative errno with ERROR set (NAME is the relay's, for its text). The wire's own thread. */
int wire_dial(struct wire *wire, const struct relay_addresses *addresses, const char *name, unsigned epoch,
              unsigned timeout_ms, struct error *error);

/* Hang up: after libesmtp has closed its duplicate. The wire's own thread. */
void wire_close(struct wire *wire);

/* The present step has LIMIT_MS from now on; 0: no limit. This bounds what libesmtp's own time limits do not: they are counted anew for
 * each byte that trickles in, and QUIT inherits the longest. The wire's own thread. */
void wire_allow(struct wire *wire, unsigned limit_ms);

/* Is the connection gone, or has the server said something that libesmtp has not read? The wire's own thread. */
bool wire_disturbed(const struct wire *wire);

/* Does the connection stay within this machine, where nobody listens? The wire's own thread. */
bool wire_local(const struct wire *wire);

/* Cut the connection, if there is one: whoever reads or writes it, or waits for it to be made, fails at once. Any thread. */
void wire_cut(struct wire *wire);

/* wire_cut() when the step's limit was reached by NOW (clock_ms). Any thread. */
void wire_check(struct wire *wire, int64_t now);

#endif

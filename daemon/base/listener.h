/* A listening socket on the loop that gets over a want of descriptors.
 *
 * Beside libuv's own (uv_listen), which tries again without end, and holds up the loop, from the moment at which another thread has taken the descriptor that
 * it keeps in reserve. Here who comes is turned away by a reserve as well, and where that is gone he waits until there are descriptors again. */
#ifndef TOCSIN_BASE_LISTENER_H
#define TOCSIN_BASE_LISTENER_H

#include <uv.h>

struct listener;

/* A connection has come: FD, not blocking, is the callee's from now on, who may close the listener from within. */
typedef void listener_accepted(void *context, int fd);

/* Listen at FD, a bound stream socket, which is the listener's where this succeeds. 0 or a negative errno. Loop thread, as both. */
int listener_open(uv_loop_t *loop, int fd, listener_accepted *accepted, void *context, struct listener **out);

/* Nobody is accepted any more; FD is closed at once, the rest when the loop has closed the handles. NULL is fine. */
void listener_close(struct listener *listener);

#endif

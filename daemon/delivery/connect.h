/* The connect() hook: libesmtp gives no access to its socket, so the room makes the connection itself.
 *
 * connect.c defines connect(2) for the whole process. It passes every call through, but for the next one on a thread that has called
 * connect_through(): there DIAL makes the connection, and its socket takes the place of the caller's. */
#ifndef TOCSIN_DELIVERY_CONNECT_H
#define TOCSIN_DELIVERY_CONNECT_H

/* The next connect() of this thread calls DIAL(CONTEXT), which returns a connected socket (it stays DIAL's; the caller of connect()
 * gets a duplicate) or a negative errno. One call, then the hook is off. DIAL NULL: off now. */
void connect_through(int (*dial)(void *context), void *context);

#endif

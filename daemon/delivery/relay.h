/* The relay: HOST:PORT and the addresses behind it. */
#ifndef TOCSIN_DELIVERY_RELAY_H
#define TOCSIN_DELIVERY_RELAY_H

#include "daemon/base/error.h"
#include "daemon/delivery/halt.h"

#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

#define RELAY_ADDRESSES_MAX 8

union relay_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct relay_addresses {
    union relay_address list[RELAY_ADDRESSES_MAX];
    size_t count;
};

struct relay;

/* NAME is `HOST:PORT`, `192.0.2.1:25` or `[2001:db8::1]:25`. Resolves nothing yet. 0 or -EINVAL with ERROR set. Any thread. */
int relay_open(const char *name, struct relay **out, struct error *error);

/* The addresses of RELAY in the resolver's order. May wait for the resolver, at most TIMEOUT_MS and until halt_since(EPOCH); what was
 * found is kept for a minute, and longer when the resolver fails later. 0; -ECANCELED after a halt; else -EHOSTUNREACH with ERROR set.
 * Any thread. */
int relay_resolve(struct relay *relay, struct halt *halt, unsigned epoch, unsigned timeout_ms,
                  struct relay_addresses *out, struct error *error);

/* End the waits of relay_resolve() after halt_stop(). */
void relay_wake(struct relay *relay);

/* The host's name or address alone. */
const char *relay_host(const struct relay *relay);

/* HOST:PORT, for messages. */
const char *relay_name(const struct relay *relay);

/* After the last relay_resolve() has returned. A lookup that is still under way finishes by itself. */
void relay_close(struct relay *relay);

#endif

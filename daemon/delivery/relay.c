#include "daemon/delivery/relay.h"

#include "daemon/base/mem.h"
#include "daemon/base/pulse.h"
#include "daemon/base/thread.h"
#include "daemon/delivery/clock.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#define FRESH_MS (60 * 1000) /* a relay that moves is found again within a minute */
#define FAILED_MS                                                                                                      \
    1000 /* a name that could not be resolved is asked for once a second at most, by all threads together */
#define HOST_MAX 255

struct relay {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    unsigned references; /* the owner, and the lookup under way */
    char *name, *host, *port;
    struct relay_addresses addresses; /* the last that were found */
    bool literal; /* never looked up */
    bool asking;
    int64_t asked_again; /* clock_ms() from which on the next lookup is due */
    struct error error; /* of the last lookup; empty: it succeeded */
};

static bool is_port(const char *text)
{
    size_t length = strlen(text);
    return length && length <= 5 && strspn(text, "0123456789") == length && atoi(text) > 0 && atoi(text) <= 65535;
}

static int split(const char *name, char **host, char **port)
{
    const char *colon = strrchr(name, ':');
    if (!colon || !is_port(colon + 1) || colon == name || colon - name > HOST_MAX)
        return -EINVAL;
    size_t length = (size_t)(colon - name);
    bool bracketed = name[0] == '[' && name[length - 1] == ']';
    *host = bracketed ? mem_string_n(name + 1, length - 2) : mem_string_n(name, length);
    struct in6_addr address;
    bool good = bracketed ? inet_pton(AF_INET6, *host, &address) == 1 : !strpbrk(*host, ":[]/@ \t\r\n");
    if (!good) {
        free(*host);
        return -EINVAL;
    }
    *port = mem_string(colon + 1);
    return 0;
}

static void read_literal(struct relay *relay)
{
    union relay_address *address = &relay->addresses.list[0];
    in_port_t port = htons((uint16_t)atoi(relay->port));
    if (inet_pton(AF_INET, relay->host, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = port;
    } else if (inet_pton(AF_INET6, relay->host, &address->v6.sin6_addr) == 1) {
        address->v6.sin6_family = AF_INET6;
        address->v6.sin6_port = port;
    } else {
        return;
    }
    relay->literal = true;
    relay->addresses.count = 1;
}

int relay_open(const char *name, struct relay **out, struct error *error)
{
    char *host, *port;
    if (!name || split(name, &host, &port))
        return error_set(error, -EINVAL, "relay `%s`: expected HOST:PORT, such as localhost:25 or [::1]:25",
                         name ? name : "");
    struct relay *relay = mem_zero(1, sizeof *relay);
    pthread_mutex_init(&relay->lock, NULL);
    clock_condition_init(&relay->answered);
    relay->references = 1;
    relay->name = mem_string(name);
    relay->host = host;
    relay->port = port;
    read_literal(relay);
    *out = relay;
    return 0;
}

/* Drop a reference; RELAY is locked, and is unlocked or gone afterwards. */
static void release(struct relay *relay)
{
    bool last = --relay->references == 0;
    pthread_mutex_unlock(&relay->lock);
    if (!last)
        return;
    pthread_cond_destroy(&relay->answered);
    pthread_mutex_destroy(&relay->lock);
    free(relay->name);
    free(relay->host);
    free(relay->port);
    free(relay);
}

static void collect(const struct addrinfo *found, struct relay_addresses *out)
{
    out->count = 0;
    for (; found && out->count < RELAY_ADDRESSES_MAX; found = found->ai_next)
        if ((found->ai_family == AF_INET || found->ai_family == AF_INET6) && found->ai_addrlen <= sizeof out->list[0])
            memcpy(&out->list[out->count++], found->ai_addr, found->ai_addrlen);
}

/* A thread of its own, for nothing can end getaddrinfo() early: whoever waits for the answer may stop waiting. */
static void *look_up(void *argument)
{
    struct relay *relay = argument;
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG }, *found = NULL;
    pthread_setname_np(pthread_self(), "resolver");
    int status = getaddrinfo(relay->host, relay->port, &hints, &found);
    struct relay_addresses addresses = { .count = 0 };
    collect(found, &addresses);
    if (found)
        freeaddrinfo(found);
    pthread_mutex_lock(&relay->lock);
    relay->error.text[0] = '\0';
    if (addresses.count)
        relay->addresses = addresses;
    else
        error_set(&relay->error, 0, "relay %s: %s", relay->name, status ? gai_strerror(status) : "it has no address");
    relay->asked_again = clock_ms() + (addresses.count ? FRESH_MS : FAILED_MS);
    relay->asking = false;
    pthread_cond_broadcast(&relay->answered);
    release(relay);
    return NULL;
}

/* RELAY is locked. */
static void ask(struct relay *relay)
{
    struct error why = { "" };
    if (thread_start(NULL, look_up, relay, "a thread to resolve it", &why)) {
        error_set(&relay->error, 0, "relay %s: %s", relay->name, why.text);
        relay->asked_again = clock_ms() + FAILED_MS;
        return;
    }
    relay->asking = true;
    relay->references++;
}

int relay_resolve(struct relay *relay, struct halt *halt, unsigned epoch, unsigned timeout_ms,
                  struct relay_addresses *out, struct error *error)
{
    struct timespec until = clock_after(timeout_ms);
    pulse_beat(timeout_ms);
    int result = 0;
    pthread_mutex_lock(&relay->lock);
    if (!relay->literal && !relay->asking && clock_ms() >= relay->asked_again)
        ask(relay);
    /* Addresses from an earlier lookup are used at once; the new ones are there for the next session. */
    while (!relay->addresses.count && relay->asking && !result) {
        if (halt_since(halt, epoch))
            result = -ECANCELED;
        else if (pthread_cond_timedwait(&relay->answered, &relay->lock, &until) == ETIMEDOUT)
            result = error_set(error, -EHOSTUNREACH, "relay %s: no answer from the resolver", relay->name);
    }
    if (!result && !relay->addresses.count)
        result = error_set(error, -EHOSTUNREACH, "%s", relay->error.text);
    *out = relay->addresses;
    pthread_mutex_unlock(&relay->lock);
    return result;
}

void relay_wake(struct relay *relay)
{
    pthread_mutex_lock(&relay->lock);
    pthread_cond_broadcast(&relay->answered);
    pthread_mutex_unlock(&relay->lock);
}

const char *relay_host(const struct relay *relay)
{
    return relay->host;
}

const char *relay_name(const struct relay *relay)
{
    return relay->name;
}

void relay_close(struct relay *relay)
{
    if (!relay)
        return;
    pthread_mutex_lock(&relay->lock);
    release(relay);
}

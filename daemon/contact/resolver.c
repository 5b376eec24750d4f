#include "daemon/contact/resolver.h"

#include "daemon/base/buf.h"
#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/contact/dns_table.h"

#include <ares.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Some 8 MB of answers: enough that the domains of one feed are asked about once, and a provider's mail hosts always stay. */
#define MAX_CACHED 20000
/* c-ares looks through everything in flight to say when its next time-out is (ares_timeout), so it is not asked: it gets a look at the
 * clock this often instead. */
#define TICK_MS 100
/* RFC 9715: what passes every path unfragmented. A longer answer is truncated and c-ares asks again over TCP. */
#define UDP_ANSWER_SIZE 1232
#define NS_CLASS_IN 1
/* What the kernel charges the receive buffer for an answer of 150 to 500 bytes (measured on Linux 6; 830 for less, 2,300 for more). */
#define ANSWER_COST 1300

struct resolver_query {
    TAILQ_ENTRY(resolver_query) link;
    struct question *question;
    resolver_done *done;
    void *context;
};

/* One of c-ares's sockets under the loop's eye. */
struct watch {
    uv_poll_t poll;
    struct resolver *resolver;
    LIST_ENTRY(watch) link;
    int fd;
};

struct resolver {
    uv_loop_t *loop;
    ares_channel channel;
    struct dns_table *table;
    struct question_list queued, ready;
    LIST_HEAD(, watch) watches;
    uv_timer_t tick; /* active while something is in flight */
    uv_idle_t deliver; /* active while something is ready */
    struct resolver_counts counts;
    size_t limit; /* in flight; less than configured where the sockets' buffers are small */
    int receive_buffer;
    unsigned handles; /* not yet closed; the resolver goes with the last */
    bool closing;
};

static void handle_closed(uv_handle_t *handle)
{
    struct resolver *resolver = handle->data;
    if (--resolver->handles == 0)
        free(resolver);
}

static void watch_closed(uv_handle_t *handle)
{
    struct watch *watch = (struct watch *)handle;
    struct resolver *resolver = watch->resolver;
    free(watch);
    if (--resolver->handles == 0)
        free(resolver);
}

/* QUESTION is answered (ANSWER is taken): those who wait are told on the next turn of the loop, never from within c-ares. */
static void answered(struct resolver *resolver, struct question *question, const struct dns_answer *answer)
{
    question->answer = answer;
    question->state = QUESTION_READY;
    if (answer->status == DNS_FAILED)
        resolver->counts.failed++;
    if (answer->ttl == 0) /* whoever asks from now on is not joined to it */
        dns_table_forget(resolver->table, question);
    TAILQ_INSERT_TAIL(&resolver->ready, question, link);
}

static const struct dns_answer *answer_from(int status, const unsigned char *packet, int length,
                                            const struct question *question)
{
    switch (status) {
    case ARES_SUCCESS:
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
        if (packet)
            return dns_packet_parse(packet, (size_t)length, question->name, question->type);
        return dns_answer_make(DNS_NO_NAME, 0, NULL); /* `.onion`, which c-ares never asks for (RFC 7686) */
    case ARES_EBADNAME:
        return dns_answer_make(DNS_NO_NAME, 0, NULL); /* no packet could hold it, so no zone has it */
    case ARES_ETIMEOUT:
        return dns_answer_make(DNS_FAILED, 0, "no server answered in time");
    case ARES_ECONNREFUSED: /* c-ares's word also for SERVFAIL, REFUSED and NOTIMP from all servers at all tries */
        return dns_answer_make(DNS_FAILED, 0, "every server failed or refused");
    default:
        return dns_answer_make(DNS_FAILED, 0, ares_strerror(status));
    }
}

/* c-ares has an answer or gives up. Also called from within ares_query() and ares_destroy(). */
static void on_answer(void *context, int status, int timeouts, unsigned char *packet, int length)
{
    struct question *question = context;
    struct resolver *resolver = question->owner;
    (void)timeouts;
    resolver->counts.in_flight--;
    if (resolver->closing) /* the table frees it */
        return;
    answered(resolver, question, answer_from(status, packet, length, question));
}

static void on_ready(uv_idle_t *handle);
static void on_tick(uv_timer_t *handle);

/* Fill the places in flight from the queue, and see to it that the loop comes back for what is to be done. */
static void pump(struct resolver *resolver)
{
    struct question *question;
    while (resolver->counts.in_flight < resolver->limit && (question = TAILQ_FIRST(&resolver->queued))) {
        TAILQ_REMOVE(&resolver->queued, question, link);
        resolver->counts.queued--;
        question->state = QUESTION_IN_FLIGHT;
        if (++resolver->counts.in_flight > resolver->counts.most_in_flight)
            resolver->counts.most_in_flight = resolver->counts.in_flight;
        ares_query(resolver->channel, question->name, NS_CLASS_IN, (int)question->type, on_answer, question);
    }
    if (resolver->counts.in_flight == 0)
        uv_timer_stop(&resolver->tick);
    else if (!uv_is_active((uv_handle_t *)&resolver->tick))
        uv_timer_start(&resolver->tick, on_tick, TICK_MS, TICK_MS);
    if (TAILQ_EMPTY(&resolver->ready))
        uv_idle_stop(&resolver->deliver);
    else if (!uv_is_active((uv_handle_t *)&resolver->deliver))
        uv_idle_start(&resolver->deliver, on_ready);
}

static void on_tick(uv_timer_t *handle)
{
    struct resolver *resolver = handle->data;
    ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    pump(resolver);
}

/* Tell everyone who waits for QUESTION. DONE may ask, cancel or close. */
static void deliver(struct resolver *resolver, struct question *question)
{
    struct resolver_query *query;
    while ((query = TAILQ_FIRST(&question->waiters))) {
        TAILQ_REMOVE(&question->waiters, query, link);
        struct resolver_query told = *query;
        free(query);
        const struct dns_answer *answer = dns_answer_keep(question->answer);
        told.done(told.context, answer);
        dns_answer_drop(answer);
        if (resolver->closing)
            return;
    }
    TAILQ_REMOVE(&resolver->ready, question, link);
    dns_table_cache(resolver->table, question, uv_now(resolver->loop));
}

static void on_ready(uv_idle_t *handle)
{
    struct resolver *resolver = handle->data;
    /* What becomes ready meanwhile waits for the next turn: other handles want theirs. */
    struct question *last = TAILQ_LAST(&resolver->ready, question_list), *question;
    while ((question = TAILQ_FIRST(&resolver->ready))) {
        bool more = question != last;
        deliver(resolver, question);
        if (resolver->closing)
            return;
        if (!more)
            break;
    }
    pump(resolver);
}

static void on_socket(uv_poll_t *handle, int status, int events)
{
    struct watch *watch = (struct watch *)handle;
    struct resolver *resolver = watch->resolver;
    /* On an error c-ares looks for itself and finds it. */
    bool readable = status < 0 || (events & UV_READABLE), writable = status < 0 || (events & UV_WRITABLE);
    ares_process_fd(resolver->channel, readable ? watch->fd : ARES_SOCKET_BAD, writable ? watch->fd : ARES_SOCKET_BAD);
    pump(resolver);
}

static struct watch *watch_open(struct resolver *resolver, int fd)
{
    struct watch *watch = mem_zero(1, sizeof *watch);
    watch->resolver = resolver;
    watch->fd = fd;
    if (uv_poll_init(resolver->loop, &watch->poll, fd) != 0) {
        free(watch);
        return NULL;
    }
    resolver->handles++;
    LIST_INSERT_HEAD(&resolver->watches, watch, link);
    return watch;
}

/* c-ares opens a socket, closes one (neither READABLE nor WRITABLE; still open during this call), or wants to write. */
static void on_socket_state(void *context, ares_socket_t fd, int readable, int writable)
{
    struct resolver *resolver = context;
    struct watch *watch;
    LIST_FOREACH(watch, &resolver->watches, link)
    if (watch->fd == fd)
        break;
    if (!readable && !writable) {
        if (watch) {
            LIST_REMOVE(watch, link);
            uv_close((uv_handle_t *)&watch->poll, watch_closed);
        }
        return;
    }
    if (!watch && !(watch = watch_open(resolver, fd)))
        return; /* its queries time out */
    uv_poll_start(&watch->poll, (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0), on_socket);
}

/* The kernel drops what does not fit: at 1,000 in flight and the usual buffer c-ares lost datagrams, waited out the time-outs, and fell from
 * 150,000 to 2,600 answers a second. So no more are in flight than the buffer that we were given could hold at once. */
static int on_socket_made(ares_socket_t fd, int type, void *context)
{
    struct resolver *resolver = context;
    int wanted = resolver->receive_buffer, granted = 0;
    socklen_t size = sizeof granted;
    if (type != SOCK_DGRAM)
        return 0;
    /* FORCE needs CAP_NET_ADMIN, and goes past net.core.rmem_max. */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof wanted) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted);
    if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &granted, &size) != 0)
        return 0;
    size_t fits =
        (size_t)granted / ANSWER_COST + 1; /* GRANTED is twice what was set, and that is what is charged against */
    if (fits < resolver->limit) {
        log_notice("dns.in_flight: %zu instead of %zu, as the receive buffer holds no more answers (%d bytes): raise "
                   "dns.receive_buffer and net.core.rmem_max for more",
                   fits, resolver->limit, granted / 2);
        resolver->limit = fits;
    }
    return 0;
}

static int set_servers(struct resolver *resolver, const struct config *config, struct error *error)
{
    if (config->dns.servers.count == 0)
        return 0;
    struct buf list = BUF_EMPTY;
    for (size_t i = 0; i < config->dns.servers.count; i++)
        buf_add_format(&list, "%s%s", i ? "," : "", config->dns.servers.items[i]);
    int status = ares_set_servers_ports_csv(resolver->channel, list.data);
    if (status != ARES_SUCCESS)
        error_set(error, -EINVAL, "dns.servers: %s: %s", list.data, ares_strerror(status));
    buf_free(&list);
    return status == ARES_SUCCESS ? 0 : -EINVAL;
}

static int open_channel(struct resolver *resolver, const struct config *config, struct error *error)
{
    struct ares_options options = {
        .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_EDNS,
        .ednspsz = UDP_ANSWER_SIZE,
        .timeout = (int)config->dns.timeout,
        .tries = (int)config->dns.tries,
        .sock_state_cb = on_socket_state,
        .sock_state_cb_data = resolver,
    };
    int mask = ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    int status = ares_library_init(ARES_LIB_INIT_ALL);
    if (status != ARES_SUCCESS)
        return error_set(error, -EIO, "c-ares does not start: %s", ares_strerror(status));
    status = ares_init_options(&resolver->channel, &options, mask);
    if (status != ARES_SUCCESS) {
        ares_library_cleanup();
        return error_set(error, -EIO, "c-ares does not start: %s", ares_strerror(status));
    }
    ares_set_socket_configure_callback(resolver->channel, on_socket_made, resolver);
    int code = set_servers(resolver, config, error);
    if (code != 0) {
        ares_destroy(resolver->channel);
        ares_library_cleanup();
    }
    return code;
}

int resolver_open(uv_loop_t *loop, const struct config *config, struct resolver **out, struct error *error)
{
    struct resolver *resolver = mem_zero(1, sizeof *resolver);
    resolver->loop = loop;
    resolver->limit = config->dns.in_flight > 0 ? (size_t)config->dns.in_flight : 1;
    resolver->receive_buffer = (int)config->dns.receive_buffer;
    TAILQ_INIT(&resolver->queued);
    TAILQ_INIT(&resolver->ready);
    LIST_INIT(&resolver->watches);
    int code = open_channel(resolver, config, error);
    if (code != 0) {
        free(resolver);
        return code;
    }
    resolver->table = dns_table_new(MAX_CACHED);
    uv_timer_init(loop, &resolver->tick);
    uv_idle_init(loop, &resolver->deliver);
    resolver->tick.data = resolver->deliver.data = resolver;
    resolver->handles = 2;
    *out = resolver;
    return 0;
}

static void free_waiters(struct question *question)
{
    struct resolver_query *query;
    while ((query = TAILQ_FIRST(&question->waiters))) {
        TAILQ_REMOVE(&question->waiters, query, link);
        free(query);
    }
}

void resolver_close(struct resolver *resolver)
{
    resolver->closing = true;
    struct question *question, *next;
    for (question = TAILQ_FIRST(&resolver->ready); question; question = next) {
        next = TAILQ_NEXT(question, link);
        free_waiters(question);
        if (!question->listed)
            question_free(question);
    }
    dns_table_each(resolver->table, free_waiters);
    ares_destroy(resolver->channel);
    ares_library_cleanup();
    dns_table_free(resolver->table);
    uv_close((uv_handle_t *)&resolver->tick, handle_closed);
    uv_close((uv_handle_t *)&resolver->deliver, handle_closed);
}

struct resolver_query *resolver_ask(struct resolver *resolver, const char *name, enum dns_type type,
                                    resolver_done *done, void *context)
{
    struct resolver_query *query = mem_zero(1, sizeof *query);
    struct question *question = dns_table_find(resolver->table, name, type, uv_now(resolver->loop));
    resolver->counts.asked++;
    if (!question) {
        question = dns_table_add(resolver->table, name, type);
        question->owner = resolver;
        TAILQ_INSERT_TAIL(&resolver->queued, question, link);
        resolver->counts.queued++;
    } else if (question->state == QUESTION_CACHED) {
        dns_table_uncache(resolver->table, question);
        TAILQ_INSERT_TAIL(&resolver->ready, question, link);
        resolver->counts.from_cache++;
    } else
        resolver->counts.joined++;
    *query = (struct resolver_query){ .question = question, .done = done, .context = context };
    TAILQ_INSERT_TAIL(&question->waiters, query, link);
    pump(resolver);
    return query;
}

void resolver_cancel(struct resolver_query *query)
{
    struct question *question = query->question;
    struct resolver *resolver = question->owner;
    TAILQ_REMOVE(&question->waiters, query, link);
    free(query);
    if (question->state != QUESTION_QUEUED || !TAILQ_EMPTY(&question->waiters))
        return; /* what is in flight cannot be called back: its answer is kept */
    TAILQ_REMOVE(&resolver->queued, question, link);
    resolver->counts.queued--;
    dns_table_forget(resolver->table, question);
    question_free(question);
}

void resolver_count(const struct resolver *resolver, struct resolver_counts *out)
{
    *out = resolver->counts;
    out->cached = dns_table_cached(resolver->table);
}

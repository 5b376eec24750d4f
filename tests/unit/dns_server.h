/* A DNS server for the tests, on the test's own loop and 127.0.0.1: a table of rows says what it answers. */
#ifndef TOCSIN_TESTS_DNS_SERVER_H
#define TOCSIN_TESTS_DNS_SERVER_H

#include "tests/unit/dns_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

/* One fact of the zone. A name without any row does not exist; a name with rows of other types has no data. NAME "*.x" stands for every
 * name below x. */
struct dns_row {
    const char *name;
    unsigned type; /* 15, 1, 28, 5 (CNAME); 0: for every type */
    const char *data; /* MX: "PREFERENCE EXCHANGE" */
    enum { DNS_SAYS, DNS_SERVFAIL, DNS_DROP, DNS_TRUNCATE } says;
    unsigned times; /* of DNS_SERVFAIL and DNS_DROP: how often, before it answers; 0: always */
};

struct dns_server {
    uv_udp_t udp;
    uv_tcp_t tcp;
    int over_tcp; /* while it answers a query that came so */
    unsigned streams; /* how many have */
    const struct dns_row *rows;
    size_t row_count;
    uint32_t ttl; /* of positive answers */
    unsigned seen[64]; /* by row: how often a fault has been used */
    unsigned queries; /* how many have come in */
    char address[32]; /* ADDRESS:PORT */
    char buffer[65536];
};

struct dns_reply {
    uv_udp_send_t request;
    struct dns_builder packet;
};

static inline void dns_server_sent(uv_udp_send_t *request, int status)
{
    (void)status;
    free(request);
}

static inline void dns_server_alloc(uv_handle_t *handle, size_t size, uv_buf_t *out)
{
    struct dns_server *server = handle->data;
    (void)size;
    *out = uv_buf_init(server->buffer, sizeof server->buffer);
}

static inline int dns_row_matches(const struct dns_row *row, const char *name)
{
    size_t length = strlen(name);
    if (row->name[0] != '*')
        return strcasecmp(row->name, name) == 0;
    size_t tail = strlen(row->name + 1);
    return length > tail && strcasecmp(name + length - tail, row->name + 1) == 0;
}

static inline void dns_add_row(struct dns_server *server, struct dns_builder *packet, const struct dns_row *row,
                               const char *owner)
{
    if (row->type == 15)
        dns_mx(packet, owner, server->ttl, (unsigned)strtoul(row->data, NULL, 10), strchr(row->data, ' ') + 1);
    else if (row->type == 5)
        dns_cname(packet, owner, server->ttl, row->data);
    else
        dns_address(packet, owner, server->ttl, row->data);
}

/* Fill PACKET with the answer to TYPE? of NAME; 0 when the query is to be dropped. */
static inline int dns_server_answer(struct dns_server *server, struct dns_builder *packet, unsigned id,
                                    const char *name, unsigned type)
{
    char owner[256];
    int exists = 0;
    snprintf(owner, sizeof owner, "%s", name);
    dns_begin(packet, id, 0, name, type);
    for (size_t i = 0; i < server->row_count; i++) {
        const struct dns_row *row = &server->rows[i];
        if (!dns_row_matches(row, owner))
            continue;
        exists = 1;
        if (row->says != DNS_SAYS) {
            if (row->says == DNS_TRUNCATE && server->over_tcp)
                continue;
            if ((row->type != 0 && row->type != type) || (row->times != 0 && server->seen[i] >= row->times))
                continue;
            server->seen[i]++;
            packet->data[3] = row->says == DNS_SERVFAIL ? 0x82 : packet->data[3];
            packet->data[2] |= row->says == DNS_TRUNCATE ? 0x02 : 0;
            return row->says != DNS_DROP;
        }
        if (row->type != type && row->type != 5)
            continue;
        dns_add_row(server, packet, row, owner);
        if (row->type == 5) { /* rows of the target stand behind */
            snprintf(owner, sizeof owner, "%s", row->data);
            exists = 0;
        }
    }
    if (!exists)
        packet->data[3] |= 3;
    if (packet->data[7] == 0)
        dns_soa(packet, "example", server->ttl, server->ttl);
    return 1;
}

/* The answer to the LENGTH bytes at QUERY; NULL when there is none. The caller's to free. */
static inline struct dns_reply *dns_server_reply(struct dns_server *server, const unsigned char *query, size_t length)
{
    char name[256];
    size_t at = 12, used = 0;
    if (length < 17)
        return NULL;
    server->queries++;
    while (query[at] != 0) {
        memcpy(name + used, query + at + 1, query[at]);
        used += query[at];
        name[used++] = '.';
        at += query[at] + 1u;
    }
    name[used ? used - 1 : 0] = '\0';
    struct dns_reply *reply = calloc(1, sizeof *reply);
    if (!reply)
        abort();
    if (dns_server_answer(server, &reply->packet, (unsigned)(query[0] << 8 | query[1]), name,
                          (unsigned)(query[at + 1] << 8 | query[at + 2])))
        return reply;
    free(reply);
    return NULL;
}

static inline void dns_server_read(uv_udp_t *udp, ssize_t length, const uv_buf_t *buffer, const struct sockaddr *from,
                                   unsigned flags)
{
    struct dns_reply *reply;
    (void)flags;
    if (length <= 0 || !from ||
        !(reply = dns_server_reply(udp->data, (const unsigned char *)buffer->base, (size_t)length)))
        return;
    uv_buf_t data = uv_buf_init((char *)reply->packet.data, (unsigned)reply->packet.length);
    if (uv_udp_send(&reply->request, udp, &data, 1, from, dns_server_sent) != 0)
        free(reply);
}

static inline void dns_stream_closed(uv_handle_t *stream)
{
    free(stream);
}

/* One query a read is enough on a loopback socket. */
static inline void dns_stream_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
    struct dns_server *server = stream->data;
    struct dns_reply *reply = NULL;
    server->over_tcp = 1;
    if (length > 2)
        reply = dns_server_reply(server, (const unsigned char *)buffer->base + 2, (size_t)length - 2);
    server->over_tcp = 0;
    if (reply) {
        unsigned char head[2] = { (unsigned char)(reply->packet.length >> 8), (unsigned char)reply->packet.length };
        uv_buf_t data[2] = { uv_buf_init((char *)head, 2),
                             uv_buf_init((char *)reply->packet.data, (unsigned)reply->packet.length) };
        if (uv_try_write(stream, data, 2) != (int)reply->packet.length + 2)
            abort();
        free(reply);
    } else
        uv_close((uv_handle_t *)stream, dns_stream_closed);
}

static inline void dns_server_accept(uv_stream_t *listener, int status)
{
    struct dns_server *server = listener->data;
    uv_tcp_t *stream = calloc(1, sizeof *stream);
    if (status != 0 || !stream)
        abort();
    uv_tcp_init(listener->loop, stream);
    stream->data = server;
    server->streams++;
    if (uv_accept(listener, (uv_stream_t *)stream) != 0)
        abort();
    uv_read_start((uv_stream_t *)stream, dns_server_alloc, dns_stream_read);
}

/* A port that is free for both: what the kernel gives for one may be taken for the other. */
static inline unsigned dns_server_bind(int *udp, int *tcp)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    for (int i = 0; i < 100; i++) {
        *tcp = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        *udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        uv_ip4_addr("127.0.0.1", 0, &address);
        if (bind(*tcp, (const struct sockaddr *)&address, size) == 0 &&
            getsockname(*tcp, (struct sockaddr *)&address, &size) == 0 &&
            bind(*udp, (const struct sockaddr *)&address, size) == 0)
            return ntohs(address.sin_port);
        close(*tcp);
        close(*udp);
    }
    abort();
}

static inline void dns_server_open(struct dns_server *server, uv_loop_t *loop, const struct dns_row *rows,
                                   size_t row_count)
{
    int udp, tcp, buffer = 4 << 20;
    memset(server, 0, sizeof *server);
    server->rows = rows;
    server->row_count = row_count;
    server->ttl = 60;
    snprintf(server->address, sizeof server->address, "127.0.0.1:%u", dns_server_bind(&udp, &tcp));
    setsockopt(udp, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    uv_udp_init(loop, &server->udp);
    uv_tcp_init(loop, &server->tcp);
    server->udp.data = server->tcp.data = server;
    if (uv_udp_open(&server->udp, udp) != 0 || uv_tcp_open(&server->tcp, tcp) != 0 ||
        uv_udp_recv_start(&server->udp, dns_server_alloc, dns_server_read) != 0 ||
        uv_listen((uv_stream_t *)&server->tcp, 16, dns_server_accept) != 0)
        abort();
}

static inline void dns_server_close(struct dns_server *server)
{
    uv_close((uv_handle_t *)&server->udp, NULL);
    uv_close((uv_handle_t *)&server->tcp, NULL);
}

#endif

/* DNS questions on the loop: c-ares, with a cap on how many are in flight, identical ones joined, and answers kept while their TTL lasts. */
#ifndef TOCSIN_CONTACT_RESOLVER_H
#define TOCSIN_CONTACT_RESOLVER_H

#include "config/config.h"
#include "daemon/base/error.h"
#include "daemon/contact/dns_packet.h"

#include <uv.h>

struct resolver;
struct resolver_query;

/* ANSWER is valid for the length of the call; dns_answer_keep() to have it longer. Never called before resolver_ask() has returned. */
typedef void resolver_done(void *context, const struct dns_answer *answer);

/* Uses CONFIG's dns section while opening. 0, or -EINVAL when dns.servers cannot be read, or what c-ares says. Loop thread, as all of these. */
int resolver_open(uv_loop_t *loop, const struct config *config, struct resolver **out, struct error *error);

/* No DONE is called any more, every query is freed; the resolver frees itself once its handles are closed. */
void resolver_close(struct resolver *resolver);

/* Ask TYPE? of NAME (normalised, copied). DONE is called once, on the loop; a question that is in flight already is joined, a known
 * answer is used. Returns a token for resolver_cancel(). */
struct resolver_query *resolver_ask(struct resolver *resolver, const char *name, enum dns_type type,
                                    resolver_done *done, void *context);

/* DONE is not called; the query is freed. Not after DONE. */
void resolver_cancel(struct resolver_query *query);

struct resolver_counts {
    uint64_t asked, from_cache, joined; /* questions that were put to the resolver; of these, not put to a server */
    uint64_t failed; /* answers that were DNS_FAILED */
    size_t in_flight, queued, cached; /* now */
    size_t most_in_flight;
};
void resolver_count(const struct resolver *resolver, struct resolver_counts *out);

#endif

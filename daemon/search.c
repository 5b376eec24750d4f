/* New cases to contact, ladders to the store. */
#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/daemon.h"
#include "queue/retry.h"

#include <stdlib.h>

/* Cases a claim: enough to keep the resolver busy through a commit, few enough that the loop begins them all in some milliseconds. */
#define CLAIM 100

struct search {
    struct search *next, **link; /* in daemon->searching */
    struct daemon *daemon;
    int64_t id;
    unsigned tries;
};

static void search_free(struct search *search)
{
    *search->link = search->next;
    if (search->next)
        search->next->link = search->link;
    free(search);
}

static void on_ladder(void *context, int status, struct ladder *ladder)
{
    struct search *search = context;
    struct daemon *daemon = search->daemon;
    if (status) {
        int64_t longest = daemon->config->dns.retry * 16;
        int64_t now = daemon_now();
        queue_resolve_later(daemon->queue, search->id, now,
                            now + retry_wait(daemon->config->dns.retry, longest, search->tries, (uint64_t)search->id));
    } else {
        queue_set_ladder(daemon->queue, search->id, ladder, daemon_now());
        ladder_clear(ladder);
    }
    search_free(search);
    pump_wake(daemon);
    search_targets(daemon);
}

static void on_addresses(void *context, const struct host_address *addresses, size_t count)
{
    struct search *search = context;
    struct daemon *daemon = search->daemon;
    queue_set_addresses(daemon->queue, search->id, addresses, count);
    search_free(search);
    pump_wake(daemon);
    search_targets(daemon);
}

static void search_one(struct daemon *daemon, const struct queue_target *target)
{
    struct search *search = mem_zero(1, sizeof *search);
    search->daemon = daemon;
    search->next = daemon->searching;
    search->link = &daemon->searching;
    if (search->next)
        search->next->link = &search->next;
    daemon->searching = search;
    search->id = target->id;
    search->tries = target->tries + 1;
    if (target->hosts) {
        contact_look_up(daemon->contact, target->hosts, on_addresses, search);
        return;
    }
    struct contact_target wanted = { .target = target->target, .host = target->host, .ip = target->ip };
    bool last = target->since && daemon_now() - target->since >= daemon->config->dns.give_up;
    contact_find(daemon->contact, &wanted, last, on_ladder, search);
}

static void on_targets(void *context, const struct queue_target *targets, size_t count)
{
    struct daemon *daemon = context;
    daemon->pump.claiming_targets = false;
    daemon->pump.more_targets = count > 0;
    if (daemon->ending)
        return; /* they are taken back when the store is opened next */
    for (size_t i = 0; i < count; i++)
        search_one(daemon, &targets[i]);
    search_targets(daemon);
}

void search_targets(struct daemon *daemon)
{
    size_t room = contact_room(daemon->contact);
    if (daemon->ending || daemon->pump.claiming_targets || !daemon->pump.more_targets || room == 0)
        return;
    daemon->pump.claiming_targets = true;
    queue_claim_targets(daemon->queue, daemon_now(), room < CLAIM ? (unsigned)room : CLAIM, on_targets, daemon);
}

void search_close(struct daemon *daemon)
{
    while (daemon->searching)
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it takes itself off the list, by its `link` */
        search_free(daemon->searching);
}

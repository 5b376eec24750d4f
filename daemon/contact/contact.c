/* The shell around the sources: asks what they miss, runs them again when it is there, ranks once. */
#include "daemon/contact/contact.h"

#include "daemon/base/mem.h"
#include "daemon/contact/addresses.h"
#include "daemon/contact/resolver.h"
#include "daemon/contact/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/* Every source is run for every target; the order of a ladder is rank's business. */
static const struct source sources[] = {
    { "override", override_propose },
    { "rfc2142", rfc2142_propose },
    { "soa", soa_propose },
    { "contactdb", contact_db_propose },
};

struct contact_search {
    TAILQ_ENTRY(contact_search) link; /* in the contact's list of fresh, or of waiting searches */
    struct contact *contact;
    struct evidence evidence;
    contact_done *done;
    contact_looked_up *looked_up; /* instead of `done`, of a search for the addresses of `hosts` */
    char *hosts;
    void *context;
    bool last_try, fresh;
};

TAILQ_HEAD(search_list, contact_search);

struct contact {
    const struct config *config;
    struct resolver *resolver;
    struct search_list fresh, waiting; /* to be started on the next turn of the loop; waiting for answers */
    size_t active, fresh_count; /* in either list; in the first */
    uv_idle_t start; /* active while a search is fresh */
    bool closing;
};

/* What an answer belongs to: a search's question. */
struct pending {
    struct contact_search *search;
    size_t index;
    struct resolver_query *query;
};

static void search_free(struct contact_search *search)
{
    struct contact *contact = search->contact;
    for (size_t i = 0; i < search->evidence.asked_count; i++) {
        struct pending *pending = search->evidence.asked[i].query;
        if (pending)
            resolver_cancel(pending->query);
        free(pending);
    }
    evidence_clear(&search->evidence);
    free(search->hosts);
    TAILQ_REMOVE(search->fresh ? &contact->fresh : &contact->waiting, search, link);
    contact->fresh_count -= search->fresh;
    contact->active--;
    free(search);
}

/* The search is over. It is gone before DONE hears of it, so DONE may do what it likes. */
static void finish(struct contact_search *search, struct candidates *candidates)
{
    struct ladder ladder = { 0 };
    contact_done *done = search->done;
    void *context = search->context;
    int status = search->evidence.doubtful && !search->last_try ? -EAGAIN : 0;
    if (status == 0) {
        rank(search->contact->config, candidates, &ladder);
        ladder.partial = search->evidence.doubtful;
        if (ladder.count == 0 && !ladder.note)
            ladder_note(&ladder, "no contact source knows this %s", search->evidence.is_ip ? "address" : "name");
    }
    candidates_clear(candidates);
    search_free(search);
    done(context, status, &ladder);
}

static void on_dns(void *context, const struct dns_answer *answer);

static void ask_missing(struct contact_search *search)
{
    for (size_t i = 0; i < search->evidence.asked_count; i++) {
        struct question_asked *asked = &search->evidence.asked[i];
        if (asked->answer || asked->query)
            continue;
        struct pending *pending = mem_zero(1, sizeof *pending);
        pending->search = search;
        pending->index = i;
        asked->query = pending;
        pending->query = resolver_ask(search->contact->resolver, asked->name, asked->type, on_dns, pending);
    }
}

static void look_up(struct contact_search *search)
{
    size_t count;
    struct host_address *addresses = addresses_of(&search->evidence, search->hosts, &count);
    if (search->evidence.missing == 0) {
        contact_looked_up *done = search->looked_up;
        void *context = search->context;
        search_free(search);
        done(context, addresses, count);
    } else {
        ask_missing(search);
    }
    free(addresses);
}

/* Run the sources on what is known: either they miss something, which is asked for now, or the search is over. */
static void step(struct contact_search *search)
{
    if (search->looked_up) {
        look_up(search);
        return;
    }
    struct candidates candidates = { 0 };
    search->evidence.doubtful = false;
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
        sources[i].propose(search->contact->config, &search->evidence, &candidates);
    if (search->evidence.missing == 0) {
        finish(search, &candidates);
        return;
    }
    candidates_clear(&candidates);
    ask_missing(search);
}

static void on_dns(void *context, const struct dns_answer *answer)
{
    struct pending *pending = context;
    struct contact_search *search = pending->search;
    size_t index = pending->index;
    free(pending);
    search->evidence.asked[index].query = NULL;
    evidence_answer(&search->evidence, index, dns_answer_keep(answer));
    if (search->evidence.missing == 0)
        step(search);
}

static void on_start(uv_idle_t *handle)
{
    struct contact *contact = handle->data;
    struct contact_search *search;
    /* Not those that a DONE adds meanwhile: other handles want their turn. */
    for (size_t turns = contact->fresh_count; turns > 0 && (search = TAILQ_FIRST(&contact->fresh)); turns--) {
        TAILQ_REMOVE(&contact->fresh, search, link);
        TAILQ_INSERT_TAIL(&contact->waiting, search, link);
        search->fresh = false;
        contact->fresh_count--;
        step(search);
    }
    if (contact->fresh_count == 0 && !contact->closing)
        uv_idle_stop(&contact->start);
}

int contact_open(uv_loop_t *loop, const struct config *config, struct contact **out, struct error *error)
{
    struct contact *contact = mem_zero(1, sizeof *contact);
    contact->config = config;
    TAILQ_INIT(&contact->fresh);
    TAILQ_INIT(&contact->waiting);
    int code = resolver_open(loop, config, &contact->resolver, error);
    if (code != 0) {
        free(contact);
        return code;
    }
    uv_idle_init(loop, &contact->start);
    contact->start.data = contact;
    *out = contact;
    return 0;
}

void contact_reload(struct contact *contact, const struct config *config)
{
    contact->config = config;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void contact_close(struct contact *contact)
{
    struct contact_search *search;
    contact->closing = true;
    while ((search = TAILQ_FIRST(&contact->fresh)) || (search = TAILQ_FIRST(&contact->waiting)))
        search_free(search);
    resolver_close(contact->resolver);
    uv_close((uv_handle_t *)&contact->start, on_closed);
}

static struct contact_search *begin(struct contact *contact, const struct contact_target *target, void *context)
{
    struct contact_search *search = mem_zero(1, sizeof *search);
    search->contact = contact;
    search->context = context;
    search->fresh = true;
    evidence_init(&search->evidence, target);
    TAILQ_INSERT_TAIL(&contact->fresh, search, link);
    contact->active++;
    contact->fresh_count++;
    if (!uv_is_active((uv_handle_t *)&contact->start))
        uv_idle_start(&contact->start, on_start);
    return search;
}

struct contact_search *contact_find(struct contact *contact, const struct contact_target *target, bool last_try,
                                    contact_done *done, void *context)
{
    struct contact_search *search = begin(contact, target, context);
    search->done = done;
    search->last_try = last_try;
    return search;
}

struct contact_search *contact_look_up(struct contact *contact, const char *hosts, contact_looked_up *done,
                                       void *context)
{
    struct contact_search *search = begin(contact, &(struct contact_target){ .target = hosts }, context);
    search->looked_up = done;
    search->hosts = mem_string(hosts);
    return search;
}

void contact_cancel(struct contact_search *search)
{
    search_free(search);
}

size_t contact_room(const struct contact *contact)
{
    /* As many searches as questions may be in flight: each has at least one, and those that need more do not matter, as the resolver
     * lets the rest wait. */
    size_t limit = contact->config->dns.in_flight > 0 ? (size_t)contact->config->dns.in_flight : 1;
    return contact->active < limit ? limit - contact->active : 0;
}

/* contact: a target in, a ladder out. On the loop; asks all its sources at once, ranks once when the last has answered. */
#ifndef TOCSIN_CONTACT_CONTACT_H
#define TOCSIN_CONTACT_CONTACT_H

#include "config/config.h"
#include "daemon/base/host_address.h"
#include "daemon/base/ladder.h"

#include <uv.h>

struct contact;

struct contact_target {
    const char *target; /* registrable domain or IP */
    const char *host; /* the host that the incident names, or NULL; its own mailboxes are asked before the domain's */
    const char *ip; /* the address that the incident names, or NULL */
};

/* STATUS is 0 with a ladder (perhaps with no rung: then its note says why), or -EAGAIN when DNS could not say for now: ask again
 * later; nothing may be concluded. The ladder is DONE's to clear. Never called before contact_find() has returned. */
typedef void contact_done(void *context, int status, struct ladder *ladder);

/* Uses CONFIG's dns and contacts sections, which must outlive it. Loop thread, as all of these. */
int contact_open(uv_loop_t *loop, const struct config *config, struct contact **out, struct error *error);
/* Another CONFIG from now on, for searches under way too: their sources are run again on what is known. Of its dns section only what needs no restart
 * counts. */
void contact_reload(struct contact *contact, const struct config *config);
/* Every search under way ends without its DONE; frees itself once its handles are closed. */
void contact_close(struct contact *contact);

/* Find whom to tell about TARGET (copied). LAST_TRY: dns.give_up has passed: build the ladder without what DNS will not say, note it, and mark the ladder
 * `partial`.
 * Returns a token for contact_cancel(), after which DONE is not called. */
struct contact_search *contact_find(struct contact *contact, const struct contact_target *target, bool last_try,
                                    contact_done *done, void *context);
/* Look up the addresses of HOSTS (copied), which have spaces between them: a search like any other. DONE is called once, never before this has returned; what DNS does not
 * say for now is left out. ADDRESSES live for the length of the call. */
typedef void contact_looked_up(void *context, const struct host_address *addresses, size_t count);
struct contact_search *contact_look_up(struct contact *contact, const char *hosts, contact_looked_up *done,
                                       void *context);

void contact_cancel(struct contact_search *search);

/* Searches that could begin now without waiting for another: how many more targets are worth handing over. */
size_t contact_room(const struct contact *contact);

#endif

/* Limits on how fast mail goes out: overall, and to one recipient domain. Pure (time is an argument); the loop thread's. */
#ifndef TOCSIN_DELIVERY_THROTTLE_H
#define TOCSIN_DELIVERY_THROTTLE_H

#include <stddef.h>
#include <stdint.h>

struct throttle;

/* RATE and PER_DOMAIN are mails an hour; 0: no limit. */
struct throttle *throttle_new(int64_t rate, int64_t per_domain);
void throttle_free(struct throttle *throttle);
/* Other limits from now on; what was saved up under the old ones counts, as far as the new ones let it. */
void throttle_change(struct throttle *throttle, int64_t rate, int64_t per_domain);

/* How many mails may begin at NOW (ms), at most LIMIT; with fewer than one, *WAIT is how long until there is one. */
unsigned throttle_room(struct throttle *throttle, int64_t now, unsigned limit, int64_t *wait);

/* Begin a mail to DOMAIN at NOW: 0, or how many ms to wait first (then nothing is taken). */
int64_t throttle_take(struct throttle *throttle, const char *domain, int64_t now);

#endif

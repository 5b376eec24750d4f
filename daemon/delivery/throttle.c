#include "daemon/delivery/throttle.h"

#include "daemon/base/mem.h"

#include <stdlib.h>
#include <string.h>

/* A bucket holds a minute's worth of mails: a limit is meant for the hour, but a burst of an hour's worth at once is what it is
 * there to prevent. */
#define BURST_MS 60000.0
#define HOUR_MS 3600000.0
/* Domains that are remembered; one that has had no mail for a minute has a full bucket and need not be. */
#define SLOTS 4096

struct bucket {
    char *domain;
    double tokens;
    int64_t at;
};

struct throttle {
    double rate, per_domain; /* tokens a millisecond */
    struct bucket all, domains[SLOTS];
};

static double capacity(double rate)
{
    double most = rate * BURST_MS;
    return most < 1 ? 1 : most;
}

static void fill(struct bucket *bucket, double rate, int64_t now)
{
    /* A clock that was set back gives nothing, and takes nothing. */
    if (now > bucket->at)
        bucket->tokens += (double)(now - bucket->at) * rate;
    bucket->at = now;
    if (bucket->tokens > capacity(rate))
        bucket->tokens = capacity(rate);
}

static int64_t wait_for_one(const struct bucket *bucket, double rate)
{
    return bucket->tokens >= 1 ? 0 : (int64_t)((1 - bucket->tokens) / rate) + 1;
}

struct throttle *throttle_new(int64_t rate, int64_t per_domain)
{
    struct throttle *throttle = mem_zero(1, sizeof *throttle);
    throttle->rate = (double)rate / HOUR_MS;
    throttle->per_domain = (double)per_domain / HOUR_MS;
    throttle->all.tokens = capacity(throttle->rate);
    return throttle;
}

void throttle_change(struct throttle *throttle, int64_t rate, int64_t per_domain)
{
    /* Where there was no limit, nothing was counted either: it begins with what a new one has. */
    if (throttle->rate <= 0)
        throttle->all = (struct bucket){ .tokens = capacity((double)rate / HOUR_MS) };
    throttle->rate = (double)rate / HOUR_MS;
    throttle->per_domain = (double)per_domain / HOUR_MS;
}

void throttle_free(struct throttle *throttle)
{
    for (size_t i = 0; throttle && i < SLOTS; i++)
        free(throttle->domains[i].domain);
    free(throttle);
}

unsigned throttle_room(struct throttle *throttle, int64_t now, unsigned limit, int64_t *wait)
{
    *wait = 0;
    if (throttle->rate <= 0)
        return limit;
    fill(&throttle->all, throttle->rate, now);
    *wait = wait_for_one(&throttle->all, throttle->rate);
    unsigned room = (unsigned)throttle->all.tokens;
    return room < limit ? room : limit;
}

/* The domain's bucket. Two domains that share a slot take turns in it: the one that comes back finds it as full as a new one. */
static struct bucket *bucket_of(struct throttle *throttle, const char *domain, int64_t now)
{
    uint32_t hash = 2166136261u;
    for (const char *at = domain; *at; at++)
        hash = (hash ^ (unsigned char)*at) * 16777619u;
    struct bucket *bucket = &throttle->domains[hash % SLOTS];
    if (!bucket->domain || strcmp(bucket->domain, domain) != 0) {
        free(bucket->domain);
        *bucket = (struct bucket){ mem_string(domain), capacity(throttle->per_domain), now };
    }
    return bucket;
}

int64_t throttle_take(struct throttle *throttle, const char *domain, int64_t now)
{
    struct bucket *bucket = NULL;
    if (throttle->rate > 0) {
        fill(&throttle->all, throttle->rate, now);
        int64_t wait = wait_for_one(&throttle->all, throttle->rate);
        if (wait)
            return wait;
    }
    if (throttle->per_domain > 0) {
        bucket = bucket_of(throttle, domain, now);
        fill(bucket, throttle->per_domain, now);
        int64_t wait = wait_for_one(bucket, throttle->per_domain);
        if (wait)
            return wait;
        bucket->tokens -= 1;
    }
    if (throttle->rate > 0)
        throttle->all.tokens -= 1;
    return 0;
}

#include "queue/retry.h"

/* SplitMix64's finisher: spreads neighbouring notification numbers over the whole range. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

int64_t retry_wait(int64_t first, int64_t longest, unsigned attempt, uint64_t seed)
{
    int64_t wait = first > 0 ? first : 1;
    while (attempt > 1 && wait < longest) {
        wait *= 2;
        attempt--;
    }
    if (wait > longest)
        wait = longest;
    uint64_t fifth = (uint64_t)wait / 5;
    return wait + (int64_t)(mix(seed * 64 + attempt) % (fifth + 1));
}

#include "daemon/base/lag.h"

/* Upper ends in microseconds; the last bucket has none. */
static const int64_t ends[LAG_BUCKETS - 1] = { 100,   200,   500,    1000,   2000,   5000,    10000,  15000,
                                               20000, 50000, 100000, 200000, 500000, 1000000, 5000000 };

static void add_one(struct lag *lag, int64_t late)
{
    unsigned bucket = 0;
    while (bucket < LAG_BUCKETS - 1 && late > ends[bucket])
        bucket++;
    lag->counts[bucket]++;
    lag->total++;
}

void lag_add(struct lag *lag, int64_t late, int64_t every)
{
    if (late < 0)
        late = 0;
    if (late > lag->longest)
        lag->longest = late;
    do {
        add_one(lag, late);
        late -= every;
    } while (late > 0 && every > 0);
}

int64_t lag_percentile(const struct lag *lag, unsigned per_mille)
{
    double wanted = (double)lag->total * per_mille / 1000, before = 0;
    for (unsigned i = 0; i < LAG_BUCKETS && lag->total; i++) {
        double here = (double)lag->counts[i];
        if (before + here < wanted || here <= 0) {
            before += here;
            continue;
        }
        int64_t low = i ? ends[i - 1] : 0, high = i < LAG_BUCKETS - 1 ? ends[i] : lag->longest;
        if (high > lag->longest)
            high = lag->longest;
        return low + (int64_t)((double)(high - low) * (wanted - before) / here);
    }
    return 0;
}

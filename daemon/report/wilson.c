#include "daemon/report/report.h"

#include <math.h>

#define Z 1.959963984540054 /* the normal distribution's 97.5th percentile */

struct interval report_wilson(long hits, long n)
{
    if (n <= 0)
        return (struct interval){ 0, 1 };
    if (hits < 0)
        hits = 0;
    if (hits > n)
        hits = n;
    double count = (double)n, share = (double)hits / count;
    double scale = 1 + Z * Z / count;
    double middle = (share + Z * Z / (2 * count)) / scale;
    double half = Z / scale * sqrt(share * (1 - share) / count + Z * Z / (4 * count * count));
    /* At the ends one bound is exact; arithmetic alone gives 1e-17 or so beside it. */
    return (struct interval){ hits == 0 ? 0 : middle - half, hits == n ? 1 : middle + half };
}

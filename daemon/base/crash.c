#include "daemon/base/crash.h"

#ifdef TOCSIN_CRASH_POINTS
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

void crash_point(const char *name)
{
    static _Atomic long passed;
    const char *wanted = getenv("TOCSIN_CRASH_AT");
    if (!wanted)
        return;
    size_t length = strlen(name);
    if (strncmp(wanted, name, length) != 0 || wanted[length] != ':')
        return;
    if (++passed >= atol(wanted + length + 1))
        raise(SIGKILL);
}
#else
/* ISO C wants a declaration in every file. */
typedef int crash_points_are_off;
#endif

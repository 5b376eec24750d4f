/* Preloaded where ThreadSanitizer watches (tests/end-to-end/test_threads.py).
 *
 * libuv closes descriptors by syscall(SYS_close), which the sanitizer does not see: when the kernel gives the same number to another thread, it takes
 * that for the old descriptor and reports a race between the two. Here it becomes a close() that it sees. This is instead of a
 * suppression, which could not tell such a report from a descriptor that is really closed under somebody's hands. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

long syscall(long number, ...)
{
    static long (*next)(long number, ...);
    long a[6];
    va_list rest;
    va_start(rest, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(rest, long);
    va_end(rest);
    if (number == SYS_close)
        return close((int)a[0]);
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "syscall");
    return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Named places where the crash test ends the process. Nothing at all in an ordinary build; a build with
 * -DTOCSIN_CRASH_POINTS reads TOCSIN_CRASH_AT=NAME:N and sends itself SIGKILL when NAME is passed for the Nth time. */
#ifndef TOCSIN_BASE_CRASH_H
#define TOCSIN_BASE_CRASH_H

#ifdef TOCSIN_CRASH_POINTS
void crash_point(const char *name);
#else
#define crash_point(name) ((void)0)
#endif

#endif

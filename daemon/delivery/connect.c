#include "daemon/delivery/connect.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

static _Thread_local struct {
    int (*dial)(void *context);
    void *context;
} hook;

static int (*next_connect)(int fd, const struct sockaddr *address, socklen_t length);
static pthread_once_t found = PTHREAD_ONCE_INIT;

void connect_through(int (*dial)(void *context), void *context)
{
    hook.dial = dial;
    hook.context = context;
}

static void find_next(void)
{
    /* ISO C knows no conversion between object and function pointers; POSIX promises that the bytes are the same. */
    *(void **)&next_connect = dlsym(RTLD_NEXT, "connect");
}

/* Put a duplicate of the dialled socket in the place of FD. The caller's own socket goes: it may even be of the wrong family, for
 * libesmtp is given a dummy IPv4 address (it cannot read an IPv6 one). */
static int replace(int fd)
{
    int (*dial)(void *context) = hook.dial;
    /* Off before the call, so that DIAL's own connect() is the real one. */
    hook.dial = NULL;
    int dialled = dial(hook.context);
    if (dialled >= 0 && dup3(dialled, fd, O_CLOEXEC) >= 0)
        return 0;
    if (dialled < 0)
        errno = -dialled;
    return -1;
}

int connect(int fd, const struct sockaddr *address, socklen_t length)
{
    if (hook.dial)
        return replace(fd);
    pthread_once(&found, find_next);
    if (!next_connect) {
        errno = ENOSYS;
        return -1;
    }
    return next_connect(fd, address, length);
}

/* A library for LD_PRELOAD: calls that hang, as those to a disk that has stopped answering do, for as long as a file of that name lies in $TOCSIN_HANG. Each of them is
 * made by one kind of thread alone: the store thread syncs the store's log, the reader thread the result files, a delivery thread prepares a socket. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void hang_while(const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", getenv("TOCSIN_HANG"), name);
    while (access(path, F_OK) == 0)
        usleep(10000);
}

static void hang_at(int fd)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    if (strstr(path, "tocsin.db"))
        hang_while("store");
    if (strstr(path, "result.jsonl"))
        hang_while("reader");
}

int fsync(int fd)
{
    hang_at(fd);
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}

int fdatasync(int fd)
{
    hang_at(fd);
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
    if (level == IPPROTO_TCP && name == TCP_USER_TIMEOUT)
        hang_while("delivery");
    return ((int (*)(int, int, int, const void *, socklen_t))dlsym(RTLD_NEXT, "setsockopt"))(fd, level, name, value, length);
}

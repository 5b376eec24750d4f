#include "daemon/base/service.h"

#include <systemd/sd-daemon.h>
#include <time.h>

void service_ready(const char *words)
{
    sd_notifyf(0, "READY=1\nSTATUS=%s", words);
}

/* The time is how newer service managers tell this reload from the one before. */
void service_reloading(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=reading the configuration",
               (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void service_stopping(void)
{
    sd_notify(0, "STOPPING=1\nSTATUS=ending");
}

void service_status(const char *words)
{
    sd_notifyf(0, "STATUS=%s", words);
}

int64_t service_watchdog(void)
{
    uint64_t usec = 0;
    return sd_watchdog_enabled(0, &usec) > 0 ? (int64_t)(usec / 1000) : 0;
}

void service_alive(void)
{
    sd_notify(0, "WATCHDOG=1");
}

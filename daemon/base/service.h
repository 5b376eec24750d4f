/* What we tell the service manager that started us (systemd's sd_notify(3) and its watchdog), and what it asks of us. Where none did, nothing happens.
 * Loop thread. */
#ifndef TOCSIN_BASE_SERVICE_H
#define TOCSIN_BASE_SERVICE_H

#include <stdint.h>

/* The sockets listen, or a reload is over. WORDS is what `systemctl status` shows. */
void service_ready(const char *words);
/* A reload has begun; service_ready() ends it, whether it succeeded or not. */
void service_reloading(void);
/* The daemon ends. */
void service_stopping(void);
/* Only the words of `systemctl status`. */
void service_status(const char *words);

/* How often the service manager wants to hear service_alive(), in milliseconds, or else kills us; 0: it does not ask. */
int64_t service_watchdog(void);
void service_alive(void);

#endif

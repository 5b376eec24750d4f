/* One libesmtp session, and the many messages that are streamed through it. The thread's own. */
#ifndef TOCSIN_DELIVERY_SESSION_H
#define TOCSIN_DELIVERY_SESSION_H

#include "daemon/base/error.h"
#include "daemon/delivery/auth.h"
#include "daemon/delivery/delivery.h"
#include "daemon/delivery/desk.h"
#include "daemon/delivery/relay.h"
#include "daemon/delivery/tls.h"
#include "daemon/delivery/wire.h"

#include <stdbool.h>

struct session_settings {
    struct relay *relay;
    const char *helo;
    struct tls *tls;
    const struct auth *auth; /* NULL: no login */
    unsigned messages; /* after so many a new session begins: libesmtp keeps 4.1 kB of each until the end */
    unsigned timeout_ms, connect_timeout_ms;
};

/* Connect, send FIRST and whatever DESK has to send after it, and quit when there was nothing for some seconds. Each job that was begun
 * is finished at DESK, the others are returned to it. True when the server answered for at least one message; else WHY says what
 * happened, and the caller should not come back at once. */
bool session_run(const struct session_settings *settings, struct desk *desk, struct wire *wire,
                 struct delivery_job *first, struct error *why);

#endif

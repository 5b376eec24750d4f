/* An LMTP server (RFC 2033) for what comes back, on the loop. It answers for each recipient only when told to: after the commit. */
#ifndef TOCSIN_BOUNCE_LMTP_H
#define TOCSIN_BOUNCE_LMTP_H

#include "daemon/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct lmtp;
struct lmtp_message; /* one message to one recipient, waiting for its answer */

struct lmtp_handler {
    /* Would RECIPIENT be taken? True, or false and the 550 of RFC 5321 is given. */
    bool (*accepts)(void *context, const char *recipient);
    /* A message for RECIPIENT from SENDER ("" for the null reverse-path). DATA lives until lmtp_answer(), which must be called exactly once for
     * each, from within this call or later. */
    void (*message)(void *context, struct lmtp_message *message, const char *sender, const char *recipient,
                    const char *data, size_t length);
};

/* Listen on a Unix socket (PATH; made anew, mode 0660, a stale one removed) and on LISTEN (`ADDRESS:PORT`, loopback only; port 0 is refused); either may
 * be NULL or "". At most 64 connections (421 above), 100 recipients a message (452), lines of 4,096 bytes, five minutes of silence. A message over MAX_MESSAGE
 * bytes is cut, never refused: the end of a bounce matters less than its beginning. The process must ignore SIGPIPE. Loop thread, as all of these. */
int lmtp_open(uv_loop_t *loop, const char *path, const char *listen, size_t max_message,
              const struct lmtp_handler *handler, void *context, struct lmtp **out, struct error *error);

/* Does a mail system that connects still find us, at the Unix socket and at the port? Waits some milliseconds at most. 0 or a negative errno with ERROR set. */
int lmtp_check(const struct lmtp *lmtp, struct error *error);

/* Answer for MESSAGE: 0: 250; -EAGAIN: 451, come again; -ENOSPC: 452; anything else: 550 with TEXT. A connection that has gone is fine. */
void lmtp_answer(struct lmtp_message *message, int status, const char *text);

/* Stop listening and close every connection (421); what is unanswered may still be answered, to no effect. Frees itself. */
void lmtp_close(struct lmtp *lmtp);

#endif

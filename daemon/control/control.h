/* The control socket: one JSON object a line in, one a line out, in order. Knows its peer by credentials.
 *
 * A request is {"verb": NAME, …}; the answer {"ok": true, "result": {…}} or {"ok": false, "exit": N, "error": "…"}, N an exit code of
 * sysexits.h. verbs.c lists the verbs. */
#ifndef TOCSIN_CONTROL_CONTROL_H
#define TOCSIN_CONTROL_CONTROL_H

#include "daemon/base/error.h"

#include <jansson.h>
#include <stdbool.h>

struct daemon;
struct control;
struct control_call; /* one request, waiting for its answer */

/* Listen on CONFIG's paths.control_socket (a stale one is removed; mode 0666: credentials decide, not the file). At most 64 connections, of which 16
 * are for administrators only, and a part for each user; lines of 64 MiB (a returned mail in base64). Who asks nothing for 5 s, or nothing more for a
 * minute, is closed. Loop thread, as all of these. */
int control_open(struct daemon *daemon, struct error *error);
/* Close every connection; unanswered calls may still be answered, to no effect. */
void control_close(struct control *control);

/* Who asks: "alice", and whether they may do everything or only submit. */
const char *control_who(const struct control_call *call);
bool control_is_admin(const struct control_call *call);
struct daemon *control_daemon(const struct control_call *call);

/* Answer CALL, exactly once. RESULT is taken. */
void control_reply(struct control_call *call, json_t *result);
/* EXIT is an exit code of sysexits.h. */
void control_fail(struct control_call *call, int exit, const char *message);
/* The same from a negative errno. */
void control_fail_errno(struct control_call *call, int status, const char *message);

/* verbs.c: begin REQUEST (borrowed for the length of the call). */
void control_run(struct control_call *call, const json_t *request);

#endif

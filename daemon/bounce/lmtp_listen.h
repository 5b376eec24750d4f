/* Where lmtp.c listens: a Unix socket and a loopback port. A part of lmtp.c. Loop thread. */
#ifndef TOCSIN_BOUNCE_LMTP_LISTEN_H
#define TOCSIN_BOUNCE_LMTP_LISTEN_H

#include "daemon/base/error.h"

#include <uv.h>

/* Bind PIPE (initialised) to PATH, mode 0660. A socket there that nobody listens on is removed; -EADDRINUSE when somebody does, -EEXIST when
 * it is no socket. The caller closes PIPE whatever happens. */
int lmtp_bind_path(uv_pipe_t *pipe, const char *path, struct error *error);

/* Does somebody listen at PATH? 0, or a negative errno with ERROR set. */
int lmtp_check_path(const char *path, struct error *error);

/* Bind TCP (initialised) to `ADDRESS:PORT`, `[ADDRESS]:PORT` for IPv6; loopback addresses only. */
int lmtp_bind_tcp(uv_tcp_t *tcp, const char *listen, struct error *error);

#endif

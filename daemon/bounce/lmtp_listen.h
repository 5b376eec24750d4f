/* Where lmtp.c listens: a Unix socket and a loopback port. A part of lmtp.c. Loop thread. */
#ifndef TOCSIN_BOUNCE_LMTP_LISTEN_H
#define TOCSIN_BOUNCE_LMTP_LISTEN_H

#include "daemon/base/error.h"

/* A stream socket bound to PATH, mode 0660, to be closed. A socket there that nobody listens on is removed; -EADDRINUSE when somebody does, -EEXIST when
 * it is no socket, or another negative errno, with ERROR set. */
int lmtp_bind_path(const char *path, struct error *error);

/* The same for `ADDRESS:PORT`, `[ADDRESS]:PORT` for IPv6; loopback addresses only. */
int lmtp_bind_tcp(const char *listen, struct error *error);

/* Does somebody listen at PATH, or at LISTEN, which were bound? Waits some milliseconds at most. 0, or a negative errno with ERROR set. */
int lmtp_check_path(const char *path, struct error *error);
int lmtp_check_tcp(const char *listen, struct error *error);

#endif

/* Who is at the other end of a Unix socket, and what they may do. */
#ifndef TOCSIN_CONTROL_PEER_H
#define TOCSIN_CONTROL_PEER_H

#include "config/config.h"

#include <sys/types.h>

struct peer {
    uid_t uid;
    char name[64]; /* the user's name, or its number */
    bool admin; /* root, the daemon's own user, or a member of access.admin_group: everything */
};

/* From the socket's credentials (SO_PEERCRED). -EACCES for one who is neither an administrator nor a member of access.submit_group. */
int peer_identify(int fd, const struct config *config, struct peer *peer);

#endif

#include "daemon/control/peer.h"

#include "daemon/base/groups.h"
#include "daemon/base/log.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int peer_identify(int fd, const struct config *config, struct peer *peer)
{
    struct ucred credentials;
    socklen_t size = sizeof credentials;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size))
        return -errno;
    peer->uid = credentials.uid;
    struct passwd entry, *found = NULL;
    char text[16384];
    gid_t groups[GROUPS_MAX] = { credentials.gid };
    size_t count = 1;
    snprintf(peer->name, sizeof peer->name, "%u", credentials.uid);
    if (!getpwuid_r(credentials.uid, &entry, text, sizeof text, &found) && found) {
        snprintf(peer->name, sizeof peer->name, "%s", entry.pw_name);
        count = groups_of(entry.pw_name, credentials.gid, groups);
    }
    peer->admin =
        credentials.uid == 0 || credentials.uid == geteuid() || groups_have(groups, count, config->access.admin_group);
    if (peer->admin || groups_have(groups, count, config->access.submit_group))
        return 0;
    log_warning("control: %s is neither in %s nor in %s: refused", peer->name, config->access.submit_group,
                config->access.admin_group);
    return -EACCES;
}

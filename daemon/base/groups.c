#include "daemon/base/groups.h"

#include <grp.h>
#include <pwd.h>

#define ENTRY_SIZE 16384

size_t groups_of(const char *name, gid_t primary, gid_t groups[GROUPS_MAX])
{
    int count = GROUPS_MAX;
    groups[0] = primary;
    if (getgrouplist(name, primary, groups, &count) < 0)
        return GROUPS_MAX;
    return count > 0 ? (size_t)count : 1;
}

bool groups_have(const gid_t *groups, size_t count, const char *name)
{
    struct group entry, *found = NULL;
    char text[ENTRY_SIZE];
    if (!name || !*name || getgrnam_r(name, &entry, text, sizeof text, &found) || !found)
        return false;
    for (size_t i = 0; i < count; i++)
        if (groups[i] == found->gr_gid)
            return true;
    return false;
}

bool groups_have_user(const char *user, const char *name)
{
    struct passwd entry, *found = NULL;
    char text[ENTRY_SIZE];
    gid_t groups[GROUPS_MAX];
    if (getpwnam_r(user, &entry, text, sizeof text, &found) || !found)
        return false;
    return groups_have(groups, groups_of(user, entry.pw_gid, groups), name);
}

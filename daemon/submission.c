#include "daemon/submission.h"

#include "daemon/base/buf.h"
#include "daemon/base/groups.h"
#include "daemon/base/mem.h"
#include "templates/set.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *join(const struct config_errors *errors)
{
    struct buf text = BUF_EMPTY;
    for (size_t i = 0; i < errors->count; i++)
        buf_add_format(&text, "%s%s", i ? "\n" : "", errors->items[i]);
    return buf_take(&text);
}

/* As at the control socket: root, the daemon's own user, and access.admin_group. */
static bool is_admin(const struct config *config, const char *who)
{
    char text[16384];
    struct passwd entry, *found = NULL;
    if (!getpwnam_r(who, &entry, text, sizeof text, &found) && found &&
        (entry.pw_uid == 0 || entry.pw_uid == geteuid()))
        return true;
    return groups_have_user(who, config->access.admin_group);
}

static bool has_template(const struct config *config, const char *name)
{
    const struct template_subject_matter matter = { .name = name };
    const struct language_clues any = { 0 };
    size_t count;
    struct template_set *set =
        template_set_read((const char *const *)config->paths.templates.items, config->paths.templates.count);
    const struct template_name *names = template_set_names(set, &count);
    bool has =
        template_choose(names, count, &matter, &any) >= 0; /* what else is wrong with it is told when it is read */
    template_set_free(set);
    return has;
}

static int read_sidecar(const struct config *config, const struct submission *submission, bool may_all,
                        struct config_sidecar **out, char **refusal)
{
    const struct config_sidecar_rules rules = { submission->file, config, submission->place, may_all, has_template };
    struct config_errors errors = { NULL, 0 };
    int code = config_sidecar_read(&rules, submission->text, strlen(submission->text), out, &errors);
    if (code)
        *refusal = join(&errors);
    config_errors_free(&errors);
    return code;
}

static int choose_profile(const struct config *config, const struct submission *submission, bool may_all,
                          const char *name, const struct config_profile **profile, char **refusal)
{
    *profile = config_profile(config, name);
    if (!*profile) {
        *refusal = mem_format("there is no profile '%s' in the configuration", name);
        return -EINVAL;
    }
    const char *group = (*profile)->group;
    if (!group || may_all || groups_have_user(submission->who, group))
        return 0;
    *refusal =
        mem_format("profile %s is for members of group %s, and %s is none: submit it with another profile, or ask an "
                   "administrator",
                   name, group, submission->who);
    return -EACCES;
}

int submission_read(const struct config *config, const struct submission *submission, struct config_sidecar **out,
                    const struct config_profile **profile, char **refusal)
{
    bool may_all = submission->is_admin || is_admin(config, submission->who);
    *out = NULL;
    *refusal = NULL;
    int code = submission->text ? read_sidecar(config, submission, may_all, out, refusal) : 0;
    if (!code)
        code = choose_profile(config, submission, may_all,
                              *out && (*out)->profile ? (*out)->profile : submission->place, profile, refusal);
    if (code) {
        config_sidecar_free(*out);
        *out = NULL;
    }
    return code;
}

#include "daemon/command/check_types.h"

#include "daemon/notify/notify.h"

#include <stdio.h>

void check_types(const struct config *config)
{
    for (size_t i = 0; i < config->profile_count; i++) {
        const char *type = config->profiles[i].type;
        struct buf known = BUF_EMPTY;
        if (!type || !*type || notify_knows_type(type, NULL))
            continue;
        notify_suggest_type(type, &known);
        fprintf(
            stderr,
            "warning: profiles.%s.type: there are no words for \"%s\", so that mails say \"a security incident\"; %s\n",
            config->profiles[i].name, type, known.data);
        buf_free(&known);
    }
}

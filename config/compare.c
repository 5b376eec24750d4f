/* What a reload cannot change. */
#include "config/keys.h"
#include "config/values.h"
#include "daemon/base/buf.h"

#include <string.h>

static bool same_list(const struct config_list *a, const struct config_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    return true;
}

/* Keys that need a restart are texts, numbers and lists; a test holds the table to that. */
static bool same(const struct config_key *key, const struct config *before, const struct config *after)
{
    const void *a = (const char *)before + key->offset, *b = (const char *)after + key->offset;
    if (key->list)
        return same_list(a, b);
    if (config_value(key->type)->storage == CONFIG_STORE_NUMBER)
        return *(const int64_t *)a == *(const int64_t *)b;
    return strcmp(*(char *const *)a, *(char *const *)b) == 0;
}

void config_restart_keys(const struct config *before, const struct config *after, struct buf *out)
{
    bool first = true;
    for (size_t i = 0; i < config_keys.count; i++) {
        const struct config_key *key = &config_keys.keys[i];
        if (!key->restart || same(key, before, after))
            continue;
        buf_add_format(out, "%s%s", first ? "" : ", ", key->path);
        first = false;
    }
}

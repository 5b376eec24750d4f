/* What a reload cannot change. */
#include "config/keys.h"
#include "config/values.h"
#include "daemon/base/buf.h"
#include "daemon/base/mem.h"

#include <stdlib.h>
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

static void copy_list(const struct config_list *from, struct config_list *to)
{
    for (size_t i = 0; i < to->count; i++)
        free(to->items[i]);
    free(to->items);
    to->items = mem_zero(from->count, sizeof *to->items);
    to->count = from->count;
    for (size_t i = 0; i < from->count; i++)
        to->items[i] = mem_string(from->items[i]);
}

void config_carry_restart(const struct config *before, struct config *after)
{
    for (size_t i = 0; i < config_keys.count; i++) {
        const struct config_key *key = &config_keys.keys[i];
        const void *from = (const char *)before + key->offset;
        void *to = (char *)after + key->offset;
        if (!key->restart || same(key, before, after))
            continue;
        if (key->list) {
            copy_list(from, to);
        } else if (config_value(key->type)->storage == CONFIG_STORE_NUMBER) {
            *(int64_t *)to = *(const int64_t *)from;
        } else {
            free(*(char **)to);
            *(char **)to = mem_string(*(char *const *)from);
        }
    }
}

#include "queue/grouping.h"

#include "daemon/base/buf.h"
#include "queue/sql.h"

#include <jansson.h>
#include <string.h>

static void add_type(struct buf *out, const char *key)
{
    buf_add(out, key, strcspn(key, "\x1f"));
}

/* Feeds write it as a number or as a text. */
static void add_asn(struct buf *out, const char *data)
{
    json_t *row = json_loads(data, JSON_ALLOW_NUL, NULL), *asn = json_object_get(row, "source.asn");
    if (json_is_integer(asn))
        buf_add_format(out, "%lld", (long long)json_integer_value(asn));
    else if (json_is_string(asn))
        buf_add_string(out, json_string_value(asn));
    json_decref(row);
}

int64_t grouping_of(const struct config_profile *profile, const char *key, int64_t key_hash, const char *data)
{
    struct buf group = BUF_EMPTY;
    if (!profile->aggregate_by.count)
        return 0;
    for (size_t i = 0; i < profile->aggregate_by.count; i++) {
        const char *word = profile->aggregate_by.items[i];
        buf_add_format(&group, "%s=", word);
        if (strcmp(word, "type") == 0)
            add_type(&group, key);
        else if (strcmp(word, "asn") == 0)
            add_asn(&group, data);
        else
            buf_add_format(&group, "%lld", (long long)key_hash);
        buf_add_char(&group, '\x1f');
    }
    int64_t hash = sql_hash(group.data);
    buf_free(&group);
    return hash;
}

#include "daemon/feed/xarf.h"

#include "daemon/base/buf.h"

void xarf_add_evidence(struct json_members *members, const json_t *evidence, const char *type, const char *text)
{
    struct buf out = BUF_EMPTY;
    size_t i;
    json_t *item;
    json_array_foreach(evidence, i, item)
    {
        const char *words[] = { json_string_value(json_object_get(item, type)),
                                json_string_value(json_object_get(item, text)) };
        buf_add_string(&out, out.length ? "; " : "");
        buf_add_string(&out, words[0] ? words[0] : "");
        buf_add_string(&out, words[0] && words[1] ? ": " : "");
        buf_add_string(&out, words[1] ? words[1] : "");
    }
    json_members_set(members, "extra.evidence", out.data);
    buf_free(&out);
}

#include "daemon/feed/member.h"

#include "daemon/base/timestamp.h"
#include "daemon/feed/text.h"

#include <string.h>
#include <strings.h>

#define DIGITS_MAX 15

static void add_key(struct buf *json, const char *key)
{
    size_t length = strlen(key);
    buf_reserve(json, length + 4);
    char *out = json->data + json->length;
    if (json->length > 1)
        *out++ = ',';
    *out++ = '"';
    memcpy(out, key, length);
    out += length;
    *out++ = '"';
    *out++ = ':';
    *out = '\0';
    json->length = (size_t)(out - json->data);
}

void member_text(struct buf *json, const char *key, const char *text, size_t length)
{
    add_key(json, key);
    text_add_json(json, text, length);
}

void member_time(struct buf *json, const char *key, int64_t time)
{
    char iso[TIMESTAMP_ISO_SIZE];
    timestamp_iso(time, iso);
    member_text(json, key, iso, strlen(iso));
}

static size_t letters(const char *text, size_t length)
{
    return length > 2 && strncasecmp(text, "AS", 2) == 0 ? 2 : 0;
}

void member_number(struct buf *json, const char *key, const char *text, size_t length)
{
    size_t skipped = letters(text, length);
    add_key(json, key);
    buf_add(json, text + skipped, length - skipped);
}

bool member_is_number(const char *text, size_t length)
{
    size_t start = letters(text, length);
    if (length == start || length - start > DIGITS_MAX || (length - start > 1 && text[start] == '0'))
        return false;
    for (size_t i = start; i < length; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return true;
}

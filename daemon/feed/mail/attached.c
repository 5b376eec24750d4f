#include "daemon/feed/mail/attached.h"

#include "daemon/base/mem.h"
#include "daemon/feed/text.h"

#include <string.h>
#include <strings.h>

/* To know one more, add it. Not .log: logs are evidence, and .xml is no format of ours. */
static const char *const feeds[] = { ".csv", ".tsv", ".psv", ".json", ".jsonl", ".ndjson", ".txt", ".list", NULL };
static const char *const offices[] = { ".xlsx", ".docx", ".ods", ".odt", ".pptx", ".odp", NULL };

static bool ends_in(const char *name, size_t length, const char *end)
{
    size_t tail = strlen(end);
    return length > tail && strncasecmp(name + length - tail, end, tail) == 0;
}

static bool ends_in_one_of(const char *name, size_t length, const char *const *ends)
{
    while (*ends && !ends_in(name, length, *ends))
        ends++;
    return *ends != NULL;
}

bool attached_is_feed(const char *name)
{
    size_t length = strlen(name);
    if (ends_in(name, length, ".gz"))
        length -= 3;
    return ends_in_one_of(name, length, feeds);
}

bool attached_is_office(const char *name)
{
    return ends_in_one_of(name, strlen(name), offices);
}

static const char *last_component(const char *name)
{
    const char *last = name;
    for (const char *at = name; *at; at++)
        if (*at == '/' || *at == '\\')
            last = at + 1;
    return last;
}

/* The end of a name says what it is: of a long one, it is the beginning that is cut. */
static const char *cut(const char *name, size_t limit)
{
    size_t length = strlen(name);
    const char *start = length > limit ? name + length - limit : name;
    while ((*start & 0xc0) == 0x80) /* between characters */
        start++;
    return start;
}

char *attached_safe(const char *name, size_t limit)
{
    name = last_component(name);
    bool sound = text_is_utf8(name, strlen(name));
    name = cut(name, limit);
    while (*name == '.' || *name == ' ')
        name++;
    char *safe = *name ? mem_string(name) : NULL;
    for (char *at = safe; at && *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f || (!sound && *at & 0x80))
            *at = '_';
    return safe;
}

/* The splitter of JSON documents, held against jansson: what is taken for a whole element begins and ends as one, in the file's order; a valid array
 * gives exactly its items; and however the bytes are cut, the result is the same. */
#include "daemon/base/buf.h"
#include "daemon/feed/json_split.h"
#include "tests/fuzz/fuzz.h"

#include <jansson.h>
#include <string.h>

struct seen {
    struct buf text;
    size_t whole, items;
    const json_t *list; /* what must come, where that is known */
    bool equal;
};

void fuzz_start(void)
{
}

static int take(void *context, const char *text, size_t length, unsigned long line, const char *fault)
{
    struct seen *seen = context;
    FUZZ_MUST(line > 0 && length <= JSON_ELEMENT_MAX + 1);
    buf_add_format(&seen->text, "%lu %s ", line, fault ? fault : "whole");
    buf_add(&seen->text, text, length);
    buf_add_char(&seen->text, '\n');
    if (fault || !seen->list)
        return 0;
    json_t *item = json_loadb(text, length, JSON_DECODE_ANY, NULL);
    seen->equal &= item && json_equal(item, json_array_get(seen->list, seen->items++));
    json_decref(item);
    return 0;
}

static void split(const char *data, size_t length, size_t step, bool by_lines, struct seen *seen)
{
    struct error error = { "" };
    struct json_split *splitter = json_split_open(by_lines, take, seen);
    int code = 0;
    for (size_t at = 0; !code && at < length; at += step)
        code = json_split_push(splitter, data + at, length - at < step ? length - at : step, &error);
    if (!code)
        code = json_split_finish(splitter, &error);
    FUZZ_MUST(!code == !*error.text);
    buf_add_string(&seen->text, error.text);
    json_split_free(splitter);
}

static void check(const char *data, size_t length, bool by_lines)
{
    json_t *list = by_lines ? NULL : json_loadb(data, length, 0, NULL);
    struct seen whole = { .list = json_is_array(list) ? list : NULL, .equal = true }, cut = { .equal = true };
    split(data, length, length ? length : 1, by_lines, &whole);
    split(data, length, length ? 1 + (unsigned char)data[length / 2] % 13 : 1, by_lines, &cut);
    FUZZ_MUST(whole.text.length == cut.text.length && memcmp(whole.text.data, cut.text.data, cut.text.length) == 0);
    if (whole.list && !strstr(whole.text.data, " nested too deeply "))
        FUZZ_MUST(whole.equal && whole.items == json_array_size(list));
    json_decref(list);
    buf_free(&whole.text);
    buf_free(&cut.text);
}

void fuzz_one(const char *data, size_t length)
{
    check(data, length, false);
    check(data, length, true);
}

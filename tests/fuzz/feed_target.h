/* What the targets of the feed formats share: a file read whole and in pieces, and what is promised of each row. */
#ifndef TOCSIN_TESTS_FUZZ_FEED_TARGET_H
#define TOCSIN_TESTS_FUZZ_FEED_TARGET_H

#include "daemon/base/buf.h"
#include "daemon/base/ip.h"
#include "daemon/base/name.h"
#include "daemon/feed/feed.h"
#include "tests/fuzz/fuzz.h"

#include <jansson.h>
#include <stdbool.h>

static inline bool feed_target_is_clean(const char *text)
{
    for (; text && *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

static inline bool feed_target_is_normal(const char *text)
{
    char name[NAME_MAX_LENGTH + 1], address[IP_TEXT_SIZE];
    struct ip ip;
    if (name_normalise(text, strlen(text), name) == 0)
        return strcmp(name, text) == 0;
    if (ip_parse(text, strlen(text), &ip))
        return false;
    ip_format(&ip, address);
    return strcmp(address, text) == 0;
}

static inline int feed_target_incident(void *context, const struct incident *incident)
{
    json_error_t error;
    json_t *row = json_loadb(incident->json, incident->json_length, JSON_REJECT_DUPLICATES, &error);
    FUZZ_MUST(json_is_object(row));
    FUZZ_MUST(strlen(incident->json) == incident->json_length);
    FUZZ_MUST(incident->target && feed_target_is_normal(incident->target));
    FUZZ_MUST(!incident->host || feed_target_is_normal(incident->host));
    FUZZ_MUST(!incident->ip || feed_target_is_normal(incident->ip));
    FUZZ_MUST(feed_target_is_clean(incident->url));
    FUZZ_MUST(incident->port >= 0 && incident->port <= 65535);
    json_decref(row);
    buf_add_format(context, "%lu %s %s\n", incident->line, incident->target, incident->json);
    return 0;
}

static inline int feed_target_rejected(void *context, unsigned long line, const char *reason, const char *row,
                                       size_t length)
{
    FUZZ_MUST(line > 0 && reason && *reason);
    buf_add_format(context, "%lu! %s [", line, reason);
    buf_add(context, row, length);
    buf_add_char(context, ']');
    return 0;
}

static inline void feed_target_read(const struct feed_options *options, const char *data, size_t length, size_t step,
                                    struct buf *out)
{
    static const struct feed_sink sink = { feed_target_incident, feed_target_rejected };
    struct error error = { "" };
    struct feed *feed = feed_open(options, &sink, out);
    int code = 0;
    for (size_t at = 0; !code && at < length; at += step)
        code = feed_push(feed, data + at, length - at < step ? length - at : step, &error);
    if (!code)
        code = feed_finish(feed, &error);
    FUZZ_MUST(!code == !*error.text);
    buf_add_string(out, error.text);
    feed_free(feed);
}

/* However the file is cut, it reads the same. */
static inline void feed_target_check(const struct feed_options *options, const char *data, size_t length)
{
    struct buf whole = BUF_EMPTY, cut = BUF_EMPTY;
    feed_target_read(options, data, length, length ? length : 1, &whole);
    feed_target_read(options, data, length, length ? 1 + (unsigned char)data[length / 2] % 13 : 1, &cut);
    FUZZ_MUST(whole.length == cut.length && memcmp(whole.data, cut.data, whole.length) == 0);
    buf_free(&whole);
    buf_free(&cut);
}

#endif

/* JSON documents: an array of objects, a lone object, or several after one another, in any layout. What each is, json_reader.c sees. */
#include "daemon/base/mem.h"
#include "daemon/feed/json_reader.h"
#include "daemon/feed/json_shape.h"
#include "daemon/feed/json_split.h"

#include <stdlib.h>

struct json {
    struct json_reader *reader;
    struct json_split *split;
};

static bool json_probe(const struct feed_sample *sample, const struct feed_options *options)
{
    (void)options;
    return json_shape(sample) == JSON_DOCUMENT;
}

/* What a JSON file holds is not seen by its first bytes alone: these are had by name. */
static bool never(const struct feed_sample *sample, const struct feed_options *options)
{
    (void)sample;
    (void)options;
    return false;
}

static int take_element(void *context, const char *text, size_t length, unsigned long line, const char *fault)
{
    struct json *json = context;
    return fault ? json_reader_refuse(json->reader, text, length, line, fault)
                 : json_reader_take(json->reader, text, length, line);
}

static void *open_kind(const struct feed_options *options, const struct feed_sample *sample, struct row *row,
                       const char *kind)
{
    struct json *json = mem_zero(1, sizeof *json);
    json->reader = json_reader_open(options, row, kind);
    json->split = json_split_open(json_shape(sample) == JSON_LINES, take_element, json);
    return json;
}

static void *json_open(const struct feed_options *options, const struct feed_sample *sample, struct row *row)
{
    return open_kind(options, sample, row, NULL);
}

static void *xarf_open(const struct feed_options *options, const struct feed_sample *sample, struct row *row)
{
    return open_kind(options, sample, row, "xarf");
}

static void *n6_open(const struct feed_options *options, const struct feed_sample *sample, struct row *row)
{
    return open_kind(options, sample, row, "n6");
}

static void *crowdsec_open(const struct feed_options *options, const struct feed_sample *sample, struct row *row)
{
    return open_kind(options, sample, row, "crowdsec");
}

static void json_free(void *state)
{
    struct json *json = state;
    json_split_free(json->split);
    json_reader_free(json->reader);
    free(json);
}

static const char *json_kind(const void *state)
{
    return json_reader_kind(((const struct json *)state)->reader);
}

static int json_bytes(void *state, const char *data, size_t length, struct error *error)
{
    return json_split_push(((struct json *)state)->split, data, length, error);
}

static int json_flush(void *state, struct error *error)
{
    return json_split_finish(((struct json *)state)->split, error);
}

/* NOLINTBEGIN(bugprone-macro-parentheses): initialisers take none */
#define FORMAT(name_, probe_, open_)                                                                                   \
    {                                                                                                                  \
        .name = name_, .probe = probe_, .open = open_, .free = json_free, .kind = json_kind, .bytes = json_bytes,      \
        .flush = json_flush                                                                                            \
    }
/* NOLINTEND(bugprone-macro-parentheses) */

const struct feed_format feed_json = FORMAT("json", json_probe, json_open);
const struct feed_format feed_xarf = FORMAT("xarf", never, xarf_open);
const struct feed_format feed_n6 = FORMAT("n6", never, n6_open);
const struct feed_format feed_crowdsec = FORMAT("crowdsec", never, crowdsec_open);

/* JSON Lines (https://jsonlines.org): an object a line, with IntelMQ's names flat ("source.fqdn") or nested ({"source": {"fqdn": …}}), with the common
 * names that CSV headers have, or of a kind that json_reader.c knows. */
#include "daemon/base/mem.h"
#include "daemon/feed/json_reader.h"
#include "daemon/feed/json_shape.h"

#include <ctype.h>
#include <stdlib.h>

#define LINE_MAX_BYTES (1024 * 1024)

static bool jsonl_probe(const struct feed_sample *sample, const struct feed_options *options)
{
    (void)options;
    return json_shape(sample) == JSON_LINES;
}

static void *jsonl_open(const struct feed_options *options, const struct feed_sample *sample, struct row *row)
{
    (void)sample;
    return json_reader_open(options, row, NULL);
}

static void jsonl_free(void *state)
{
    json_reader_free(state);
}

static const char *jsonl_kind(const void *state)
{
    return json_reader_kind(state);
}

static int jsonl_line(void *state, const char *text, size_t length, unsigned long number, struct error *error)
{
    (void)error;
    while (length && isspace((unsigned char)text[length - 1]))
        length--;
    return length ? json_reader_take(state, text, length, number) : 0;
}

static int jsonl_flush(void *state, struct error *error)
{
    (void)state;
    (void)error;
    return 0;
}

const struct feed_format feed_jsonl = {
    .name = "jsonl",
    .line_limit = LINE_MAX_BYTES,
    .probe = jsonl_probe,
    .open = jsonl_open,
    .free = jsonl_free,
    .kind = jsonl_kind,
    .line = jsonl_line,
    .flush = jsonl_flush,
};

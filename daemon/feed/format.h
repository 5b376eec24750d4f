/* What a feed format is. Each is one file and one row of formats[] in feed.c. */
#ifndef TOCSIN_FEED_FORMAT_H
#define TOCSIN_FEED_FORMAT_H

#include "daemon/feed/feed.h"
#include "daemon/feed/row.h"

/* The beginning of a file, in whole lines unless it is one long line. */
struct feed_sample {
    const char *text;
    size_t length;
};

struct feed_format {
    const char *name;
    size_t line_limit; /* a longer line is refused alone */
    /* What to call the file, where that is seen only in its rows; either NULL: NAME. */
    const char *(*kind)(const void *state);

    /* Does the sample look like this format? The first that says so is taken. */
    bool (*probe)(const struct feed_sample *sample, const struct feed_options *options);

    /* All live as long as the feed. */
    void *(*open)(const struct feed_options *options, const struct feed_sample *sample, struct row *row);
    void (*free)(void *state);

    /* Formats that do not live by lines take the bytes as they come, LINE not at all. What line() returns. */
    int (*bytes)(void *state, const char *data, size_t length, struct error *error);

    /* A line, its end included. NUMBER is from 1. 0, what the sink returned, or -EINVAL with ERROR when the file is no good as a whole. */
    int (*line)(void *state, const char *text, size_t length, unsigned long number, struct error *error);

    /* The next line cannot be had (too long, a NUL in it), or the file ends: hand over what is held back. -EINVAL with ERROR when the
     * file cannot end there. */
    int (*flush)(void *state, struct error *error);
};

extern const struct feed_format feed_csv, feed_jsonl, feed_json, feed_xarf, feed_n6, feed_crowdsec, feed_list;

/* The next line of a sample from AT on, its end not included; false at the end. */
bool feed_sample_line(const struct feed_sample *sample, size_t *at, const char **line, size_t *length);

/* Why a file that begins with SAMPLE is refused as a whole, or NULL. */
const char *feed_refusal(const struct feed_sample *sample);
/* Likewise for one that no format knows. */
const char *feed_refusal_of_unknown(const struct feed_sample *sample);

#endif

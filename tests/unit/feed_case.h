/* A feed read into a transcript, for the tests of the formats: a row is "LINE TARGET JSON", a refused one "LINE! REASON [ROW]", a file
 * refused whole ends in "!! ERROR". */
#ifndef TESTS_FEED_CASE_H
#define TESTS_FEED_CASE_H

#include "daemon/base/buf.h"
#include "daemon/feed/feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

static inline int feed_case_incident(void *context, const struct incident *incident)
{
    buf_add_format(context, "%lu %s %s\n", incident->line, incident->target, incident->json);
    assert_int_equal(strlen(incident->json), incident->json_length);
    return 0;
}

static inline int feed_case_rejected(void *context, unsigned long line, const char *reason, const char *row,
                                     size_t length)
{
    buf_add_format(context, "%lu! %s [%.*s]\n", line, reason, (int)(length > 200 ? 200 : length), row);
    return 0;
}

/* Read LENGTH bytes at DATA in pushes of STEP bytes; the transcript is the caller's to free. */
static inline char *feed_case_read(const struct feed_options *options, const char *data, size_t length, size_t step)
{
    static const struct feed_sink sink = { feed_case_incident, feed_case_rejected };
    struct buf out = BUF_EMPTY;
    struct error error = { "" };
    struct feed *feed = feed_open(options, &sink, &out);
    int code = 0;
    for (size_t at = 0; !code && at < length; at += step)
        code = feed_push(feed, data + at, length - at < step ? length - at : step, &error);
    if (!code)
        code = feed_finish(feed, &error);
    if (code)
        buf_add_format(&out, "!! %s", error.text);
    else
        buf_add_format(&out, "(%s)", feed_format_name(feed));
    feed_free(feed);
    return buf_take(&out);
}

static inline void feed_case_check(const struct feed_options *options, const char *data, const char *expected)
{
    char *text = feed_case_read(options, data, strlen(data), SIZE_MAX / 2);
    assert_string_equal(text, expected);
    free(text);
}

/* The result must begin with EXPECTED. */
static inline void feed_case_check_start(const struct feed_options *options, const char *data, size_t length,
                                         const char *expected)
{
    char *text = feed_case_read(options, data, length, SIZE_MAX / 2);
    if (strncmp(text, expected, strlen(expected)) != 0)
        assert_string_equal(text, expected);
    free(text);
}

/* However the file is cut, the transcript is the same. */
static inline void feed_case_check_cuts(const struct feed_options *options, const char *data, size_t length)
{
    static const size_t steps[] = { 1, 2, 3, 7, 64, 1000, 4096, 65536 };
    char *whole = feed_case_read(options, data, length, SIZE_MAX / 2);
    for (size_t i = 0; i < COUNT(steps); i++) {
        char *cut = feed_case_read(options, data, length, steps[i]);
        assert_string_equal(cut, whole);
        free(cut);
    }
    free(whole);
}

#endif

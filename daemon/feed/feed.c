/* The frame around the formats: which one it is, and its lines one by one. */
#include "daemon/feed/feed.h"

#include "daemon/base/buf.h"
#include "daemon/base/mem.h"
#include "daemon/feed/format.h"
#include "daemon/feed/gunzip.h"
#include "daemon/feed/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Formats are told apart by this much of a file: some hundred rows, so that a few odd ones do not decide. */
#define SAMPLE_SIZE 16384
/* So many bytes tell whether it is packed. */
#define MAGIC_SIZE 2
/* Of a line that is too long, this much is shown among the refused rows. */
#define SHOWN_OF_LONG_LINE 1024

/* Probed in this order. What a JSON file holds is seen element by element: the last three are had by their names alone. */
static const struct feed_format *const formats[] = { &feed_jsonl, &feed_json, &feed_csv,     &feed_list,
                                                     &feed_xarf,  &feed_n6,   &feed_crowdsec };

struct feed {
    struct feed_options options; /* with copies of its strings */
    struct feed_sink sink;
    void *context;

    bool magic_seen; /* whether it is packed is known */
    struct gunzip *gunzip; /* NULL: it is not packed */
    const struct feed_format *format; /* NULL until the sample is full */
    void *state;
    struct row *row;
    struct buf held; /* the sample, then the line that is not whole yet */
    unsigned long lines; /* lines seen, the one in `held` not counted */
    char line_end; /* '\n'; '\r' in files that have nothing else */
    bool skipping; /* the rest of a line that was too long */
    int failed; /* what ended the feed */
};

static void copy_options(struct feed_options *to, const struct feed_options *from)
{
    static const struct feed_options none = { 0 };
    from = from ? from : &none;
    struct feed_column *columns = mem_zero(from->column_count, sizeof *columns);
    for (size_t i = 0; i < from->column_count; i++) {
        columns[i].column = mem_string(from->columns[i].column);
        columns[i].field = mem_string(from->columns[i].field);
    }
    *to = *from;
    to->format = mem_string(from->format);
    to->encoding = mem_string(from->encoding);
    to->default_type = mem_string(from->default_type);
    to->file_name = mem_string(from->file_name);
    to->columns = columns;
}

static void free_options(struct feed_options *options)
{
    for (size_t i = 0; i < options->column_count; i++) {
        free((char *)options->columns[i].column);
        free((char *)options->columns[i].field);
    }
    free((struct feed_column *)options->columns);
    free((char *)options->format);
    free((char *)options->encoding);
    free((char *)options->default_type);
    free((char *)options->file_name);
}

struct feed *feed_open(const struct feed_options *options, const struct feed_sink *sink, void *context)
{
    struct feed *feed = mem_zero(1, sizeof *feed);
    copy_options(&feed->options, options);
    feed->sink = *sink;
    feed->context = context;
    feed->row = row_open(&feed->options, &feed->sink, context);
    feed->line_end = '\n';
    return feed;
}

void feed_free(struct feed *feed)
{
    if (!feed)
        return;
    if (feed->state)
        feed->format->free(feed->state);
    row_free(feed->row);
    gunzip_free(feed->gunzip);
    buf_free(&feed->held);
    free_options(&feed->options);
    free(feed);
}

const char *feed_format_name(const struct feed *feed)
{
    if (!feed->format)
        return NULL;
    const char *kind = feed->format->kind && feed->state ? feed->format->kind(feed->state) : NULL;
    return kind ? kind : feed->format->name;
}

bool feed_sample_line(const struct feed_sample *sample, size_t *at, const char **line, size_t *length)
{
    if (*at >= sample->length)
        return false;
    const char *start = sample->text + *at;
    size_t rest = sample->length - *at;
    const char *end = memchr(start, '\n', rest);
    if (!end && !memchr(sample->text, '\n', sample->length))
        end = memchr(start, '\r', rest);
    *line = start;
    *length = end ? (size_t)(end - start) : rest;
    *at += *length + 1;
    if (*length && start[*length - 1] == '\r')
        --*length;
    return true;
}

static int check_mapping(const struct feed_options *options, struct error *error)
{
    for (size_t i = 0; i < options->column_count; i++)
        if (!field_is_known(options->columns[i].field))
            return error_set(error, -EINVAL,
                             "the mapping gives column '%s' to the unknown field '%s'; fields are named as in IntelMQ "
                             "(source.fqdn, source.ip, source.url, time.source, …), others extra.NAME",
                             options->columns[i].column, options->columns[i].field);
    return 0;
}

static int refuse_format(const char *wanted, struct error *error)
{
    struct buf names = BUF_EMPTY;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        buf_add_format(&names, ", %s", formats[i]->name);
    int code = error_set(error, -EINVAL, "no format is called '%s'; there are auto%s", wanted, names.data);
    buf_free(&names);
    return code;
}

static int choose_format(struct feed *feed, const struct feed_sample *sample, struct error *error)
{
    const char *wanted = feed->options.format;
    bool automatic = !wanted || strcmp(wanted, "auto") == 0;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (automatic ? formats[i]->probe(sample, &feed->options) : strcmp(wanted, formats[i]->name) == 0) {
            feed->format = formats[i];
            return 0;
        }
    }
    if (!automatic)
        return refuse_format(wanted, error);
    const char *refusal = feed_refusal_of_unknown(sample);
    if (refusal)
        return error_set(error, -EINVAL, "%s", refusal);
    feed->format = &feed_csv; /* it says best which columns it saw and which it needs */
    return 0;
}

static int reject_line(struct feed *feed, const char *line, size_t length, const char *reason, struct error *error)
{
    int code = feed->format->flush(feed->state, error);
    if (code)
        return code;
    row_begin(feed->row, feed->lines, line, length);
    return row_reject(feed->row, "%s", reason);
}

static int take_line(struct feed *feed, const char *line, size_t length, struct error *error)
{
    feed->lines++;
    if (length > feed->format->line_limit) {
        char reason[80];
        snprintf(reason, sizeof reason, "a line longer than %zu KiB", feed->format->line_limit / 1024);
        return reject_line(feed, line, SHOWN_OF_LONG_LINE, reason, error);
    }
    if (memchr(line, '\0', length))
        return reject_line(feed, line, length, "a NUL byte in it", error);
    return feed->format->line(feed->state, line, length, feed->lines, error);
}

/* A line that has not ended yet but is too long already: what is held of it says so, the rest is passed over. */
static int take_overlong(struct feed *feed, struct error *error)
{
    if (feed->held.length <= feed->format->line_limit)
        return 0;
    feed->skipping = true;
    int code = take_line(feed, feed->held.data, feed->held.length, error);
    buf_truncate(&feed->held, 0);
    return code;
}

static int take_bytes(struct feed *feed, const char *data, size_t length, struct error *error)
{
    if (feed->format->bytes)
        return feed->format->bytes(feed->state, data, length, error);
    while (length) {
        const char *end = memchr(data, feed->line_end, length);
        size_t size = end ? (size_t)(end - data) + 1 : length;
        int code = 0;
        if (feed->skipping) {
            feed->skipping = !end;
        } else if (end && !feed->held.length) {
            code = take_line(feed, data, size, error);
        } else {
            buf_add(&feed->held, data, size);
            if (!end) {
                code = take_overlong(feed, error);
            } else {
                code = take_line(feed, feed->held.data, feed->held.length, error);
                buf_truncate(&feed->held, 0);
            }
        }
        if (code)
            return code;
        data += size;
        length -= size;
    }
    return 0;
}

/* The sample is full, or the file is shorter: decide, then read it. */
static int begin(struct feed *feed, struct error *error)
{
    buf_reserve(&feed->held, 0); /* nothing was pushed of an empty file */
    struct buf first = feed->held;
    feed->held = (struct buf)BUF_EMPTY;
    size_t mark = first.length >= 3 && memcmp(first.data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; /* a byte order mark */
    struct feed_sample sample = { first.data + mark, first.length - mark };
    const char *refusal = sample.length ? feed_refusal(&sample) : "it is empty";
    int code = refusal ? error_set(error, -EINVAL, "%s", refusal) : check_mapping(&feed->options, error);
    if (!code)
        code = choose_format(feed, &sample, error);
    if (!code) {
        if (!memchr(sample.text, '\n', sample.length) && memchr(sample.text, '\r', sample.length))
            feed->line_end = '\r';
        feed->state = feed->format->open(&feed->options, &sample, feed->row);
        code = take_bytes(feed, sample.text, sample.length, error);
    }
    buf_free(&first);
    return code;
}

/* Bytes of the file as it reads, unpacked if it was packed. */
static int push_plain(void *context, const char *data, size_t length, struct error *error)
{
    struct feed *feed = context;
    int code = 0;
    if (!feed->format) {
        size_t wanted = SAMPLE_SIZE - feed->held.length;
        wanted = wanted < length ? wanted : length;
        buf_add(&feed->held, data, wanted);
        data += wanted;
        length -= wanted;
        if (feed->held.length == SAMPLE_SIZE)
            code = begin(feed, error);
    }
    return code || !length ? code : take_bytes(feed, data, length, error);
}

/* MAGIC holds the file's first bytes: is it packed? */
static int look_at_magic(struct feed *feed, struct buf *magic, struct error *error)
{
    feed->magic_seen = true;
    if (memcmp(magic->data, "\x1f\x8b", MAGIC_SIZE) != 0)
        return push_plain(feed, magic->data, magic->length, error);
    feed->gunzip = gunzip_open(push_plain, feed);
    return gunzip_push(feed->gunzip, magic->data, magic->length, error);
}

static int push(struct feed *feed, const char *data, size_t length, struct error *error)
{
    int code = 0;
    while (!feed->magic_seen && length && !code) {
        buf_add_char(&feed->held, *data++);
        length--;
        if (feed->held.length < MAGIC_SIZE)
            continue;
        struct buf magic = feed->held;
        feed->held = (struct buf)BUF_EMPTY;
        code = look_at_magic(feed, &magic, error);
        buf_free(&magic);
    }
    if (code || !length)
        return code;
    return feed->gunzip ? gunzip_push(feed->gunzip, data, length, error) : push_plain(feed, data, length, error);
}

int feed_push(struct feed *feed, const char *data, size_t length, struct error *error)
{
    if (feed->failed)
        return error_set(error, feed->failed, "the feed has ended already");
    feed->failed = push(feed, data, length, error);
    return feed->failed;
}

int feed_finish(struct feed *feed, struct error *error)
{
    if (feed->failed)
        return error_set(error, feed->failed, "the feed has ended already");
    if (feed->gunzip)
        feed->failed = gunzip_finish(feed->gunzip, error);
    if (!feed->failed && !feed->format)
        feed->failed = begin(feed, error);
    if (!feed->failed && feed->held.length)
        feed->failed = take_line(feed, feed->held.data, feed->held.length, error);
    if (!feed->failed)
        feed->failed = feed->format->flush(feed->state, error);
    return feed->failed;
}

/* Plain lists: a domain, an address, a network or a URL on each line, however defanged; `#` begins a comment. */
#include "daemon/base/mem.h"
#include "daemon/feed/format.h"
#include "daemon/feed/place.h"
#include "daemon/feed/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Lines looked at to tell a list from something else. */
#define PROBED 20

struct list {
    struct row *row;
    struct buf converted; /* a line that was Latin-1 */
};

/* The item on a line: without blanks around it, and without a comment. A `#` in the middle of a URL is part of it. */
static void cut_item(const char **text, size_t *length)
{
    while (*length && isspace((unsigned char)**text)) {
        ++*text;
        --*length;
    }
    if (*length && (**text == '#' || **text == ';' || (*length > 1 && memcmp(*text, "//", 2) == 0)))
        *length = 0;
    for (size_t i = 1; i < *length; i++)
        if ((*text)[i] == '#' && isspace((unsigned char)(*text)[i - 1]))
            *length = i;
    while (*length && isspace((unsigned char)(*text)[*length - 1]))
        --*length;
}

/* Which field the item belongs in; FIELD_EXTRA when it is nothing that a list holds. */
static int item_field(const char *text, size_t length, struct place *place)
{
    char network[IP_TEXT_SIZE + 4], first[IP_TEXT_SIZE];
    struct buf url = BUF_EMPTY;
    int field = FIELD_EXTRA;
    if (place_read(text, length, place) == 0)
        field = place->name[0] ? FIELD_FQDN : FIELD_IP;
    else if (!memchr(text, '/', length))
        field = FIELD_EXTRA;
    else if (place_read_network(text, length, network, first) == 0)
        field = FIELD_NETWORK;
    else if (place_read_url(text, length, place, &url) == 0)
        field = FIELD_URL;
    buf_free(&url);
    return field;
}

/* Half of the lines: a list is a list though some lines be bad. What has a scheme was meant as a URL, even where it is none. */
static bool list_probe(const struct feed_sample *sample, const struct feed_options *options)
{
    size_t at = 0, length, lines = 0, items = 0;
    const char *line;
    (void)options;
    while (lines < PROBED && feed_sample_line(sample, &at, &line, &length)) {
        struct place place;
        cut_item(&line, &length);
        if (!length)
            continue;
        lines++;
        items += memmem(line, length, "://", 3) || item_field(line, length, &place) != FIELD_EXTRA;
    }
    return 2 * items >= lines;
}

static void *list_open(const struct feed_options *options, const struct feed_sample *sample, struct row *row)
{
    (void)options;
    (void)sample;
    struct list *list = mem_zero(1, sizeof *list);
    list->row = row;
    return list;
}

static void list_free(void *state)
{
    struct list *list = state;
    buf_free(&list->converted);
    free(list);
}

static int reject_item(struct row *row, const char *text, size_t length)
{
    struct buf shown = BUF_EMPTY;
    text_add_quoted(&shown, text, length);
    int code = row_reject(row, "neither a domain, an address nor a URL: %s", shown.data);
    buf_free(&shown);
    return code;
}

static int list_line(void *state, const char *text, size_t length, unsigned long number, struct error *error)
{
    struct list *list = state;
    struct place place;
    (void)error;
    while (length && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        length--;
    row_begin(list->row, number, text, length);
    cut_item(&text, &length);
    if (!length)
        return 0;
    if (!text_is_ascii(text, length) && !text_is_utf8(text, length)) {
        buf_truncate(&list->converted, 0);
        text_add_latin1(&list->converted, text, length);
        text = list->converted.data;
        length = list->converted.length;
    }
    int field = item_field(text, length, &place);
    if (field == FIELD_EXTRA)
        return reject_item(list->row, text, length);
    row_set(list->row, field, text, length);
    return row_end(list->row);
}

static int list_flush(void *state, struct error *error)
{
    (void)state;
    (void)error;
    return 0;
}

const struct feed_format feed_list = {
    .name = "list",
    .line_limit = 64 * 1024,
    .probe = list_probe,
    .open = list_open,
    .free = list_free,
    .line = list_line,
    .flush = list_flush,
};

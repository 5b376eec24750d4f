/* Plain lists: a domain, an address, a network or a URL on each line, however defanged; `#` begins a comment. Also in the dress of blocklists
 * (`||bad.example^`, `*.bad.example`), of hosts files (`0.0.0.0 bad.example`), and of lists in a text (`- bad.example`, `"bad.example",`). */
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
    enum text_encoding encoding;
    struct buf converted; /* a line that was Latin-1 */
};

/* The item on a line: without blanks around it, and without a comment. A `#` in the middle of a URL is part of it. */
static void cut_item(const char **text, size_t *length)
{
    while (*length && isspace((unsigned char)**text)) {
        ++*text;
        --*length;
    }
    if (*length && (strchr("#;!", **text) || (*length > 1 && memcmp(*text, "//", 2) == 0)))
        *length = 0;
    for (size_t i = 1; i < *length; i++)
        if (((*text)[i] == '#' || (*text)[i] == ';') && isspace((unsigned char)(*text)[i - 1]))
            *length = i;
    while (*length && isspace((unsigned char)(*text)[*length - 1]))
        --*length;
}

static bool begins_with(const char *text, size_t length, const char *mark)
{
    return length > strlen(mark) && memcmp(text, mark, strlen(mark)) == 0;
}

/* What stands around an item in other kinds of lists. */
static void undress(const char **text, size_t *length)
{
    static const char *const marks[] = { "- ", "* ", "||", "*.", "." };
    while (*length && strchr(",;^", (*text)[*length - 1]))
        --*length;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (begins_with(*text, *length, marks[i])) {
            *text += strlen(marks[i]);
            *length -= strlen(marks[i]);
        }
    }
    const char *end = *text + *length - 1;
    if (*length > 2 &&
        ((**text == '"' && *end == '"') || (**text == '\'' && *end == '\'') || (**text == '<' && *end == '>'))) {
        ++*text;
        *length -= 2;
    }
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

/* A line, taken apart. */
struct item {
    int field; /* FIELD_EXTRA: nothing that a list holds */
    struct place place;
    const char *text, *other; /* OTHER: the name beside an address, or what is said of the item; NULL: nothing */
    size_t length, other_length;
    bool other_is_name;
};

/* Where hosts files send those that nobody shall reach. */
static bool is_nowhere(const char *ip)
{
    return strcmp(ip, "0.0.0.0") == 0 || strncmp(ip, "127.", 4) == 0 || strcmp(ip, "::") == 0 || strcmp(ip, "::1") == 0;
}

/* `192.0.2.7 bad.example`, and `0.0.0.0 bad.example`, which is about the name alone. */
static void take_hosts_line(struct item *item)
{
    struct place place;
    size_t length = 0;
    while (length < item->other_length && !isspace((unsigned char)item->other[length]))
        length++;
    bool nowhere = is_nowhere(item->place.ip);
    if (place_read(item->other, length, &place) || !place.name[0]) {
        item->field = nowhere ? FIELD_EXTRA : item->field;
        return;
    }
    item->other_length = length;
    item->other_is_name = true;
    if (!nowhere)
        return;
    item->field = FIELD_FQDN;
    item->text = item->other;
    item->length = length;
    item->other = NULL;
}

/* An address with something behind it. A name must stand alone, or any sentence might begin with one; and a URL, which may have been cut at a
 * blank of its own. */
static void take_first_word(struct item *item)
{
    size_t length = 0;
    while (length < item->length && !isspace((unsigned char)item->text[length]))
        length++;
    item->field = length < item->length ? item_field(item->text, length, &item->place) : FIELD_EXTRA;
    if (item->field != FIELD_IP && item->field != FIELD_NETWORK) {
        item->field = FIELD_EXTRA;
        return;
    }
    item->other = item->text + length;
    item->other_length = item->length - length;
    item->length = length;
    while (isspace((unsigned char)*item->other)) {
        item->other++;
        item->other_length--;
    }
    if (item->field == FIELD_IP)
        take_hosts_line(item);
}

/* What stands on a line that cut_item() left something of. */
static struct item read_item(const char *text, size_t length)
{
    struct item item = { .text = text, .length = length };
    item.field = item_field(text, length, &item.place);
    if (item.field != FIELD_EXTRA)
        return item;
    undress(&item.text, &item.length);
    item.field = item_field(item.text, item.length, &item.place);
    if (item.field == FIELD_EXTRA)
        take_first_word(&item);
    return item;
}

/* Half of the lines: a list is a list though some lines be bad. What has a scheme was meant as a URL, even where it is none. */
static bool list_probe(const struct feed_sample *sample, const struct feed_options *options)
{
    size_t at = 0, length, lines = 0, items = 0;
    const char *line;
    (void)options;
    while (lines < PROBED && feed_sample_line(sample, &at, &line, &length)) {
        cut_item(&line, &length);
        if (!length)
            continue;
        lines++;
        items += memmem(line, length, "://", 3) || read_item(line, length).field != FIELD_EXTRA;
    }
    return 2 * items >= lines;
}

static void *list_open(const struct feed_options *options, const struct feed_sample *sample, struct row *row)
{
    (void)sample;
    struct list *list = mem_zero(1, sizeof *list);
    list->row = row;
    list->encoding = text_encoding_called(options->encoding);
    row_takes_utf8(row);
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
    (void)error;
    while (length && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        length--;
    row_begin(list->row, number, text, length);
    cut_item(&text, &length);
    if (!length)
        return 0;
    if (!text_is_in(list->encoding, text, length))
        return row_end(list->row); /* it refuses it */
    if (text_is_latin1(list->encoding, text, length)) {
        buf_truncate(&list->converted, 0);
        text_add_latin1(&list->converted, text, length);
        text = list->converted.data;
        length = list->converted.length;
    }
    struct item item = read_item(text, length);
    if (item.field == FIELD_EXTRA)
        return reject_item(list->row, text, length);
    row_set(list->row, item.field, item.text, item.length);
    if (item.other)
        row_set(list->row, item.other_is_name ? FIELD_FQDN : field_find("event_description.text"), item.other,
                item.other_length);
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

#include "daemon/delivery/text.h"

#include "daemon/base/address.h"

#include <stddef.h>
#include <string.h>

/* The VERP local part (name, notification number, HMAC) may make a sender longer than RFC 5321's 64 for a local part; libesmtp
 * builds a command in 1,024 bytes and cuts what is longer. */
#define ENVELOPE_ADDRESS_MAX 320
#define HELO_MAX 255

/* Where the line that begins at OFFSET ends: the offset of its first CR or LF, or of the end. */
static size_t line_end(const struct buf *message, size_t offset)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): what has a length has data */
    while (offset < message->length && message->data[offset] != '\r' && message->data[offset] != '\n')
        offset++;
    return offset;
}

static bool is_clean(const struct buf *message)
{
    const char *at = message->data, *end = message->data + message->length;
    if (memchr(at, '\0', message->length))
        return false;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline || newline == at || newline[-1] != '\r' || newline - 1 - at > TEXT_LINE_MAX)
            return false;
        if (memchr(at, '\r', (size_t)(newline - 1 - at)))
            return false;
        at = newline + 1;
    }
    return message->length > 0;
}

static void add_piece(struct buf *out, const char *text, size_t length)
{
    size_t start = out->length;
    buf_add(out, text, length);
    for (size_t i = start; i < out->length; i++)
        if (!out->data[i])
            out->data[i] = '?';
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* How much of a header line that is longer than ROOM stays on its first line: up to the last blank after its first word, else all
 * that there is room for. */
static size_t fold_at(const char *text, size_t room)
{
    size_t first = 0;
    while (first < room && is_blank(text[first]))
        first++;
    for (size_t i = room; i > first; i--)
        if (is_blank(text[i]))
            return i;
    return room;
}

static void add_header_line(struct buf *out, const char *text, size_t length)
{
    size_t room = TEXT_LINE_MAX;
    while (length > room) {
        size_t take = fold_at(text, room);
        add_piece(out, text, take);
        buf_add_string(out, "\r\n");
        text += take;
        length -= take;
        room = TEXT_LINE_MAX;
        if (!is_blank(*text)) {
            /* Cut inside a word: without a blank the rest would be a header of its own. */
            buf_add_char(out, ' ');
            room--;
        }
    }
    add_piece(out, text, length);
    buf_add_string(out, "\r\n");
}

static void add_body_line(struct buf *out, const char *text, size_t length)
{
    while (length > TEXT_LINE_MAX) {
        add_piece(out, text, TEXT_LINE_MAX);
        buf_add_string(out, "\r\n");
        text += TEXT_LINE_MAX;
        length -= TEXT_LINE_MAX;
    }
    add_piece(out, text, length);
    buf_add_string(out, "\r\n");
}

void text_normalise(struct buf *message)
{
    if (message->data && is_clean(message))
        return;
    struct buf out = BUF_EMPTY;
    buf_reserve(&out, message->length + message->length / 32 + 2);
    bool in_header = true;
    for (size_t offset = 0; offset < message->length;) {
        size_t end = line_end(message, offset);
        if (end == offset)
            in_header = false;
        (in_header ? add_header_line : add_body_line)(&out, message->data + offset, end - offset);
        offset = end + 1;
        if (end + 1 < message->length && message->data[end] == '\r' && message->data[end + 1] == '\n')
            offset++;
    }
    buf_free(message);
    *message = out;
}

static bool plain(const char *text, const char *refused, size_t limit)
{
    size_t length = 0;
    for (; text[length]; length++)
        if (length == limit || text[length] <= ' ' || text[length] == 0x7f || strchr(refused, text[length]))
            return false;
    return length > 0;
}

bool text_address_ok(const char *address, bool empty_allowed)
{
    if (!address)
        return false;
    if (!*address)
        return empty_allowed;
    return plain(address, "<>", ENVELOPE_ADDRESS_MAX);
}

bool text_helo_ok(const char *name)
{
    return name && plain(name, "<>@", HELO_MAX);
}

#include "daemon/feed/text.h"

#include <stdint.h>
#include <string.h>

#define QUOTED_MAX 60

bool text_is_ascii(const char *text, size_t length)
{
    uint64_t seen = 0, word;
    size_t i = 0;
    for (; i + sizeof word <= length; i += sizeof word) {
        memcpy(&word, text + i, sizeof word);
        seen |= word;
    }
    for (; i < length; i++)
        seen |= (unsigned char)text[i];
    return !(seen & 0x8080808080808080u);
}

/* The length of the character at TEXT, or 0 when there is no whole valid one. */
static size_t character(const unsigned char *text, size_t length)
{
    unsigned char first = text[0];
    if (first < 0x80)
        return 1;
    size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || size > length)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    /* Overlong forms, surrogates, and what lies past U+10FFFF. */
    if ((first == 0xe0 && text[1] < 0xa0) || (first == 0xed && text[1] > 0x9f) || (first == 0xf0 && text[1] < 0x90) ||
        (first == 0xf4 && text[1] > 0x8f))
        return 0;
    return size;
}

bool text_is_utf8(const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t size = character((const unsigned char *)text + i, length - i);
        if (!size)
            return false;
        i += size;
    }
    return true;
}

/* What windows-1252 has where Latin-1 has control characters, which nobody writes; 0: nothing. */
static const uint16_t windows_1252[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
};

enum text_encoding text_encoding_called(const char *name)
{
    return !name                         ? TEXT_DETECTED
           : strcmp(name, "utf-8") == 0  ? TEXT_UTF8
           : strcmp(name, "latin1") == 0 ? TEXT_LATIN1
                                         : TEXT_DETECTED;
}

bool text_is_in(enum text_encoding encoding, const char *text, size_t length)
{
    if (encoding == TEXT_UTF8)
        return text_is_utf8(text, length);
    for (size_t i = 0; encoding == TEXT_LATIN1 && i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte >= 0x80 && byte < 0xa0 && !windows_1252[byte - 0x80])
            return false;
    }
    return true;
}

bool text_is_latin1(enum text_encoding encoding, const char *text, size_t length)
{
    if (encoding == TEXT_UTF8 || text_is_ascii(text, length))
        return false;
    return encoding == TEXT_LATIN1 || !text_is_utf8(text, length);
}

void text_add_latin1(struct buf *out, const char *text, size_t length)
{
    buf_reserve(out, 3 * length);
    for (size_t i = 0; i < length; i++) {
        unsigned point = (unsigned char)text[i];
        if (point >= 0x80 && point < 0xa0 && windows_1252[point - 0x80])
            point = windows_1252[point - 0x80];
        if (point >= 0x800)
            out->data[out->length++] = (char)(0xe0 | point >> 12);
        if (point >= 0x80)
            out->data[out->length++] = (char)(point >= 0x800 ? 0x80 | (point >> 6 & 0x3f) : 0xc0 | point >> 6);
        out->data[out->length++] = (char)(point < 0x80 ? point : 0x80 | (point & 0x3f));
    }
    out->data[out->length] = '\0';
}

static bool needs_escape(unsigned char byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\' || byte == 0x7f;
}

static void add_escape(struct buf *out, unsigned char byte)
{
    static const char hex[] = "0123456789abcdef";
    char escape[6] = { '\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15] };
    switch (byte) {
    case '"':
    case '\\':
        escape[1] = (char)byte;
        break;
    case '\n':
        escape[1] = 'n';
        break;
    case '\r':
        escape[1] = 'r';
        break;
    case '\t':
        escape[1] = 't';
        break;
    default:
        buf_add(out, escape, 6);
        return;
    }
    buf_add(out, escape, 2);
}

void text_add_json(struct buf *out, const char *text, size_t length)
{
    buf_reserve(out, length + 2);
    buf_add_char(out, '"');
    size_t run = 0;
    for (size_t i = 0; i < length; i++) {
        if (!needs_escape((unsigned char)text[i]))
            continue;
        buf_add(out, text + run, i - run);
        add_escape(out, (unsigned char)text[i]);
        run = i + 1;
    }
    buf_add(out, text + run, length - run);
    buf_add_char(out, '"');
}

void text_add_quoted(struct buf *out, const char *text, size_t length)
{
    size_t shown = length > QUOTED_MAX ? QUOTED_MAX : length;
    while (shown < length && shown && (text[shown] & 0xc0) == 0x80)
        shown--; /* never half a character */
    buf_add_char(out, '\'');
    for (size_t i = 0; i < shown; i++)
        buf_add_char(out, (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i]);
    buf_add_string(out, shown < length ? "…'" : "'");
}

bool text_has_control(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return true;
    return false;
}

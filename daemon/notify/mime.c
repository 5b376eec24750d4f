#include "daemon/notify/mime.h"

#include "daemon/base/ascii.h"
#include "daemon/base/base64.h"

#include <stdlib.h>
#include <string.h>

#define FOLD_AT 78 /* RFC 5322 §2.1.1 */
#define ENCODED_LINE                                                                                                   \
    76 /* RFC 2047 §2: of a header line that holds an encoded word; RFC 2045 §6.7: of quoted-printable */
#define WORD_AROUND 12 /* =?utf-8?q??= */
#define WORD_LEAST 12 /* a character of four bytes */
#define CHUNK 1024 /* bytes encoded at a time, so that room is reserved for the worst of them only */

static const char hex[] = "0123456789ABCDEF";

/* No line end hides in an encoded word either. */
static char word_byte(char byte)
{
    return (unsigned char)byte < 0x20 || byte == 0x7f ? ' ' : byte;
}

static char header_byte(char byte)
{
    return (unsigned char)byte < 0x80 ? word_byte(byte) : '?';
}

/* `NAME:`, and the line's length so far. */
static size_t header_begin(struct buf *out, const char *name)
{
    size_t length = strlen(name);
    buf_add(out, name, length);
    buf_add(out, ":", 1);
    return length + 1;
}

/* Write VALUE, a blank before each of its words, after COLUMN characters of the line, and the line's end. */
static void header_words(struct buf *out, const char *value, size_t length, size_t column)
{
    buf_reserve(out, length * 2 + 4); /* a word of one letter may need a line of its own: CR, LF, blank, letter */
    char *at = out->data + out->length;
    for (size_t i = 0; i < length;) {
        if (header_byte(value[i]) == ' ') {
            i++;
            continue;
        }
        size_t end = i + 1;
        while (end < length && header_byte(value[end]) != ' ')
            end++;
        if (column + 1 + end - i > FOLD_AT) {
            *at++ = '\r';
            *at++ = '\n';
            column = 0;
        }
        column += 1 + end - i;
        for (*at++ = ' '; i < end; i++)
            *at++ = header_byte(value[i]);
    }
    *at++ = '\r';
    *at++ = '\n';
    *at = '\0';
    out->length = (size_t)(at - out->data);
}

void mime_header(struct buf *out, const char *name, const char *value)
{
    size_t column = header_begin(out, name);
    header_words(out, value, strlen(value), column);
}

static bool is_alphanumeric(unsigned char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
}

/* May BYTE stand for itself in an encoded word, in a phrase too (RFC 2047 §5 (3))? */
static bool is_word_safe(unsigned char byte)
{
    return is_alphanumeric(byte) || (byte && strchr("!*+-/", byte));
}

/* The bytes of the UTF-8 character at TEXT. A byte that begins none counts alone. */
static size_t character_length(const char *text, size_t length)
{
    unsigned char first = (unsigned char)*text;
    size_t want = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf8 ? 4 : 1, have = 1;
    while (have < want && have < length && ((unsigned char)text[have] & 0xc0) == 0x80)
        have++;
    return have;
}

/* The length of a character's spelling in an encoded word. */
static size_t word_cost(const char *text, size_t length)
{
    unsigned char byte = (unsigned char)word_byte(*text);
    return length == 1 && (byte == ' ' || is_word_safe(byte)) ? 1 : 3 * length;
}

static void word_add(struct buf *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)word_byte(text[i]);
        char three[3] = { '=', hex[byte >> 4], hex[byte & 15] };
        if (byte == ' ')
            buf_add(out, "_", 1);
        else if (is_word_safe(byte))
            buf_add(out, &byte, 1);
        else
            buf_add(out, three, sizeof three);
    }
}

/* How many bytes of TEXT, whole characters, fit into one encoded word of ROOM letters. */
static size_t word_fill(const char *text, size_t length, size_t room)
{
    size_t taken = 0, cost = 0;
    while (taken < length) {
        size_t one = character_length(text + taken, length - taken);
        cost += word_cost(text + taken, one);
        if (cost > room)
            break;
        taken += one;
    }
    return taken;
}

/* Write TEXT as encoded words, each on a line of its own; returns the column that it ends in. Always in Q: in B, words that end in padding,
 * as words of whole characters must, are read wrongly by programs that join them before they decode (GMime does). */
static size_t encoded_words(struct buf *out, const char *text, size_t length, size_t column)
{
    for (size_t i = 0, taken; i < length; i += taken) {
        if (i || column + 1 + WORD_AROUND + WORD_LEAST > ENCODED_LINE) {
            buf_add(out, "\r\n", 2);
            column = 0;
        }
        size_t before = out->length;
        taken = word_fill(text + i, length - i, ENCODED_LINE - column - 1 - WORD_AROUND);
        buf_add_string(out, " =?utf-8?q?");
        word_add(out, text + i, taken);
        buf_add(out, "?=", 2);
        column += out->length - before;
    }
    return column;
}

/* Must TEXT be encoded: is it not ASCII, does it look encoded, or has it a word that leaves a line nowhere to fold? */
static bool needs_words(const char *text, size_t length)
{
    size_t word = 0;
    for (size_t i = 0; i < length; i++) {
        word = header_byte(text[i]) == ' ' ? 0 : word + 1;
        if ((unsigned char)text[i] >= 0x80 || word > FOLD_AT - 2)
            return true;
        if (text[i] == '=' && i + 1 < length && text[i + 1] == '?')
            return true;
    }
    return false;
}

void mime_header_text(struct buf *out, const char *name, const char *text, size_t length)
{
    size_t column = header_begin(out, name);
    if (!needs_words(text, length)) {
        header_words(out, text, length, column);
        return;
    }
    encoded_words(out, text, length, column);
    buf_add(out, "\r\n", 2);
}

/* DISPLAY as a quoted string (RFC 5322 §3.2.4). */
static void quoted_string(struct buf *out, const char *display)
{
    buf_add(out, "\"", 1);
    for (; *display; display++) {
        if (*display == '"' || *display == '\\')
            buf_add(out, "\\", 1);
        buf_add(out, display, 1);
    }
    buf_add(out, "\"", 1);
}

void mime_header_mailbox(struct buf *out, const char *name, const char *display, const char *address)
{
    struct buf value = BUF_EMPTY;
    size_t column = header_begin(out, name), length = strlen(display);
    if (length)
        quoted_string(&value, display);
    /* A quoted string is never folded, though it might be: not everyone takes the fold out again. */
    if (needs_words(display, length) || column + 1 + value.length > FOLD_AT) {
        column = encoded_words(out, display, length, column);
        buf_truncate(&value, 0);
    }
    buf_add_format(&value, length ? " <%s>" : "%s", address);
    header_words(out, value.data, value.length, column);
    buf_free(&value);
}

/* May BYTE stand for itself in an extended value (RFC 2231 §7, attribute-char)? Those that a careless reader could stumble over do not. */
static bool is_extended_safe(unsigned char byte)
{
    return is_alphanumeric(byte) || (byte && strchr("-._", byte));
}

static void extended_add(struct buf *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)word_byte(text[i]);
        char three[3] = { '%', hex[byte >> 4], hex[byte & 15] };
        if (is_extended_safe(byte))
            buf_add(out, &byte, 1);
        else
            buf_add(out, three, sizeof three);
    }
}

/* How many bytes of TEXT, whole characters, fit into ROOM letters of an extended value. */
static size_t extended_fill(const char *text, size_t length, size_t room)
{
    size_t taken = 0, cost = 0;
    while (taken < length) {
        size_t one = character_length(text + taken, length - taken);
        cost += one == 1 && is_extended_safe((unsigned char)text[taken]) ? 1 : 3 * one;
        if (cost > room)
            break;
        taken += one;
    }
    return taken;
}

/* Write ATTRIBUTE in pieces, each on a line of its own (RFC 2231 §4.1); one that needs no other has no number (§4). */
static void extended_parameter(struct buf *out, const char *attribute, const char *text)
{
    static const char charset[] = "utf-8''";
    enum { AROUND = 8 }; /* the blank, the two asterisks, a number, `=` and `;` */
    size_t length = strlen(text), room = ENCODED_LINE - strlen(attribute) - AROUND - (sizeof charset - 1);
    bool one = extended_fill(text, length, room) == length;
    for (size_t i = 0, taken, number = 0; i == 0 || i < length; i += taken, number++) {
        taken = extended_fill(text + i, length - i, room);
        if (one)
            buf_add_format(out, "\r\n %s*=%s", attribute, charset);
        else
            buf_add_format(out, "%s\r\n %s*%zu*=%s", i ? ";" : "", attribute, number, i ? "" : charset);
        extended_add(out, text + i, taken);
    }
}

void mime_header_parameter(struct buf *out, const char *name, const char *value, const char *attribute,
                           const char *text)
{
    struct buf plain = BUF_EMPTY;
    size_t column = header_begin(out, name) + strlen(value) + 2;
    buf_add_format(out, " %s;", value);
    buf_add_format(&plain, " %s=", attribute);
    quoted_string(&plain, text);
    if (ascii_run(text, strlen(text)) == strlen(text) && !strstr(text, "=?") && plain.length <= FOLD_AT) {
        buf_add_string(out, column + plain.length > FOLD_AT ? "\r\n" : "");
        buf_add(out, plain.data, plain.length);
    } else {
        extended_parameter(out, attribute, text);
    }
    buf_add(out, "\r\n", 2);
    buf_free(&plain);
}

/* The line at TEXT without its end; *WHOLE is its length with it. */
static size_t line_length(const char *text, size_t length, size_t *whole)
{
    const char *end = memchr(text, '\n', length);
    size_t line = end ? (size_t)(end - text) : length;
    *whole = end ? line + 1 : line;
    return end && line && text[line - 1] == '\r' ? line - 1 : line;
}

/* Must the byte at TEXT be encoded when it begins a line? A dot alone ends SMTP's DATA, `From ` begins an mbox message. */
static bool is_unsafe_start(const char *text, size_t length)
{
    return *text == '.' || (length >= 5 && memcmp(text, "From ", 5) == 0);
}

static bool is_plain_line(const char *text, size_t length)
{
    if (length > FOLD_AT || (length && is_unsafe_start(text, length)))
        return false;
    size_t plain = ascii_run(text, length);
    while (plain < length && text[plain] == '\t')
        plain += 1 + ascii_run(text + plain + 1, length - plain - 1);
    return plain == length;
}

bool mime_is_plain(const char *text, size_t length)
{
    for (size_t whole; length; text += whole, length -= whole)
        if (!is_plain_line(text, line_length(text, length, &whole)))
            return false;
    return true;
}

void mime_plain(struct buf *out, const char *text, size_t length)
{
    buf_reserve(out, 2 * length);
    char *at = out->data + out->length;
    for (size_t whole; length; text += whole, length -= whole) {
        size_t line = line_length(text, length, &whole);
        at = mempcpy(at, text, line);
        if (whole > line)
            at = mempcpy(at, "\r\n", 2);
    }
    *at = '\0';
    out->length = (size_t)(at - out->data);
}

/* Encode text[FROM .. UNTIL) of a line of LENGTH bytes; *COLUMN is that of the line being written. */
static void qp_piece(struct buf *out, const char *text, size_t from, size_t until, size_t length, size_t *column)
{
    size_t used = *column;
    buf_reserve(out, 3 * CHUNK + 3 * (3 * CHUNK / (ENCODED_LINE - 3) + 1));
    char *at = out->data + out->length;
    for (size_t i = from; i < until; i++) {
        unsigned char byte = (unsigned char)text[i];
        bool blank = byte == ' ' || byte == '\t';
        bool literal = blank ? i + 1 < length : byte > 0x20 && byte < 0x7f && byte != '=';
        if (used + (literal ? 1 : 3) >= ENCODED_LINE) {
            *at++ = '=';
            *at++ = '\r';
            *at++ = '\n';
            used = 0;
        }
        if (literal && (used || !is_unsafe_start(text + i, length - i))) {
            *at++ = (char)byte;
            used++;
        } else {
            *at++ = '=';
            *at++ = hex[byte >> 4];
            *at++ = hex[byte & 15];
            used += 3;
        }
    }
    *at = '\0';
    out->length = (size_t)(at - out->data);
    *column = used;
}

void mime_quoted_printable(struct buf *out, const char *text, size_t length)
{
    for (size_t whole; length; text += whole, length -= whole) {
        size_t line = line_length(text, length, &whole), column = 0;
        for (size_t from = 0; from < line; from += CHUNK)
            qp_piece(out, text, from, from + CHUNK < line ? from + CHUNK : line, line, &column);
        if (whole > line)
            buf_add(out, "\r\n", 2);
    }
}

void mime_base64(struct buf *out, const char *data, size_t length)
{
    enum { LINE = 57 }; /* bytes that make 76 characters */
    for (size_t at = 0; at < length; at += LINE) {
        char *line = base64_encode(data + at, length - at < LINE ? length - at : LINE);
        buf_add_string(out, line);
        buf_add(out, "\r\n", 2);
        free(line);
    }
}

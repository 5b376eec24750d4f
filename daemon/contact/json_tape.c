#include "daemon/contact/json_tape.h"

#include "daemon/base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct reader {
    struct json_tape *tape;
    const char *at, *end;
    uint32_t open[JSON_TAPE_DEPTH_MAX]; /* the tokens of the brackets that we are in */
    size_t depth;
};

static uint32_t add(struct reader *reader, char kind, const char *start)
{
    struct json_tape *tape = reader->tape;
    if (tape->count == tape->room) {
        tape->room *= 2;
        tape->tokens = mem_resize(tape->tokens, tape->room, sizeof *tape->tokens);
    }
    tape->tokens[tape->count] =
        (struct json_token){ .start = (uint32_t)(start - tape->text), .kind = kind, .next = tape->count + 1 };
    return tape->count++;
}

static void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->end &&
           (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\r' || *reader->at == '\t'))
        reader->at++;
}

/* Is C the next that is no blank? Then it is behind us. */
static bool take(struct reader *reader, char c)
{
    skip_blanks(reader);
    if (reader->at == reader->end || *reader->at != c)
        return false;
    reader->at++;
    return true;
}

#define EACH (~UINT64_C(0) / 255) /* 1 in each of eight bytes */
#define HIGH (EACH * 0x80)

/* Where the next quote or backslash is, or the end. Eight bytes at a time: most of an answer is text that nobody asked for. */
static const char *find_special(const char *at, const char *end)
{
    for (uint64_t eight; (size_t)(end - at) >= sizeof eight; at += sizeof eight) {
        memcpy(&eight, at, sizeof eight);
        uint64_t quote = eight ^ (EACH * '"'), backslash = eight ^ (EACH * '\\');
        if ((((quote - EACH) & ~quote) | ((backslash - EACH) & ~backslash)) & HIGH)
            break;
    }
    while (at < end && *at != '"' && *at != '\\')
        at++;
    return at;
}

/* A string whose opening quote is next. */
static bool read_string(struct reader *reader)
{
    const char *at = reader->at + 1;
    uint32_t token = add(reader, '"', at);
    bool escaped = false;
    for (;;) {
        at = find_special(at, reader->end);
        if (at == reader->end)
            return false;
        if (*at == '"')
            break;
        escaped = true;
        if (reader->end - at < 2)
            return false;
        at += 2;
    }
    struct json_token *string = &reader->tape->tokens[token];
    string->length = (uint32_t)(at - reader->at - 1);
    string->escaped = escaped;
    reader->at = at + 1;
    return true;
}

/* A number, true, false or null: whatever it is made of, it is told apart by its end. */
static bool read_scalar(struct reader *reader)
{
    const char *at = reader->at;
    while (at < reader->end && ((*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'z') || *at == 'E' || *at == '-' ||
                                *at == '+' || *at == '.'))
        at++;
    if (at == reader->at)
        return false;
    uint32_t token = add(reader, '0', reader->at);
    reader->tape->tokens[token].length = (uint32_t)(at - reader->at);
    reader->at = at;
    return true;
}

static bool read_key(struct reader *reader)
{
    skip_blanks(reader);
    return reader->at < reader->end && *reader->at == '"' && read_string(reader) && take(reader, ':');
}

static void close_bracket(struct reader *reader)
{
    struct json_token *token = &reader->tape->tokens[reader->open[--reader->depth]];
    token->next = reader->tape->count;
    token->length = (uint32_t)(reader->at - reader->tape->text) - token->start;
}

static bool in_object(const struct reader *reader)
{
    return reader->depth && reader->tape->tokens[reader->open[reader->depth - 1]].kind == '{';
}

/* A value that is whole, or the beginning of one: *OPENED. */
static bool read_value(struct reader *reader, bool *opened)
{
    *opened = false;
    skip_blanks(reader);
    if (reader->at == reader->end)
        return false;
    char c = *reader->at;
    if (c == '"')
        return read_string(reader);
    if (c != '{' && c != '[')
        return read_scalar(reader);
    if (reader->depth == JSON_TAPE_DEPTH_MAX)
        return false;
    reader->open[reader->depth++] = add(reader, c, reader->at++);
    *opened = !take(reader, c == '{' ? '}' : ']');
    if (!*opened)
        close_bracket(reader);
    return true;
}

static bool read_document(struct reader *reader)
{
    bool opened;
    do {
        if ((in_object(reader) && !read_key(reader)) || !read_value(reader, &opened))
            return false;
        /* What ends with this value: nothing, or as many brackets as close here. */
        while (!opened && reader->depth && !take(reader, ',')) {
            if (!take(reader, in_object(reader) ? '}' : ']'))
                return false;
            close_bracket(reader);
        }
    } while (reader->depth);
    skip_blanks(reader);
    return reader->at == reader->end;
}

int json_tape_read(struct json_tape *tape, const char *text, size_t length)
{
    struct reader reader;
    *tape = (struct json_tape){ .text = text };
    if (!length || length > JSON_TAPE_LENGTH_MAX)
        return -EINVAL;
    reader.tape = tape;
    reader.at = text;
    reader.end = text + length;
    reader.depth = 0;
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        reader.at += 3;
    tape->room = (uint32_t)(length / 8 + 16); /* a true answer has a token for each ten or more bytes */
    tape->tokens = mem_alloc(tape->room * sizeof *tape->tokens);
    return read_document(&reader) ? 0 : -EINVAL;
}

void json_tape_free(struct json_tape *tape)
{
    free(tape->tokens);
    *tape = (struct json_tape){ 0 };
}

bool json_tape_is(const struct json_tape *tape, uint32_t at, char kind)
{
    return at < tape->count && tape->tokens[at].kind == kind;
}

uint32_t json_tape_first(const struct json_tape *tape, uint32_t container)
{
    if (!json_tape_is(tape, container, '{') && !json_tape_is(tape, container, '['))
        return JSON_TAPE_NONE;
    return tape->tokens[container].next > container + 1 ? container + 1 : JSON_TAPE_NONE;
}

uint32_t json_tape_after(const struct json_tape *tape, uint32_t container, uint32_t at)
{
    uint32_t value = tape->tokens[container].kind == '{' ? at + 1 : at, next = tape->tokens[value].next;
    return next < tape->tokens[container].next ? next : JSON_TAPE_NONE;
}

bool json_tape_is_word(const struct json_tape *tape, uint32_t at, const char *word)
{
    return json_tape_is(tape, at, '"') && strlen(word) == tape->tokens[at].length &&
           strncasecmp(tape->text + tape->tokens[at].start, word, tape->tokens[at].length) == 0;
}

uint32_t json_tape_member(const struct json_tape *tape, uint32_t object, const char *key)
{
    if (!json_tape_is(tape, object, '{'))
        return JSON_TAPE_NONE;
    for (uint32_t at = json_tape_first(tape, object); at != JSON_TAPE_NONE; at = json_tape_after(tape, object, at))
        if (json_tape_is_word(tape, at, key))
            return at + 1;
    return JSON_TAPE_NONE;
}

/* The four hexadecimal digits at TEXT, or -1. */
static long hexadecimal(const char *text, const char *end)
{
    static const char digits[] = "0123456789abcdef";
    long value = 0;
    if (end - text < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        const char *digit = text[i] ? strchr(digits, text[i] | 0x20) : NULL;
        if (!digit)
            return -1;
        value = value * 16 + (digit - digits);
    }
    return value;
}

static size_t encode(unsigned long code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char marks[] = { 0, 0xc0, 0xe0, 0xf0 };
    out[0] = (char)(marks[more] | code >> 6 * more);
    for (size_t i = 1; i <= more; i++)
        out[i] = (char)(0x80 | (code >> 6 * (more - i) & 0x3f));
    return more + 1;
}

/* The character behind `\u` at *AT, which moves behind it; U+FFFD for half of a pair of surrogates. */
static unsigned long read_code(const char **at, const char *end)
{
    long code = hexadecimal(*at, end);
    if (code < 0)
        return 0xfffd;
    *at += 4;
    if (code < 0xd800 || code > 0xdfff)
        return (unsigned long)code;
    long low = code < 0xdc00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u' ? hexadecimal(*at + 2, end) : -1;
    if (low < 0xdc00 || low > 0xdfff)
        return 0xfffd;
    *at += 6;
    return 0x10000 + (((unsigned long)code - 0xd800) << 10) + ((unsigned long)low - 0xdc00);
}

static size_t decode(const char *at, size_t length, char *out, size_t size)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *end = at + length;
    size_t used = 0;
    while (at < end && size - used >= 4) {
        if (*at != '\\') {
            out[used++] = *at++;
            continue;
        }
        char c = at[1]; /* a backslash is never the last of a string */
        at += 2;
        const char *control = c ? strchr(from, c) : NULL;
        if (c == 'u')
            used += encode(read_code(&at, end), out + used);
        else
            out[used++] = control ? to[control - from] : c;
    }
    return used;
}

const char *json_tape_text(const struct json_tape *tape, uint32_t at, char *scratch, size_t size, size_t *length)
{
    *length = 0;
    if (!json_tape_is(tape, at, '"') && !json_tape_is(tape, at, '0'))
        return NULL;
    const struct json_token *token = &tape->tokens[at];
    if (!token->escaped) {
        *length = token->length;
        return tape->text + token->start;
    }
    *length = decode(tape->text + token->start, token->length, scratch, size);
    return scratch;
}

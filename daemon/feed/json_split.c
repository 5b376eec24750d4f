#include "daemon/feed/json_split.h"

#include "daemon/base/buf.h"
#include "daemon/base/mem.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Of an element that has no end, this much is shown among the refused rows. */
#define SHOWN_OF_BROKEN 1024

enum where {
    BETWEEN, /* where an element may begin */
    WORD, /* in a number, a word, or what is none of JSON's */
    INSIDE, /* in an object, an array or a string */
    PASSING, /* as INSIDE, in an element that was refused for its length or depth */
    LOST, /* after a broken element */
};

/* What a byte does to where we are. */
enum verdict { GOES_ON, TOO_DEEP, ENDS_HERE, ENDS_BEFORE, BROKEN_QUOTE, BROKEN_BRACKET, BROKEN_LINE };

static const char *const faults[] = {
    [BROKEN_QUOTE] = "no JSON: a string goes on over the end of its line",
    [BROKEN_BRACKET] = "no JSON: brackets that do not belong together",
    [BROKEN_LINE] = "no JSON: the line ends inside of it",
};

struct json_split {
    json_split_take *take;
    void *context;

    struct buf held; /* the element at hand, as far as it is there, and what follows it */
    size_t at; /* the next byte of it to look at */
    size_t first; /* where the element begins */
    unsigned long line; /* of the byte at `at`, from 1 */
    size_t indent; /* blanks at the beginning of that line */
    unsigned long list_line; /* where the array at the top begins */
    size_t depth;
    uint64_t braces; /* a bit for each open bracket, the innermost lowest: is it a brace? */
    unsigned long element_line;
    size_t element_indent;

    enum where where;
    bool by_lines;
    bool blank; /* there was nothing else on the line yet */
    bool list; /* in an array at the top */
    bool string, escape;
    bool deep; /* deeper than `braces` can tell: brackets are only counted */
    bool element_first; /* does it begin its line? */
    char element_bracket;
};

struct json_split *json_split_open(bool by_lines, json_split_take *take, void *context)
{
    struct json_split *split = mem_zero(1, sizeof *split);
    split->by_lines = by_lines;
    split->take = take;
    split->context = context;
    split->line = 1;
    split->blank = true;
    return split;
}

void json_split_free(struct json_split *split)
{
    if (!split)
        return;
    buf_free(&split->held);
    free(split);
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Take account of the byte at `at`, and go past it. */
static void step(struct json_split *split, char byte)
{
    split->at++;
    if (byte == '\n') {
        split->line++;
        split->indent = 0;
        split->blank = true;
    } else if (!is_blank(byte)) {
        split->blank = false;
    } else if (split->blank) {
        split->indent++;
    }
}

static enum verdict open_bracket(struct json_split *split, char byte)
{
    split->braces = split->braces << 1 | (byte == '{');
    if (split->depth++ < JSON_ELEMENT_DEPTH_MAX || split->deep)
        return GOES_ON;
    split->deep = true;
    return split->where == PASSING ? GOES_ON : TOO_DEEP;
}

static enum verdict close_bracket(struct json_split *split, char byte)
{
    if (!split->deep && (split->braces & 1) != (byte == '}'))
        return BROKEN_BRACKET;
    split->braces >>= 1;
    split->depth--;
    return split->depth ? GOES_ON : ENDS_HERE;
}

static enum verdict read_string(struct json_split *split, char byte)
{
    if (split->escape)
        split->escape = false;
    else if (byte == '\\')
        split->escape = true;
    else if (byte == '"')
        split->string = false;
    return split->string || split->depth ? GOES_ON : ENDS_HERE;
}

static enum verdict read_inside(struct json_split *split, char byte)
{
    if (byte == '\n' && split->string)
        return BROKEN_QUOTE;
    if (byte == '\n' && split->by_lines)
        return BROKEN_LINE;
    if (split->string)
        return read_string(split, byte);
    if (byte == '"')
        split->string = true;
    else if (byte == '{' || byte == '[')
        return open_bracket(split, byte);
    else if (byte == '}' || byte == ']')
        return close_bracket(split, byte);
    return GOES_ON;
}

/* A word reaches as far as the comma, bracket or line's end after it: what is none of JSON's must not take the next element with it. */
static enum verdict read_word(char byte)
{
    switch (byte) {
    case '\n':
    case ',':
    case '[':
    case ']':
    case '{':
        return ENDS_BEFORE;
    default:
        return GOES_ON;
    }
}

static void begin(struct json_split *split, char byte)
{
    split->first = split->at;
    split->string = split->escape = split->deep = false;
    split->depth = 0;
    split->braces = 0;
    split->element_line = split->line;
    split->element_first = split->blank;
    split->element_indent = split->indent;
    split->element_bracket = byte;
    split->where = byte == '{' || byte == '[' || byte == '"' ? INSIDE : WORD;
    if (split->where == WORD)
        step(split, byte); /* whatever it is, it is looked at once */
}

/* An array at the top is the document's; one inside of it is an element (of no use, and refused). */
static void read_between(struct json_split *split, char byte)
{
    if (is_blank(byte) || byte == ',') {
        step(split, byte);
    } else if (byte == '[' && !split->list && !split->by_lines) {
        split->list = true;
        split->list_line = split->line;
        step(split, byte);
    } else if (byte == ']' && split->list) {
        split->list = false;
        step(split, byte);
    } else {
        begin(split, byte);
    }
}

static int hand_over(struct json_split *split, const char *fault)
{
    const char *text = split->held.data + split->first;
    size_t length = split->at - split->first;
    if (fault && length > SHOWN_OF_BROKEN)
        length = SHOWN_OF_BROKEN;
    while (length && is_blank(text[length - 1]))
        length--;
    return split->take(split->context, text, length, split->element_line, fault);
}

static int give_up(const struct json_split *split, struct error *error)
{
    return error_set(error, -EINVAL,
                     "line %lu: the record that begins there is broken, and where the next one begins cannot be told",
                     split->element_line);
}

/* The lines since the broken element's first may hold whole ones: look at them again. What was passed over is not there any more. */
static void rewind_to_second_line(struct json_split *split)
{
    const char *start = split->held.data + split->first;
    const char *end = memchr(start, '\n', split->at - split->first);
    if (!end || split->where == PASSING)
        return;
    split->at = (size_t)(end - split->held.data);
    split->line = split->element_line;
    split->blank = false;
}

/* The element has no end that could be told. Where each line begins anew, the next one is the place to go on. */
static int lose(struct json_split *split, const char *fault, struct error *error)
{
    int code = split->where == PASSING ? 0 : hand_over(split, fault);
    if (code)
        return code;
    if (split->by_lines) {
        split->where = BETWEEN;
        return 0;
    }
    if (!split->element_first)
        return give_up(split, error);
    rewind_to_second_line(split);
    split->where = LOST;
    return 0;
}

/* Look for the line that begins as the broken element did. Where one with a member's name is no further in than that, the file is not laid out by
 * depth: an inner object must not be taken for the next element, or somebody would be told about something else. */
static int read_lost(struct json_split *split, char byte, struct error *error)
{
    bool outside = split->blank && !is_blank(byte) && split->indent <= split->element_indent;
    if (outside && byte == '"')
        return give_up(split, error);
    if (outside && byte == split->element_bracket && split->indent == split->element_indent) {
        begin(split, byte);
        return 0;
    }
    if (outside && byte == ']' && split->list) {
        split->list = false;
        split->where = BETWEEN;
    }
    step(split, byte);
    return 0;
}

/* What is left of the element is followed to its end, and not kept. */
static int pass(struct json_split *split, const char *fault, struct error *error)
{
    if (split->where == WORD)
        return give_up(split, error);
    split->where = PASSING;
    return hand_over(split, fault);
}

/* The plain bytes of a string, at once. */
static void skip_plain(struct json_split *split)
{
    const char *text = split->held.data;
    size_t most = split->first + JSON_ELEMENT_MAX;
    size_t end = split->held.length < most ? split->held.length : most;
    while (split->at < end && text[split->at] != '"' && text[split->at] != '\\' && text[split->at] != '\n')
        split->at++;
    split->blank = false;
}

static int read_element(struct json_split *split, char byte, struct error *error)
{
    enum verdict verdict = split->where == WORD ? read_word(byte) : read_inside(split, byte);
    if (verdict <= ENDS_HERE)
        step(split, byte);
    if (verdict >= BROKEN_QUOTE)
        return lose(split, faults[verdict], error);
    if (verdict == TOO_DEEP)
        return pass(split, "nested too deeply", error);
    if (verdict == GOES_ON && split->string && !split->escape && split->where == INSIDE)
        skip_plain(split);
    if (verdict == GOES_ON)
        return split->where != PASSING && split->at - split->first > JSON_ELEMENT_MAX
                   ? pass(split, "longer than 1024 KiB", error)
                   : 0;
    bool passing = split->where == PASSING;
    split->where = BETWEEN;
    return passing ? 0 : hand_over(split, NULL);
}

static int read_held(struct json_split *split, struct error *error)
{
    int code = 0;
    while (!code && split->at < split->held.length) {
        char byte = split->held.data[split->at];
        if (split->where == BETWEEN)
            read_between(split, byte);
        else if (split->where == LOST)
            code = read_lost(split, byte, error);
        else
            code = read_element(split, byte, error);
    }
    return code;
}

int json_split_push(struct json_split *split, const char *data, size_t length, struct error *error)
{
    buf_add(&split->held, data, length);
    int code = read_held(split, error);
    size_t done = split->where == INSIDE || split->where == WORD ? split->first : split->at;
    memmove(split->held.data, split->held.data + done, split->held.length - done);
    buf_truncate(&split->held, split->held.length - done);
    split->at -= done;
    split->first = 0;
    return code;
}

static int cut_off(const char *what, unsigned long line, struct error *error)
{
    return error_set(error, -EINVAL, "the file ends inside the %s that begins on line %lu: it was cut off", what, line);
}

/* What stands open at the end: some lines further on, whole elements may have been taken for a part of it. */
static int close_all(struct json_split *split, struct error *error)
{
    static const char fault[] = "no JSON: the file ends inside of it";
    int code = 0;
    while (!code && (split->where == INSIDE || split->where == PASSING)) {
        if (split->by_lines || split->element_first)
            code = lose(split, fault, error);
        else if (split->where == PASSING || (code = hand_over(split, fault)) == 0)
            code = cut_off("record", split->element_line, error);
        if (!code)
            code = read_held(split, error);
    }
    if (!code && split->where == WORD)
        code = hand_over(split, NULL);
    return code;
}

int json_split_finish(struct json_split *split, struct error *error)
{
    int code = close_all(split, error);
    if (code)
        return code;
    if (split->where == LOST)
        return cut_off("record", split->element_line, error);
    return split->list ? cut_off("array", split->list_line, error) : 0;
}

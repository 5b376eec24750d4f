#include "templates/wrap.h"

#include "templates/width.h"

#include <stdbool.h>
#include <string.h>

#define WIDEST 76 /* RFC 5322 §2.1.1 recommends 78; two are left for being quoted */
#define FILL 72

struct line {
    const char *text;
    size_t length; /* without the line end */
    size_t blanks; /* before its text */
    size_t mark; /* the width of a list mark and the blanks behind it, or 0 */
};

struct wrap {
    struct buf *out;
    const char *kept; /* where what goes over as it is begins, or NULL: most lines do, and many together are one copy */
    struct buf carry; /* what the line before could not hold */
    struct buf joined; /* that and what follows it */
    size_t hang; /* how far the paragraph's further lines are indented */
    bool prose;
};

static size_t count_blanks(const char *text, size_t length)
{
    size_t i = 0;
    while (i < length && text[i] == ' ')
        i++;
    return i;
}

/* `- `, `* `, `12. ` */
static size_t list_mark(const char *text, size_t length)
{
    size_t i = 0;
    while (i < length && i < 3 && text[i] >= '0' && text[i] <= '9')
        i++;
    if (i == 0 && (length == 0 || (text[0] != '-' && text[0] != '*')))
        return 0;
    if (i > 0 && (i == length || text[i] != '.'))
        return 0;
    i++;
    size_t blanks = count_blanks(text + i, length - i);
    return blanks ? i + blanks : 0;
}

static struct line next_line(const char **at, const char *end)
{
    const char *feed = memchr(*at, '\n', (size_t)(end - *at));
    struct line line = { .text = *at, .length = (size_t)((feed ? feed : end) - *at) };
    line.blanks = count_blanks(line.text, line.length);
    line.mark = list_mark(line.text + line.blanks, line.length - line.blanks);
    *at = feed ? feed + 1 : end;
    return line;
}

/* Where to break LENGTH bytes of TEXT that begin in COLUMN, the first INDENT of which must not be parted: a blank, or LENGTH when it
 * cannot or need not be broken. */
static size_t find_break(const char *text, size_t length, size_t indent, size_t column)
{
    size_t found = length;
    if (column + length <= WIDEST) /* no character is wider than it has bytes */
        return length;
    for (size_t i = 0, bytes; i < length; i += bytes) {
        if (i > indent && text[i] == ' ' && text[i - 1] != ' ' && (column <= FILL || found == length))
            found = i;
        column += width_of(text + i, length - i, &bytes);
        if (column > WIDEST && found < length)
            return found;
    }
    return column > WIDEST ? found : length;
}

static void add_blanks(struct buf *out, size_t count)
{
    buf_reserve(out, count);
    memset(out->data + out->length, ' ', count);
    out->length += count;
    out->data[out->length] = '\0';
}

/* Write the lines before END that go over as they are. */
static void put_kept(struct wrap *wrap, const char *end)
{
    if (wrap->kept)
        buf_add(wrap->out, wrap->kept, (size_t)(end - wrap->kept));
    wrap->kept = NULL;
}

/* Write a line, LENGTH bytes of TEXT, the first INDENT of which are its indentation, broken AT. What is too much goes on as further lines, but the
 * last of them stays in `carry` when the paragraph may take it. */
static void put(struct wrap *wrap, const char *text, size_t length, size_t at)
{
    buf_add(wrap->out, text, at);
    buf_add_char(wrap->out, '\n');
    for (;;) {
        at += count_blanks(text + at, length - at);
        if (at == length)
            return;
        size_t piece = find_break(text + at, length - at, 0, wrap->hang);
        if (wrap->prose && at + piece == length) {
            buf_add(&wrap->carry, text + at, piece);
            return;
        }
        add_blanks(wrap->out, wrap->hang);
        buf_add(wrap->out, text + at, piece);
        buf_add_char(wrap->out, '\n');
        at += piece;
    }
}

/* What is carried becomes a line, together with LINE where that goes on with the same paragraph. */
static void put_carry(struct wrap *wrap, const struct line *line)
{
    struct buf *text = &wrap->joined;
    buf_truncate(text, 0);
    add_blanks(text, wrap->hang);
    buf_add(text, wrap->carry.data, wrap->carry.length);
    if (line) {
        buf_add_char(text, ' ');
        buf_add(text, line->text + line->blanks, line->length - line->blanks);
    }
    buf_truncate(&wrap->carry, 0);
    put(wrap, text->data, text->length, find_break(text->data, text->length, wrap->hang, 0));
}

static void put_line(struct wrap *wrap, const struct line *line)
{
    bool goes_on = wrap->prose && line->length > line->blanks && line->mark == 0 && line->blanks == wrap->hang;
    if (wrap->carry.length) {
        put_carry(wrap, goes_on ? line : NULL);
        if (goes_on)
            return;
        while (wrap->carry.length)
            put_carry(wrap, NULL);
    }
    if (!goes_on) {
        wrap->prose = line->length > 0 && (line->blanks == 0 || line->mark);
        wrap->hang = line->blanks + (wrap->prose ? line->mark : 2);
    }
    if (wrap->hang > WIDEST / 2)
        wrap->hang = 0;
    size_t at = find_break(line->text, line->length, line->blanks + line->mark, 0);
    if (at == line->length) {
        wrap->kept = wrap->kept ? wrap->kept : line->text;
        return;
    }
    put_kept(wrap, line->text);
    put(wrap, line->text, line->length, at);
}

void wrap_lines(struct buf *out, const char *text, size_t length)
{
    struct wrap wrap = { .out = out };
    for (const char *at = text, *end = text + length; at < end;) {
        struct line line = next_line(&at, end);
        put_line(&wrap, &line);
    }
    bool ended = !wrap.kept || text[length - 1] == '\n';
    put_kept(&wrap, text + length);
    if (!ended)
        buf_add_char(out, '\n');
    while (wrap.carry.length)
        put_carry(&wrap, NULL);
    buf_free(&wrap.carry);
    buf_free(&wrap.joined);
}

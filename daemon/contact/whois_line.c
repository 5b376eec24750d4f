#include "daemon/contact/whois_line.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define KEY_MAX 72 /* longer ones are sentences that happen to have a colon */
#define TAB 8

static bool blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\f' || byte == '\v' || byte == '\0';
}

static struct slice slice_of(const char *text, const char *end)
{
    return (struct slice){ text, (size_t)(end - text) };
}

struct slice slice_trim(struct slice text)
{
    while (text.length && blank(text.text[text.length - 1]))
        text.length--;
    while (text.length && blank(*text.text)) {
        text.text++;
        text.length--;
    }
    return text;
}

bool slice_equal(struct slice a, struct slice b)
{
    return a.length == b.length && strncasecmp(a.text, b.text, a.length) == 0;
}

static bool cut(struct slice *rest, struct slice *line)
{
    if (!rest->length)
        return false;
    const char *end = memchr(rest->text, '\n', rest->length), *stop = rest->text + rest->length;
    *line = slice_of(rest->text, end ? end : stop);
    *rest = slice_of(end ? end + 1 : stop, stop);
    while (line->length && blank(line->text[line->length - 1]))
        line->length--;
    const char *lone = line->length ? memchr(line->text, '\r', line->length) : NULL;
    if (lone) {
        *line = slice_of(line->text, lone);
        *rest = slice_of(lone + 1, stop);
    }
    return true;
}

static bool letter(char byte)
{
    return isalnum((unsigned char)byte) || (unsigned char)byte >= 0x80;
}

static bool has_letter(struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if (letter(text.text[i]))
            return true;
    return false;
}

static void drop(struct slice *text, size_t count)
{
    text->text += count;
    text->length -= count;
}

/* `**`, `===`, `- `: how a heading, or a row of a list, is set off. */
static bool decoration(char byte)
{
    return byte && strchr("*=-_~+|>&", byte);
}

static bool undecorate(struct slice *text)
{
    size_t count = 0;
    while (count < text->length && decoration(text->text[count]))
        count++;
    if (!count || (count == 1 && text->length > 1 && !blank(text->text[1])))
        return false;
    drop(text, count);
    while (text->length && (decoration(text->text[text->length - 1]) || blank(text->text[text->length - 1])))
        text->length--;
    *text = slice_trim(*text);
    return true;
}

static bool comment(struct slice *text)
{
    if (text->text[0] != '%' && text->text[0] != '#' &&
        strncmp(text->text, ">>>", text->length < 3 ? text->length : 3) != 0)
        return false;
    while (text->length && (blank(text->text[0]) || strchr("%#>", text->text[0])))
        drop(text, 1);
    return true;
}

/* `[Key] v`, and `a. [Key] v` as JPNIC has it. */
static bool bracketed(struct slice text, struct whois_line *out)
{
    if (text.length > 3 && isalnum((unsigned char)text.text[0]) && (text.text[1] == '.' || text.text[1] == ')')) {
        drop(&text, 2);
        text = slice_trim(text);
    }
    const char *close = text.length && text.text[0] == '[' ? memchr(text.text, ']', text.length) : NULL;
    if (!close)
        return false;
    out->key = slice_trim(slice_of(text.text + 1, close));
    out->value = slice_trim(slice_of(close + 1, text.text + text.length));
    if (out->value.length && out->value.text[0] == ':') {
        drop(&out->value, 1);
        out->value = slice_trim(out->value);
    }
    if (!has_letter(out->key) || out->key.length > KEY_MAX)
        return false;
    out->kind = out->value.length ? WHOIS_FIELD : WHOIS_HEADING;
    return true;
}

/* Where the key ends, and how wide what stands between it and the value is: `:`, its full-width sister, or `=`. */
static const char *separator(struct slice text, size_t *width)
{
    const char *colon = memchr(text.text, ':', text.length), *equals = NULL;
    *width = 1;
    if (!colon)
        equals = memchr(text.text, '=', text.length);
    for (size_t i = 0; !colon && !equals && i + 3 <= text.length && i <= KEY_MAX; i++) {
        if (memcmp(text.text + i, "\xef\xbc\x9a", 3) == 0) {
            *width = 3;
            return text.text + i;
        }
    }
    return colon ? colon : equals;
}

static bool is_key(struct slice key)
{
    return key.length && key.length <= KEY_MAX && letter(key.text[0]) && !memchr(key.text, '@', key.length);
}

/* The attributes of rwhois (RFC 2167) have their class before them and their type behind: `network:Abuse-Contact;I:…`. */
static void drop_class(struct whois_line *out)
{
    struct slice value = out->value;
    size_t length = 0;
    while (length < value.length &&
           (isalpha((unsigned char)value.text[length]) || value.text[length] == '-' || value.text[length] == '_'))
        length++;
    size_t colon = length;
    if (colon + 2 < value.length && value.text[colon] == ';')
        colon += 2;
    if (!length || colon + 1 >= value.length || value.text[colon] != ':' || value.text[colon + 1] == '/' ||
        slice_equal((struct slice){ value.text, length }, (struct slice){ "mailto", 6 }))
        return;
    out->key = (struct slice){ value.text, length };
    drop(&value, colon + 1);
    out->value = slice_trim(value);
}

static bool keyed(struct slice text, struct whois_line *out)
{
    size_t width;
    const char *at = separator(text, &width), *end = text.text + text.length;
    if (!at || (at + 2 < end && at[1] == '/' && at[2] == '/'))
        return false;
    out->key = slice_of(text.text, at);
    while (out->key.length && (blank(out->key.text[out->key.length - 1]) || out->key.text[out->key.length - 1] == '.'))
        out->key.length--;
    if (!is_key(out->key))
        return false;
    out->value = slice_of(at + width, end);
    if (out->value.length && !blank(out->value.text[0]))
        drop_class(out);
    out->value = slice_trim(out->value);
    out->kind = WHOIS_FIELD;
    return true;
}

static void judge(struct slice text, struct whois_line *out)
{
    if (comment(&text)) {
        out->kind = WHOIS_COMMENT;
        out->value = text;
        return;
    }
    if (bracketed(text, out))
        return;
    bool decorated = undecorate(&text);
    if (keyed(text, out)) {
        if (decorated && !out->value.length)
            out->kind = WHOIS_HEADING;
        return;
    }
    out->kind = decorated && text.length <= KEY_MAX && has_letter(text) ? WHOIS_HEADING : WHOIS_TEXT;
    out->key = out->value = text;
}

bool whois_line_next(struct slice *rest, struct whois_line *out)
{
    struct slice line;
    if (!cut(rest, &line))
        return false;
    *out = (struct whois_line){ .kind = WHOIS_BLANK };
    while (line.length && blank(line.text[0])) {
        out->indent += line.text[0] == '\t' ? TAB - out->indent % TAB : 1;
        drop(&line, 1);
    }
    out->whole = line;
    if (line.length)
        judge(line, out);
    return true;
}

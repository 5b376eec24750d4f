#include "templates/template.h"

#include "daemon/base/ascii.h"
#include "daemon/base/language.h"
#include "daemon/base/mem.h"
#include "templates/template_parts.h"
#include "templates/wrap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUBJECT_MAX 200 /* characters; more is cut off by every mail program */
#define BODY_USUAL 3000 /* bytes: room for a mail about a case or two is made at once */

/* Where the parser is in a template's source. */
struct source {
    const char *file;
    const char *at, *end;
    int line; /* the number of the line at `at` */
    struct error *error;
};

/* A line of front matter: its value begins in COLUMN of LINE. */
struct entry {
    struct slice text;
    int line, column;
};

static int failed(const struct source *source, int line, int column, const char *what)
{
    return error_set(source->error, -EINVAL, "%s:%d:%d: %s", source->file, line, column, what);
}

static int take_subject(const struct source *source, struct template *template, const struct entry *value)
{
    if (value->text.length == 0)
        return failed(source, value->line, value->column, "the subject is empty");
    int result = mustache_parse_at(source->file, value->line, value->column, value->text.at, value->text.length,
                                   &template->subject, source->error);
    return result ? result : template_check_variables(template, template->subject, source->error);
}

/* It stands in a header. */
static int take_language(const struct source *source, struct template *template, const struct entry *value)
{
    if (!language_is_tag(value->text.at, value->text.length))
        return failed(source, value->line, value->column, "a language is a tag like en or de-AT (RFC 5646)");
    template->language = mem_string_n(value->text.at, value->text.length);
    return 0;
}

/* What the template is for: a note to its readers. */
static int take_about(const struct source *source, struct template *template, const struct entry *value)
{
    (void)source;
    (void)template;
    (void)value;
    return 0;
}

/* The keys of the front matter. */
static const struct key {
    const char *name;
    int (*take)(const struct source *source, struct template *template, const struct entry *value);
} keys[] = {
    { "subject", take_subject },
    { "language", take_language },
    { "about", take_about },
};
#define KEYS (sizeof keys / sizeof *keys)

static bool is_end(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

/* The next line, without what blanks and CR it ends in. */
static struct slice take_line(struct source *source)
{
    const char *feed = memchr(source->at, '\n', (size_t)(source->end - source->at));
    struct slice line = { source->at, (size_t)((feed ? feed : source->end) - source->at) };
    while (line.length && is_end(line.at[line.length - 1]))
        line.length--;
    source->at = feed ? feed + 1 : source->end;
    source->line++;
    return line;
}

static bool equals(struct slice text, const char *word)
{
    return text.length == strlen(word) && memcmp(text.at, word, text.length) == 0;
}

/* The value behind the colon at COLON, without blanks and quotes around it. */
static struct entry value_behind(struct slice line, size_t colon, int number)
{
    size_t begin = colon + 1, end = line.length;
    while (begin < end && is_end(line.at[begin]))
        begin++;
    if (end - begin >= 2 && (line.at[begin] == '"' || line.at[begin] == '\'') && line.at[end - 1] == line.at[begin]) {
        begin++;
        end--;
    }
    int column = 1;
    for (size_t i = 0; i < begin; i++)
        column += ((unsigned char)line.at[i] & 0xC0) != 0x80;
    return (struct entry){ { line.at + begin, end - begin }, number, column };
}

static int take_pair(const struct source *source, struct template *template, struct slice line, bool *seen)
{
    const char *colon = memchr(line.at, ':', line.length);
    int number = source->line - 1;
    if (!colon)
        return failed(source, number, 1, "expected `key: value`, or `---` where the text begins");
    struct slice name = { line.at, (size_t)(colon - line.at) };
    struct entry value = value_behind(line, name.length, number);
    for (size_t i = 0; i < KEYS; i++) {
        if (!equals(name, keys[i].name))
            continue;
        if (seen[i])
            return failed(source, number, 1, "this key has been set before");
        seen[i] = true;
        return keys[i].take(source, template, &value);
    }
    return failed(source, number, 1, "unknown key; known are subject, language and about");
}

static int take_front_matter(struct source *source, struct template *template)
{
    bool seen[KEYS] = { false };
    if (!equals(take_line(source), "---"))
        return failed(source, 1, 1, "a template begins with a line `---`, then `subject: …` and another `---`");
    while (source->at < source->end) {
        struct slice line = take_line(source);
        if (equals(line, "---"))
            return template->subject ? 0 : failed(source, source->line - 1, 1, "the subject is missing");
        int result = line.length && line.at[0] != '#' ? take_pair(source, template, line, seen) : 0;
        if (result)
            return result;
    }
    return failed(source, source->line, 1, "the line `---` that ends the front matter is missing");
}

static int take_body(struct source *source, struct template *template, const struct template_source *given)
{
    struct source next = *source;
    while (next.at < next.end && take_line(&next).length == 0)
        *source = next; /* blank lines before the text are for the template's looks */
    int line = source->line;
    int result = mustache_parse_at(source->file, line, 1, source->at, (size_t)(source->end - source->at),
                                   &template->body, source->error);
    if (result == 0)
        result = template_take_partials(template, template->body, given, source->error);
    if (result == 0)
        result = template_check_variables(template, template->body, source->error);
    return result ? result : template_check_polite(template, template->body, source->file, line, source->error);
}

/* It is what it renders to, without front matter. */
static int take_html(struct template *template, const struct template_source *given, struct error *error)
{
    size_t length = strlen(given->html);
    int result = template_check_text(given->html_file, given->html, length, error);
    if (result == 0)
        result = mustache_parse(given->html_file, given->html, length, &template->html, error);
    if (result == 0)
        result = template_take_partials(template, template->html, given, error);
    if (result == 0)
        result = template_check_variables(template, template->html, error);
    if (result == 0)
        result = template_check_html(template, error);
    return result ? result : template_check_polite(template, template->html, given->html_file, 1, error);
}

int template_parse_source(const struct template_source *given, struct template **out, struct error *error)
{
    struct template *template = mem_zero(1, sizeof *template);
    struct source source = { given->file, given->text, given->text + given->length, 1, error };
    if (given->length >= 3 && memcmp(given->text, "\xEF\xBB\xBF", 3) == 0)
        source.at += 3;
    int result = template_check_text(given->file, source.at, (size_t)(source.end - source.at), error);
    if (result == 0)
        result = take_front_matter(&source, template);
    if (result == 0)
        result = take_body(&source, template, given);
    if (result == 0 && given->html)
        result = take_html(template, given, error);
    if (result == 0 && !template->language)
        template->language = mem_string(given->language ? given->language : "en");
    if (result) {
        template_free(template);
        template = NULL;
    }
    *out = template;
    return result;
}

int template_parse(const char *file, const char *text, size_t length, struct template **out, struct error *error)
{
    const struct template_source source = { .file = file, .text = text, .length = length };
    return template_parse_source(&source, out, error);
}

void template_free(struct template *template)
{
    if (!template)
        return;
    free(template->language);
    mustache_free(template->subject);
    mustache_free(template->body);
    mustache_free(template->html);
    template_drop_partials(template);
    free(template);
}

const char *template_language(const struct template *template)
{
    return template->language;
}

/* The bytes of a control character or line separator at TEXT (C0, DEL, C1, U+2028, U+2029), or 0. */
static size_t control(const char *text)
{
    const unsigned char *byte = (const unsigned char *)text;
    if (byte[0] < ' ' || byte[0] == 0x7F)
        return 1;
    if (byte[0] == 0xC2 && byte[1] >= 0x80 && byte[1] <= 0x9F)
        return 2;
    return byte[0] == 0xE2 && byte[1] == 0x80 && (byte[2] == 0xA8 || byte[2] == 0xA9) ? 3 : 0;
}

/* TEXT as one line: controls and runs of blanks become one blank, none at either end, cut to SUBJECT_MAX characters. */
static void add_line(struct buf *out, const struct buf *text)
{
    size_t characters = 0, begin = out->length;
    bool blank = false;
    for (size_t i = 0, skip; i < text->length; i += skip) {
        skip = control(text->data + i);
        if (skip || text->data[i] == ' ') {
            skip = skip ? skip : 1;
            blank = out->length > begin;
            continue;
        }
        skip = 1;
        bool first = ((unsigned char)text->data[i] & 0xC0) != 0x80;
        if (first && (characters += 1 + (size_t)blank) > SUBJECT_MAX) {
            buf_add_string(out, "…");
            return;
        }
        if (blank)
            buf_add_char(out, ' ');
        blank = false;
        buf_add_char(out, text->data[i]);
    }
}

int template_subject(const struct template *template, const struct value *data, struct buf *out, struct error *error)
{
    struct buf text = BUF_EMPTY;
    size_t begin = out->length;
    int result = mustache_render(template->subject, data, MUSTACHE_TEXT, NULL, NULL, &text, error);
    if (result == 0) {
        add_line(out, &text);
        if (out->length == begin)
            buf_add_string(out, "Notification");
    }
    buf_free(&text);
    return result;
}

/* Is it done with? Most texts are. */
static bool is_clean(const struct buf *text)
{
    size_t i = 0;
    while ((i += ascii_run(text->data + i, text->length - i)) < text->length &&
           (text->data[i] == '\n' || text->data[i] == '\t'))
        i++;
    return i == text->length;
}

/* Append TEXT with LF line ends and without other control characters, tabs apart. */
static void add_lines(struct buf *out, const struct buf *text)
{
    size_t kept = 0; /* where what is taken over as it is begins */
    for (size_t i = 0, skip; i < text->length; i += skip) {
        const char *at = text->data + i;
        skip = ascii_run(at, text->length - i);
        if (skip)
            continue;
        skip = control(at);
        if (!skip || *at == '\n' || *at == '\t') {
            skip = 1;
            continue;
        }
        buf_add(out, text->data + kept, i - kept);
        if (*at != '\r' || at[1] != '\n')
            buf_add_char(out, ' ');
        kept = i + skip;
    }
    buf_add(out, text->data + kept, text->length - kept);
}

int template_body(const struct template *template, const struct value *data, struct buf *out, struct error *error)
{
    struct buf text = BUF_EMPTY, lines = BUF_EMPTY;
    buf_reserve(&text, BODY_USUAL);
    int result =
        mustache_render(template->body, data, MUSTACHE_TEXT, template_find_partial, (void *)template, &text, error);
    if (result == 0) {
        bool clean = is_clean(&text);
        if (!clean)
            add_lines(&lines, &text);
        buf_reserve(out, text.length + text.length / 16);
        wrap_lines(out, clean ? text.data : lines.data, clean ? text.length : lines.length);
    }
    buf_free(&text);
    buf_free(&lines);
    return result;
}

bool template_has_html(const struct template *template)
{
    return template->html;
}

int template_html(const struct template *template, const struct value *data, struct buf *out, struct error *error)
{
    struct buf text = BUF_EMPTY;
    int result =
        mustache_render(template->html, data, MUSTACHE_HTML, template_find_partial, (void *)template, &text, error);
    if (result == 0)
        add_lines(out, &text);
    buf_free(&text);
    return result;
}

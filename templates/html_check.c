/* The HTML of a template, as far as it is the template's: what its values bring in is escaped. Mail programs differ in what they let a mail do; what is allowed here
 * does nothing in any of them, and loads nothing. */
#include "templates/template_parts.h"

#include "daemon/base/buf.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define DEPTH_MAX 64 /* of elements */
#define VARIABLE '\1' /* stands for one in a tag's text */
#define WEBSITE '\2' /* stands for {{sender.website}}, which the configuration holds to be a URL */

static const struct element {
    const char *name;
    bool is_void; /* it has no end */
} elements[] = {
    { "a", false },     { "abbr", false },  { "b", false },     { "blockquote", false }, { "br", true },
    { "code", false },  { "dd", false },    { "div", false },   { "dl", false },         { "dt", false },
    { "em", false },    { "h1", false },    { "h2", false },    { "h3", false },         { "h4", false },
    { "hr", true },     { "i", false },     { "li", false },    { "ol", false },         { "p", false },
    { "pre", false },   { "small", false }, { "span", false },  { "strong", false },     { "table", false },
    { "tbody", false }, { "td", false },    { "tfoot", false }, { "th", false },         { "thead", false },
    { "tr", false },    { "u", false },     { "ul", false },
};

static bool is_link(const char *value, size_t length)
{
    static const char *const begins[] = { "mailto:", "https://", "http://", "tel:", "#" };
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (length > strlen(begins[i]) && memcmp(value, begins[i], strlen(begins[i])) == 0)
            return true;
    return length == 1 && *value == WEBSITE;
}

static bool is_constant(const char *value, size_t length)
{
    return !memchr(value, VARIABLE, length) && !memchr(value, WEBSITE, length);
}

/* Nothing that is fetched, and no way to spell it otherwise. */
static bool is_style(const char *value, size_t length)
{
    return is_constant(value, length) && strcspn(value, "(@\\&") >= length && !memmem(value, length, "/*", 2);
}

/* To allow another, add a row. */
static const struct attribute {
    const char *name, *element; /* NULL: any */
    bool (*is_good)(const char *value, size_t length);
} attributes[] = {
    { "href", "a", is_link },
    { "style", NULL, is_style },
    { "lang", NULL, is_constant },
    { "dir", NULL, is_constant },
    { "title", NULL, is_constant },
    { "align", NULL, is_constant },
    { "valign", NULL, is_constant },
    { "width", NULL, is_constant },
    { "colspan", NULL, is_constant },
    { "rowspan", NULL, is_constant },
    { "role", NULL, is_constant },
    { "border", "table", is_constant },
    { "cellpadding", "table", is_constant },
    { "cellspacing", "table", is_constant },
};

struct markup {
    const struct template *template;
    const struct mustache *part;
    struct error *error;
    const struct element *open[DEPTH_MAX];
    size_t depth;
    struct buf tag; /* what stands behind the `<` of the tag that is being read */
    const char *begin; /* that `<`; NULL: none is */
    char quote; /* of the value that is being read in it; NUL: none is */
};

static int refuse(const struct markup *markup, int line, int column, const char *what)
{
    return error_set(markup->error, -EINVAL, "%s:%d:%d: %s", markup->part->name, line, column, what);
}

/* Refuse what stands AT in the text. */
static int refuse_at(const struct markup *markup, const char *at, const char *what)
{
    int line = 1, column = 1;
    for (const char *one = markup->part->text; one < at; one++) {
        column = *one == '\n' ? 1 : column + (((unsigned char)*one & 0xC0) != 0x80);
        line += *one == '\n';
    }
    return refuse(markup, line, column, what);
}

/* ---- A tag ----------------------------------------------------------------------------------------------------------------------------- */

static size_t name_length(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
}

static bool is_called(const char *name, const char *text, size_t length)
{
    return strlen(name) == length && memcmp(name, text, length) == 0;
}

static const struct element *element_of(const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
        if (is_called(elements[i].name, text, length))
            return &elements[i];
    return NULL;
}

static const struct attribute *attribute_of(const struct element *element, const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
        if (is_called(attributes[i].name, text, length) &&
            (!attributes[i].element || strcmp(attributes[i].element, element->name) == 0))
            return &attributes[i];
    return NULL;
}

/* The attributes of ELEMENT, from TEXT on. */
static int check_attributes(const struct markup *markup, const struct element *element, const char *text)
{
    for (;;) {
        size_t blanks = strspn(text, " \t\r\n"), length;
        text += blanks;
        if (!*text || (element->is_void && strcmp(text, "/") == 0))
            return 0;
        length = name_length(text);
        const struct attribute *attribute = blanks ? attribute_of(element, text, length) : NULL;
        if (!attribute)
            return refuse_at(markup, markup->begin,
                             "this tag has an attribute that is not for mail; allowed are href (of a), style, lang, "
                             "dir, title, role, "
                             "and those of tables");
        text += length;
        char quote = *text == '=' ? text[1] : '\0';
        const char *end = quote == '"' || quote == '\'' ? strchr(text + 2, quote) : NULL;
        if (!end)
            return refuse_at(markup, markup->begin, "the value of an attribute stands behind `=`, in quotes");
        if (!attribute->is_good(text + 2, (size_t)(end - text) - 2))
            return refuse_at(markup, markup->begin,
                             attribute->is_good == is_link
                                 ? "a link begins with mailto:, https://, http:// or tel:, or is {{sender.website}}"
                             : attribute->is_good == is_style
                                 ? "a style is made of plain words: nothing in it is fetched, or filled in"
                                 : "only links have values that are filled in");
        text = end + 1;
    }
}

static int check_end(struct markup *markup, const char *name, size_t least)
{
    size_t length = name_length(name);
    if (markup->depth == least || name[length + strspn(name + length, " \t\r\n")] ||
        !is_called(markup->open[markup->depth - 1]->name, name, length))
        return refuse_at(markup, markup->begin, "this tag ends what was not begun, or not in the same section");
    markup->depth--;
    return 0;
}

/* The tag is whole. LEAST elements were open where the section began. */
static int check_tag(struct markup *markup, size_t least)
{
    const char *text = markup->tag.data;
    if (*text == '/')
        return check_end(markup, text + 1, least);
    size_t length = name_length(text);
    const struct element *element = element_of(text, length);
    if (!element)
        return refuse_at(
            markup, markup->begin,
            "not for mail: allowed are tags of text, lists, tables and links, in small letters, and &lt; for `<`; "
            "comments are {{! … }}");
    if (!element->is_void && markup->depth == DEPTH_MAX)
        return refuse_at(markup, markup->begin, "tags nest deeper than 64");
    if (!element->is_void)
        markup->open[markup->depth++] = element;
    return check_attributes(markup, element, text + length);
}

static int check_text(struct markup *markup, struct slice text, size_t least)
{
    int result = 0;
    for (const char *at = text.at, *end = at + text.length; at < end && result == 0; at++) {
        if (!markup->begin && *at == '<') {
            markup->begin = at;
            buf_reserve(&markup->tag, 0);
            buf_truncate(&markup->tag, 0);
        } else if (markup->begin && !markup->quote && *at == '>') {
            result = check_tag(markup, least);
            markup->begin = NULL;
        } else if (markup->begin) {
            buf_add_char(&markup->tag, *at);
            if (*at == markup->quote)
                markup->quote = '\0';
            else if (!markup->quote && (*at == '"' || *at == '\''))
                markup->quote = *at;
        }
    }
    return result;
}

/* ---- Around it ------------------------------------------------------------------------------------------------------------------------- */

/* Inside a tag, values only that we or the configuration made. */
static int check_variable(struct markup *markup, const struct node *node)
{
    static const char *const ours[] = { "opt_out", "sender.reply_to", "sender.address", "ticket" };
    if (!markup->begin)
        return 0;
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (markup->quote && strcmp(node->text.at, ours[i]) == 0) {
            buf_add_char(&markup->tag, VARIABLE);
            return 0;
        }
    if (!markup->quote || strcmp(node->text.at, "sender.website") != 0)
        return refuse(markup, node->line, node->column,
                      "inside a tag, and only in a link, may stand {{opt_out}}, {{ticket}}, {{sender.reply_to}}, "
                      "{{sender.address}} and {{sender.website}}");
    buf_add_char(&markup->tag, WEBSITE);
    return 0;
}

static int check_part(struct markup *markup, const struct mustache *part);

static int check_nodes(struct markup *markup, size_t begin, size_t end)
{
    const struct node *nodes = markup->part->nodes;
    size_t least = markup->depth;
    int result = 0;
    for (size_t i = begin; i < end && result == 0; i = nodes[i].end) {
        const struct node *node = &nodes[i];
        if (node->kind == NODE_TEXT || node->kind == NODE_INDENT) {
            result = check_text(markup, node->text, least);
        } else if (node->kind == NODE_VARIABLE) {
            result = check_variable(markup, node);
        } else if (node->kind == NODE_RAW) {
            result = refuse(markup, node->line, node->column, "a value must be escaped: {{x}}, not {{{x}}} or {{&x}}");
        } else if (markup->begin) {
            result = refuse(markup, node->line, node->column,
                            "a tag of HTML stands whole: no section may begin, and nothing be taken in, inside it");
        } else {
            const struct mustache *inner = node->kind == NODE_PARTIAL || node->kind == NODE_PARENT
                                               ? template_find_partial((void *)markup->template, node->text.at)
                                               : NULL;
            result = check_nodes(markup, i + 1, node->end);
            if (result == 0 && inner)
                result = check_part(markup, inner);
        }
    }
    if (result == 0 && markup->begin)
        result = refuse_at(markup, markup->begin, "this tag is not closed by `>` in the same section");
    if (result == 0 && markup->depth > least)
        result =
            error_set(markup->error, -EINVAL, "%s:%d:1: <%s> is not ended in the same section, or file",
                      markup->part->name, begin ? nodes[begin - 1].line : 1, markup->open[markup->depth - 1]->name);
    return result;
}

static int check_part(struct markup *markup, const struct mustache *part)
{
    const struct mustache *outer = markup->part;
    markup->part = part;
    int result = check_nodes(markup, 0, part->count);
    markup->part = outer;
    return result;
}

int template_check_html(const struct template *template, struct error *error)
{
    struct markup markup = { .template = template, .error = error, .tag = BUF_EMPTY };
    int result = check_part(&markup, template->html);
    buf_free(&markup.tag);
    return result;
}

/* What the files of the Mustache renderer share: tokens, the tree, and the steps from one to the other. For templates/ alone.
 *
 *     text --mustache_scan--> tokens --mustache_lines--> tokens that know their lines --mustache_parse--> tree
 */
#ifndef TOCSIN_TEMPLATES_MUSTACHE_TREE_H
#define TOCSIN_TEMPLATES_MUSTACHE_TREE_H

#include "templates/mustache.h"

#include <stdbool.h>
#include <stddef.h>

#define MUSTACHE_MAX_LENGTH (4U << 20) /* of a template; more is surely not meant as one */
#define MUSTACHE_MAX_DEPTH 64 /* of sections in a template, and of partials in a rendering: bounds the C stack */

struct slice {
    const char *at;
    size_t length;
};

enum tag {
    TAG_TEXT, /* part of a line */
    TAG_LINE_END, /* LF or CR LF */
    TAG_COMMENT,
    TAG_DELIMITERS,
    TAG_VARIABLE, /* {{name}} */
    TAG_RAW, /* {{{name}}} {{&name}} */
    TAG_SECTION, /* {{#name}} */
    TAG_INVERTED, /* {{^name}} */
    TAG_PARTIAL, /* {{>name}} */
    TAG_PARENT, /* {{<name}} */
    TAG_BLOCK, /* {{$name}} */
    TAG_CLOSE, /* {{/name}} */
};

#define TOKEN_NONE ((size_t)-1)

struct token {
    enum tag tag;
    struct slice text; /* of text: its bytes; of a tag: its name, with a NUL behind it */
    int line, column; /* from 1; columns count characters */
    bool dynamic; /* {{>*name}}, {{<*name}}: the name is looked up in the data */
    size_t within; /* the innermost opening tag around it, or TOKEN_NONE */
    size_t partner; /* of an opening tag its closing one, and the reverse */
    /* What mustache_lines() finds out: */
    struct slice indent; /* the blanks that begin its line, when nothing else stands before it there */
    bool leads, trails; /* nothing, or only what leaves no trace in the output, stands before or after it on its line */
    bool only_opens, only_closes; /* after it only opening tags and a line end; before it only closing tags */
    bool alone; /* a standalone tag (the manual's word), or one that opens or closes a block on a line of its own */
    bool drop_before, drop_after; /* the blanks before it, or the blanks and line end after it, are not output */
};

struct tokens {
    struct token *list;
    size_t count, capacity;
};

enum node_kind {
    NODE_TEXT,
    NODE_INDENT, /* the blanks that begin a line: here the indentation of partials and blocks goes */
    NODE_VARIABLE,
    NODE_RAW,
    NODE_SECTION,
    NODE_INVERTED,
    NODE_PARTIAL,
    NODE_PARENT,
    NODE_BLOCK,
};

/* The tree is one array in the order of the text; the children of a node follow it, up to `end`. */
struct node {
    enum node_kind kind;
    struct slice text; /* the text or blanks; else the name, with a NUL behind it */
    int line, column;
    size_t end; /* the index after its last child */
    bool dynamic;
    bool alone; /* a partial or parent on lines of its own: what it brings in is indented by `indent` */
    struct slice indent; /* of a block: what its lines have in common, which is taken off or put on when it moves */
    bool opens_line, closes_line; /* a block whose content begins, or ends, on a line of its own */
    struct slice line_end; /* the line end after a block, unless what replaces the block brings its own */
};

struct mustache {
    char *name; /* for messages */
    char *text; /* all slices point into it */
    struct node *nodes;
    size_t count, capacity;
};

/* The arguments that a parent tag passes: the blocks right inside it. */
struct arguments {
    const struct mustache *template; /* where the tag stands */
    size_t parent; /* its index there */
    const struct arguments *outer; /* those passed to that template itself */
};

/* The block that replaces the one named NAME: the outermost argument of that name, and of two in one parent tag the later; it is one of *FROM's. NULL: none does. */
const struct node *mustache_find_argument(const struct arguments *arguments, struct slice name,
                                          const struct arguments **from);

/* Cut TEXT (LENGTH bytes; names in it get a NUL behind them) into tokens; LINE and COLUMN are where it begins in its file.
 * Opening and closing tags match when this returns 0; else -EINVAL. TOKENS is the caller's to free either way. */
int mustache_scan(const char *name, char *text, size_t length, int line, int column, struct tokens *tokens,
                  struct error *error);

/* Find the standalone tags, and which blanks and line ends go with them. */
void mustache_lines(struct tokens *tokens);

/* mustache_parse() for text that begins at LINE and COLUMN of its file. */
int mustache_parse_at(const char *name, int line, int column, const char *text, size_t length, struct mustache **out,
                      struct error *error);

/* Is BYTE a blank inside a line? */
static inline bool mustache_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\v' || byte == '\f';
}

#endif

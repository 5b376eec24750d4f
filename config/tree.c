#include "config/tree.h"

#include "daemon/base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define DEPTH_MAX 12 /* the deepest that the table has is 5 */
#define NODES_MAX 300000 /* a megabyte can hold half a million */

struct reader {
    yaml_parser_t parser;
    struct complaints *complaints;
    unsigned source;
    const char *text;
    size_t length;
    size_t nodes;
    bool failed;
};

static struct place place_of(const struct reader *reader, yaml_mark_t mark)
{
    return (struct place){ reader->source, mark.line + 1, mark.column + 1 };
}

/* libyaml's reader (bad UTF-8, control characters) gives the byte's offset, its scanner and parser a mark. */
static struct place problem_place(const struct reader *reader)
{
    if (reader->parser.error != YAML_READER_ERROR)
        return place_of(reader, reader->parser.problem_mark);
    struct place place = { reader->source, 1, 1 };
    for (size_t i = 0; i < reader->parser.problem_offset && i < reader->length; i++) {
        unsigned char byte = (unsigned char)reader->text[i];
        if (byte == '\n') {
            place.line++;
            place.column = 1;
        } else if ((byte & 0xc0) != 0x80) {
            place.column++;
        }
    }
    return place;
}

/* The next event, or false after the complaint that ends the reading. */
static bool next(struct reader *reader, yaml_event_t *event)
{
    if (yaml_parser_parse(&reader->parser, event))
        return true;
    const yaml_parser_t *parser = &reader->parser;
    const char *problem = parser->problem ? parser->problem : "it cannot be read";
    complain(reader->complaints, problem_place(reader), "", "not YAML: %s%s%s", parser->context ? parser->context : "",
             parser->context ? ", " : "", problem);
    reader->failed = true;
    return false;
}

static struct node *new_node(struct reader *reader, const yaml_event_t *event, enum node_kind kind)
{
    struct node *node = mem_zero(1, sizeof *node);
    node->kind = kind;
    node->place = place_of(reader, event->start_mark);
    if (++reader->nodes > NODES_MAX && !reader->failed) {
        complain(reader->complaints, node->place, "", "too many values; allowed: %d", NODES_MAX);
        reader->failed = true;
    }
    return node;
}

/* The first thing wrong with NODE is what is told. */
static void refuse(struct node *node, const char *what)
{
    if (node->kind != NODE_BAD)
        node->wrong = what;
    node->kind = NODE_BAD;
}

/* Anchors would let a small file mean a large tree (and have no use here); tags would say what the table says. */
static void refuse_decoration(struct node *node, const void *anchor, const void *tag)
{
    if (anchor)
        refuse(node, "an anchor (&…); allowed: the value alone");
    if (tag)
        refuse(node, "a tag (!…); allowed: the value alone");
}

static void add_child(struct node *node, struct node *child)
{
    if ((node->count & (node->count - 1)) == 0)
        node->children = mem_resize(node->children, node->count ? node->count * 2 : 1, sizeof *node->children);
    node->children[node->count++] = child;
}

static struct node *read_scalar(struct reader *reader, const yaml_event_t *event)
{
    struct node *node = new_node(reader, event, NODE_SCALAR);
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    while (length && strchr(" \t\n", text[length - 1]) && text[length - 1])
        length--;
    while (length && (*text == ' ' || *text == '\t' || *text == '\n')) {
        text++;
        length--;
    }
    node->text = mem_string_n(text, length);
    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        node->null = !length || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            refuse(node, text[i] == '\n' ? "more than one line; allowed: one line (> folds several into one)"
                                         : "a control character; allowed: one line of text");
    refuse_decoration(node, event->data.scalar.anchor, event->data.scalar.tag);
    return node;
}

static struct node *read_node(struct reader *reader, yaml_event_t *event, int depth);

/* The children of a list or a map, up to its end. */
static struct node *read_collection(struct reader *reader, const yaml_event_t *start, int depth)
{
    bool map = start->type == YAML_MAPPING_START_EVENT;
    struct node *node = new_node(reader, start, map ? NODE_MAP : NODE_LIST);
    if (depth > DEPTH_MAX) {
        complain(reader->complaints, node->place, "", "nested too deeply; allowed: %d levels", DEPTH_MAX);
        reader->failed = true;
    }
    if (map)
        refuse_decoration(node, start->data.mapping_start.anchor, start->data.mapping_start.tag);
    else
        refuse_decoration(node, start->data.sequence_start.anchor, start->data.sequence_start.tag);
    yaml_event_t event;
    while (!reader->failed && next(reader, &event)) {
        bool end = event.type == YAML_MAPPING_END_EVENT || event.type == YAML_SEQUENCE_END_EVENT;
        if (!end)
            add_child(node, read_node(reader, &event, depth + 1));
        yaml_event_delete(&event);
        if (end)
            break;
    }
    return node;
}

static struct node *read_node(struct reader *reader, yaml_event_t *event, int depth)
{
    if (event->type == YAML_SCALAR_EVENT)
        return read_scalar(reader, event);
    if (event->type == YAML_MAPPING_START_EVENT || event->type == YAML_SEQUENCE_START_EVENT)
        return read_collection(reader, event, depth);
    struct node *node = new_node(reader, event, NODE_SCALAR);
    refuse(node, "an alias (*…); allowed: the value written out");
    return node;
}

static struct node *read_stream(struct reader *reader)
{
    struct node *root = NULL;
    yaml_event_t event;
    bool more = true;
    for (size_t documents = 0; more && !reader->failed && next(reader, &event);) {
        if (event.type == YAML_DOCUMENT_START_EVENT && ++documents > 1) {
            complain(reader->complaints, place_of(reader, event.start_mark), "", "a second document; allowed: one");
            more = false;
        } else if (event.type == YAML_SCALAR_EVENT || event.type == YAML_ALIAS_EVENT ||
                   event.type == YAML_MAPPING_START_EVENT || event.type == YAML_SEQUENCE_START_EVENT) {
            root = read_node(reader, &event, 1);
        } else if (event.type == YAML_STREAM_END_EVENT) {
            more = false;
        }
        yaml_event_delete(&event);
    }
    if (!root) {
        root = tree_scalar((struct place){ reader->source, 1, 1 }, "");
        root->null = true;
    }
    return root;
}

struct node *tree_parse(struct complaints *complaints, unsigned source, const char *text, size_t length)
{
    struct reader reader = { .complaints = complaints, .source = source, .text = text, .length = length };
    if (!yaml_parser_initialize(&reader.parser)) {
        complain(complaints, (struct place){ source, 0, 0 }, "", "no memory to read it with");
        return NULL;
    }
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, length);
    struct node *root = read_stream(&reader);
    yaml_parser_delete(&reader.parser);
    if (reader.failed) {
        tree_free(root);
        root = NULL;
    }
    return root;
}

void tree_free(struct node *node)
{
    if (!node)
        return;
    for (size_t i = 0; i < node->count; i++)
        tree_free(node->children[i]);
    free(node->children);
    free(node->text);
    free(node);
}

struct node *tree_scalar(struct place place, const char *text)
{
    struct node *node = mem_zero(1, sizeof *node);
    node->kind = NODE_SCALAR;
    node->place = place;
    node->text = mem_string(text);
    return node;
}

struct node *tree_wrap(const char *key, struct node *value)
{
    struct node *map = mem_zero(1, sizeof *map);
    map->kind = NODE_MAP;
    map->place = value->place;
    add_child(map, tree_scalar(value->place, key));
    add_child(map, value);
    return map;
}

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
    size_t nodes;
    bool failed;
};

static struct place place_of(const struct reader *reader, yaml_mark_t mark)
{
    return (struct place){ reader->source, mark.line + 1, mark.column + 1 };
}

/* libyaml's reader (bad UTF-8, control characters) gives an offset and no mark. */
static struct place problem_place(const struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    return place_of(reader, parser->error == YAML_READER_ERROR ? parser->mark : parser->problem_mark);
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
        complain(reader->complaints, node->place, "", "the file holds more than %d values", NODES_MAX);
        reader->failed = true;
    }
    return node;
}

static void refuse(struct reader *reader, struct node *node, const char *what)
{
    complain(reader->complaints, node->place, "", "%s", what);
    node->kind = NODE_BAD;
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
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
            refuse(reader, node,
                   text[i] == '\n' ? "more than one line; > folds lines into one"
                                   : "a control character; values are one line of text");
            break;
        }
    if (event->data.scalar.tag && node->kind != NODE_BAD)
        refuse(reader, node, "a tag (!…); values need none here");
    if (event->data.scalar.anchor && node->kind != NODE_BAD)
        refuse(reader, node, "an anchor (&…); write each value out instead");
    return node;
}

static struct node *read_node(struct reader *reader, yaml_event_t *event, int depth);

/* The children of a list or a map, up to its end. */
static struct node *read_collection(struct reader *reader, const yaml_event_t *start, int depth)
{
    bool map = start->type == YAML_MAPPING_START_EVENT;
    struct node *node = new_node(reader, start, map ? NODE_MAP : NODE_LIST);
    if (depth > DEPTH_MAX) {
        refuse(reader, node, "nested too deeply");
        reader->failed = true;
    }
    if (map ? start->data.mapping_start.tag != NULL : start->data.sequence_start.tag != NULL)
        refuse(reader, node, "a tag (!…); values need none here");
    else if (map ? start->data.mapping_start.anchor != NULL : start->data.sequence_start.anchor != NULL)
        refuse(reader, node, "an anchor (&…); write each value out instead");
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
    struct node *node = new_node(reader, event, NODE_BAD);
    refuse(reader, node, "an alias (*…); write each value out instead");
    return node;
}

static struct node *empty_node(const struct reader *reader)
{
    struct node *node = mem_zero(1, sizeof *node);
    node->kind = NODE_SCALAR;
    node->place = (struct place){ reader->source, 1, 1 };
    node->text = mem_string("");
    node->null = true;
    return node;
}

static struct node *read_stream(struct reader *reader)
{
    struct node *root = NULL;
    yaml_event_t event;
    bool more = true;
    for (size_t documents = 0; more && !reader->failed && next(reader, &event);) {
        if (event.type == YAML_DOCUMENT_START_EVENT && ++documents > 1) {
            complain(reader->complaints, place_of(reader, event.start_mark), "",
                     "a second document; one is all there is");
            more = false;
        } else if (event.type == YAML_SCALAR_EVENT || event.type == YAML_ALIAS_EVENT ||
                   event.type == YAML_MAPPING_START_EVENT || event.type == YAML_SEQUENCE_START_EVENT) {
            root = read_node(reader, &event, 1);
        } else if (event.type == YAML_STREAM_END_EVENT) {
            more = false;
        }
        yaml_event_delete(&event);
    }
    return root ? root : empty_node(reader);
}

struct node *tree_parse(struct complaints *complaints, unsigned source, const char *text, size_t length)
{
    struct reader reader = { .complaints = complaints, .source = source };
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

struct node *tree_wrap(const char *key, struct node *value)
{
    struct node *map = mem_zero(1, sizeof *map), *name = mem_zero(1, sizeof *name);
    name->kind = NODE_SCALAR;
    name->place = map->place = value->place;
    name->text = mem_string(key);
    map->kind = NODE_MAP;
    add_child(map, name);
    add_child(map, value);
    return map;
}

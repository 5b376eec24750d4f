/* YAML as a tree that remembers where everything stood. Pure; any thread.
 *
 * Only what a configuration needs: no anchors and aliases (so nothing can grow when it is read), no tags, one document, little depth. */
#ifndef TOCSIN_CONFIG_TREE_H
#define TOCSIN_CONFIG_TREE_H

#include "config/complaints.h"

#include <stdbool.h>
#include <stddef.h>

enum node_kind {
    NODE_SCALAR,
    NODE_LIST,
    NODE_MAP,
    NODE_BAD, /* what no value may be: `wrong` says what it is */
};

struct node {
    enum node_kind kind;
    struct place place;
    char *text; /* a scalar's; NUL-terminated, no control characters within, blanks around it dropped */
    const char *wrong; /* a NODE_BAD's; static */
    bool null; /* nothing stands there, or a plain ~ or null */
    struct node **children; /* a list's items; a map's keys and values in turn */
    size_t count; /* of children */
};

/* Read LENGTH bytes of YAML, which stand in SOURCE. NULL after a complaint that ends everything (syntax, a limit); a lesser fault is
 * a NODE_BAD, for its key to complain about. An empty document is a null scalar. tree_free() frees it. */
struct node *tree_parse(struct complaints *complaints, unsigned source, const char *text, size_t length);
void tree_free(struct node *node);

/* A scalar that says TEXT. */
struct node *tree_scalar(struct place place, const char *text);

/* A map that holds VALUE under KEY, in VALUE's place; takes both over. */
struct node *tree_wrap(const char *key, struct node *value);

#endif

#include "config/builder.h"

#include "config/suggest.h"
#include "config/values.h"
#include "daemon/base/buf.h"
#include "daemon/base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* More entries than any table has rows, and more than there are profiles; second keys are looked for in pairs. */
#define MAP_MAX 1000

static char *join(const char *section, const char *name)
{
    char *quoted = complaint_quote(name);
    char *path = *section ? mem_format("%s.%s", section, quoted) : mem_string(quoted);
    free(quoted);
    return path;
}

bool builder_bad(struct builder *builder, const char *shown, const struct node *node)
{
    if (node->kind == NODE_BAD)
        complain(builder->complaints, node->place, shown, "%s", node->wrong);
    return node->kind == NODE_BAD;
}

bool builder_pair(struct builder *builder, const char *shown, const struct node *node, size_t *index,
                  const struct node **key, const struct node **value)
{
    if (*index == 0 && node->count / 2 > MAP_MAX) {
        complain(builder->complaints, node->place, shown, "more than %d entries", MAP_MAX);
        return false;
    }
    while (*index + 1 < node->count) {
        size_t i = *index;
        *index += 2;
        *key = node->children[i];
        *value = node->children[i + 1];
        if (builder_bad(builder, shown, *key))
            continue;
        if ((*key)->kind != NODE_SCALAR) {
            complain(builder->complaints, (*key)->place, shown,
                     "a list or mapping where a key should stand; allowed: a word");
            continue;
        }
        size_t earlier = 0;
        while (earlier < i &&
               !(node->children[earlier]->text && strcmp(node->children[earlier]->text, (*key)->text) == 0))
            earlier += 2;
        if (earlier == i)
            return true;
        char *path = join(shown, (*key)->text);
        complain(builder->complaints, (*key)->place, path, "a second time; allowed: once (the first is in line %zu)",
                 node->children[earlier]->place.line);
        free(path);
    }
    return false;
}

static void complain_unknown(struct builder *builder, const struct target *target, const char *section,
                             const char *shown, const struct node *key)
{
    struct buf text = BUF_EMPTY;
    suggest_key(target->table, target->prefix, section, key->text, &text);
    complain(builder->complaints, key->place, shown, "no such key; %s", text.data);
    buf_free(&text);
}

void builder_refuse(struct builder *builder, const struct config_key *key, const char *shown, const struct node *node,
                    const char *wrong)
{
    struct buf allowed = BUF_EMPTY;
    config_value_allowed(key, true, &allowed);
    complain(builder->complaints, node->place, shown, "%s; allowed: %s", wrong, allowed.data);
    buf_free(&allowed);
}

/* The same for one value, which may be one of a list's. CODE and DETAIL are what its parser said. */
static void refuse_value(struct builder *builder, const struct config_key *key, const char *shown,
                         const struct node *node, int code, const char *detail)
{
    struct buf allowed = BUF_EMPTY;
    char *quoted = complaint_quote(node->text ? node->text : "");
    config_value_item(key, true, &allowed);
    if (*detail)
        complain(builder->complaints, node->place, shown, "%s; allowed: %s", detail, allowed.data);
    else if (!*quoted || node->null)
        complain(builder->complaints, node->place, shown, "no value; allowed: %s", allowed.data);
    else
        complain(builder->complaints, node->place, shown, "\"%s\" is %s; allowed: %s", quoted,
                 code == -ERANGE ? "out of range" : "not valid", allowed.data);
    free(quoted);
    buf_free(&allowed);
}

/* NODE's value as KEY's type, to FIELD; false after a complaint. */
static bool parse_scalar(struct builder *builder, const struct config_key *key, const char *shown,
                         const struct node *node, void *field)
{
    struct error error = { "" };
    int code = -EINVAL;
    if (builder_bad(builder, shown, node))
        return false;
    if (node->kind == NODE_SCALAR)
        code = config_value(key->type)->parse(key, node->null ? "" : node->text, field, &error);
    else
        error_set(&error, code, "a %s where one value should stand", node->kind == NODE_LIST ? "list" : "mapping");
    if (code)
        refuse_value(builder, key, shown, node, code, error.text);
    return code == 0;
}

static void apply_scalar(struct builder *builder, const struct config_key *key, void *base, const char *shown,
                         const struct node *node)
{
    void *field = (char *)base + key->offset;
    bool string = config_value(key->type)->storage == CONFIG_STORE_STRING;
    char *old = string ? *(char **)field : NULL;
    if (!parse_scalar(builder, key, shown, node, field))
        return;
    free(old);
}

static bool in_list(const struct config_list *list, const char *item)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], item) == 0)
            return true;
    return false;
}

/* The items of NODE, each once, into LIST. */
static bool parse_items(struct builder *builder, const struct config_key *key, struct config_list *list,
                        const char *shown, const struct node *node)
{
    bool good = true;
    list->items = mem_zero(node->count, sizeof *list->items);
    for (size_t i = 0; i < node->count; i++) {
        char *path = mem_format("%s[%zu]", shown, i + 1), *item = NULL;
        if (!parse_scalar(builder, key, path, node->children[i], &item)) {
            good = false;
        } else if (in_list(list, item)) {
            complain(builder->complaints, node->children[i]->place, path, "\"%s\" a second time; allowed: once", item);
            free(item);
            good = false;
        } else {
            list->items[list->count++] = item;
        }
        free(path);
    }
    return good;
}

void builder_list(struct builder *builder, const struct config_key *key, struct config_list *field, const char *shown,
                  const struct node *node)
{
    if (builder_bad(builder, shown, node))
        return;
    if (node->kind != NODE_LIST && !node->null) {
        builder_refuse(builder, key, shown, node,
                       node->kind == NODE_MAP ? "a mapping where a list should stand"
                                              : "one value where a list should stand; write [a, b]");
        return;
    }
    if (node->count < (size_t)key->min || node->count > (size_t)key->max) {
        builder_refuse(builder, key, shown, node, node->count ? "too many" : "an empty list");
        return;
    }
    struct config_list list = { NULL, 0 };
    if (parse_items(builder, key, &list, shown, node)) {
        config_list_clear(field);
        *field = list;
    } else {
        config_list_clear(&list);
    }
}

static void apply_value(struct builder *builder, const struct target *target, size_t row, const char *shown,
                        const struct node *node)
{
    const struct config_key *key = &target->table->keys[row];
    void *field = (char *)target->base + key->offset;
    target->set[row] = node->place;
    if (key->type == CONFIG_COLUMNS)
        builder_columns(builder, key, config_profile_around(field), shown, node);
    else if (key->type == CONFIG_OVERRIDES)
        builder_overrides(builder, key, shown, node);
    else if (key->type == CONFIG_PROFILES)
        builder_profiles(builder, key, shown, node);
    else if (key->list)
        builder_list(builder, key, field, shown, node);
    else
        apply_scalar(builder, key, target->base, shown, node);
}

/* Row PATH of the table, or its count; *SECTION: PATH is the beginning of some rows' paths. */
static size_t find_row(const struct config_table *table, const char *path, bool *section)
{
    size_t length = strlen(path);
    *section = false;
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->keys[i].path, path) == 0)
            return i;
        if (strncmp(table->keys[i].path, path, length) == 0 && table->keys[i].path[length] == '.')
            *section = true;
    }
    return table->count;
}

static void apply_pair(struct builder *builder, const struct target *target, const char *section,
                       const struct node *key, const struct node *value)
{
    char *path = join(section, key->text);
    char *shown = mem_format("%s%s", target->prefix, path);
    bool is_section = false;
    /* A dotted key would name a row without standing in its section; so would a key that was cut for showing. */
    bool plain = !strchr(key->text, '.') && strlen(key->text) < 40;
    size_t row = plain ? find_row(target->table, path, &is_section) : target->table->count;
    if (row < target->table->count)
        apply_value(builder, target, row, shown, value);
    else if (is_section)
        builder_map(builder, target, path, value);
    else
        complain_unknown(builder, target, section, shown, key);
    free(shown);
    free(path);
}

void builder_map(struct builder *builder, const struct target *target, const char *section, const struct node *map)
{
    char *shown = mem_format("%s%s", target->prefix, section);
    size_t length = strlen(shown);
    if (length && shown[length - 1] == '.')
        shown[length - 1] = '\0';
    if (map->null || builder_bad(builder, shown, map)) {
        ; /* an empty section leaves everything as it was */
    } else if (map->kind != NODE_MAP) {
        struct buf names = BUF_EMPTY;
        suggest_names(target->table, section, &names);
        complain(builder->complaints, map->place, shown, "%s where a mapping should stand; allowed in it: %s",
                 map->kind == NODE_LIST ? "a list" : "one value", names.data);
        buf_free(&names);
    } else {
        const struct node *key, *value;
        for (size_t i = 0; builder_pair(builder, shown, map, &i, &key, &value);)
            apply_pair(builder, target, section, key, value);
    }
    free(shown);
}

void builder_apply(struct builder *builder, const struct node *tree)
{
    struct target target = { &config_keys, builder->config, builder->set, "" };
    builder_map(builder, &target, "", tree);
}

/* A preset as a tree. Only lists and mappings go through the YAML parser, of which each use costs some tens of kilobytes. */
static struct node *preset_node(struct builder *builder, const char *preset)
{
    if (*preset == '[' || *preset == '{')
        return tree_parse(builder->complaints, 0, preset, strlen(preset));
    return tree_scalar((struct place){ 0, 1, 1 }, strcmp(preset, "\"\"") == 0 ? "" : preset);
}

void builder_presets(struct builder *builder, const struct target *target)
{
    for (size_t i = 0; i < target->table->count; i++) {
        const struct config_key *key = &target->table->keys[i];
        struct node *node = key->preset ? preset_node(builder, key->preset) : NULL;
        if (node)
            apply_value(builder, target, i, key->path, node);
        tree_free(node);
    }
}

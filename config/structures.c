/* The keys that hold more than values: columns, overrides, profiles. */
#include "config/builder.h"
#include "config/values.h"
#include "daemon/base/mem.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define COLUMN_LIMIT 200 /* bytes of a column's name */
#define FIELD_LIMIT 100 /* bytes of a field's name */
#define PROFILE_NAME_LIMIT 64

static bool is_map(struct builder *builder, const struct config_key *key, const char *shown, const struct node *node)
{
    if (builder_bad(builder, shown, node))
        return false;
    if (node->kind != NODE_MAP && !node->null) {
        builder_refuse(builder, key, shown, node,
                       node->kind == NODE_LIST ? "a list where a mapping should stand"
                                               : "one value where a mapping should stand");
        return false;
    }
    if (node->count / 2 > (size_t)key->max) {
        complain(builder->complaints, node->place, shown, "too many; allowed: up to %lld", (long long)key->max);
        return false;
    }
    return true;
}

/* IntelMQ's harmonised names: lower-case words with dots between them. */
static bool is_field(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_.");
    return !text[length] && length <= FIELD_LIMIT && *text != '.' && !strstr(text, "..") &&
           (!length || text[length - 1] != '.');
}

struct config_profile *config_profile_around(void *columns)
{
    return (struct config_profile *)((char *)columns - offsetof(struct config_profile, columns));
}

static void clear_columns(struct config_profile *profile)
{
    for (size_t i = 0; i < profile->column_count; i++) {
        free(profile->columns[i].column);
        free(profile->columns[i].field);
    }
    free(profile->columns);
    profile->columns = NULL;
    profile->column_count = 0;
}

/* A column of the same name is replaced: settings add to what the file says. */
static void set_column(struct config_profile *profile, const char *column, const char *field)
{
    size_t i = 0;
    while (i < profile->column_count && strcmp(profile->columns[i].column, column) != 0)
        i++;
    if (i == profile->column_count) {
        profile->columns = mem_resize(profile->columns, i + 1, sizeof *profile->columns);
        profile->columns[profile->column_count++] = (struct config_column){ mem_string(column), NULL };
    }
    free(profile->columns[i].field);
    profile->columns[i].field = mem_string(field);
}

void builder_columns(struct builder *builder, const struct config_key *key, struct config_profile *profile,
                     const char *shown, const struct node *node)
{
    if (!is_map(builder, key, shown, node))
        return;
    const struct node *column, *field;
    for (size_t i = 0; builder_pair(builder, shown, node, &i, &column, &field);) {
        char *name = complaint_quote(column->text), *path = mem_format("%s.%s", shown, name);
        const char *text = field->null ? "" : field->text;
        if (field->kind == NODE_SCALAR && is_field(text) && *column->text && strlen(column->text) <= COLUMN_LIMIT)
            set_column(profile, column->text, text);
        else if (field->kind == NODE_SCALAR && is_field(text))
            complain(builder->complaints, column->place, path,
                     "not a column; allowed: a header's name of up to %d bytes, or a number", COLUMN_LIMIT);
        else if (!builder_bad(builder, path, field))
            complain(builder->complaints, field->place, path,
                     "not a field; allowed: an IntelMQ name such as source.fqdn or extra.remark, or \"\" to drop the "
                     "column");
        free(path);
        free(name);
    }
}

static void check_override(struct builder *builder, struct config_override *override, const struct place *set,
                           const char *shown, struct place place)
{
    static const char *const names[] = { "domain", "suffix", "network" };
    unsigned given = 0;
    for (size_t i = 0; i < 3; i++)
        given += set[i].line != 0;
    if (given != 1)
        complain(builder->complaints, place, shown, "%s of %s, %s and %s; allowed: exactly one",
                 given ? "more than one" : "none", names[0], names[1], names[2]);
    if (!set[3].line)
        complain(builder->complaints, place, shown, "no contacts; allowed: contacts: [someone@example.org]");
    if (override->party == PARTY_COUNT)
        override->party = override->domain ? PARTY_OWNER : PARTY_HOSTER;
}

static void read_override(struct builder *builder, struct config_override *override, const char *shown,
                          const struct node *node)
{
    struct place set[CONFIG_KEYS_MAX] = { { 0, 0, 0 } };
    char *prefix = mem_format("%s.", shown);
    struct target target = { &config_override_keys, override, set, prefix };
    override->party = PARTY_COUNT;
    builder_map(builder, &target, "", node);
    if (node->kind == NODE_MAP || node->null)
        check_override(builder, override, set, shown, node->place);
    free(prefix);
}

static void clear_overrides(struct config *config)
{
    for (size_t i = 0; i < config->contacts.override_count; i++)
        config_table_clear(&config_override_keys, &config->contacts.overrides[i]);
    free(config->contacts.overrides);
    config->contacts.overrides = NULL;
    config->contacts.override_count = 0;
}

void builder_overrides(struct builder *builder, const struct config_key *key, const char *shown,
                       const struct node *node)
{
    if (builder_bad(builder, shown, node))
        return;
    if ((node->kind != NODE_LIST && !node->null) || node->count > (size_t)key->max) {
        builder_refuse(builder, key, shown, node, node->kind == NODE_LIST ? "too many" : "this is no list");
        return;
    }
    clear_overrides(builder->config);
    free(builder->overrides);
    builder->overrides = mem_zero(node->count, sizeof *builder->overrides);
    builder->config->contacts.overrides = mem_zero(node->count, sizeof *builder->config->contacts.overrides);
    for (size_t i = 0; i < node->count; i++) {
        char *path = mem_format("%s[%zu]", shown, i + 1);
        builder->overrides[i] = node->children[i]->place;
        read_override(builder, &builder->config->contacts.overrides[i], path, node->children[i]);
        builder->config->contacts.override_count++;
        free(path);
    }
}

size_t builder_profile(struct builder *builder, const char *name, struct place place)
{
    struct config *config = builder->config;
    size_t i = 0;
    while (i < config->profile_count && strcmp(config->profiles[i].name, name) != 0)
        i++;
    if (i == config->profile_count) {
        config->profiles = mem_resize(config->profiles, i + 1, sizeof *config->profiles);
        config->profiles[i] = (struct config_profile){
            .name = mem_string(name), .approve_above = -1, .dedup_window = -1, .max_reminders = -1, .max_rejected = -1
        };
        builder->profiles = mem_resize(builder->profiles, i + 1, sizeof *builder->profiles);
        builder->profiles[i] = (struct profile_places){ .at = place };
        config->profile_count++;
        struct target target = { &config_profile_keys, &config->profiles[i], builder->profiles[i].set, "" };
        builder_presets(builder, &target);
    }
    return i;
}

static bool is_profile_name(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return length && !text[length] && *text != '-' && length <= PROFILE_NAME_LIMIT;
}

static void read_profile(struct builder *builder, const char *shown, const struct node *name,
                         const struct node *settings)
{
    char *quoted = complaint_quote(name->text), *prefix = mem_format("%s.%s.", shown, quoted);
    if (is_profile_name(name->text)) {
        size_t i = builder_profile(builder, name->text, name->place);
        struct target target = { &config_profile_keys, &builder->config->profiles[i], builder->profiles[i].set,
                                 prefix };
        builder_map(builder, &target, "", settings);
    } else {
        prefix[strlen(prefix) - 1] = '\0';
        complain(builder->complaints, name->place, prefix,
                 "not a profile's name; allowed: up to %d of a-z, 0-9 and -, not - first", PROFILE_NAME_LIMIT);
    }
    free(prefix);
    free(quoted);
}

void builder_profiles(struct builder *builder, const struct config_key *key, const char *shown, const struct node *node)
{
    if (!is_map(builder, key, shown, node))
        return;
    const struct node *name, *settings;
    for (size_t i = 0; builder_pair(builder, shown, node, &i, &name, &settings);)
        read_profile(builder, shown, name, settings);
}

void config_list_clear(struct config_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct config_list){ NULL, 0 };
}

static void clear_profiles(struct config *config)
{
    for (size_t i = 0; i < config->profile_count; i++) {
        free(config->profiles[i].name);
        config_table_clear(&config_profile_keys, &config->profiles[i]);
    }
    free(config->profiles);
}

static void clear_key(const struct config_key *key, void *base)
{
    void *field = (char *)base + key->offset;
    if (key->type == CONFIG_COLUMNS)
        clear_columns(config_profile_around(field));
    else if (key->type == CONFIG_OVERRIDES)
        clear_overrides(base);
    else if (key->type == CONFIG_PROFILES)
        clear_profiles(base);
    else if (key->list)
        config_list_clear(field);
    else if (config_value(key->type)->storage == CONFIG_STORE_STRING)
        free(*(char **)field);
}

void config_table_clear(const struct config_table *table, void *base)
{
    for (size_t i = 0; i < table->count; i++)
        clear_key(&table->keys[i], base);
}

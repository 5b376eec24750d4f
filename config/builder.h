/* From trees to the struct, by the table. One thread at a time. */
#ifndef TOCSIN_CONFIG_BUILDER_H
#define TOCSIN_CONFIG_BUILDER_H

#include "config/keys.h"
#include "config/tree.h"

/* Where a profile, and each of its keys, was set. */
struct profile_places {
    struct place at;
    struct place set[CONFIG_KEYS_MAX];
};

/* A configuration in the making, and where each of its values came from. */
struct builder {
    struct complaints *complaints;
    struct config *config;
    struct place set[CONFIG_KEYS_MAX]; /* of config_keys' rows */
    struct profile_places *profiles; /* as many as the config has */
    struct place *overrides; /* likewise */
    bool unread; /* the file could not be read, or is no YAML: nothing of it is here */
};

/* A struct that is being filled, and the table that says how. */
struct target {
    const struct config_table *table;
    void *base;
    struct place *set; /* where each of the table's rows was set */
    const char *prefix; /* what stands before the table's paths in complaints: "", "profiles.x." */
};

/* Put what stands in TREE into the configuration, over what is there. What is wrong is complained about and left as it was. */
void builder_apply(struct builder *builder, const struct node *tree);

/* Fill TARGET from MAP; SECTION is the part of the paths that led to it ("" at the top). */
void builder_map(struct builder *builder, const struct target *target, const char *section, const struct node *map);

/* One list or structure: NODE stands under the key shown to people as SHOWN. */
void builder_list(struct builder *builder, const struct config_key *key, struct config_list *field, const char *shown,
                  const struct node *node);
void builder_columns(struct builder *builder, const struct config_key *key, struct config_profile *profile,
                     const char *shown, const struct node *node);
void builder_overrides(struct builder *builder, const struct config_key *key, const char *shown,
                       const struct node *node);
void builder_profiles(struct builder *builder, const struct config_key *key, const char *shown,
                      const struct node *node);

/* The profile, or the part of one in a sidecar, whose member `columns` is. */
struct config_profile *config_profile_around(void *columns);

/* Is NODE what no value may be? Then it has been complained about. */
bool builder_bad(struct builder *builder, const char *shown, const struct node *node);

/* The keys and values of the map NODE in turn, for as long as it returns true (start with *INDEX 0): keys that are no words, and second ones of a name,
 * are complained about and passed over. */
bool builder_pair(struct builder *builder, const char *shown, const struct node *node, size_t *index,
                  const struct node **key, const struct node **value);

/* Complain that NODE is not what KEY allows; WRONG says how. */
void builder_refuse(struct builder *builder, const struct config_key *key, const char *shown, const struct node *node,
                    const char *wrong);

/* The profile called NAME: the index of an old one, or of a new one with its presets. */
size_t builder_profile(struct builder *builder, const char *name, struct place place);

/* Give each row of TARGET's table its preset. */
void builder_presets(struct builder *builder, const struct target *target);

/* Free what the members of a struct at BASE hold. */
void config_table_clear(const struct config_table *table, void *base);
void config_list_clear(struct config_list *list);

#endif

#include "config/sidecar.h"

#include "config/builder.h"
#include "daemon/base/mem.h"
#include "daemon/base/spelling.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    struct builder builder;
    struct target target;
    struct place set[CONFIG_KEYS_MAX];
    struct config_sidecar *sidecar;
    const struct config_sidecar_rules *rules;
};

static const struct place *place_of(const struct reading *reading, const char *key)
{
    size_t row = 0;
    while (strcmp(config_sidecar_keys.keys[row].path, key) != 0)
        row++;
    return &reading->set[row];
}

/* ---- What no key can say alone ----------------------------------------------------------------------------------------------------------- */

/* The profile whose name is most like WRONG; NULL where none is. */
static const char *nearest_profile(const struct config *config, const char *wrong)
{
    const char *best = NULL;
    unsigned least = 2 + (unsigned)strlen(wrong) / 4;
    for (size_t i = 0; i < config->profile_count; i++) {
        unsigned distance = spelling_distance(wrong, config->profiles[i].name);
        if (distance < least && distance < strlen(wrong)) {
            least = distance;
            best = config->profiles[i].name;
        }
    }
    return best;
}

static void check_profile(const struct reading *reading)
{
    const char *place = reading->rules->place;
    const char *name = reading->sidecar->profile;
    if (!name)
        return;
    const char *nearest = nearest_profile(reading->rules->config, name);
    if (!config_profile(reading->rules->config, name))
        complain(reading->builder.complaints, *place_of(reading, "profile"), "profile",
                 "no profile of the configuration is called \"%s\"%s%s%s", name, nearest ? "; did you mean " : "",
                 nearest ? nearest : "", nearest ? "?" : "");
    else if (strcmp(place, "default") != 0 && strcmp(place, name) != 0)
        complain(reading->builder.complaints, *place_of(reading, "profile"), "profile",
                 "the feed was dropped in incoming/%s, which says another; allowed: %s here, any in incoming/ itself",
                 place, place);
}

static void check_template(const struct reading *reading)
{
    const char *name = reading->sidecar->own.template_name;
    if (name && !reading->rules->has_template(reading->rules->config, name))
        complain(reading->builder.complaints, *place_of(reading, "template"), "template",
                 "there is no %s.LANGUAGE.txt in paths.templates; allowed: auto, or the NAME of one that is there",
                 name);
}

/* Without a header row there are no names to go by. */
static void check_columns(const struct reading *reading)
{
    const struct config_profile *own = &reading->sidecar->own;
    for (size_t i = 0; i < own->column_count; i++) {
        const char *column = own->columns[i].column;
        bool number = strspn(column, "0123456789") == strlen(column);
        if (reading->sidecar->has_header && !own->header && !number)
            complain(reading->builder.complaints, *place_of(reading, "columns"), "columns",
                     "\"%s\" names a column of a file without a header; allowed: numbers from 1", column);
    }
}

static bool is_in(const struct config_list *list, const char *word)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], word) == 0)
            return true;
    return false;
}

/* A key that nobody has to be allowed is not among the words of may_set. */
static bool is_limited(const char *key)
{
    for (const char *const *word = config_may_set_words; *word; word++)
        if (strcmp(*word, key) == 0)
            return true;
    return false;
}

static void check_rights(const struct reading *reading)
{
    const char *name = reading->sidecar->profile ? reading->sidecar->profile : reading->rules->place;
    const struct config_profile *profile = config_profile(reading->rules->config, name);
    for (size_t i = 0; profile && i < config_sidecar_keys.count; i++) {
        const char *key = config_sidecar_keys.keys[i].path;
        if (reading->set[i].source && is_limited(key) && !is_in(&profile->may_set, key))
            complain(reading->builder.complaints, reading->set[i], key,
                     "profile %s does not let its submitters set this (may_set); leave it out, or ask an administrator",
                     name);
    }
}

/* ---- Reading ----------------------------------------------------------------------------------------------------------------------------- */

/* Options of a command line stand in no line. */
static void displace(struct node *node)
{
    node->place.line = node->place.column = 0;
    for (size_t i = 0; i < node->count; i++)
        displace(node->children[i]);
}

static void apply(struct reading *reading, const char *text, size_t length)
{
    static const struct place nowhere = { 1, 0, 0 };
    if (length > SIDECAR_MAX) {
        complain(reading->builder.complaints, nowhere, "", "larger than 64k, which is all that is read");
        return;
    }
    struct node *tree = tree_parse(reading->builder.complaints, 1, text, length);
    if (tree && !reading->rules->file)
        displace(tree);
    if (tree)
        builder_map(&reading->builder, &reading->target, "", tree);
    tree_free(tree);
}

int config_sidecar_read(const struct config_sidecar_rules *rules, const char *text, size_t length,
                        struct config_sidecar **out, struct config_errors *errors)
{
    struct config_sidecar *sidecar = mem_zero(1, sizeof *sidecar);
    struct reading reading = { .sidecar = sidecar, .rules = rules };
    reading.builder.complaints = complaints_new(rules->file ? rules->file : "", NULL, 0);
    reading.target = (struct target){ &config_sidecar_keys, sidecar, reading.set, "" };
    apply(&reading, text, length);
    sidecar->has_header = place_of(&reading, "header")->source != 0;
    check_profile(&reading);
    check_template(&reading);
    check_columns(&reading);
    if (!rules->may_all)
        check_rights(&reading);
    bool good = !complaints_count(reading.builder.complaints);
    complaints_give(reading.builder.complaints, errors);
    complaints_free(reading.builder.complaints);
    if (!good) {
        config_sidecar_free(sidecar);
        sidecar = NULL;
    }
    *out = sidecar;
    return good ? 0 : -EINVAL;
}

void config_sidecar_free(struct config_sidecar *sidecar)
{
    if (sidecar)
        config_table_clear(&config_sidecar_keys, sidecar);
    free(sidecar);
}

struct config_profile config_sidecar_profile(const struct config_sidecar *sidecar, const struct config_profile *profile)
{
    struct config_profile made = *profile;
    if (!sidecar)
        return made;
    const struct config_profile *own = &sidecar->own;
    made.template_name = own->template_name ? own->template_name : made.template_name;
    made.only_language = sidecar->language;
    made.type = own->type ? own->type : made.type;
    made.format = own->format ? own->format : made.format;
    made.encoding = own->encoding ? own->encoding : made.encoding;
    if (sidecar->has_header)
        made.header = own->header;
    if (own->column_count) {
        made.columns = own->columns;
        made.column_count = own->column_count;
    }
    return made;
}

/* Which of its campaign's templates a mail is written from. */
#include "daemon/base/address.h"
#include "daemon/base/mem.h"
#include "queue/outcome.h"
#include "templates/choose.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define CASES_LOOKED_AT 200 /* of a mail: one about more things than these is about many */

void store_keep_templates(struct store *store, int64_t campaign, const struct queue_template *templates, size_t count)
{
    char hash[TEMPLATE_HASH_SIZE];
    for (size_t i = 0; i < count; i++) {
        store_keep_template(store, templates[i].text, hash);
        sql_run(store->sql, "INSERT INTO campaign_template (campaign_id, name, language, hash) VALUES (?1, ?2, ?3, ?4)",
                "ittt", campaign, templates[i].name, templates[i].language, hash);
    }
}

/* What all of a mail's incidents have in common. */
struct common {
    char *type, *identifier, *group;
    bool any;
};

static void keep_if_same(char **kept, const char *value, bool first)
{
    if (first) {
        *kept = mem_string(value);
    } else if (*kept && (!value || strcmp(*kept, value) != 0)) {
        free(*kept);
        *kept = NULL;
    }
}

static void note_incident(struct common *common, const char *data)
{
    json_t *row = data ? json_loads(data, JSON_ALLOW_NUL, NULL) : NULL;
    const char *type = json_string_value(json_object_get(row, "classification.type"));
    const char *identifier = json_string_value(json_object_get(row, "classification.identifier"));
    keep_if_same(&common->type, type, !common->any);
    keep_if_same(&common->identifier, identifier, !common->any);
    keep_if_same(&common->group, template_group(type, identifier), !common->any);
    common->any = true;
    json_decref(row);
}

/* The first incident of each case speaks for all of it. */
static struct common read_common(struct store *store, int64_t notification)
{
    struct common common = { .any = false };
    sqlite3_stmt *rows = sql_query(store->sql,
                                   "SELECT (SELECT data FROM incident WHERE case_id = n.case_id AND case_id > 0"
                                   " ORDER BY file_id, line LIMIT 1) FROM notification_case n"
                                   " WHERE n.notification_id = ?1 ORDER BY n.case_id LIMIT ?2",
                                   "ii", notification, (int64_t)CASES_LOOKED_AT);
    while (sql_step(store->sql, rows))
        note_incident(&common, sql_text(rows, 0));
    return common;
}

/* Who reads it. */
struct reader {
    char *ordered, *languages, *domain, *usual;
    bool reminder; /* of what he was told of before */
    char *template_name, *reminder_name; /* that the profile names */
};

/* Of an owner's mail, his own domain says which language he reads; of others', the domain of their address. */
static struct reader read_reader(struct store *store, int64_t notification)
{
    struct reader reader = { .reminder = false };
    sqlite3_stmt *row =
        sql_query(store->sql,
                  "SELECT r.languages, r.party, k.target, a.address, c.settings, k.reminder FROM notification_case n"
                  " JOIN \"case\" k ON k.id = n.case_id JOIN rung r ON r.case_id = k.id AND r.position = k.position"
                  " JOIN contact a ON a.id = r.contact_id JOIN campaign c ON c.id = k.campaign_id"
                  " WHERE n.notification_id = ?1 ORDER BY k.id LIMIT 1",
                  "i", notification);
    if (!sql_step(store->sql, row))
        return reader;
    bool owner = sqlite3_column_int(row, 1) == PARTY_OWNER;
    json_t *settings = json_loads(sql_text(row, 4), 0, NULL);
    reader = (struct reader){
        .languages = sql_copy(row, 0),
        .reminder = sqlite3_column_int(row, 5) > 0,
        .domain = owner ? sql_copy(row, 2) : mem_string(address_domain(sql_text(row, 3))),
        .ordered = mem_string(json_string_value(json_object_get(settings, "only_language"))),
        .usual = mem_string(json_string_value(json_object_get(settings, "language"))),
        .template_name = mem_string(json_string_value(json_object_get(settings, "template"))),
        .reminder_name = mem_string(json_string_value(json_object_get(settings, "reminder_template"))),
    };
    json_decref(settings);
    sqlite3_reset(row);
    return reader;
}

struct choices {
    struct template_name *names;
    char **hashes;
    size_t count;
};

static struct choices read_choices(struct store *store, int64_t campaign)
{
    struct choices choices = { 0 };
    sqlite3_stmt *rows = sql_query(store->sql,
                                   "SELECT name, language, hash FROM campaign_template WHERE campaign_id = ?1"
                                   " ORDER BY name, language",
                                   "i", campaign);
    while (sql_step(store->sql, rows)) {
        choices.names = mem_resize(choices.names, choices.count + 1, sizeof *choices.names);
        choices.hashes = mem_resize(choices.hashes, choices.count + 1, sizeof *choices.hashes);
        choices.names[choices.count] = (struct template_name){ sql_copy(rows, 0), sql_copy(rows, 1) };
        choices.hashes[choices.count++] = sql_copy(rows, 2);
    }
    return choices;
}

static void clear_choices(struct choices *choices)
{
    for (size_t i = 0; i < choices->count; i++) {
        free((char *)(uintptr_t)choices->names[i].name);
        free((char *)(uintptr_t)choices->names[i].language);
        free(choices->hashes[i]);
    }
    free(choices->names);
    free(choices->hashes);
}

static void choose(struct store *store, int64_t notification, const struct choices *choices)
{
    struct common common = read_common(store, notification);
    struct reader reader = read_reader(store, notification);
    const struct template_subject_matter matter = { .reminder = reader.reminder ? reader.reminder_name : NULL,
                                                    .name = reader.template_name,
                                                    .identifier = common.identifier,
                                                    .type = common.type,
                                                    .group = common.group };
    const struct language_clues clues = {
        .ordered = reader.ordered, .named = reader.languages, .domain = reader.domain, .usual = reader.usual
    };
    int index = template_choose(choices->names, choices->count, &matter, &clues);
    if (index >= 0)
        sql_run(store->sql, "UPDATE notification SET template_hash = ?2 WHERE id = ?1", "it", notification,
                choices->hashes[index]);
    free(common.type);
    free(common.identifier);
    free(common.group);
    free(reader.ordered);
    free(reader.languages);
    free(reader.domain);
    free(reader.usual);
    free(reader.template_name);
    free(reader.reminder_name);
}

void store_choose_template(struct store *store, int64_t notification, int64_t campaign)
{
    struct choices choices = read_choices(store, campaign);
    if (choices.count)
        choose(store, notification, &choices);
    clear_choices(&choices);
}

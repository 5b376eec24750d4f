/* What no key can say alone: values that contradict each other. */
#include "config/builder.h"
#include "config/parse.h"
#include "config/values.h"
#include "daemon/base/buf.h"
#include "daemon/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t row_of(const struct config_table *table, const char *path)
{
    size_t row = 0;
    while (strcmp(table->keys[row].path, path) != 0)
        row++;
    return row;
}

/* Of two contradicting keys the one that was set last is to blame; never one that nobody set. */
static bool later(struct place a, struct place b)
{
    if (a.source != b.source)
        return a.source > b.source;
    return a.line != b.line ? a.line > b.line : a.column > b.column;
}

struct order {
    const char *less, *more;
};

/* Durations that cannot be the other way round. */
static const struct order orders[] = {
    { "delivery.retry_first", "delivery.retry_max" },
    { "campaigns.aggregate_wait", "campaigns.expire" },
};

static void check_order(struct builder *builder, const struct order *order)
{
    size_t less = row_of(&config_keys, order->less), more = row_of(&config_keys, order->more);
    const struct config_key *low = &config_keys.keys[less], *high = &config_keys.keys[more];
    int64_t a = *(int64_t *)((char *)builder->config + low->offset),
            b = *(int64_t *)((char *)builder->config + high->offset);
    if (a <= b || (builder->set[less].source == 0 && builder->set[more].source == 0))
        return;
    struct buf text = BUF_EMPTY;
    bool blame_low = later(builder->set[less], builder->set[more]);
    config_value(low->type)->format(blame_low ? a : b, &text);
    buf_add_format(&text, " is %s %s; allowed: %s ", blame_low ? "longer than" : "shorter than",
                   blame_low ? order->more : order->less, blame_low ? "up to" : "at least");
    config_value(low->type)->format(blame_low ? b : a, &text);
    complain(builder->complaints, builder->set[blame_low ? less : more], blame_low ? order->less : order->more, "%s",
             text.data);
    buf_free(&text);
}

/* One address of our own, and where it was set. */
struct own {
    const char *key, *value;
    struct place place;
};

static struct own own(const struct builder *builder, const char *key)
{
    size_t row = row_of(&config_keys, key);
    return (struct own){ key, *(char **)((char *)builder->config + config_keys.keys[row].offset), builder->set[row] };
}

static void check_different(struct builder *builder, struct own a, struct own b, const char *why)
{
    if (!*a.value || strcmp(a.value, b.value) != 0)
        return;
    bool first = later(a.place, b.place);
    complain(builder->complaints, first ? a.place : b.place, first ? a.key : b.key,
             "the same as %s; allowed: another one, since %s", first ? b.key : a.key, why);
}

/* What comes to the two mailboxes is read by Tocsin, and by nobody else. */
static void check_readers(struct builder *builder, struct own person)
{
    check_different(builder, own(builder, "return_path.bounce"), person,
                    "mail to the bounce mailbox is read by no person");
    check_different(builder, own(builder, "return_path.opt_out"), person,
                    "any mail to the opt-out mailbox counts as an opt-out");
}

static void check_addresses(struct builder *builder)
{
    check_different(builder, own(builder, "return_path.bounce"), own(builder, "return_path.opt_out"),
                    "a bounce would count as an opt-out");
    struct own address = own(builder, "sender.address"), reply_to = own(builder, "sender.reply_to");
    check_readers(builder, address);
    if (strcmp(address.value, reply_to.value) != 0)
        check_readers(builder, reply_to);
}

static void check_profile_addresses(struct builder *builder, const struct config_profile *profile,
                                    const struct profile_places *places)
{
    static const char *const keys[] = { "sender.address", "sender.reply_to" };
    for (size_t i = 0; i < 2; i++) {
        size_t row = row_of(&config_profile_keys, keys[i]);
        if (!places->set[row].source)
            continue;
        char *key = mem_format("profiles.%s.%s", profile->name, keys[i]);
        char *value = *(char **)((char *)profile + config_profile_keys.keys[row].offset);
        check_readers(builder, (struct own){ key, value, places->set[row] });
        free(key);
    }
}

/* Without a header row there are no names to go by. */
static void check_columns(struct builder *builder, const struct config_profile *profile,
                          const struct profile_places *places)
{
    size_t row = row_of(&config_profile_keys, "columns");
    char *key = mem_format("profiles.%s.columns", profile->name);
    for (size_t i = 0; i < profile->column_count; i++) {
        const struct config_column *column = &profile->columns[i];
        char *quoted = complaint_quote(column->column);
        if (!profile->header && strspn(column->column, "0123456789") != strlen(column->column))
            complain(builder->complaints, places->set[row], key,
                     "\"%s\" names a column of a file without a header; allowed: numbers from 1", quoted);
        free(quoted);
        for (size_t j = 0; j < i && *column->field; j++)
            if (strcmp(profile->columns[j].field, column->field) == 0)
                complain(builder->complaints, places->set[row], key, "two columns hold %s; allowed: one",
                         column->field);
    }
    free(key);
}

/* A daily mail that business hours never let out at its time. */
static void check_send_at(struct builder *builder, const struct config_profile *profile,
                          const struct profile_places *places)
{
    int hour = 0, from = 0, to = 24;
    if (strcmp(profile->send, "daily") != 0 || !profile->business_hours)
        return;
    sscanf(profile->send_at, "%d", &hour);
    sscanf(profile->business_hours, "%d-%d", &from, &to);
    size_t send_at = row_of(&config_profile_keys, "send_at"), hours = row_of(&config_profile_keys, "business_hours");
    bool at = later(places->set[send_at], places->set[hours]);
    char *key = mem_format("profiles.%s.%s", profile->name, at ? "send_at" : "business_hours");
    if (hour < from || hour >= to)
        complain(builder->complaints, places->set[at ? send_at : hours], key,
                 "a daily mail at %s is not in business hours (%s); allowed: a time that is", profile->send_at,
                 profile->business_hours);
    free(key);
}

static void check_sockets(struct builder *builder)
{
    check_different(builder, own(builder, "paths.control_socket"), own(builder, "bounces.lmtp_socket"),
                    "each wants its own socket");
    check_different(builder, own(builder, "paths.store"), own(builder, "paths.token_keys"), "each wants its own file");
}

/* A login has both a name and a password. */
static void check_login(struct builder *builder)
{
    struct own user = own(builder, "delivery.auth_user"), password = own(builder, "delivery.auth_password");
    struct own there = *user.value ? user : password;
    if (!*user.value != !*password.value)
        complain(builder->complaints, there.place, there.key, "set without %s; allowed: both or neither",
                 *user.value ? password.key : user.key);
}

/* Nobody is to be told at an address of our own. */
static void check_contact(struct builder *builder, size_t override, size_t contact)
{
    static const char *const keys[] = { "sender.address", "sender.reply_to", "return_path.bounce",
                                        "return_path.opt_out" };
    const char *address = builder->config->contacts.overrides[override].contacts.items[contact];
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strcmp(own(builder, keys[i]).value, address) != 0)
            continue;
        char *key = mem_format("contacts.overrides[%zu].contacts[%zu]", override + 1, contact + 1);
        complain(builder->complaints, builder->overrides[override], key,
                 "%s is our own %s; allowed: addresses of others", address, keys[i]);
        free(key);
        return;
    }
}

/* What an override is for, as one text; a new string. One that names nothing is like no other. */
static char *override_for(const struct config_override *override, size_t index)
{
    char ip[IP_TEXT_SIZE];
    if (override->domain)
        return mem_format("domain %s", override->domain);
    if (override->suffix)
        return mem_format("suffix %s", override->suffix);
    if (!override->has_network)
        return mem_format("%zu", index);
    ip_format(&override->network.address, ip);
    return mem_format("network %s/%u", ip, override->network.prefix);
}

struct named {
    char *name;
    size_t index;
};

static int by_name(const void *left, const void *right)
{
    const struct named *a = left, *b = right;
    int order = strcmp(a->name, b->name);
    return order ? order : a->index < b->index ? -1 : a->index > b->index;
}

/* Of two for the same thing it would be chance which one counts. There may be thousands: sort them. */
static void check_twice(struct builder *builder)
{
    const struct config *config = builder->config;
    size_t count = config->contacts.override_count;
    struct named *all = mem_zero(count, sizeof *all);
    for (size_t i = 0; i < count; i++)
        all[i] = (struct named){ override_for(&config->contacts.overrides[i], i), i };
    qsort(all, count, sizeof *all, by_name);
    for (size_t i = 1; i < count; i++)
        if (strcmp(all[i].name, all[i - 1].name) == 0) {
            char *key = mem_format("contacts.overrides[%zu]", all[i].index + 1);
            complain(builder->complaints, builder->overrides[all[i].index], key,
                     "a second one for %s; allowed: one, with all its contacts", all[i].name);
            free(key);
        }
    for (size_t i = 0; i < count; i++)
        free(all[i].name);
    free(all);
}

static void check_overrides(struct builder *builder)
{
    const struct config *config = builder->config;
    for (size_t i = 0; i < config->contacts.override_count; i++)
        for (size_t j = 0; j < config->contacts.overrides[i].contacts.count; j++)
            check_contact(builder, i, j);
    check_twice(builder);
}

void config_check(struct builder *builder)
{
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        check_order(builder, &orders[i]);
    check_addresses(builder);
    check_sockets(builder);
    check_login(builder);
    check_overrides(builder);
    for (size_t i = 0; i < builder->config->profile_count; i++) {
        check_profile_addresses(builder, &builder->config->profiles[i], &builder->profiles[i]);
        check_columns(builder, &builder->config->profiles[i], &builder->profiles[i]);
        check_send_at(builder, &builder->config->profiles[i], &builder->profiles[i]);
    }
}

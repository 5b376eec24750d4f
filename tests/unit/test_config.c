/* config: the table, the default file, what a file and settings make. Run from the top of the tree. */
#include "config/config.h"
#include "config/keys.h"
#include "config/parse.h"
#include "config/values.h"
#include "daemon/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct config *defaults(void)
{
    struct config *config;
    struct config_errors errors;
    int code = config_load(NULL, NULL, 0, &config, &errors);
    if (code)
        fail_msg("%s", errors.count ? errors.items[0] : "no complaint");
    return config;
}

/* Every member of a struct as text, by its table, so that two can be compared. */
static void dump_table(const struct config_table *table, const void *base, struct buf *out);

static void dump_list(const struct config_list *list, struct buf *out)
{
    for (size_t i = 0; i < list->count; i++)
        buf_add_format(out, " [%s]", list->items[i]);
}

static void dump_structure(const struct config_key *key, const void *base, struct buf *out)
{
    if (key->type == CONFIG_COLUMNS) {
        const struct config_profile *profile = base;
        for (size_t i = 0; i < profile->column_count; i++)
            buf_add_format(out, " %s=%s", profile->columns[i].column, profile->columns[i].field);
    } else if (key->type == CONFIG_OVERRIDES) {
        const struct config *config = base;
        for (size_t i = 0; i < config->contacts.override_count; i++)
            dump_table(&config_override_keys, &config->contacts.overrides[i], out);
    } else {
        const struct config *config = base;
        for (size_t i = 0; i < config->profile_count; i++) {
            buf_add_format(out, " %s\n", config->profiles[i].name);
            dump_table(&config_profile_keys, &config->profiles[i], out);
        }
    }
}

static void dump_table(const struct config_table *table, const void *base, struct buf *out)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct config_key *key = &table->keys[i];
        const void *field = (const char *)base + key->offset;
        enum config_storage storage = config_value(key->type)->storage;
        buf_add_format(out, "%s:", key->path);
        if (storage == CONFIG_STORE_STRUCTURE)
            dump_structure(key, base, out);
        else if (key->list)
            dump_list(field, out);
        else if (storage == CONFIG_STORE_STRING)
            buf_add_format(out, " %s", *(char *const *)field ? *(char *const *)field : "NULL");
        else if (storage == CONFIG_STORE_NUMBER)
            buf_add_format(out, " %lld", (long long)*(const int64_t *)field);
        else if (storage == CONFIG_STORE_BOOL)
            buf_add_format(out, " %d", *(const bool *)field);
        buf_add_char(out, '\n');
    }
}

static char *dump(const struct config *config)
{
    struct buf out = BUF_EMPTY;
    dump_table(&config_keys, config, &out);
    return buf_take(&out);
}

static void test_default_file_is_the_table(void **state)
{
    (void)state;
    struct buf described = BUF_EMPTY, file = BUF_EMPTY;
    config_describe(&described);
    FILE *stream = fopen("config/tocsin.yaml", "r");
    assert_non_null(stream);
    for (int byte; (byte = getc(stream)) != EOF;)
        buf_add_char(&file, (char)byte);
    fclose(stream);
    assert_string_equal(file.data, described.data);
    buf_free(&described);
    buf_free(&file);
}

static void test_default_file_says_the_defaults(void **state)
{
    (void)state;
    struct config *bare = defaults(), *read;
    struct config_errors errors;
    assert_int_equal(config_load("config/tocsin.yaml", NULL, 0, &read, &errors), 0);
    char *a = dump(bare), *b = dump(read);
    assert_string_equal(a, b);
    free(a);
    free(b);
    config_free(bare);
    config_free(read);
}

/* Every key of every table stands in the default file, commented out or not. */
static void test_default_file_has_every_key(void **state)
{
    static const struct config_table *const tables[] = { &config_keys, &config_profile_keys, &config_override_keys };
    (void)state;
    struct buf described = BUF_EMPTY;
    config_describe(&described);
    for (size_t t = 0; t < 3; t++)
        for (size_t i = 0; i < tables[t]->count; i++) {
            const struct config_key *key = &tables[t]->keys[i];
            const char *dot = strrchr(key->path, '.');
            char line[100];
            snprintf(line, sizeof line, "%s:", dot ? dot + 1 : key->path);
            if (!strstr(described.data, line))
                fail_msg("%s is not described", key->path);
            if (!key->preset && !key->example)
                fail_msg("%s has neither a default nor an example", key->path);
            if (t == 0 && !key->help)
                fail_msg("%s has no explanation", key->path);
        }
    buf_free(&described);
}

/* What code elsewhere takes for granted of the rows. */
static void test_rows_are_sound(void **state)
{
    static const struct config_table *const tables[] = { &config_keys, &config_profile_keys, &config_override_keys };
    (void)state;
    for (size_t t = 0; t < 3; t++)
        for (size_t i = 0; i < tables[t]->count; i++) {
            const struct config_key *key = &tables[t]->keys[i];
            enum config_storage storage = config_value(key->type)->storage;
            if ((storage == CONFIG_STORE_NUMBER || key->list || storage == CONFIG_STORE_STRUCTURE) &&
                !(key->min >= 0 && key->min < key->max))
                fail_msg("%s has no range", key->path);
            if ((key->type == CONFIG_WORD) != (key->words != NULL))
                fail_msg("%s: words and type disagree", key->path);
            if (key->restart && storage != CONFIG_STORE_STRING && storage != CONFIG_STORE_NUMBER)
                fail_msg("%s: compare.c does not compare this", key->path);
            for (size_t j = 0; j < i; j++)
                if (strcmp(key->path, tables[t]->keys[j].path) == 0 || key->offset == tables[t]->keys[j].offset)
                    fail_msg("%s stands twice, or shares its place with %s", key->path, tables[t]->keys[j].path);
        }
}

static void test_defaults(void **state)
{
    (void)state;
    struct config *config = defaults();
    assert_string_equal(config->sender.address, "");
    assert_string_equal(config->return_path.bounce, "");
    assert_true(*config->return_path.helo);
    assert_string_equal(config->paths.token_keys, "/var/lib/tocsin/token.keys");
    assert_string_equal(config->paths.public_suffixes, "");
    assert_int_equal(config->paths.templates.count, 3);
    assert_string_equal(config->paths.templates.items[0], "/etc/tocsin/templates");
    assert_int_equal(config->spool.rescan, 60000);
    assert_int_equal(config->spool.max_file, INT64_C(1) << 30);
    assert_int_equal(config->dns.receive_buffer, 4 << 20);
    assert_int_equal(config->dns.servers.count, 0);
    assert_string_equal(config->contacts.order.items[0], "override");
    assert_string_equal(config->contacts.mailboxes.items[5], "info");
    assert_int_equal(config->contacts.override_count, 0);
    assert_int_equal(config->delivery.rate, 0);
    assert_int_equal(config->delivery.rate_per_domain, 600);
    assert_int_equal(config->delivery.retry_first, 30 * 60000);
    assert_int_equal(config->bounces.window, INT64_C(7) * 86400000);
    assert_int_equal(config->campaigns.max_rejected, 20);
    assert_string_equal(config->access.submit_group, "tocsin-submit");
    assert_string_equal(config->log_level, "info");
    assert_int_equal(config->profile_count, 1);
    const struct config_profile *profile = config_profile(config, "default");
    assert_ptr_equal(profile, config->profiles);
    assert_string_equal(profile->template_name, "auto");
    assert_string_equal(profile->format, "auto");
    assert_true(profile->header);
    assert_null(profile->type);
    assert_int_equal(profile->approve_above, -1);
    assert_int_equal(profile->dedup_window, -1);
    assert_int_equal(profile->max_reminders, -1);
    assert_string_equal(profile->reminder_template, "reminder");
    assert_int_equal(profile->aggregate_by.count, 0);
    assert_string_equal(profile->send, "at-once");
    assert_string_equal(profile->send_at, "09:00");
    assert_null(profile->business_hours);
    assert_string_equal(profile->time_zone, "UTC");
    assert_string_equal(profile->sender.name, "");
    assert_null(config_profile(config, "other"));
    config_free(config);
}

static void test_settings_win(void **state)
{
    static const char text[] = "delivery: {sessions: 2, timeout: 10s}\ncontacts: {mailboxes: [abuse, info]}\n"
                               "profiles: {x: {template: one, format: csv, columns: {A: source.fqdn}}}\n";
    static const char *const settings[] = { "delivery.sessions=3",      "contacts.mailboxes=[postmaster]",
                                            "profiles.x.template=two",  "profiles.x.columns.source.ip=extra.b",
                                            "profiles.x.sender.name=X", "profiles.new.header=no",
                                            "delivery.sessions=4" };
    (void)state;
    struct config *config;
    struct config_errors errors;
    assert_int_equal(
        config_parse("f", text, sizeof text - 1, settings, sizeof settings / sizeof *settings, &config, &errors), 0);
    assert_int_equal(config->delivery.sessions, 4);
    assert_int_equal(config->delivery.timeout, 10000);
    assert_int_equal(config->contacts.mailboxes.count, 1);
    assert_string_equal(config->contacts.mailboxes.items[0], "postmaster");
    const struct config_profile *x = config_profile(config, "x");
    assert_string_equal(x->template_name, "two");
    assert_string_equal(x->format, "csv");
    assert_string_equal(x->sender.name, "X");
    assert_int_equal(x->column_count, 2);
    assert_string_equal(x->columns[0].column, "A");
    assert_string_equal(x->columns[1].column, "source.ip");
    assert_string_equal(x->columns[1].field, "extra.b");
    assert_false(config_profile(config, "new")->header);
    assert_int_equal(config->profile_count, 3);
    config_free(config);
}

static void test_overrides(void **state)
{
    static const char *const setting =
        "contacts.overrides=[{network: 192.0.2.0/24, contacts: [A@B.example, c@b.example]},"
        "{suffix: '*.Hosting.Example', contacts: [abuse@hosting.example]},"
        "{domain: bücher.example, contacts: [x@y.example], party: registrar},"
        "{suffix: gov, contacts: [cert@cert.example], party: mail-provider}, {network: '2001:db8::1', contacts: "
        "[z@y.example]}]";
    (void)state;
    struct config *config;
    struct config_errors errors;
    if (config_load(NULL, &setting, 1, &config, &errors))
        fail_msg("%s", errors.items[0]);
    const struct config_override *all = config->contacts.overrides;
    assert_int_equal(config->contacts.override_count, 5);
    assert_true(all[0].has_network);
    assert_int_equal(all[0].network.prefix, 24);
    assert_null(all[0].domain);
    assert_null(all[0].suffix);
    assert_string_equal(all[0].contacts.items[0], "a@b.example");
    assert_int_equal(all[0].contacts.count, 2);
    assert_int_equal(all[0].party, PARTY_HOSTER);
    assert_string_equal(all[1].suffix, "hosting.example");
    assert_int_equal(all[1].party, PARTY_HOSTER);
    assert_false(all[1].has_network);
    assert_string_equal(all[2].domain, "xn--bcher-kva.example");
    assert_int_equal(all[2].party, PARTY_REGISTRAR);
    assert_string_equal(all[3].suffix, "gov");
    assert_int_equal(all[3].party, PARTY_MAIL_PROVIDER);
    assert_true(all[4].network.address.v6);
    assert_int_equal(all[4].network.prefix, 128);
    config_free(config);
}

static void test_profiles(void **state)
{
    static const char text[] =
        "sender: {name: G, address: g@example.org, phone: '1'}\n"
        "profiles:\n"
        "  default: {approve_above: 5}\n"
        "  plain:\n"
        "  own: {sender: {address: own@example.org, phone: ''}, type: c2-server}\n"
        "  numbers: {header: false, format: csv, columns: {1: source.fqdn, '3': time.source, 2: }}\n";
    (void)state;
    struct config *config;
    struct config_errors errors;
    if (config_parse("f", text, sizeof text - 1, NULL, 0, &config, &errors))
        fail_msg("%s", errors.items[0]);
    assert_int_equal(config->profile_count, 4);
    assert_string_equal(config->profiles[0].name, "default");
    assert_int_equal(config->profiles[0].approve_above, 5);
    assert_string_equal(config->sender.reply_to, "g@example.org");
    const struct config_profile *plain = config_profile(config, "plain"), *own = config_profile(config, "own");
    assert_string_equal(plain->template_name, "auto");
    assert_string_equal(plain->sender.reply_to, "g@example.org");
    assert_string_equal(plain->sender.phone, "1");
    assert_int_equal(plain->approve_above, -1);
    assert_string_equal(own->sender.name, "G");
    assert_string_equal(own->sender.address, "own@example.org");
    assert_string_equal(own->sender.reply_to, "own@example.org");
    assert_string_equal(own->sender.phone, "");
    assert_string_equal(own->type, "c2-server");
    const struct config_profile *numbers = config_profile(config, "numbers");
    assert_int_equal(numbers->column_count, 3);
    assert_string_equal(numbers->columns[2].field, "");
    config_free(config);
}

static void test_files(void **state)
{
    (void)state;
    struct config *config = (void *)1;
    struct config_errors errors;
    assert_int_equal(config_load("/nonexistent/x.yaml", NULL, 0, &config, &errors), -ENOENT);
    assert_null(config);
    assert_int_equal(errors.count, 1);
    assert_string_equal(errors.items[0],
                        "/nonexistent/x.yaml: No such file or directory: name the file with --config FILE, or make one "
                        "there; `tocsin check --defaults` prints all that it may say");
    config_errors_free(&errors);
    assert_int_equal(config_load("/", NULL, 0, &config, &errors), -EISDIR);
    config_errors_free(&errors);
    assert_int_equal(config_load("/dev/zero", NULL, 0, &config, &errors), -ENXIO);
    config_errors_free(&errors);
    config_errors_free(&errors);
}

static void test_restart_keys(void **state)
{
    static const char *const settings[] = { "delivery.relay=a:1", "delivery.sessions=3", "dns.servers=[192.0.2.1]",
                                            "delivery.rate=1/s", "sender.name=x" };
    (void)state;
    struct config *before = defaults(), *after;
    struct config_errors errors;
    struct buf keys = BUF_EMPTY;
    assert_int_equal(config_load(NULL, settings, 5, &after, &errors), 0);
    config_restart_keys(before, after, &keys);
    assert_string_equal(keys.data, "dns.servers, delivery.relay, delivery.sessions");
    buf_truncate(&keys, 0);
    config_restart_keys(after, after, &keys);
    assert_string_equal(keys.data, "");
    config_carry_restart(before, after);
    config_restart_keys(before, after, &keys);
    assert_string_equal(keys.data, "");
    assert_int_equal(after->delivery.sessions, before->delivery.sessions);
    assert_int_equal(after->dns.servers.count, 0);
    assert_string_equal(after->delivery.relay, before->delivery.relay);
    assert_string_equal(after->sender.name, "x");
    assert_int_equal(after->delivery.rate, 3600);
    buf_free(&keys);
    config_free(config_keep(before)); /* the first of two to let go */
    assert_string_equal(before->sender.name, "");
    config_free(before);
    config_free(after);
}

/* Defaults name nobody; each of the four is asked for until it is there. */
static void test_missing(void **state)
{
    (void)state;
    static const char *const settings[] = { "sender.name=Us", "sender.address=us@tocsin.example",
                                            "return_path.bounce=bounce@tocsin.example",
                                            "return_path.opt_out=optout@tocsin.example" };
    static const char *const missing[] = { "sender.name", "sender.address", "return_path.bounce",
                                           "return_path.opt_out" };
    for (size_t count = 0; count <= 4; count++) {
        struct config *config;
        struct config_errors errors = { 0 };
        assert_int_equal(config_load(NULL, settings, count, &config, &errors), 0);
        if (count < 4)
            assert_string_equal(config_missing(config), missing[count]);
        else
            assert_null(config_missing(config));
        config_free(config);
        config_errors_free(&errors);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_default_file_is_the_table),
        cmocka_unit_test(test_default_file_says_the_defaults),
        cmocka_unit_test(test_default_file_has_every_key),
        cmocka_unit_test(test_rows_are_sound),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_settings_win),
        cmocka_unit_test(test_overrides),
        cmocka_unit_test(test_profiles),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_restart_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

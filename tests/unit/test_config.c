/* config: the table, the values, the complaints. Run from the top of the tree. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default_file_is_the_table),
        cmocka_unit_test(test_default_file_says_the_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "config/builder.h"
#include "config/parse.h"
#include "daemon/base/buf.h"
#include "daemon/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The deepest key is profiles.NAME.sender.address; a column's name may have dots of its own. */
#define SETTING_PARTS 4

static void apply_text(struct builder *builder, unsigned source, const char *text, size_t length)
{
    struct node *tree = tree_parse(builder->complaints, source, text, length);
    if (tree)
        builder_apply(builder, tree);
    tree_free(tree);
}

/* VALUE under the dotted KEY, as a file would have it. */
static struct node *wrap(const char *key, struct node *value)
{
    char *copy = mem_string(key), *parts[SETTING_PARTS], *rest = copy;
    size_t count = 0;
    while (count < SETTING_PARTS - 1 && strchr(rest, '.')) {
        parts[count++] = rest;
        rest += strcspn(rest, ".");
        *rest++ = '\0';
    }
    parts[count++] = rest;
    while (count > 0)
        value = tree_wrap(parts[--count], value);
    free(copy);
    return value;
}

static void apply_setting(struct builder *builder, unsigned source, const char *setting)
{
    const char *equals = strchr(setting, '=');
    if (!equals || equals == setting) {
        complain(builder->complaints, (struct place){ source, 0, 0 }, "",
                 "no value; allowed: KEY=VALUE, such as delivery.sessions=4");
        return;
    }
    if (strlen(setting) > CONFIG_FILE_MAX) {
        complain(builder->complaints, (struct place){ source, 0, 0 }, "", "too long; allowed: 1M");
        return;
    }
    struct node *value = tree_parse(builder->complaints, source, equals + 1, strlen(equals + 1));
    if (!value)
        return;
    char *key = mem_string_n(setting, (size_t)(equals - setting));
    struct node *tree = wrap(key, value);
    builder_apply(builder, tree);
    tree_free(tree);
    free(key);
}

static void start(struct builder *builder)
{
    struct target target = { &config_keys, builder->config, builder->set, "" };
    builder_presets(builder, &target);
    builder_profile(builder, "default", (struct place){ 0, 0, 0 });
}

int config_parse(const char *file, const char *text, size_t length, const char *const *settings, size_t setting_count,
                 struct config **out, struct config_errors *errors)
{
    struct builder builder = { .complaints = complaints_new(file, settings, setting_count),
                               .config = mem_zero(1, sizeof *builder.config) };
    *errors = (struct config_errors){ NULL, 0 };
    *out = NULL;
    start(&builder);
    if (length > CONFIG_FILE_MAX)
        complain(builder.complaints, (struct place){ 1, 0, 0 }, "", "larger than 1M, which is all that is read");
    else if (text)
        apply_text(&builder, 1, text, length);
    for (size_t i = 0; i < setting_count; i++)
        apply_setting(&builder, (unsigned)i + 2, settings[i]);
    config_fill(builder.config);
    config_check(&builder);
    int code = 0;
    if (complaints_count(builder.complaints)) {
        complaints_give(builder.complaints, errors);
        config_free(builder.config);
        code = -EINVAL;
    } else {
        *out = builder.config;
    }
    complaints_free(builder.complaints);
    free(builder.profiles);
    free(builder.overrides);
    return code;
}

/* At most CONFIG_FILE_MAX + 1 bytes of PATH: one too many is enough to refuse it. Not a FIFO, at which open(2) would wait. */
static int read_file(const char *path, struct buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    struct stat status;
    int code = fstat(fd, &status) ? -errno : S_ISDIR(status.st_mode) ? -EISDIR : !S_ISREG(status.st_mode) ? -ENXIO : 0;
    buf_reserve(out, CONFIG_FILE_MAX + 1);
    while (!code && out->length <= CONFIG_FILE_MAX) {
        ssize_t got = read(fd, out->data + out->length, CONFIG_FILE_MAX + 1 - out->length);
        if (got == 0)
            break;
        if (got > 0)
            out->length += (size_t)got;
        else if (errno != EINTR)
            code = -errno;
    }
    close(fd);
    return code;
}

int config_load(const char *path, const char *const *settings, size_t setting_count, struct config **out,
                struct config_errors *errors)
{
    struct buf text = BUF_EMPTY;
    int code = path ? read_file(path, &text) : 0;
    if (code) {
        *out = NULL;
        errors->items = mem_zero(1, sizeof *errors->items);
        errors->items[0] =
            mem_format("%s: %s%s", path, code == -ENXIO ? "not a regular file" : strerror(-code),
                       code == -ENOENT ? ": name the file with --config FILE, or make one there; `tocsin "
                                         "check --defaults` prints all that it may say"
                                       : "");
        errors->count = 1;
    } else {
        code = config_parse(path, path ? text.data : NULL, text.length, settings, setting_count, out, errors);
    }
    buf_free(&text);
    return code;
}

struct config *config_keep(const struct config *config)
{
    struct config *kept = (struct config *)(uintptr_t)config;
    kept->users++;
    return kept;
}

void config_free(struct config *config)
{
    if (config && config->users) {
        config->users--;
        return;
    }
    if (config)
        config_table_clear(&config_keys, config);
    free(config);
}

const struct config_profile *config_profile(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->profile_count; i++)
        if (strcmp(config->profiles[i].name, name) == 0)
            return &config->profiles[i];
    return NULL;
}

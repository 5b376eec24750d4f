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
    else
        builder->unread = true;
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

/* Where a configuration comes from. */
struct origin {
    const char *file, *text; /* TEXT is NULL where there is no file, or none that can be read: then FAULT says why */
    size_t length;
    const char *fault;
    const char *const *settings;
    size_t setting_count;
};

static void apply_file(struct builder *builder, const struct origin *origin)
{
    static const struct place nowhere = { 1, 0, 0 };
    builder->unread = origin->fault || origin->length > CONFIG_FILE_MAX;
    if (origin->fault)
        complain(builder->complaints, nowhere, "", "%s", origin->fault);
    else if (builder->unread)
        complain(builder->complaints, nowhere, "", "larger than 1M, which is all that is read");
    else if (origin->text)
        apply_text(builder, 1, origin->text, origin->length);
}

/* Is what was complained about of no concern to who wants KEY alone? */
static bool is_known(const struct builder *builder, const char *key)
{
    size_t row = 0;
    while (strcmp(config_keys.keys[row].path, key) != 0)
        row++;
    return !complaints_concern(builder->complaints, key) && (!builder->unread || builder->set[row].source > 1);
}

/* KEY: the one that has to be right; NULL: all. */
static int parse(const struct origin *origin, const char *key, struct config **out, struct config_errors *errors)
{
    struct builder builder = { .complaints = complaints_new(origin->file, origin->settings, origin->setting_count),
                               .config = mem_zero(1, sizeof *builder.config) };
    *errors = (struct config_errors){ NULL, 0 };
    *out = NULL;
    start(&builder);
    apply_file(&builder, origin);
    for (size_t i = 0; i < origin->setting_count; i++)
        apply_setting(&builder, (unsigned)i + 2, origin->settings[i]);
    config_fill(builder.config);
    config_check(&builder);
    bool good = !complaints_count(builder.complaints) || (key && is_known(&builder, key));
    complaints_give(builder.complaints, errors);
    if (good)
        *out = builder.config;
    else
        config_free(builder.config);
    complaints_free(builder.complaints);
    free(builder.profiles);
    free(builder.overrides);
    return good ? 0 : -EINVAL;
}

int config_parse(const char *file, const char *text, size_t length, const char *const *settings, size_t setting_count,
                 struct config **out, struct config_errors *errors)
{
    return parse(&(struct origin){ file, text, length, NULL, settings, setting_count }, NULL, out, errors);
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

int config_load_for(const char *key, const char *path, const char *const *settings, size_t setting_count,
                    struct config **out, struct config_errors *errors)
{
    struct buf text = BUF_EMPTY;
    int code = path ? read_file(path, &text) : 0;
    char *fault = code ? mem_format("%s%s", code == -ENXIO ? "not a regular file" : strerror(-code),
                                    code == -ENOENT ? ": name the file with --config FILE, or make one there; `tocsin "
                                                      "check --defaults` prints all that it may say"
                                                    : "")
                       : NULL;
    const struct origin origin = {
        path, path && !code ? text.data : NULL, text.length, fault, settings, setting_count
    };
    int status = parse(&origin, key, out, errors);
    free(fault);
    buf_free(&text);
    return status && code ? code : status;
}

int config_load(const char *path, const char *const *settings, size_t setting_count, struct config **out,
                struct config_errors *errors)
{
    return config_load_for(NULL, path, settings, setting_count, out, errors);
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

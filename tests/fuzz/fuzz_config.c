/* tocsin.yaml, then one KEY=VALUE a line as `--set` gives them. */
#include "config/parse.h"
#include "daemon/base/buf.h"
#include "tests/fuzz/fuzz.h"

#define SETTINGS 8

static struct config *defaults;

void fuzz_start(void)
{
    struct config_errors errors;
    FUZZ_MUST(config_parse("defaults", NULL, 0, NULL, 0, &defaults, &errors) == 0);
}

static size_t split_lines(char *text, const char *lines[SETTINGS])
{
    size_t count = 0;
    for (char *rest = text; rest && *rest && count < SETTINGS;) {
        lines[count++] = strsep(&rest, "\n");
    }
    return count;
}

static void use(const struct config *config)
{
    struct buf keys = BUF_EMPTY;
    config_missing(config);
    config_restart_keys(defaults, config, &keys);
    FUZZ_MUST(config_profile(config, "default") == &config->profiles[0]);
    for (size_t i = 0; i < config->profile_count; i++)
        FUZZ_MUST(config_profile(config, config->profiles[i].name) == &config->profiles[i]);
    buf_free(&keys);
}

void fuzz_one(const char *data, size_t length)
{
    size_t text_length, setting_length;
    char *text = fuzz_part(&data, &length, &text_length), *settings = fuzz_part(&data, &length, &setting_length);
    const char *lines[SETTINGS];
    struct config *config = NULL;
    struct config_errors errors;
    int code = config_parse("f", text, text_length, lines, split_lines(settings, lines), &config, &errors);
    FUZZ_MUST(!code == !errors.count && !code == (config != NULL));
    for (size_t i = 0; i < errors.count; i++)
        FUZZ_MUST(!strchr(errors.items[i], '\n'));
    if (config)
        use(config);
    config_free(config);
    config_errors_free(&errors);
    free(text);
    free(settings);
}

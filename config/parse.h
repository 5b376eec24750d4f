/* What config_load() does, on a buffer: for tests and fuzzers. */
#ifndef TOCSIN_CONFIG_PARSE_H
#define TOCSIN_CONFIG_PARSE_H

#include "config/config.h"

#define CONFIG_FILE_MAX ((size_t)1 << 20)

/* As config_load(), with the LENGTH bytes at TEXT as the contents of FILE. */
int config_parse(const char *file, const char *text, size_t length, const char *const *settings, size_t setting_count,
                 struct config **out, struct config_errors *errors);

struct builder;
/* What no key can say alone: values that contradict each other. Defaults are filled in by then. */
void config_check(struct builder *builder);

/* Replace the defaults that stand for one another by what they stand for. */
void config_fill(struct config *config);

#endif

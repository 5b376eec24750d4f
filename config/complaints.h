/* Complaints, gathered with their places and told in order. Pure; any thread. */
#ifndef TOCSIN_CONFIG_COMPLAINTS_H
#define TOCSIN_CONFIG_COMPLAINTS_H

#include "config/config.h"

#include <stdbool.h>
#include <stddef.h>

/* Where something stands. */
struct place {
    unsigned source; /* 0: the presets, 1: the file, 2 and up: the settings */
    size_t line, column; /* from 1; 0: nowhere in particular */
};

struct complaints;

/* FILE ("": none that is worth a name) and SETTINGS ("KEY=VALUE") name the sources; they have to outlive it. */
struct complaints *complaints_new(const char *file, const char *const *settings, size_t setting_count);
void complaints_free(struct complaints *complaints);

size_t complaints_count(const struct complaints *complaints);

/* Is there one about KEY, or about a section that it stands in? */
bool complaints_concern(const struct complaints *complaints, const char *key);

/* Complain about KEY (dotted, "" for none) at PLACE. */
void complain(struct complaints *complaints, struct place place, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* All of them as lines `file:line:column: key: …` or `--set KEY: …`, sorted by place. */
void complaints_give(struct complaints *complaints, struct config_errors *errors);

/* TEXT from outside, for a message: cut to a sensible length, control characters replaced; a new string. */
char *complaint_quote(const char *text);

#endif

#include "queue/terms.h"

#include "daemon/base/mem.h"

#include <stdlib.h>

static char *text_at(const json_t *settings, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(settings, key));
    return (char *)(uintptr_t)(text ? text : otherwise);
}

static void read_words(struct terms *out)
{
    const json_t *words = json_object_get(out->settings, "aggregate_by");
    out->words = mem_zero(json_array_size(words) + 1, sizeof *out->words);
    for (size_t i = 0; i < json_array_size(words); i++)
        if (json_is_string(json_array_get(words, i)))
            out->words[out->profile.aggregate_by.count++] =
                (char *)(uintptr_t)json_string_value(json_array_get(words, i));
    out->profile.aggregate_by.items = out->words;
}

void terms_read(const char *settings, const struct config_profile *live, struct terms *out)
{
    *out = (struct terms){ .settings = json_loads(settings, 0, NULL) };
    if (live && !json_object_get(out->settings, "send")) {
        out->profile = *live;
        return;
    }
    out->profile.send = text_at(out->settings, "send", "at-once");
    out->profile.send_at = text_at(out->settings, "send_at", "09:00");
    out->profile.business_hours = text_at(out->settings, "business_hours", NULL);
    out->profile.time_zone = text_at(out->settings, "time_zone", "UTC");
    read_words(out);
}

void terms_clear(struct terms *terms)
{
    json_decref(terms->settings);
    free(terms->words);
    *terms = (struct terms){ .settings = NULL };
}

/* What many mails of a campaign have in common is read once: the template and the settings. Texts are compared whole, not by a hash: each has few
 * entries to look at, and two different texts part early. */
#include "daemon/base/mem.h"
#include "daemon/notify/parts.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS 32 /* templates and campaigns that a thread mails for in turns; more only cost the reading again */

struct notify_cache {
    struct {
        char *text;
        struct frozen frozen;
    } templates[SLOTS];
    struct {
        char *text;
        struct settings settings;
    } settings[SLOTS];
    struct scratch scratch;
    unsigned next_template, next_settings; /* the slot to fill: the oldest */
};

struct notify_cache *notify_cache_new(void)
{
    return mem_zero(1, sizeof(struct notify_cache));
}

void notify_cache_free(struct notify_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < SLOTS; i++) {
        free(cache->templates[i].text);
        frozen_clear(&cache->templates[i].frozen);
        free(cache->settings[i].text);
        settings_clear(&cache->settings[i].settings);
    }
    arena_free(&cache->scratch.arena);
    buf_free(&cache->scratch.subject);
    buf_free(&cache->scratch.body);
    buf_free(&cache->scratch.html);
    buf_free(&cache->scratch.csv);
    buf_free(&cache->scratch.xarf);
    buf_free(&cache->scratch.zip);
    free(cache);
}

struct scratch *cache_scratch(struct notify_cache *cache)
{
    return &cache->scratch;
}

int cache_template(struct notify_cache *cache, const char *text, const struct frozen **out, struct error *error)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (cache->templates[i].text && strcmp(cache->templates[i].text, text) == 0) {
            *out = &cache->templates[i].frozen;
            return 0;
        }
    struct frozen frozen;
    int code = frozen_parse(text, &frozen, error);
    if (code)
        return code;
    unsigned slot = cache->next_template++ % SLOTS;
    free(cache->templates[slot].text);
    frozen_clear(&cache->templates[slot].frozen);
    cache->templates[slot].text = mem_string(text);
    cache->templates[slot].frozen = frozen;
    *out = &cache->templates[slot].frozen;
    return 0;
}

int cache_settings(struct notify_cache *cache, const char *text, const struct settings **out, struct error *error)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (cache->settings[i].text && strcmp(cache->settings[i].text, text) == 0) {
            *out = &cache->settings[i].settings;
            return 0;
        }
    struct settings settings;
    int code = settings_read(text, &settings, error);
    if (code)
        return code;
    unsigned slot = cache->next_settings++ % SLOTS;
    free(cache->settings[slot].text);
    settings_clear(&cache->settings[slot].settings);
    cache->settings[slot].text = mem_string(text);
    cache->settings[slot].settings = settings;
    *out = &cache->settings[slot].settings;
    return 0;
}

#include "queue/texts.h"

#include <glib.h>
#include <string.h>

char *texts_find(const struct texts *texts, const char *key)
{
    for (unsigned i = 0; i < TEXTS; i++)
        if (texts->slots[i].key && strcmp(texts->slots[i].key, key) == 0)
            return g_ref_string_acquire(texts->slots[i].text);
    return NULL;
}

static void drop(struct texts *texts, unsigned slot)
{
    if (!texts->slots[slot].key)
        return;
    g_ref_string_release(texts->slots[slot].key);
    g_ref_string_release(texts->slots[slot].text);
    texts->slots[slot].key = NULL;
}

char *texts_keep(struct texts *texts, const char *key, const char *text)
{
    unsigned slot = texts->next++ % TEXTS;
    drop(texts, slot);
    texts->slots[slot].key = g_ref_string_new(key);
    texts->slots[slot].text = g_ref_string_new(text);
    return g_ref_string_acquire(texts->slots[slot].text);
}

void texts_clear(struct texts *texts)
{
    for (unsigned i = 0; i < TEXTS; i++)
        drop(texts, i);
}

#include "config/complaints.h"

#include "daemon/base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Nobody reads more, and a megabyte of nonsense must not become a hundred of complaints. */
#define COMPLAINTS_MAX 500
#define QUOTE_MAX 60

struct complaint {
    struct place place;
    size_t number; /* the order in which they came: qsort(3) is not stable */
    char *key, *text;
};

struct complaints {
    const char *file;
    const char *const *settings;
    size_t setting_count;
    struct complaint items[COMPLAINTS_MAX];
    size_t kept, count;
};

struct complaints *complaints_new(const char *file, const char *const *settings, size_t setting_count)
{
    struct complaints *complaints = mem_zero(1, sizeof *complaints);
    complaints->file = file ? file : "defaults";
    complaints->settings = settings;
    complaints->setting_count = setting_count;
    return complaints;
}

void complaints_free(struct complaints *complaints)
{
    for (size_t i = 0; i < complaints->kept; i++) {
        free(complaints->items[i].key);
        free(complaints->items[i].text);
    }
    free(complaints);
}

size_t complaints_count(const struct complaints *complaints)
{
    return complaints->count;
}

bool complaints_concern(const struct complaints *complaints, const char *key)
{
    for (size_t i = 0; i < complaints->kept; i++) {
        const char *blamed = complaints->items[i].key;
        size_t length = strlen(blamed);
        if (length && strncmp(blamed, key, length) == 0 && (key[length] == '\0' || key[length] == '.'))
            return true;
    }
    return complaints->count > complaints->kept;
}

void complain(struct complaints *complaints, struct place place, const char *key, const char *format, ...)
{
    if (complaints->count++ >= COMPLAINTS_MAX)
        return;
    char text[1500]; /* the longest lists the keys of a section */
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    complaints->items[complaints->kept] = (struct complaint){
        .place = place, .number = complaints->kept, .key = mem_string(key), .text = mem_string(text)
    };
    complaints->kept++;
}

static int compare(const void *left, const void *right)
{
    const struct complaint *a = left, *b = right;
    if (a->place.source != b->place.source)
        return a->place.source < b->place.source ? -1 : 1;
    if (a->place.line != b->place.line)
        return a->place.line < b->place.line ? -1 : 1;
    if (a->place.column != b->place.column)
        return a->place.column < b->place.column ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* `--set KEY: …`; the key within it only where that says more. */
static char *render_setting(const struct complaints *complaints, const struct complaint *item)
{
    const char *setting = complaints->settings[item->place.source - 2];
    char *name = mem_string_n(setting, strcspn(setting, "="));
    char *shown = complaint_quote(name);
    char *line = *item->key && strcmp(item->key, name) != 0
                     ? mem_format("--set %s: %s: %s", shown, item->key, item->text)
                     : mem_format("--set %s: %s", shown, item->text);
    free(name);
    free(shown);
    return line;
}

static char *render(const struct complaints *complaints, const struct complaint *item)
{
    if (item->place.source >= 2 && item->place.source - 2 < complaints->setting_count)
        return render_setting(complaints, item);
    const char *separator = *item->key ? ": " : "";
    if (!*complaints->file)
        return mem_format("%s%s%s", item->key, separator, item->text);
    if (!item->place.line)
        return mem_format("%s: %s%s%s", complaints->file, item->key, separator, item->text);
    return mem_format("%s:%zu:%zu: %s%s%s", complaints->file, item->place.line, item->place.column, item->key,
                      separator, item->text);
}

void complaints_give(struct complaints *complaints, struct config_errors *errors)
{
    size_t more = complaints->count - complaints->kept;
    *errors = (struct config_errors){ 0 };
    if (!complaints->kept)
        return;
    qsort(complaints->items, complaints->kept, sizeof *complaints->items, compare);
    errors->items = mem_zero(complaints->kept + 1, sizeof *errors->items);
    for (size_t i = 0; i < complaints->kept; i++)
        errors->items[errors->count++] = render(complaints, &complaints->items[i]);
    if (more)
        errors->items[errors->count++] = mem_format("%s: and %zu more complaints", complaints->file, more);
}

char *complaint_quote(const char *text)
{
    size_t length = strnlen(text, QUOTE_MAX + 1);
    bool cut = length > QUOTE_MAX;
    if (cut) /* not within a UTF-8 sequence */
        for (length = QUOTE_MAX; length && ((unsigned char)text[length] & 0xc0) == 0x80;)
            length--;
    char *quoted = cut ? mem_format("%.*s…", (int)length, text) : mem_string(text);
    for (char *at = quoted; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
    return quoted;
}

void config_errors_free(struct config_errors *errors)
{
    for (size_t i = 0; i < errors->count; i++)
        free(errors->items[i]);
    free(errors->items);
    *errors = (struct config_errors){ NULL, 0 };
}

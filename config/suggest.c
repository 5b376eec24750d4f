#include "config/suggest.h"

#include "daemon/base/spelling.h"

#include <string.h>

#define NAME_SIZE 64 /* the longest path of a table fits */

/* The name in SECTION that ROW's path leads through: a key's own, or a deeper section's. False when it is elsewhere. */
static bool name_in(const struct config_table *table, size_t row, const char *section, char name[static NAME_SIZE])
{
    const char *path = table->keys[row].path;
    size_t skip = strlen(section);
    if (skip && (strncmp(path, section, skip) != 0 || path[skip++] != '.'))
        return false;
    size_t length = strcspn(path + skip, ".");
    memcpy(name, path + skip, length);
    name[length] = '\0';
    return true;
}

void suggest_names(const struct config_table *table, const char *section, struct buf *out)
{
    char name[NAME_SIZE], last[NAME_SIZE] = "";
    for (size_t row = 0; row < table->count; row++) {
        if (!name_in(table, row, section, name) || strcmp(name, last) == 0)
            continue;
        buf_add_format(out, "%s%s", *last ? ", " : "", name);
        strcpy(last, name);
    }
}

/* One slip in four letters, and one more, is still the same word; but not every letter. */
static bool nearest_here(const struct config_table *table, const char *section, const char *wrong,
                         char best[static NAME_SIZE])
{
    unsigned least = 2 + (unsigned)strlen(wrong) / 4;
    char name[NAME_SIZE];
    *best = '\0';
    for (size_t row = 0; row < table->count; row++) {
        if (!name_in(table, row, section, name))
            continue;
        unsigned distance = spelling_distance(wrong, name);
        if (distance < least && distance < strlen(name)) {
            least = distance;
            strcpy(best, name);
        }
    }
    return *best != '\0';
}

/* A key that stands in the wrong section, give or take a letter; the table's count when there is none. */
static size_t nearest_elsewhere(const struct config_table *table, const char *wrong)
{
    size_t best = table->count;
    unsigned least = 2;
    for (size_t row = 0; row < table->count; row++) {
        const char *dot = strrchr(table->keys[row].path, '.');
        unsigned distance = spelling_distance(wrong, dot ? dot + 1 : table->keys[row].path);
        if (distance < least && strlen(wrong) > 3) {
            least = distance;
            best = row;
        }
    }
    return best;
}

/* `delivery.relay: …` in a file: right as a setting, but not here. */
static bool is_dotted_path(const struct config_table *table, const char *wrong)
{
    for (size_t row = 0; row < table->count; row++)
        if (strchr(wrong, '.') && strcmp(table->keys[row].path, wrong) == 0)
            return true;
    return false;
}

void suggest_key(const struct config_table *table, const char *prefix, const char *section, const char *wrong,
                 struct buf *out)
{
    char name[NAME_SIZE];
    size_t row;
    if (is_dotted_path(table, wrong)) {
        buf_add_format(out, "allowed: %s: below %.*s:", strrchr(wrong, '.') + 1, (int)strcspn(wrong, "."), wrong);
    } else if (nearest_here(table, section, wrong, name)) {
        buf_add_format(out, "did you mean %s%s%s%s?", prefix, section, *section ? "." : "", name);
    } else if ((row = nearest_elsewhere(table, wrong)) < table->count) {
        buf_add_format(out, "did you mean %s%s?", prefix, table->keys[row].path);
    } else {
        buf_add_string(out, "allowed here: ");
        suggest_names(table, section, out);
    }
}

/* The annotated default file, from the table. */
#include "config/keys.h"
#include "config/values.h"
#include "daemon/base/buf.h"

#include <ctype.h>
#include <string.h>

#define WIDTH 100

static void indent(struct buf *out, int depth)
{
    buf_add_format(out, "%*s", depth * 2, "");
}

/* TEXT as comment lines, wrapped. */
static void comment(struct buf *out, int depth, const char *text)
{
    size_t room = WIDTH - (size_t)depth * 2 - 2;
    while (*text) {
        size_t length = strlen(text);
        if (length > room) {
            length = room;
            while (length && text[length] != ' ')
                length--;
        }
        indent(out, depth);
        buf_add_format(out, "# %.*s\n", (int)length, text);
        text += length;
        text += strspn(text, " ");
    }
}

/* A key with nothing to stand for it is commented out, with an example. */
static void describe_key(struct buf *out, int depth, const struct config_key *key)
{
    struct buf allowed = BUF_EMPTY;
    const char *dot = strrchr(key->path, '.');
    if (key->help)
        comment(out, depth, key->help);
    config_value_allowed(key, &allowed);
    allowed.data[0] = (char)toupper((unsigned char)allowed.data[0]);
    buf_add_string(&allowed, key->restart ? ". A change needs a restart." : ".");
    comment(out, depth, allowed.data);
    indent(out, depth);
    buf_add_format(out, "%s%s: %s\n", key->preset ? "" : "#", dot ? dot + 1 : key->path,
                   key->preset ? key->preset : key->example);
    buf_free(&allowed);
}

/* What an override is made of, all of it commented out: each line of the rows' own description behind a `# `. */
static void describe_overrides(struct buf *out, int depth, const struct config_key *key)
{
    struct buf rows = BUF_EMPTY;
    comment(out, depth, key->help);
    comment(out, depth, "A list of mappings, each of these keys:");
    for (size_t i = 0; i < config_override_keys.count; i++)
        describe_key(&rows, 1, &config_override_keys.keys[i]);
    for (const char *line = rows.data; *line;) {
        size_t length = strcspn(line, "\n");
        indent(out, depth);
        buf_add_format(out, "# %.*s\n", (int)length, line);
        line += length + 1;
    }
    indent(out, depth);
    buf_add_format(out, "overrides: %s\n", key->preset);
    buf_free(&rows);
}

static bool same_section(const char *a, const char *b)
{
    size_t length = strcspn(a, ".");
    return length == strcspn(b, ".") && strncmp(a, b, length) == 0;
}

/* The one profile that is always there. */
static void describe_profiles(struct buf *out, const struct config_key *key)
{
    comment(out, 0, key->help);
    buf_add_string(out, "profiles:\n  default:\n");
    for (size_t i = 0; i < config_profile_keys.count; i++) {
        const struct config_key *row = &config_profile_keys.keys[i];
        bool nested = strchr(row->path, '.') != NULL;
        if (nested && !same_section(row->path, config_profile_keys.keys[i - 1].path))
            buf_add_format(out, "    #%.*s:\n", (int)strcspn(row->path, "."), row->path);
        describe_key(out, nested ? 3 : 2, row);
    }
}

static void describe_section(struct buf *out, const char *path)
{
    size_t length = strcspn(path, ".");
    for (const struct config_section *section = config_sections; section->name; section++)
        if (strlen(section->name) == length && strncmp(section->name, path, length) == 0)
            comment(out, 0, section->help);
    buf_add_format(out, "%.*s:\n", (int)length, path);
}

void config_describe(struct buf *out)
{
    comment(out, 0,
            "The configuration of Tocsin, with every key at its default. Only what differs has to be written down; "
            "`tocsin check` says what is wrong with a file.");
    comment(out, 0,
            "Durations have a unit: ms, s, m, h or d. Sizes are bytes, or have k, M or G (1024 of the last). Rates are "
            "mails by /s, /min or /h.");
    for (size_t i = 0; i < config_keys.count; i++) {
        const struct config_key *key = &config_keys.keys[i];
        if (i == 0 || !same_section(key->path, config_keys.keys[i - 1].path)) {
            buf_add_char(out, '\n');
            if (strchr(key->path, '.'))
                describe_section(out, key->path);
        }
        if (key->type == CONFIG_PROFILES)
            describe_profiles(out, key);
        else if (key->type == CONFIG_OVERRIDES)
            describe_overrides(out, 1, key);
        else
            describe_key(out, 1, key);
    }
}

/* The annotated default file, from the table. */
#include "config/keys.h"
#include "config/values.h"
#include "daemon/base/buf.h"

#include <string.h>

#define WIDTH 100

static void indent(struct buf *out, int depth)
{
    buf_add_format(out, "%*s", depth * 2, "");
}

/* TEXT in lines that begin with LEAD, wrapped. */
static void wrap(struct buf *out, int depth, const char *lead, const char *text)
{
    size_t room = WIDTH - (size_t)depth * 2 - strlen(lead);
    while (*text) {
        size_t length = strlen(text);
        if (length > room) {
            length = room;
            while (text[length] != ' ')
                length--;
        }
        indent(out, depth);
        buf_add_format(out, "%s%.*s\n", lead, (int)length, text);
        text += length;
        text += strspn(text, " ");
    }
}

static void comment(struct buf *out, int depth, const char *text)
{
    wrap(out, depth, "# ", text);
}

static void explain(struct buf *out, int depth, const char *lead, const struct config_key *key)
{
    struct buf allowed = BUF_EMPTY;
    if (key->help)
        wrap(out, depth, lead, key->help);
    buf_add_string(&allowed, "Allowed: ");
    config_value_allowed(key, false, &allowed);
    buf_add_string(&allowed, key->restart ? ". A change needs a restart." : ".");
    wrap(out, depth, lead, allowed.data);
    buf_free(&allowed);
}

/* A key with nothing to stand for it is commented out, with an example. */
static void describe_key(struct buf *out, int depth, const struct config_key *key)
{
    const char *dot = strrchr(key->path, '.');
    explain(out, depth, "# ", key);
    indent(out, depth);
    buf_add_format(out, "%s%s: %s\n", key->preset ? "" : "#", dot ? dot + 1 : key->path,
                   key->preset ? key->preset : key->example);
}

/* What an override is made of, all of it commented out. */
static void describe_overrides(struct buf *out, int depth, const struct config_key *key)
{
    comment(out, depth, key->help);
    comment(out, depth, "Allowed: a list of mappings of these keys:");
    for (size_t i = 0; i < config_override_keys.count; i++) {
        const struct config_key *row = &config_override_keys.keys[i];
        indent(out, depth);
        buf_add_format(out, "#   %s: %s\n", row->path, row->example);
        explain(out, depth, "#       ", row);
    }
    indent(out, depth);
    buf_add_format(out, "overrides: %s\n", key->preset);
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
            "`tocsin check` says what is wrong with a file, and tocsind reads it when it starts.");
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

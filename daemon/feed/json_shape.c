#include "daemon/feed/json_shape.h"

#include <ctype.h>
#include <string.h>

#define PROBED 20

static void trim(const char **text, size_t *length)
{
    while (*length && isspace((unsigned char)**text)) {
        ++*text;
        --*length;
    }
    while (*length && isspace((unsigned char)(*text)[*length - 1]))
        --*length;
}

/* Where the object at the beginning of TEXT ends, or LENGTH + 1 where it does not. */
static size_t object_end(const char *text, size_t length)
{
    bool string = false;
    size_t depth = 0;
    for (size_t i = 0; i < length; i++) {
        if (string && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            string = !string;
        else if (!string && text[i] == '{')
            depth++;
        else if (!string && text[i] == '}' && --depth == 0)
            return i + 1;
    }
    return length + 1;
}

/* A line that the sample's end cuts is taken for a whole one. */
static bool is_object_line(const char *line, size_t length, bool cut)
{
    if (!length || *line != '{')
        return false;
    size_t end = object_end(line, length);
    return end == length || (cut && end > length);
}

/* Half of the lines: some may be bad. */
static bool is_lines(const struct feed_sample *sample)
{
    size_t at = 0, length, lines = 0, objects = 0;
    const char *line;
    while (lines < PROBED && feed_sample_line(sample, &at, &line, &length)) {
        bool cut = at > sample->length;
        trim(&line, &length);
        lines += length > 0;
        objects += is_object_line(line, length, cut);
    }
    return objects && 2 * objects >= lines;
}

enum json_shape json_shape(const struct feed_sample *sample)
{
    const char *text = sample->text;
    size_t length = sample->length;
    trim(&text, &length);
    if (length && *text == '[') {
        do {
            text++;
            length--;
        } while (length && isspace((unsigned char)*text));
        return length && strchr("{[]\"", *text) && *text ? JSON_DOCUMENT : JSON_NONE;
    }
    if (is_lines(sample))
        return JSON_LINES;
    return length && *text == '{' ? JSON_DOCUMENT : JSON_NONE;
}

static bool has(const struct feed_sample *sample, const char *word)
{
    return memmem(sample->text, sample->length, word, strlen(word)) != NULL;
}

const char *json_refusal(const struct feed_sample *sample)
{
    if (has(sample, "\"spec_version\"") ? has(sample, "\"type\"") && has(sample, "\"objects\"")
                                        : has(sample, "\"bundle\"") && has(sample, "\"objects\""))
        return "it is STIX: convert it to CSV or JSON Lines: one line for each domain, address or URL";
    if ((has(sample, "\"Event\"") || has(sample, "\"Attribute\"")) &&
        (has(sample, "\"threat_level_id\"") || has(sample, "\"to_ids\"") || has(sample, "\"orgc_id\"")))
        return "it is a MISP event: export it as CSV, or convert it to JSON Lines: one line for each domain, address "
               "or URL";
    return NULL;
}

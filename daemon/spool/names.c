#include "daemon/spool/names.h"

#include "daemon/base/mem.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *const names_suffixes[] = { ".options.json", ".rejected", ".result.jsonl", ".error", NAMES_SIDECAR, NULL };

void names_stamp(int64_t microseconds, char out[NAMES_STAMP_LENGTH + 1])
{
    time_t seconds = (time_t)(microseconds / 1000000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    size_t length = strftime(out, NAMES_STAMP_LENGTH + 1, "%Y%m%dT%H%M%S", &utc);
    snprintf(out + length, NAMES_STAMP_LENGTH + 1 - length, ".%06d", (int)(microseconds % 1000000));
}

bool names_has_stamp(const char *name)
{
    static const char shape[] = "00000000T000000.000000-";
    for (size_t i = 0; shape[i]; i++)
        if (shape[i] == '0' ? name[i] < '0' || name[i] > '9' : name[i] != shape[i])
            return false;
    return name[sizeof shape - 1] != '\0';
}

static bool ends_in(const char *name, const char *suffix)
{
    size_t length = strlen(name), tail = strlen(suffix);
    return length >= tail && strcmp(name + length - tail, suffix) == 0;
}

bool names_is_ignored(const char *name)
{
    return name[0] == '.' || ends_in(name, ".tmp") || ends_in(name, ".part");
}

bool names_is_sidecar(const char *name)
{
    return ends_in(name, NAMES_SIDECAR) && strlen(name) > sizeof NAMES_SIDECAR - 1;
}

size_t names_base_length(const char *name)
{
    for (size_t i = 0; names_suffixes[i]; i++)
        if (ends_in(name, names_suffixes[i]))
            return strlen(name) - strlen(names_suffixes[i]);
    return strlen(name);
}

static bool is_control(char byte)
{
    return (unsigned char)byte < 0x20 || byte == 0x7f;
}

/* The names go into JSON, so jansson is the judge. */
static bool is_utf8(const char *name)
{
    json_t *text = json_string(name);
    json_decref(text);
    return text != NULL;
}

static bool is_printable(const char *name)
{
    for (const char *at = name; *at; at++)
        if (is_control(*at))
            return false;
    return is_utf8(name);
}

const char *names_flaw(const char *name)
{
    if (strlen(name) > NAMES_MAX)
        return "its name is longer than 200 bytes: rename it and drop it again";
    if (!is_printable(name))
        return "its name holds control characters or is not UTF-8: rename it and drop it again";
    if (!name[0] || strchr(name, '/') || names_is_ignored(name))
        return "that is no name for a file in the spool";
    if (names_is_sidecar(name))
        return "it is a sidecar: what is submitted is the feed that it belongs to";
    if (names_base_length(name) != strlen(name))
        return "names that end in .rejected, .result.jsonl, .options.json or .error are Tocsin's own: rename it and "
               "drop it again";
    return NULL;
}

char *names_presentable(const char *name)
{
    size_t length = strlen(name);
    if (length > NAMES_MAX) {
        length = NAMES_MAX;
        while (length > NAMES_MAX - 3 && (name[length] & 0xc0) == 0x80) /* a character has at most 4 bytes */
            length--;
    }
    char *copy = mem_string_n(name, length);
    bool sound = is_utf8(copy);
    for (char *at = copy; *at; at++)
        if (is_control(*at) || (!sound && *at & 0x80))
            *at = '_';
    if (copy[0] == '.')
        copy[0] = '_';
    return copy;
}

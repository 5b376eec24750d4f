#include "daemon/bounce/lmtp_path.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* The parameters of extensions that we offer. A value is not looked at: SIZE has no limit here, and every BODY is taken as it is. */
static const char *const known_parameters[] = { "BODY=7BIT", "BODY=8BITMIME", "SIZE=" };

static bool is_known(const char *parameter, size_t length)
{
    for (size_t i = 0; i < sizeof known_parameters / sizeof *known_parameters; i++) {
        const char *known = known_parameters[i];
        size_t known_length = strlen(known);
        bool prefix = known[known_length - 1] == '=';
        if ((prefix ? length > known_length : length == known_length) &&
            strncasecmp(parameter, known, known_length) == 0)
            return true;
    }
    return false;
}

static bool parameters_known(const char *text)
{
    while (*(text += strspn(text, " "))) {
        size_t length = strcspn(text, " ");
        if (!is_known(text, length))
            return false;
        text += length;
    }
    return true;
}

/* The `>` that closes the path which begins at TEXT; one in a quoted string does not. */
static const char *closing_bracket(const char *text)
{
    bool quoted = false;
    for (; *text; text++) {
        if (quoted && *text == '\\' && text[1])
            text++;
        else if (*text == '"')
            quoted = !quoted;
        else if (*text == '>' && !quoted)
            return text;
    }
    return NULL;
}

static bool is_ascii(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] >= 0x80)
            return false;
    return true;
}

/* A source route, `@a,@b:user@c`, is to be accepted and ignored (RFC 5321 §4.1.1.3). */
static const char *skip_route(const char *path, const char *end)
{
    if (*path != '@')
        return path;
    const char *colon = memchr(path, ':', (size_t)(end - path));
    return colon ? colon + 1 : path;
}

const char *lmtp_path_parse(const char *argument, const char *keyword, char out[LMTP_PATH_SIZE])
{
    if (strncasecmp(argument, keyword, strlen(keyword)) != 0)
        return "501 5.5.4 Syntax: MAIL FROM:<address>, RCPT TO:<address>";
    argument += strlen(keyword);
    argument += strspn(argument, " ");
    const char *end = *argument == '<' ? closing_bracket(argument) : NULL;
    if (!end)
        return "501 5.1.7 The address must stand in < >";
    if (end[1] && end[1] != ' ')
        return "501 5.5.4 A blank must follow the address";
    if (!parameters_known(end + 1))
        return "555 5.5.4 Parameter not known";
    const char *path = skip_route(argument + 1, end);
    size_t length = (size_t)(end - path);
    if (length >= LMTP_PATH_SIZE)
        return "501 5.1.7 The address is too long";
    if (!is_ascii(path, length))
        return "553 5.6.7 SMTPUTF8 is not offered";
    memcpy(out, path, length);
    out[length] = '\0';
    return NULL;
}

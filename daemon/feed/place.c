#include "daemon/feed/place.h"

#include "daemon/feed/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SCHEME_MAX 16

int place_read_port(const char *text, size_t length)
{
    int port = 0;
    if (!length || length > 5)
        return 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        port = port * 10 + (text[i] - '0');
    }
    return port <= 65535 ? port : 0;
}

static int read_address(const char *text, size_t length, struct place *out)
{
    struct ip ip;
    if (ip_parse(text, length, &ip))
        return -EINVAL;
    ip_format(&ip, out->ip);
    return 0;
}

/* The text without its `:PORT`, which OUT gets; the whole length when it has none. */
static size_t cut_port(const char *text, size_t length, struct place *out)
{
    const char *colon = memrchr(text, ':', length);
    if (!colon || (memchr(text, ':', length) != colon && text[0] != '['))
        return length;
    size_t host = (size_t)(colon - text);
    int port = place_read_port(colon + 1, length - host - 1);
    if (!port || (text[0] == '[' && text[host - 1] != ']'))
        return length;
    out->port = port;
    return host;
}

int place_read(const char *text, size_t length, struct place *out)
{
    out->name[0] = out->ip[0] = '\0';
    out->port = 0;
    if (name_normalise(text, length, out->name) == 0 || read_address(text, length, out) == 0) {
        if (out->ip[0])
            out->name[0] = '\0';
        return 0;
    }
    out->name[0] = '\0';
    length = cut_port(text, length, out);
    if (length > 2 && text[0] == '[' && text[length - 1] == ']' && memchr(text, ':', length))
        return read_address(text + 1, length - 2, out);
    if (!out->port)
        return -EINVAL;
    if (name_normalise(text, length, out->name) == 0)
        return 0;
    out->name[0] = '\0';
    return read_address(text, length, out);
}

/* How people make a URL unclickable, and what they mean. */
static const struct {
    const char *defanged, *plain;
} defangings[] = {
    { "[.]", "." },   { "(.)", "." }, { "{.}", "." },     { "[dot]", "." },
    { "(dot)", "." }, { "[:]", ":" }, { "[://]", "://" }, { "[:]//", "://" },
};

static void add_refanged(struct buf *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        size_t found = 0;
        if (text[i] == '[' || text[i] == '(' || text[i] == '{') {
            for (size_t d = 0; d < sizeof defangings / sizeof *defangings && !found; d++) {
                size_t size = strlen(defangings[d].defanged);
                if (length - i >= size && strncasecmp(text + i, defangings[d].defanged, size) == 0) {
                    buf_add_string(out, defangings[d].plain);
                    found = size;
                }
            }
        }
        if (found)
            i += found - 1;
        else
            buf_add_char(out, text[i]);
    }
}

/* The length of the scheme before `://`, 0 when there is none. */
static size_t scheme_length(const char *text, size_t length)
{
    size_t n = 0;
    while (n < length && n < SCHEME_MAX && (isalnum((unsigned char)text[n]) || text[n] == '+' || text[n] == '-'))
        n++;
    return n && length - n >= 3 && memcmp(text + n, "://", 3) == 0 ? n : 0;
}

/* `hxxp`, `hXXps`, `h**p`, `fxp`: the x's stand for t's. */
static void plain_scheme(const char *text, size_t length, char out[SCHEME_MAX + 1])
{
    for (size_t i = 0; i < length; i++)
        out[i] = (char)tolower((unsigned char)text[i]);
    out[length] = '\0';
    if (strcmp(out, "hxxp") == 0 || strcmp(out, "hxxps") == 0)
        out[1] = out[2] = 't';
    else if (strcmp(out, "fxp") == 0 || strcmp(out, "fxps") == 0)
        out[1] = 't';
}

static int build_url(const char *text, size_t length, struct place *out, struct buf *url)
{
    char scheme[SCHEME_MAX + 1] = "http";
    size_t start = scheme_length(text, length);
    if (start) {
        plain_scheme(text, start, scheme);
        start += 3;
    }
    size_t end = start;
    while (end < length && text[end] != '/' && text[end] != '?' && text[end] != '#' && text[end] != '\\')
        end++;
    const char *at = memrchr(text + start, '@', end - start);
    size_t host = at ? (size_t)(at + 1 - text) : start;
    size_t host_end = end > host && text[end - 1] == ':' ? end - 1 : end;
    if (place_read(text + host, host_end - host, out))
        return -EINVAL;
    buf_add_format(url, "%s://", scheme);
    buf_add(url, text + start, host - start);
    buf_add_format(url, out->ip[0] && strchr(out->ip, ':') ? "[%s]" : "%s", out->ip[0] ? out->ip : out->name);
    if (out->port)
        buf_add_format(url, ":%d", out->port);
    buf_add(url, text + end, length - end);
    return 0;
}

int place_read_url(const char *text, size_t length, struct place *out, struct buf *url)
{
    if (!length || text_has_control(text, length) || memchr(text, ' ', length))
        return -EINVAL;
    if (!memchr(text, '[', length) && !memchr(text, '(', length) && !memchr(text, '{', length))
        return build_url(text, length, out, url);
    struct buf plain = BUF_EMPTY;
    buf_reserve(&plain, length); /* it grows no longer */
    add_refanged(&plain, text, length);
    int code = build_url(plain.data, plain.length, out, url);
    buf_free(&plain);
    return code;
}

int place_read_network(const char *text, size_t length, char out[IP_TEXT_SIZE + 4], char first[IP_TEXT_SIZE])
{
    char copy[IP_TEXT_SIZE + 16];
    struct ip_network network;
    if (length >= sizeof copy || !memchr(text, '/', length) || memchr(text, '\0', length))
        return -EINVAL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (ip_network_parse(copy, &network))
        return -EINVAL;
    ip_format(&network.address, first);
    snprintf(out, IP_TEXT_SIZE + 4, "%s/%u", first, network.prefix);
    return 0;
}

/* Addresses of hosts, networks and mailboxes. */
#include "config/values.h"
#include "daemon/base/address.h"
#include "daemon/base/mem.h"
#include "daemon/base/name.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 5321 §4.5.3.1.1 allows 64 bytes before the @; "+" and a token need most of them (daemon/bounce/token.h). */
#define MAILBOX_LOCAL_LIMIT 24

static int store(void *field, const char *text)
{
    *(char **)field = mem_string(text);
    return 0;
}

/* An empty address stands for none, except in a list. */
int config_parse_address(const struct config_key *key, const char *text, void *field, struct error *error)
{
    (void)error;
    if (!*text && !key->list)
        return store(field, text);
    char address[ADDRESS_MAX_LENGTH + 1];
    int code = address_normalise(text, strlen(text), address);
    return code ? code : store(field, address);
}

int config_parse_mailbox(const struct config_key *key, const char *text, void *field, struct error *error)
{
    char *address = NULL;
    int code = config_parse_address(key, text, &address, error);
    if (code)
        return code;
    const char *at = strchr(address, '@');
    if (at && memchr(address, '+', (size_t)(at - address)))
        code = error_set(error, -EINVAL, "the token goes in after a +, so the mailbox itself cannot have one");
    else if (at && at - address > MAILBOX_LOCAL_LIMIT)
        code = error_set(error, -EINVAL, "%.80s leaves no room for +TOKEN before the @", address);
    if (code)
        free(address);
    else
        *(char **)field = address;
    return code;
}

/* A host's name of one or more labels (RFC 1123 §2.1), LENGTH bytes. */
static bool is_host(const char *text, size_t length)
{
    if (!length || length > NAME_MAX_LENGTH)
        return false;
    size_t label = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        bool edge = label == 0 || i + 1 == length || text[i + 1] == '.';
        if (byte == '.') {
            if (label == 0 || i + 1 == length)
                return false;
            label = 0;
            continue;
        }
        if (!(byte < 0x80 && isalnum(byte)) && (edge || (byte != '-' && byte != '_')))
            return false;
        if (++label > 63)
            return false;
    }
    return true;
}

static bool is_digits_and_dots(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] != '.' && !isdigit((unsigned char)text[i]))
            return false;
    return true;
}

/* A name, or an address literal (RFC 5321 §4.1.3) for those who have none. */
int config_parse_host(const struct config_key *key, const char *text, void *field, struct error *error)
{
    (void)key;
    (void)error;
    size_t length = strlen(text);
    struct ip ip;
    if (!length)
        return store(field, text);
    if (text[0] == '[' && text[length - 1] == ']' && length > 2) {
        bool v6 = strncasecmp(text + 1, "IPv6:", 5) == 0;
        size_t skip = v6 ? 6 : 1;
        if (ip_parse(text + skip, length - 1 - skip, &ip) || ip.v6 != v6)
            return -EINVAL;
    } else if (!is_host(text, length) || is_digits_and_dots(text, length)) {
        return -EINVAL;
    }
    return store(field, text);
}

/* The port after the LENGTH bytes of the host: 1 to 65535, no sign, no blanks. */
static bool is_port(const char *text)
{
    size_t length = strlen(text);
    if (!length || length > 5 || strspn(text, "0123456789") != length)
        return false;
    long port = strtol(text, NULL, 10);
    return port >= 1 && port <= 65535;
}

/* ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT. -EINVAL, or 0 with *HAS_PORT. */
static int parse_socket_address(const char *text, struct ip *ip, bool *has_port)
{
    size_t length = strlen(text);
    const char *port = NULL;
    int code;
    if (*text == '[') {
        const char *end = strchr(text, ']');
        if (!end || (end[1] && end[1] != ':'))
            return -EINVAL;
        port = end[1] ? end + 2 : NULL;
        code = ip_parse(text + 1, (size_t)(end - text - 1), ip);
        if (!code && !ip->v6)
            return -EINVAL;
    } else if (ip_parse(text, length, ip) == 0) {
        code = 0;
    } else {
        const char *colon = strrchr(text, ':');
        if (!colon || memchr(text, ':', (size_t)(colon - text)))
            return -EINVAL;
        port = colon + 1;
        code = ip_parse(text, (size_t)(colon - text), ip);
    }
    *has_port = port != NULL;
    return code || (port && !is_port(port)) ? -EINVAL : 0;
}

/* Whoever reaches the LMTP port can end cases: it is never open to a network. */
int config_parse_endpoint(const struct config_key *key, const char *text, void *field, struct error *error)
{
    (void)key;
    struct ip ip;
    bool has_port;
    if (*text == '[')
        return !parse_socket_address(text, &ip, &has_port) && has_port ? store(field, text) : -EINVAL;
    const char *colon = strrchr(text, ':');
    if (!colon)
        return error_set(error, -EINVAL, "the port is missing");
    size_t length = (size_t)(colon - text);
    bool host = is_digits_and_dots(text, length) ? ip_parse(text, length, &ip) == 0 : is_host(text, length);
    return host && is_port(colon + 1) ? store(field, text) : -EINVAL;
}

int config_parse_loopback(const struct config_key *key, const char *text, void *field, struct error *error)
{
    (void)key;
    struct ip ip;
    bool has_port;
    if (!*text)
        return store(field, text);
    if (parse_socket_address(text, &ip, &has_port) || !has_port)
        return -EINVAL;
    static const unsigned char one[16] = { [15] = 1 };
    if (ip.v6 ? memcmp(ip.bytes, one, sizeof one) != 0 : ip.bytes[0] != 127)
        return error_set(error, -EINVAL, "%.60s is not a loopback address", text);
    return store(field, text);
}

int config_parse_server(const struct config_key *key, const char *text, void *field, struct error *error)
{
    (void)key;
    (void)error;
    struct ip ip;
    bool has_port;
    int code = parse_socket_address(text, &ip, &has_port);
    return code ? code : store(field, text);
}

int config_parse_domain(const struct config_key *key, const char *text, void *field, struct error *error)
{
    (void)key;
    (void)error;
    char name[NAME_MAX_LENGTH + 1];
    int code = name_normalise(text, strlen(text), name);
    return code ? code : store(field, name);
}

/* `hosting.example`, `.hosting.example` and `*.hosting.example` mean the same; a top-level domain is a suffix too. */
int config_parse_suffix(const struct config_key *key, const char *text, void *field, struct error *error)
{
    (void)key;
    (void)error;
    text += *text == '*' && text[1] == '.';
    text += *text == '.';
    char below[NAME_MAX_LENGTH + 3], name[NAME_MAX_LENGTH + 1];
    int length = snprintf(below, sizeof below, "x.%s", text);
    if (!*text || *text == '.' || length >= (int)sizeof below || name_normalise(below, (size_t)length, name))
        return -EINVAL;
    return store(field, name + 2);
}

int config_parse_network(const struct config_key *key, const char *text, void *field, struct error *error)
{
    (void)key;
    (void)error;
    struct config_override *override =
        (struct config_override *)((char *)field - offsetof(struct config_override, network));
    int code = ip_network_parse(text, &override->network);
    if (!code)
        override->has_network = true;
    else if (strchr(text, '/') && strchr(text, '/')[1])
        error_set(error, code, "%.60s is no network; the bits after the prefix have to be zero", text);
    return code;
}

int config_parse_party(const struct config_key *key, const char *text, void *field, struct error *error)
{
    (void)key;
    (void)error;
    enum party party = party_from_name(text);
    if (party == PARTY_COUNT)
        return -EINVAL;
    *(enum party *)field = party;
    return 0;
}

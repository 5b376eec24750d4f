#include "daemon/base/ip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

/* `192.0.2[.]7` comes in as often as the plain form: people who write about attacks defang addresses. */
static int undo_defanging(const char *text, size_t length, char out[IP_TEXT_SIZE], size_t *out_length)
{
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        char byte = text[i];
        if (length - i >= 3 &&
            (memcmp(text + i, "[.]", 3) == 0 || memcmp(text + i, "(.)", 3) == 0 || memcmp(text + i, "[:]", 3) == 0)) {
            byte = text[i + 1];
            i += 2;
        }
        if (!byte || n == IP_TEXT_SIZE - 1)
            return -EINVAL;
        out[n++] = byte;
    }
    out[n] = '\0';
    *out_length = n;
    return 0;
}

static bool parse_v4(const char *text, size_t length, unsigned char bytes[4])
{
    size_t at = 0;
    for (int part = 0; part < 4; part++) {
        if (part && (at == length || text[at++] != '.'))
            return false;
        unsigned value = 0;
        size_t start = at;
        while (at < length && at - start < 3 && text[at] >= '0' && text[at] <= '9')
            value = value * 10 + (unsigned)(text[at++] - '0');
        /* A leading zero means octal to some readers and decimal to others: not one address. */
        if (at == start || value > 255 || (text[start] == '0' && at - start > 1))
            return false;
        bytes[part] = (unsigned char)value;
    }
    return at == length;
}

static bool is_mapped(const unsigned char bytes[16])
{
    static const unsigned char prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
    return memcmp(bytes, prefix, sizeof prefix) == 0;
}

int ip_parse(const char *text, size_t length, struct ip *out)
{
    char plain[IP_TEXT_SIZE];
    memset(out, 0, sizeof *out);
    if (parse_v4(text, length, out->bytes))
        return 0;
    if (undo_defanging(text, length, plain, &length))
        return -EINVAL;
    if (parse_v4(plain, length, out->bytes))
        return 0;
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET6, plain, out->bytes) != 1)
        return -EINVAL;
    out->v6 = true;
    if (is_mapped(out->bytes)) {
        memmove(out->bytes, out->bytes + 12, 4);
        memset(out->bytes + 4, 0, 12);
        out->v6 = false;
    }
    return 0;
}

/* By hand, because inet_ntop() goes through snprintf() and every row of a feed passes here. */
static void format_v4(const unsigned char bytes[4], char *out)
{
    for (int i = 0; i < 4; i++) {
        unsigned value = bytes[i];
        if (i)
            *out++ = '.';
        if (value >= 100)
            *out++ = (char)('0' + value / 100);
        if (value >= 10)
            *out++ = (char)('0' + value / 10 % 10);
        *out++ = (char)('0' + value % 10);
    }
    *out = '\0';
}

void ip_format(const struct ip *ip, char out[IP_TEXT_SIZE])
{
    if (!ip->v6)
        format_v4(ip->bytes, out);
    else if (!inet_ntop(AF_INET6, ip->bytes, out, IP_TEXT_SIZE))
        out[0] = '\0';
}

static bool same_prefix(const unsigned char *a, const unsigned char *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(a, b, whole) != 0)
        return false;
    return !rest || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static bool has_host_bits(const struct ip_network *network)
{
    unsigned size = network->address.v6 ? 128 : 32;
    for (unsigned bit = network->prefix; bit < size; bit++)
        if (network->address.bytes[bit / 8] & (0x80u >> (bit % 8)))
            return true;
    return false;
}

static int parse_prefix(const char *text, unsigned *out)
{
    size_t digits = strspn(text, "0123456789");
    if (!digits || digits > 3 || text[digits] || (digits > 1 && text[0] == '0'))
        return -EINVAL;
    *out = 0;
    for (size_t i = 0; i < digits; i++)
        *out = *out * 10 + (unsigned)(text[i] - '0');
    return 0;
}

int ip_network_parse(const char *text, struct ip_network *out)
{
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : strlen(text);
    if (ip_parse(text, length, &out->address))
        return -EINVAL;
    unsigned size = out->address.v6 ? 128 : 32;
    out->prefix = size;
    if (!slash)
        return 0;
    if (parse_prefix(slash + 1, &out->prefix))
        return -EINVAL;
    if (!out->address.v6 &&
        memchr(text, ':', length)) { /* it was mapped: the prefix counts from the IPv6 address's start */
        if (out->prefix < 96)
            return -EINVAL;
        out->prefix -= 96;
    }
    return out->prefix > size || has_host_bits(out) ? -EINVAL : 0;
}

bool ip_network_contains(const struct ip_network *network, const struct ip *ip)
{
    return network->address.v6 == ip->v6 && same_prefix(network->address.bytes, ip->bytes, network->prefix);
}

/* The IANA special-purpose registries (RFC 6890, RFC 8190), documentation ranges left out on purpose (ip.h). */
static const struct special {
    unsigned char bytes[4];
    unsigned prefix;
} special_v4[] = {
    { { 0 }, 8 }, /* "this network" */
    { { 10 }, 8 }, /* private */
    { { 100, 64 }, 10 }, /* carrier-grade NAT */
    { { 127 }, 8 }, /* loopback */
    { { 169, 254 }, 16 }, /* link-local */
    { { 172, 16 }, 12 }, /* private */
    { { 192, 0, 0 }, 24 }, /* protocol assignments */
    { { 192, 88, 99 }, 24 }, /* 6to4 relays, given up by RFC 7526 */
    { { 192, 168 }, 16 }, /* private */
    { { 198, 18 }, 15 }, /* benchmarks */
    { { 224 }, 4 }, /* multicast */
    { { 240 }, 4 }, /* reserved, limited broadcast */
};

static bool v4_is_public(const unsigned char bytes[4])
{
    for (size_t i = 0; i < sizeof special_v4 / sizeof *special_v4; i++)
        if (same_prefix(bytes, special_v4[i].bytes, special_v4[i].prefix))
            return false;
    return true;
}

static bool v6_is_public(const unsigned char bytes[16])
{
    static const unsigned char nat64[12] = { 0x00, 0x64, 0xff, 0x9b }; /* 64:ff9b::/96, RFC 6052 */
    if (is_mapped(bytes) || memcmp(bytes, nat64, sizeof nat64) == 0)
        return v4_is_public(bytes + 12);
    if (bytes[0] == 0x20 && bytes[1] == 0x02) /* 6to4: 2002:V4ADDR::/48 */
        return v4_is_public(bytes + 2);
    if (bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] < 0x02) /* 2001::/23: Teredo, ORCHID, benchmarks */
        return false;
    return (bytes[0] & 0xe0) == 0x20; /* 2000::/3 is all that is routed */
}

bool ip_is_public(const struct ip *ip)
{
    return ip->v6 ? v6_is_public(ip->bytes) : v4_is_public(ip->bytes);
}

/* IP addresses and networks (RFC 4291, RFC 5952, RFC 4632). Pure; any thread. */
#ifndef TOCSIN_BASE_IP_H
#define TOCSIN_BASE_IP_H

#include <stdbool.h>
#include <stddef.h>

#define IP_TEXT_SIZE 46

struct ip {
    unsigned char bytes[16]; /* network order; the first 4 for IPv4 */
    bool v6;
};

struct ip_network {
    struct ip address;
    unsigned prefix; /* bits */
};

/* Parse the LENGTH bytes at TEXT (`[.]` undone, no brackets, no zone, no port; leading zeros in IPv4 are refused; an IPv4-mapped
 * IPv6 address becomes IPv4). 0 or -EINVAL. */
int ip_parse(const char *text, size_t length, struct ip *out);

/* The canonical text (RFC 5952). */
void ip_format(const struct ip *ip, char out[IP_TEXT_SIZE]);

/* `192.0.2.0/24`, `2001:db8::/32`, or a lone address; host bits must be zero. 0 or -EINVAL. */
int ip_network_parse(const char *text, struct ip_network *out);

bool ip_network_contains(const struct ip_network *network, const struct ip *ip);

/* May a stranger's data make us connect there? False for loopback, private, link-local, CGNAT, ULA, multicast, other
 * special ranges, unspecified, mapped and NAT64 forms of these (RFC 6890). Documentation ranges (192.0.2.0/24 …) count as public:
 * they route nowhere. */
bool ip_is_public(const struct ip *ip);

#endif

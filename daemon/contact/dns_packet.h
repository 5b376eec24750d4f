/* DNS answers: a packet from a server in, the few facts that Tocsin asks for out. Pure, but for the reference count: one thread. */
#ifndef TOCSIN_CONTACT_DNS_PACKET_H
#define TOCSIN_CONTACT_DNS_PACKET_H

#include "daemon/base/ip.h"

#include <stddef.h>
#include <stdint.h>

enum dns_type { DNS_A = 1, DNS_SOA = 6, DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28 };

enum dns_status {
    DNS_RECORDS, /* there are records of that type */
    DNS_NO_DATA, /* the name exists and has none */
    DNS_NO_NAME, /* NXDOMAIN: the name does not exist */
    DNS_FAILED, /* DNS could not say for now: nothing may be concluded */
};

struct dns_record {
    char *
        name; /* MX: the exchange, SOA: the zone; lower case, no trailing dot; "." for the root; "" for what cannot be a host name */
    char *server; /* SOA: MNAME, likewise */
    char *
        text; /* SOA: RNAME as a mailbox (daemon/base/address.h), "" for what is none; TXT: its strings with a blank between them, odd bytes as `?` */
    unsigned preference; /* MX */
    struct ip ip; /* A, AAAA */
};

/* Shared by everyone who asked, and by the cache: never changed, freed by the last dns_answer_drop(). */
struct dns_answer {
    enum dns_status status;
    uint32_t ttl; /* seconds that this answer may be kept; 0: not at all */
    const char *reason; /* DNS_FAILED: why, for people; a constant string */
    unsigned references;
    size_t count;
    /* MX: by preference, best first; TXT: sorted. SOA: one, of the zone that the name stands in, which is another's where the status is DNS_NO_DATA, and
     * the zone that denies it where it is DNS_NO_NAME. */
    struct dns_record records[];
};

/* What the LENGTH bytes at PACKET say to the question TYPE? of NAME (normalised): CNAMEs are followed within the packet. Never NULL, one
 * reference, the caller's. What cannot be made sense of is DNS_FAILED. */
const struct dns_answer *dns_packet_parse(const unsigned char *packet, size_t length, const char *name,
                                          enum dns_type type);

/* An answer without records, for what no packet says; one reference, the caller's. */
const struct dns_answer *dns_answer_make(enum dns_status status, uint32_t ttl, const char *reason);

const struct dns_answer *dns_answer_keep(const struct dns_answer *answer); /* one more reference; returns ANSWER */
void dns_answer_drop(const struct dns_answer *answer); /* NULL is nothing */

/* "MX", "A", "AAAA", "SOA", "TXT". */
const char *dns_type_name(enum dns_type type);

#endif

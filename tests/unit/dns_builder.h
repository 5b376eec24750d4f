/* DNS packets for the tests, byte by byte. */
#ifndef TOCSIN_TESTS_DNS_BUILDER_H
#define TOCSIN_TESTS_DNS_BUILDER_H

#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct dns_builder {
    unsigned char data[8192];
    size_t length;
};

enum dns_section { SECTION_ANSWER = 6, SECTION_AUTHORITY = 8 }; /* where its count stands in the header */

static inline void dns_16(struct dns_builder *packet, unsigned value)
{
    packet->data[packet->length++] = (unsigned char)(value >> 8);
    packet->data[packet->length++] = (unsigned char)value;
}

static inline void dns_32(struct dns_builder *packet, uint32_t value)
{
    dns_16(packet, value >> 16);
    dns_16(packet, value & 0xffff);
}

/* NAME without a trailing dot; "" or "." is the root. */
static inline void dns_name(struct dns_builder *packet, const char *name)
{
    while (*name && strcmp(name, ".") != 0) {
        size_t length = strcspn(name, ".");
        packet->data[packet->length++] = (unsigned char)length;
        memcpy(packet->data + packet->length, name, length);
        packet->length += length;
        name += length + (name[length] == '.');
    }
    packet->data[packet->length++] = 0;
}

/* A response to TYPE? of NAME. */
static inline void dns_begin(struct dns_builder *packet, unsigned id, unsigned rcode, const char *name, unsigned type)
{
    packet->length = 0;
    dns_16(packet, id);
    dns_16(packet, 0x8180 | rcode);
    dns_16(packet, 1);
    dns_16(packet, 0);
    dns_32(packet, 0);
    dns_name(packet, name);
    dns_16(packet, type);
    dns_16(packet, 1);
}

/* The record's head, its length to be set by dns_end_record(); returns where the data begins. */
static inline size_t dns_begin_record(struct dns_builder *packet, enum dns_section section, const char *owner,
                                      unsigned type, uint32_t ttl)
{
    unsigned count = (unsigned)(packet->data[section] << 8 | packet->data[section + 1]) + 1;
    packet->data[section] = (unsigned char)(count >> 8);
    packet->data[section + 1] = (unsigned char)count;
    dns_name(packet, owner);
    dns_16(packet, type);
    dns_16(packet, 1);
    dns_32(packet, ttl);
    dns_16(packet, 0);
    return packet->length;
}

static inline void dns_end_record(struct dns_builder *packet, size_t start)
{
    size_t length = packet->length - start;
    packet->data[start - 2] = (unsigned char)(length >> 8);
    packet->data[start - 1] = (unsigned char)length;
}

static inline void dns_mx(struct dns_builder *packet, const char *owner, uint32_t ttl, unsigned preference,
                          const char *exchange)
{
    size_t start = dns_begin_record(packet, SECTION_ANSWER, owner, 15, ttl);
    dns_16(packet, preference);
    dns_name(packet, exchange);
    dns_end_record(packet, start);
}

static inline void dns_cname(struct dns_builder *packet, const char *owner, uint32_t ttl, const char *target)
{
    size_t start = dns_begin_record(packet, SECTION_ANSWER, owner, 5, ttl);
    dns_name(packet, target);
    dns_end_record(packet, start);
}

/* An A record, or an AAAA record where ADDRESS has a colon. */
static inline void dns_address(struct dns_builder *packet, const char *owner, uint32_t ttl, const char *address)
{
    int v6 = strchr(address, ':') != NULL;
    size_t start = dns_begin_record(packet, SECTION_ANSWER, owner, v6 ? 28 : 1, ttl);
    inet_pton(v6 ? AF_INET6 : AF_INET, address, packet->data + packet->length);
    packet->length += v6 ? 16 : 4;
    dns_end_record(packet, start);
}

/* RNAME: its labels, the first one with `\.` for a dot of its own. */
static inline void dns_rname(struct dns_builder *packet, const char *rname)
{
    size_t start = packet->length++;
    for (; *rname && *rname != '.'; rname++) {
        rname += *rname == '\\';
        packet->data[packet->length++] = (unsigned char)*rname;
    }
    packet->data[start] = (unsigned char)(packet->length - start - 1);
    dns_name(packet, rname + (*rname == '.'));
}

static inline void dns_soa_of(struct dns_builder *packet, enum dns_section section, const char *zone, uint32_t ttl,
                              const char *rname, uint32_t minimum)
{
    size_t start = dns_begin_record(packet, section, zone, 6, ttl);
    dns_name(packet, "ns.example");
    dns_rname(packet, rname);
    for (int i = 0; i < 4; i++)
        dns_32(packet, 1);
    dns_32(packet, minimum);
    dns_end_record(packet, start);
}

static inline void dns_soa(struct dns_builder *packet, const char *zone, uint32_t ttl, uint32_t minimum)
{
    dns_soa_of(packet, SECTION_AUTHORITY, zone, ttl, "hostmaster.example", minimum);
}

/* A TXT record; `|` in TEXT begins its next string. */
static inline void dns_txt(struct dns_builder *packet, const char *owner, uint32_t ttl, const char *text)
{
    size_t start = dns_begin_record(packet, SECTION_ANSWER, owner, 16, ttl);
    for (;;) {
        size_t length = strcspn(text, "|");
        packet->data[packet->length++] = (unsigned char)length;
        memcpy(packet->data + packet->length, text, length);
        packet->length += length;
        if (!text[length])
            break;
        text += length + 1;
    }
    dns_end_record(packet, start);
}

#endif

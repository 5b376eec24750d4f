#include "daemon/contact/dns_packet.h"

#include "daemon/base/address.h"
#include "daemon/base/mem.h"
#include "daemon/base/name.h"

#include <arpa/nameser.h>
#include <resolv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Nobody has more mail hosts that matter, and an answer stays in the cache. */
#define MAX_RECORDS 24
/* Resource records of a packet that are looked at; a packet of 64 KB could hold 5,000, each of which might name a 255 byte name. */
#define MAX_SEEN 200
/* BIND and Unbound give up at 11 to 16. */
#define MAX_CNAMES 12
/* Of a TXT record: a database of contacts gives some mailboxes, and everything else is not asked for. */
#define MAX_TEXT 1024
/* An hour, although zones say up to a week: a case that is asked about again later should see a mail host that has moved. */
#define MAX_TTL 3600
/* RFC 2308 §5 lets a negative answer live for hours. Five minutes spare the server the repeated questions of one feed file, and do not
 * hide a mail domain that is just being repaired. */
#define MAX_NEGATIVE_TTL 300
#define DEFAULT_NEGATIVE_TTL 60

struct packet {
    const unsigned char *start, *end;
    const unsigned char *answers; /* where the answer section begins */
    const unsigned char *authority; /* found while walking the answers */
    unsigned rcode, answer_count, authority_count;
};

struct record {
    char owner[NS_MAXDNAME];
    unsigned type, class;
    uint32_t ttl;
    const unsigned char *data;
    size_t data_length;
};

static unsigned get16(const unsigned char *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static uint32_t get32(const unsigned char *at)
{
    return (uint32_t)get16(at) << 16 | get16(at + 2);
}

/* The name at *AT to OUT, AT moved behind it. dn_expand() bounds compression pointers and escapes what is not printable. */
static bool read_name(const struct packet *packet, const unsigned char **at, char out[NS_MAXDNAME])
{
    int used = *at < packet->end ? dn_expand(packet->start, packet->end, *at, out, NS_MAXDNAME) : -1;
    if (used < 0)
        return false;
    *at += used;
    return true;
}

static bool read_record(const struct packet *packet, const unsigned char **at, struct record *record)
{
    if (!read_name(packet, at, record->owner) || packet->end - *at < NS_RRFIXEDSZ)
        return false;
    record->type = get16(*at);
    record->class = get16(*at + 2);
    record->ttl = get32(*at + 4);
    if (record->ttl > INT32_MAX) /* RFC 2181 §8 */
        record->ttl = 0;
    record->data_length = get16(*at + 8);
    record->data = *at + NS_RRFIXEDSZ;
    if ((size_t)(packet->end - record->data) < record->data_length)
        return false;
    *at = record->data + record->data_length;
    return true;
}

/* The header, and the one question, which must be ours. */
static bool read_head(struct packet *packet, const char *name, enum dns_type type)
{
    char asked[NS_MAXDNAME];
    const unsigned char *at = packet->start + NS_HFIXEDSZ;
    if (packet->end < at || !(packet->start[2] & 0x80) || (packet->start[2] & 0x78) != 0 ||
        get16(packet->start + 4) != 1)
        return false;
    packet->rcode = packet->start[3] & 0x0f;
    packet->answer_count = get16(packet->start + 6);
    packet->authority_count = get16(packet->start + 8);
    if (!read_name(packet, &at, asked) || packet->end - at < NS_QFIXEDSZ || strcasecmp(asked, name) != 0 ||
        get16(at) != type || get16(at + 2) != ns_c_in)
        return false;
    packet->answers = at + NS_QFIXEDSZ;
    return true;
}

/* Go through the answer section for the CNAME of NAME; NAME becomes its target. Returns 1 when there was one, 0 when not, -1 when the
 * packet is broken. */
static int follow_cname(struct packet *packet, char name[NS_MAXDNAME], uint32_t *ttl)
{
    const unsigned char *at = packet->answers;
    struct record record;
    for (unsigned i = 0; i < packet->answer_count && i < MAX_SEEN; i++) {
        if (!read_record(packet, &at, &record))
            return -1;
        if (record.type != ns_t_cname || record.class != ns_c_in || strcasecmp(record.owner, name) != 0)
            continue;
        const unsigned char *data = record.data;
        if (!read_name(packet, &data, name))
            return -1;
        if (record.ttl < *ttl)
            *ttl = record.ttl;
        return 1;
    }
    packet->authority = at;
    return 0;
}

/* Lower case when it may be a host name, "." for the root, "" for anything else: dn_expand() has escaped odd bytes with backslashes,
 * which no host name has. */
static char *host_name(const char *expanded)
{
    if (!*expanded)
        return mem_string(".");
    size_t length = strlen(expanded);
    if (strspn(expanded, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != length)
        return mem_string("");
    char *name = mem_string(expanded);
    for (size_t i = 0; i < length; i++)
        if (name[i] >= 'A' && name[i] <= 'Z')
            name[i] = (char)(name[i] - 'A' + 'a');
    return name;
}

/* One byte of an expanded name at *AT, its escape (RFC 1035 §5.1) undone; *PLAIN: it had none. */
static char take_byte(const char **at, bool *plain)
{
    const char *c = *at;
    *plain = *c != '\\' || !c[1];
    if (*plain) {
        *at = c + 1;
        return *c;
    }
    if (c[1] >= '0' && c[1] <= '9' && c[2] && c[3]) {
        *at = c + 4;
        return (char)((c[1] - '0') * 100 + (c[2] - '0') * 10 + (c[3] - '0'));
    }
    *at = c + 2;
    return c[1];
}

/* The mailbox that an RNAME stands for (RFC 1035 §8): its first label is what stands before the @, where a dot is escaped. Some write the @ itself into
 * the zone file: then it stands in the first label. "" where it is none. */
static char *mailbox_of(const char *rname)
{
    char text[NS_MAXDNAME + 1], address[ADDRESS_MAX_LENGTH + 1];
    size_t length = 0;
    bool has_at = false, plain;
    for (const char *at = rname; *at && length < sizeof text;) {
        char byte = take_byte(&at, &plain);
        if (byte == '.' && plain && !has_at)
            byte = '@';
        has_at |= byte == '@';
        text[length++] = byte;
    }
    return mem_string(address_normalise(text, length, address) == 0 ? address : "");
}

static bool decode_soa(const struct packet *packet, const struct record *record, struct dns_record *out)
{
    char server[NS_MAXDNAME], rname[NS_MAXDNAME];
    const unsigned char *at = record->data, *end = record->data + record->data_length;
    if (!read_name(packet, &at, server) || at > end || !read_name(packet, &at, rname) || at > end)
        return false;
    out->name = host_name(record->owner);
    out->server = host_name(server);
    out->text = mailbox_of(rname);
    return true;
}

static bool decode_txt(const struct record *record, struct dns_record *out)
{
    char text[MAX_TEXT + 1];
    size_t length = 0;
    const unsigned char *at = record->data, *end = at + record->data_length;
    while (at < end) {
        size_t size = *at++;
        if ((size_t)(end - at) < size)
            return false;
        if (length > 0 && length < MAX_TEXT)
            text[length++] = ' ';
        for (size_t i = 0; i < size && length < MAX_TEXT; i++)
            text[length++] = (char)(at[i] >= ' ' && at[i] < 0x7f ? at[i] : '?');
        at += size;
    }
    out->text = mem_string_n(text, length);
    return true;
}

static bool decode_mx(const struct packet *packet, const struct record *record, struct dns_record *out)
{
    char name[NS_MAXDNAME];
    const unsigned char *at = record->data + 2;
    if (record->data_length < 3 || !read_name(packet, &at, name))
        return false;
    out->preference = get16(record->data);
    out->name = host_name(name);
    return true;
}

static bool decode_address(const struct record *record, enum dns_type type, struct dns_record *out)
{
    out->ip.v6 = type == DNS_AAAA;
    size_t length = out->ip.v6 ? 16 : 4;
    if (record->data_length != length)
        return false;
    memcpy(out->ip.bytes, record->data, length);
    return true;
}

/* RECORD's data to OUT; false when it is not as its type demands. */
static bool decode(const struct packet *packet, const struct record *record, enum dns_type type, struct dns_record *out)
{
    *out = (struct dns_record){ 0 };
    switch (type) {
    case DNS_MX:
        return decode_mx(packet, record, out);
    case DNS_SOA:
        return decode_soa(packet, record, out);
    case DNS_TXT:
        return decode_txt(record, out);
    case DNS_A:
    case DNS_AAAA:
        break;
    }
    return decode_address(record, type, out);
}

static void free_record(struct dns_record *record)
{
    free(record->name);
    free(record->server);
    free(record->text);
}

/* The records of TYPE that NAME has, at most MAX_RECORDS, to OUT. Returns how many, or -1 when the packet is broken. */
static int collect(const struct packet *packet, const char *name, enum dns_type type, struct dns_record *out,
                   uint32_t *ttl)
{
    int count = 0, most = type == DNS_SOA ? 1 : MAX_RECORDS;
    const unsigned char *at = packet->answers;
    struct record record;
    for (unsigned i = 0; i < packet->answer_count && i < MAX_SEEN && count < most; i++) {
        if (!read_record(packet, &at, &record))
            goto broken;
        if (record.type != (unsigned)type || record.class != ns_c_in || strcasecmp(record.owner, name) != 0)
            continue;
        if (!decode(packet, &record, type, &out[count]))
            goto broken;
        count++;
        if (record.ttl < *ttl)
            *ttl = record.ttl;
    }
    return count;
broken:
    while (count > 0)
        free_record(&out[--count]);
    return -1;
}

/* The SOA of the authority section, which comes with a negative answer; false where there is none. */
static bool find_authority(const struct packet *packet, struct record *record)
{
    const unsigned char *at = packet->authority;
    for (unsigned i = 0; at && i < packet->authority_count && i < MAX_SEEN && read_record(packet, &at, record); i++)
        if (record->type == ns_t_soa && record->class == ns_c_in && record->data_length >= 22)
            return true;
    return false;
}

/* How long a negative answer may be kept: the SOA's TTL or its minimum, whichever is less (RFC 2308 §5). */
static uint32_t negative_ttl(const struct record *soa)
{
    uint32_t minimum = get32(soa->data + soa->data_length - 4);
    uint32_t ttl = soa->ttl < minimum ? soa->ttl : minimum;
    return ttl < MAX_NEGATIVE_TTL ? ttl : MAX_NEGATIVE_TTL;
}

/* By name too, so that the same zone gives the same evidence whatever order a server rotates its records into. */
static int compare_records(const void *a, const void *b)
{
    const struct dns_record *left = a, *right = b;
    if (left->preference != right->preference)
        return left->preference < right->preference ? -1 : 1;
    if (left->text && right->text)
        return strcmp(left->text, right->text);
    return left->name && right->name ? strcmp(left->name, right->name) : 0;
}

static struct dns_answer *make(enum dns_status status, uint32_t ttl, const char *reason, size_t count)
{
    struct dns_answer *answer = mem_zero(1, sizeof *answer + count * sizeof answer->records[0]);
    answer->status = status;
    answer->ttl = ttl;
    answer->reason = reason;
    answer->references = 1;
    answer->count = count;
    return answer;
}

const struct dns_answer *dns_answer_make(enum dns_status status, uint32_t ttl, const char *reason)
{
    return make(status, ttl, reason, 0);
}

/* There is nothing of TYPE at NAME. Whose zone says so is the answer to a question for an SOA: nearly no name has one itself. */
static const struct dns_answer *deny(const struct packet *packet, enum dns_status status, const char *name,
                                     enum dns_type type)
{
    struct record soa;
    struct dns_record found;
    if (!find_authority(packet, &soa))
        return make(status, DEFAULT_NEGATIVE_TTL, NULL, 0);
    if (type != DNS_SOA || !decode_soa(packet, &soa, &found))
        return make(status, negative_ttl(&soa), NULL, 0);
    bool above = strcmp(found.name, ".") == 0 || name_within(name, found.name);
    struct dns_answer *answer = make(status, negative_ttl(&soa), NULL, above);
    if (above)
        answer->records[0] = found;
    else
        free_record(&found);
    return answer;
}

static const struct dns_answer *parse_records(struct packet *packet, const char *name, enum dns_type type)
{
    struct dns_record found[MAX_RECORDS];
    char owner[NS_MAXDNAME];
    strcpy(owner, name);
    uint32_t ttl = MAX_TTL;
    int followed = 1;
    for (int i = 0; followed == 1; i++)
        if (i > MAX_CNAMES || (followed = follow_cname(packet, owner, &ttl)) < 0)
            return make(DNS_FAILED, 0, followed < 0 ? "a malformed answer" : "a loop of aliases", 0);
    if (packet->rcode == ns_r_nxdomain) /* of the last alias (RFC 6604 §3) */
        return deny(packet, DNS_NO_NAME, owner, type);
    int count = collect(packet, owner, type, found, &ttl);
    if (count < 0)
        return make(DNS_FAILED, 0, "a malformed answer", 0);
    if (count == 0)
        return deny(packet, DNS_NO_DATA, owner, type);
    struct dns_answer *answer = make(DNS_RECORDS, ttl, NULL, (size_t)count);
    memcpy(answer->records, found, (size_t)count * sizeof found[0]);
    if (type == DNS_MX || type == DNS_TXT)
        qsort(answer->records, answer->count, sizeof answer->records[0], compare_records);
    return answer;
}

const struct dns_answer *dns_packet_parse(const unsigned char *packet, size_t length, const char *name,
                                          enum dns_type type)
{
    struct packet view = { .start = packet, .end = packet + length };
    if (strlen(name) >= NS_MAXDNAME || length < NS_HFIXEDSZ || !read_head(&view, name, type))
        return make(DNS_FAILED, 0, "a malformed answer", 0);
    if (packet[2] & 0x02) /* c-ares has asked again over TCP already */
        return make(DNS_FAILED, 0, "a truncated answer", 0);
    if (view.rcode != ns_r_noerror && view.rcode != ns_r_nxdomain)
        return make(DNS_FAILED, 0, view.rcode == ns_r_servfail ? "the server failed" : "the server refused to answer",
                    0);
    return parse_records(&view, name, type);
}

const struct dns_answer *dns_answer_keep(const struct dns_answer *answer)
{
    ((struct dns_answer *)answer)->references++;
    return answer;
}

void dns_answer_drop(const struct dns_answer *answer)
{
    struct dns_answer *mine = (struct dns_answer *)answer;
    if (!mine || --mine->references > 0)
        return;
    for (size_t i = 0; i < mine->count; i++)
        free_record(&mine->records[i]);
    free(mine);
}

const char *dns_type_name(enum dns_type type)
{
    switch (type) {
    case DNS_A:
        return "A";
    case DNS_SOA:
        return "SOA";
    case DNS_MX:
        return "MX";
    case DNS_TXT:
        return "TXT";
    case DNS_AAAA:
        break;
    }
    return "AAAA";
}

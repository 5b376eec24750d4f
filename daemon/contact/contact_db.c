/* Databases of abuse contacts that are asked by DNS (contacts.database_domain, contacts.database_ip); without those keys nobody is asked.
 *
 * By domain, as abuse.net does it: TXT records of DOMAIN.ZONE hold mailboxes. By address, as Abusix does it: TXT records of the reversed address, as in
 * in-addr.arpa and ip6.arpa, below ZONE. Somebody else keeps them, so a ladder is complete without their answer. */
#include "daemon/contact/source.h"

#include "daemon/base/address.h"
#include "daemon/base/mem.h"
#include "daemon/base/name.h"
#include "daemon/contact/found_mailbox.h"

#include <stdlib.h>
#include <string.h>

/* Mailboxes of one answer: a stranger's zone is not to fill the ladder. */
#define MAX_MAILBOXES 4
/* Addresses of the host that are asked about, each of IPv4 and IPv6. */
#define MAX_ADDRESSES 2

/* One question to a database. */
struct lookup {
    const char *zone, *kind;
    char *about; /* the domain or the address */
    char *name; /* what is asked for */
    enum party party;
    unsigned distance;
};

static void propose_text(const struct lookup *lookup, const char *text, size_t *left, struct evidence *evidence,
                         struct candidates *out)
{
    static const char blanks[] = " ,;";
    char address[ADDRESS_MAX_LENGTH + 1];
    char *where = mem_format("contact database %s, for %s", lookup->zone, lookup->about);
    for (text += strspn(text, blanks); *text && *left; text += strspn(text, blanks)) {
        size_t length = strcspn(text, blanks);
        if (address_normalise(text, length, address) == 0) {
            --*left;
            found_mailbox_propose(&(struct found_mailbox){ .address = address,
                                                           .kind = lookup->kind,
                                                           .where = where,
                                                           .party = lookup->party,
                                                           .distance = lookup->distance },
                                  evidence, out);
        }
        text += length;
    }
    free(where);
}

/* Ask, where the answer is missing, and propose what is in it. LOOKUP's strings are freed. */
static void look_up(struct lookup lookup, struct evidence *evidence, struct candidates *out)
{
    const struct dns_answer *answer = evidence_dns(evidence, lookup.name, DNS_TXT);
    size_t left = MAX_MAILBOXES;
    if (answer && answer->status == DNS_FAILED)
        candidates_note(out, "the contact database %s did not answer for %s (%s)", lookup.zone, lookup.about,
                        answer->reason);
    for (size_t i = 0; answer && answer->status == DNS_RECORDS && i < answer->count; i++)
        propose_text(&lookup, answer->records[i].text, &left, evidence, out);
    free(lookup.about);
    free(lookup.name);
}

static void look_up_domain(const char *zone, struct evidence *evidence, struct candidates *out)
{
    char *name = mem_format("%s.%s", evidence->target, zone);
    if (strlen(name) > NAME_MAX_LENGTH)
        free(name);
    else
        look_up((struct lookup){ zone, "contactdb-domain", mem_string(evidence->target), name, PARTY_OWNER, 1 },
                evidence, out);
}

/* 192.0.2.7 as 7.2.0.192, 2001:db8::7 as its 32 digits, the last one first. */
static char *reversed(const struct ip *ip, const char *zone)
{
    struct buf name = BUF_EMPTY;
    for (size_t i = ip->v6 ? 16 : 4; i-- > 0;)
        if (ip->v6)
            buf_add_format(&name, "%x.%x.", ip->bytes[i] & 15u, ip->bytes[i] >> 4);
        else
            buf_add_format(&name, "%u.", ip->bytes[i]);
    buf_add_string(&name, zone);
    return buf_take(&name);
}

static void look_up_ip(const char *zone, const struct ip *ip, unsigned distance, struct evidence *evidence,
                       struct candidates *out)
{
    char text[IP_TEXT_SIZE], *name = reversed(ip, zone);
    ip_format(ip, text);
    if (strlen(name) > NAME_MAX_LENGTH || !ip_is_public(ip))
        free(name);
    else
        look_up((struct lookup){ zone, "contactdb-ip", mem_string(text), name, PARTY_HOSTER, distance }, evidence, out);
}

/* The address that the incident names; else those of the host. */
static void look_up_addresses(const char *zone, struct evidence *evidence, struct candidates *out)
{
    static const enum dns_type types[] = { DNS_A, DNS_AAAA };
    struct ip ip;
    if (evidence->ip && ip_parse(evidence->ip, strlen(evidence->ip), &ip) == 0) {
        look_up_ip(zone, &ip, 0, evidence, out);
        return;
    }
    for (size_t i = 0; i < 2 && !evidence->is_ip; i++) {
        const struct dns_answer *answer = evidence_dns(evidence, evidence->host, types[i]);
        for (size_t j = 0; answer && j < answer->count && j < MAX_ADDRESSES; j++)
            look_up_ip(zone, &answer->records[j].ip, 1, evidence, out);
    }
}

void contact_db_propose(const struct config *config, struct evidence *evidence, struct candidates *out)
{
    const char *domain = config->contacts.database_domain, *ip = config->contacts.database_ip;
    if (domain && *domain && !evidence->is_ip)
        look_up_domain(domain, evidence, out);
    if (ip && *ip)
        look_up_addresses(ip, evidence, out);
}

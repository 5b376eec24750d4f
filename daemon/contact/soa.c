/* The mailbox of whoever keeps the target's zone: RNAME of its SOA (RFC 1035 §3.3.13). Asked for where contacts.order names `soa`.
 *
 * Whose: a mailbox within the target's own domain is the owner's. Any other is that of who runs the DNS, mostly the hoster: the address stands in the zone
 * because he filled it in for his customer, and it is he who reads it. Where the target is no zone of its own, the zone above it answers; it is that of the
 * platform (blogspot.com), or a registry's, which is left out. */
#include "daemon/contact/source.h"

#include "daemon/base/address.h"
#include "daemon/base/mem.h"
#include "daemon/base/name.h"
#include "daemon/contact/found_mailbox.h"

#include <stdlib.h>
#include <string.h>

/* Domains that no mail ever goes to (RFC 2606, RFC 6761). */
static const char *const nowhere[] = { "invalid", "localhost", "local", "example.com", "example.net", "example.org" };

/* What stands where nobody was meant to. */
static const char *const nobodies[] = { "nobody@", "noreply@", "no-reply@", "donotreply@", "invalid@", "unknown@" };

/* What large providers put into each of their customers' zones, unless those change it: it says nothing about who reads it. */
static const char *const presets[] = {
    "awsdns-hostmaster@amazon.com",
    "azuredns-hostmaster@microsoft.com",
    "cloud-dns-hostmaster@google.com",
    "dns@cloudflare.com",
};

/* Why ADDRESS is nobody's, or NULL. */
static const char *placeholder(const char *address)
{
    for (size_t i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++)
        if (name_within(address_domain(address), nowhere[i]))
            return "its domain is a placeholder";
    for (size_t i = 0; i < sizeof nobodies / sizeof nobodies[0]; i++)
        if (strncmp(address, nobodies[i], strlen(nobodies[i])) == 0)
            return "it is a placeholder";
    for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++)
        if (strcmp(address, presets[i]) == 0)
            return "its DNS provider has it in every zone";
    return NULL;
}

/* Is ZONE above the registrable names: a registry's (shop.example stands in `example`)? A platform's is none. */
static bool is_registry(const char *zone, const char *target)
{
    const char *platform = name_platform(target);
    return !strchr(zone, '.') || (!name_registrable(zone) && !(platform && strcmp(platform, zone) == 0));
}

static void propose(const struct dns_record *soa, struct evidence *evidence, struct candidates *out)
{
    const char *target = evidence->target;
    bool own = name_within(address_domain(soa->text), target);
    char *where = mem_format("SOA record of %s", soa->name);
    char *whose = own ? NULL : mem_format("which is not within %s: taken for who runs its DNS", target);
    const char *why = placeholder(soa->text);
    if (why)
        candidates_note(out, "%s: %s is not tried: %s", where, soa->text, why);
    else
        found_mailbox_propose(&(struct found_mailbox){ .address = soa->text,
                                                       .kind = "soa",
                                                       .where = where,
                                                       .whose = whose,
                                                       .party = own ? PARTY_OWNER : PARTY_HOSTER,
                                                       .distance = 1 },
                              evidence, out);
    free(where);
    free(whose);
}

void soa_propose(const struct config *config, struct evidence *evidence, struct candidates *out)
{
    if (evidence->is_ip || !rank_wants(config, "soa"))
        return;
    const struct dns_answer *answer = evidence_dns(evidence, evidence->target, DNS_SOA);
    if (!answer || answer->status == DNS_NO_NAME)
        return;
    /* A ladder does not wait for it: it is the last resort, and some servers never answer this question right. */
    if (answer->status == DNS_FAILED)
        candidates_note(out, "the SOA record of %s could not be looked up for now (%s)", evidence->target,
                        answer->reason);
    if (answer->count == 0 || is_registry(answer->records[0].name, evidence->target))
        return;
    if (*answer->records[0].text)
        propose(&answer->records[0], evidence, out);
    else
        candidates_note(out, "SOA record of %s: it names no mailbox", answer->records[0].name);
}

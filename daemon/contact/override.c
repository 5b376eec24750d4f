/* Contacts that a person wrote into the configuration: for a domain, for all names below a suffix, for a network.
 *
 * A domain is matched by the target and by the host; a network by the address that the incident names, and by those that the host has
 * in DNS, which are asked for only where some override has a network. */
#include "daemon/contact/source.h"

#include "daemon/base/address.h"
#include "daemon/base/mem.h"
#include "daemon/base/name.h"

#include <stdlib.h>
#include <string.h>

/* How an override matches: DISTANCE as a candidate's, and the evidence in words (the caller's to free). */
struct match {
    unsigned distance;
    char *words;
};

static bool match_domain(const struct config_override *override, const struct evidence *evidence, struct match *match)
{
    if (!override->domain || evidence->is_ip)
        return false;
    bool host = strcmp(evidence->host, override->domain) == 0;
    if (!host && strcmp(evidence->target, override->domain) != 0)
        return false;
    match->distance = host ? 0 : 1;
    match->words = mem_format("override for domain %s in the configuration", override->domain);
    return true;
}

/* The longer suffix is the nearer one. */
static bool match_suffix(const struct config_override *override, const struct evidence *evidence, struct match *match)
{
    const char *suffix = override->suffix;
    if (!suffix || evidence->is_ip)
        return false;
    suffix += *suffix == '.';
    if (!name_within(evidence->host, suffix) || strcmp(evidence->host, suffix) == 0)
        return false;
    match->distance = 2 + (unsigned)(NAME_MAX_LENGTH - strnlen(suffix, NAME_MAX_LENGTH));
    match->words = mem_format("override for names below %s in the configuration", suffix);
    return true;
}

static char *network_words(const struct config_override *override, const struct ip *ip, const char *host)
{
    char network[IP_TEXT_SIZE], address[IP_TEXT_SIZE];
    ip_format(&override->network.address, network);
    ip_format(ip, address);
    return host ? mem_format("override for network %s/%u in the configuration; %s has the address %s", network,
                             override->network.prefix, host, address)
                : mem_format("override for network %s/%u in the configuration; the incident names %s", network,
                             override->network.prefix, address);
}

/* The first address of TYPE that the host has in the network, or NULL. */
static const struct ip *host_address(const struct config_override *override, struct evidence *evidence,
                                     enum dns_type type)
{
    const struct dns_answer *answer = evidence_dns(evidence, evidence->host, type);
    if (answer && answer->status == DNS_FAILED)
        evidence->doubtful = true;
    for (size_t i = 0; answer && i < answer->count; i++)
        if (ip_network_contains(&override->network, &answer->records[i].ip))
            return &answer->records[i].ip;
    return NULL;
}

/* The longer prefix is the nearer one. */
static bool match_network(const struct config_override *override, struct evidence *evidence, struct match *match)
{
    struct ip named;
    const struct ip *found = NULL;
    const char *host = NULL;
    if (!override->has_network)
        return false;
    if (evidence->ip && ip_parse(evidence->ip, strlen(evidence->ip), &named) == 0 &&
        ip_network_contains(&override->network, &named))
        found = &named;
    else if (!evidence->is_ip) {
        host = evidence->host;
        found = host_address(override, evidence, override->network.address.v6 ? DNS_AAAA : DNS_A);
    }
    if (!found)
        return false;
    match->distance = 2 + NAME_MAX_LENGTH + 128 - override->network.prefix;
    match->words = network_words(override, found, host);
    return true;
}

/* A person wrote the address, so it stays whatever DNS says of its domain; but who reads the ladder is told. */
static double check_address(const char *address, struct evidence *evidence, struct candidates *out)
{
    struct mail_host mail;
    evidence_mail_host(evidence, address_domain(address), &mail);
    if (mail.verdict == MAIL_PENDING || mail.verdict == MAIL_UNKNOWN || mail_host_takes_mail(&mail))
        return 1;
    struct buf words = BUF_EMPTY;
    mail_host_describe(&mail, &words);
    candidates_note(out, "%s %s: the override %s is kept all the same", address_domain(address), words.data, address);
    buf_free(&words);
    return 0;
}

static void propose(const struct config_override *override, const struct match *match, struct evidence *evidence,
                    struct candidates *out)
{
    char address[ADDRESS_MAX_LENGTH + 1];
    for (size_t i = 0; i < override->contacts.count; i++) {
        const char *text = override->contacts.items[i];
        if (address_normalise(text, strlen(text), address) != 0)
            continue; /* config has checked it */
        candidates_add(out, &(struct candidate){ .address = address,
                                                 .kind = "override",
                                                 .evidence = match->words,
                                                 .languages = override->language,
                                                 .party = override->party,
                                                 .first = override->domain != NULL,
                                                 .distance = match->distance,
                                                 .accepts = check_address(address, evidence, out) });
    }
}

void override_propose(const struct config *config, struct evidence *evidence, struct candidates *out)
{
    for (size_t i = 0; i < config->contacts.override_count; i++) {
        const struct config_override *override = &config->contacts.overrides[i];
        struct match match;
        if (!match_domain(override, evidence, &match) && !match_suffix(override, evidence, &match) &&
            !match_network(override, evidence, &match))
            continue;
        propose(override, &match, evidence, out);
        free(match.words);
    }
}

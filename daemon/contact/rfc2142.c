/* The mailboxes that every domain should have (RFC 2142): abuse@, security@, and what else contacts.mailboxes names.
 *
 * Whose: those of the host that the incident names, where it is not the target itself and has an MX record of its own; then those of the
 * target. A host without an MX of its own, like most www.shop.example, would only be reached through its address record (an implicit
 * MX), where a web server listens: nobody reads abuse@www.shop.example, so only abuse@shop.example is asked. Where the target stands
 * below a platform (shop.blogspot.com), the platform's mailboxes follow as its hoster's. */
#include "daemon/contact/source.h"

#include "daemon/base/address.h"
#include "daemon/base/mem.h"
#include "daemon/base/name.h"

#include <stdlib.h>
#include <string.h>

struct owner {
    const char *domain;
    enum party party;
    unsigned distance;
};

static void propose_mailboxes(const struct config *config, const struct owner *owner, const struct mail_host *mail,
                              struct candidates *out)
{
    char address[ADDRESS_MAX_LENGTH + 64], kind[64 + 8], ip[IP_TEXT_SIZE];
    ip_format(&mail->ip, ip);
    char *evidence =
        mail->verdict == MAIL_MX
            ? mem_format("RFC 2142 mailbox of %s; mail for it goes to %s", owner->domain, mail->exchange)
            : mem_format("RFC 2142 mailbox of %s; it has no MX record, so mail for it goes to its own address %s",
                         owner->domain, ip);
    for (size_t i = 0; i < config->contacts.mailboxes.count; i++) {
        const char *mailbox = config->contacts.mailboxes.items[i];
        if (strlen(mailbox) >= 64)
            continue; /* RFC 5321 §4.5.3.1.1 */
        snprintf(address, sizeof address, "%s@%s", mailbox, owner->domain);
        snprintf(kind, sizeof kind, "rfc2142-%s", mailbox);
        candidates_add(out, &(struct candidate){ .address = address,
                                                 .kind = kind,
                                                 .evidence = evidence,
                                                 .party = owner->party,
                                                 .distance = owner->distance,
                                                 .accepts = mail_host_accepts(mail) });
    }
    free(evidence);
}

static void rule_out(const struct owner *owner, const struct mail_host *mail, struct candidates *out)
{
    struct buf words = BUF_EMPTY;
    mail_host_describe(mail, &words);
    candidates_note(out, "%s %s: none of its mailboxes is tried", owner->domain, words.data);
    buf_free(&words);
}

static void propose_domain(const struct config *config, struct evidence *evidence, const struct owner *owner,
                           struct candidates *out)
{
    struct mail_host mail;
    evidence_mail_host(evidence, owner->domain, &mail);
    if (mail.verdict == MAIL_UNKNOWN)
        evidence->doubtful = true;
    if (mail_host_takes_mail(&mail))
        propose_mailboxes(config, owner, &mail, out);
    else
        rule_out(owner, &mail, out);
}

/* Only what has an MX record of its own, so that one question settles it. */
static void propose_host(const struct config *config, struct evidence *evidence, const struct owner *owner,
                         struct candidates *out)
{
    struct mail_host mail;
    const struct dns_answer *mx = evidence_dns(evidence, owner->domain, DNS_MX);
    if (!mx)
        return;
    if (mx->status == DNS_NO_DATA) {
        candidates_note(out, "%s has no MX record of its own: its mail is taken to be that of %s", owner->domain,
                        evidence->target);
        return;
    }
    mail_host_judge(mx, NULL, NULL, &mail);
    if (mail.verdict == MAIL_UNKNOWN)
        evidence->doubtful = true;
    if (mail.verdict == MAIL_MX)
        propose_mailboxes(config, owner, &mail, out);
    else
        rule_out(owner, &mail, out);
}

void rfc2142_propose(const struct config *config, struct evidence *evidence, struct candidates *out)
{
    if (evidence->is_ip)
        return;
    if (strcmp(evidence->host, evidence->target) != 0)
        propose_host(config, evidence, &(struct owner){ evidence->host, PARTY_OWNER, 0 }, out);
    propose_domain(config, evidence, &(struct owner){ evidence->target, PARTY_OWNER, 1 }, out);
    const char *platform = name_platform(evidence->target);
    if (platform && strchr(platform, '.') && strcmp(platform, evidence->target) != 0)
        propose_domain(config, evidence, &(struct owner){ platform, PARTY_HOSTER, 0 }, out);
}

#include "daemon/contact/found_mailbox.h"

#include "daemon/base/address.h"
#include "daemon/base/mem.h"
#include "daemon/contact/registration.h"

#include <stdlib.h>

static void add(const struct found_mailbox *found, const struct mail_host *mail, const char *words,
                struct candidates *out)
{
    char *evidence = mem_format("%s%s%s; %s %s", found->where, found->whose ? ", " : "",
                                found->whose ? found->whose : "", address_domain(found->address), words);
    candidates_add(out, &(struct candidate){ .address = (char *)(uintptr_t)found->address,
                                             .kind = (char *)(uintptr_t)found->kind,
                                             .evidence = evidence,
                                             .party = found->party,
                                             .distance = found->distance,
                                             .accepts = mail_host_accepts(mail) });
    free(evidence);
}

void found_mailbox_propose(const struct found_mailbox *found, struct evidence *evidence, struct candidates *out)
{
    struct mail_host mail;
    struct buf words = BUF_EMPTY;
    if (registration_is_registry(found->address)) {
        candidates_note(out, "%s: %s is a registry's own: nobody is mailed there", found->where, found->address);
        return;
    }
    evidence_mail_host(evidence, address_domain(found->address), &mail);
    if (mail.verdict == MAIL_PENDING)
        return;
    if (mail.verdict == MAIL_UNKNOWN)
        evidence->doubtful = true;
    mail_host_describe(&mail, &words);
    if (mail_host_takes_mail(&mail))
        add(found, &mail, words.data, out);
    else
        candidates_note(out, "%s: %s is not tried: %s %s", found->where, found->address, address_domain(found->address),
                        words.data);
    buf_free(&words);
}

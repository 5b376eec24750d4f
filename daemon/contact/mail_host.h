/* Can a domain take mail, and where would it go? Pure. */
#ifndef TOCSIN_CONTACT_MAIL_HOST_H
#define TOCSIN_CONTACT_MAIL_HOST_H

#include "daemon/base/buf.h"
#include "daemon/base/name.h"
#include "daemon/contact/dns_packet.h"

#include <stdbool.h>

enum mail_verdict {
    MAIL_PENDING, /* an answer that the verdict needs is not there yet */
    MAIL_MX, /* it has a mail exchange */
    MAIL_IMPLICIT, /* no MX record, but an address: that is its mail exchange (RFC 5321 §5.1) */
    MAIL_NULL_MX, /* it says that it takes no mail (RFC 7505) */
    MAIL_NO_DOMAIN, /* it does not exist */
    MAIL_NO_HOST, /* it exists, and nothing there could take mail */
    MAIL_UNKNOWN, /* DNS could not say for now: never to be taken for an answer */
};

struct mail_host {
    enum mail_verdict verdict;
    char exchange[NAME_MAX_LENGTH + 1]; /* MAIL_MX: the best one's name */
    struct ip ip; /* MAIL_IMPLICIT: the address */
    const char *reason; /* MAIL_NO_HOST, MAIL_UNKNOWN: why, for people; a constant string */
};

/* The verdict from a domain's answers for MX, A and AAAA, each NULL while unknown. A and AAAA are needed only when MX is DNS_NO_DATA. */
void mail_host_judge(const struct dns_answer *mx, const struct dns_answer *a, const struct dns_answer *aaaa,
                     struct mail_host *out);

/* MAIL_MX or MAIL_IMPLICIT: a mail to it can be tried. */
bool mail_host_takes_mail(const struct mail_host *host);

/* How likely it is, 0 to 1, that it takes mail at all, as far as DNS tells. */
double mail_host_accepts(const struct mail_host *host);

/* Say in words, after "DOMAIN ", what HOST says of it: "takes no mail (null MX, RFC 7505)", "does not exist in DNS", … */
void mail_host_describe(const struct mail_host *host, struct buf *out);

#endif

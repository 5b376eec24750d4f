#include "daemon/contact/mail_host.h"

#include <string.h>

static void unknown(struct mail_host *out, const struct dns_answer *failed)
{
    out->verdict = MAIL_UNKNOWN;
    out->reason = failed->reason ? failed->reason : "no answer";
}

/* There are MX records: the best that names a host. They must not be passed over in favour of an address (RFC 5321 §5.1). */
static void judge_exchanges(const struct dns_answer *mx, struct mail_host *out)
{
    size_t null_records = 0;
    for (size_t i = 0; i < mx->count; i++) {
        const char *name = mx->records[i].name;
        if (strcmp(name, ".") == 0)
            null_records++;
        else if (name_normalise(name, strlen(name), out->exchange) == 0) {
            /* "." beside others is against RFC 7505 §3, and the others are where mail would be tried. */
            out->verdict = MAIL_MX;
            return;
        }
    }
    out->exchange[0] = '\0';
    if (null_records == mx->count) {
        out->verdict = MAIL_NULL_MX;
        return;
    }
    out->verdict = MAIL_NO_HOST;
    out->reason = "its MX records name no host";
}

/* The first address of ANSWER that the Internet could deliver to: a parked domain that points to 127.0.0.1 has no mail host. */
static bool usable_address(const struct dns_answer *answer, struct mail_host *out)
{
    for (size_t i = 0; i < answer->count; i++)
        if (ip_is_public(&answer->records[i].ip)) {
            out->ip = answer->records[i].ip;
            out->verdict = MAIL_IMPLICIT;
            return true;
        }
    return false;
}

static void judge_addresses(const struct dns_answer *a, const struct dns_answer *aaaa, struct mail_host *out)
{
    if (usable_address(a, out) || usable_address(aaaa, out))
        return;
    if (a->status == DNS_FAILED || aaaa->status == DNS_FAILED) {
        unknown(out, a->status == DNS_FAILED ? a : aaaa);
        return;
    }
    out->verdict = MAIL_NO_HOST;
    out->reason = a->count + aaaa->count > 0 ? "it has no MX record, and its addresses are not on the Internet"
                                             : "it has neither an MX record nor an address";
}

void mail_host_judge(const struct dns_answer *mx, const struct dns_answer *a, const struct dns_answer *aaaa,
                     struct mail_host *out)
{
    *out = (struct mail_host){ .verdict = MAIL_PENDING };
    if (!mx)
        return;
    switch (mx->status) {
    case DNS_RECORDS:
        judge_exchanges(mx, out);
        break;
    case DNS_NO_DATA:
        if (a && aaaa)
            judge_addresses(a, aaaa, out);
        break;
    case DNS_NO_NAME:
        out->verdict = MAIL_NO_DOMAIN;
        break;
    case DNS_FAILED:
        unknown(out, mx);
        break;
    }
}

bool mail_host_takes_mail(const struct mail_host *host)
{
    return host->verdict == MAIL_MX || host->verdict == MAIL_IMPLICIT;
}

double mail_host_accepts(const struct mail_host *host)
{
    /* An implicit MX is mostly a web server that takes no mail. */
    return host->verdict == MAIL_MX ? 1 : host->verdict == MAIL_IMPLICIT ? 0.3 : 0;
}

void mail_host_describe(const struct mail_host *host, struct buf *out)
{
    char ip[IP_TEXT_SIZE];
    switch (host->verdict) {
    case MAIL_MX:
        buf_add_format(out, "has its mail at %s", host->exchange);
        break;
    case MAIL_IMPLICIT:
        ip_format(&host->ip, ip);
        buf_add_format(out, "has no MX record; its mail goes to its own address %s", ip);
        break;
    case MAIL_NULL_MX:
        buf_add_string(out, "takes no mail: it has a null MX (RFC 7505)");
        break;
    case MAIL_NO_DOMAIN:
        buf_add_string(out, "does not exist in DNS");
        break;
    case MAIL_NO_HOST:
        buf_add_format(out, "cannot take mail: %s", host->reason);
        break;
    case MAIL_PENDING:
    case MAIL_UNKNOWN:
        buf_add_format(out, "could not be looked up for now (%s)", host->reason ? host->reason : "no answer");
        break;
    }
}

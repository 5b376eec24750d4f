/* What a registry or a registrar says of a name, a network or an AS: the same facts, whether they came by RDAP (RFC 9083) or by WHOIS
 * (RFC 3912). Pure; any thread.
 *
 * rdap_read() and whois_read() fill it in. They say what the answer says; whether an address may be mailed (its registry's own, our
 * own, a placeholder's) is said here, once, for both. */
#ifndef TOCSIN_CONTACT_REGISTRATION_H
#define TOCSIN_CONTACT_REGISTRATION_H

#include "daemon/base/address.h"
#include "daemon/base/ip.h"

#include <stdbool.h>
#include <stddef.h>

#define REGISTRATION_MAX_CONTACTS 64 /* what stands beyond is left out: no true answer has that many */

enum registration_status {
    REGISTRATION_FOUND, /* the answer describes an object */
    REGISTRATION_NONE, /* it says that there is no such object: an answer, not an error */
    REGISTRATION_REFUSED, /* the server will not say for now: too many questions, blocked */
    REGISTRATION_UNREADABLE, /* it is no answer of that protocol */
};

struct registration_contact {
    char *address; /* normalised */
    char *
        role; /* RFC 9083's where it has one: "abuse", "registrar", "registrant", "administrative", "technical", …; never NULL */
};

struct registration {
    enum registration_status status;
    struct registration_contact *abuse; /* for abuse, as the answer designates them, best first */
    size_t abuse_count;
    struct registration_contact *contacts; /* all others */
    size_t contact_count;
    bool has_range; /* the network that the answer is about, wider than what was asked: its answer serves all of it */
    struct ip first, last;
    char *handle; /* the object's key at its registry, or NULL */
    char *organisation; /* who holds it, for people, or NULL */
    char *country; /* ISO 3166 in capitals, or NULL */
    char *
        referral; /* who knows more: RDAP: the URL of the `related` link; WHOIS: the host of the referral; or NULL. Never to be followed unchecked. */
};

/* Append ADDRESS (any spelling, normalised here) to the abuse contacts or to the others, once; a mailbox that is both stays in abuse.
 * What is no mailbox, a registry's placeholder ("removed@lacnic.net") or beyond the limit is dropped. */
void registration_add_abuse(struct registration *registration, const char *address, size_t length, const char *role);
void registration_add_contact(struct registration *registration, const char *address, size_t length, const char *role);

/* Is ADDRESS (normalised) a registry's own, or that of a service which hides the true one? Nobody there can act for a customer's host. */
bool registration_is_registry(const char *address);

void registration_clear(struct registration *registration);

#endif

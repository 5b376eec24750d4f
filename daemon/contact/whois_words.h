/* What the words of WHOIS mean, in the languages that registries write: those of keys and headings, and the keys that say a fact. Pure. */
#ifndef TOCSIN_CONTACT_WHOIS_WORDS_H
#define TOCSIN_CONTACT_WHOIS_WORDS_H

#include "daemon/contact/whois_line.h"

/* What a word of a key is about; the bits of a key are those of its words. */
enum whois_word {
    WORD_ABUSE = 1 << 0,
    WORD_MAIL = 1 << 1,
    WORD_REGISTRANT = 1 << 2,
    WORD_ADMIN = 1 << 3,
    WORD_TECH = 1 << 4,
    WORD_BILLING = 1 << 5,
    WORD_REGISTRAR = 1 << 6,
    WORD_RESELLER = 1 << 7,
    WORD_NOC = 1 << 8,
    WORD_SECURITY = 1 << 9,
    WORD_REGISTRY = 1 << 10, /* of who runs the database: never whom to tell */
    WORD_NOTIFY = 1 << 11, /* who changed the object, or is told when it changes */
    WORD_REMARK = 1 << 12, /* sentences for people stand there */
    WORD_NAME = 1 << 13,
    WORD_RESOURCE = 1 << 14, /* of this very network, not of its holder: ARIN's `RAbuseEmail` */
    WORD_TEAM = 1 << 15, /* an incident response team: `irt` */
    WORD_OTHER = 1 << 16, /* is no mailbox: telephones, streets, URLs */
};
#define WORD_ROLES                                                                                                     \
    (WORD_ABUSE | WORD_REGISTRANT | WORD_ADMIN | WORD_TECH | WORD_BILLING | WORD_REGISTRAR | WORD_RESELLER |           \
     WORD_NOC | WORD_SECURITY | WORD_REGISTRY)

/* The bits of KEY, however its words are put together: `Registrar Abuse Contact Email`, `abuse-mailbox`, `OrgAbuseEmail`. */
unsigned whois_words(struct slice key);

/* The role of RFC 9083 for a key's or a heading's bits; "contact" where they name none. */
const char *whois_role(unsigned words);

/* What a key says of the object, so that its value is wanted. */
enum whois_fact {
    FACT_NONE,
    FACT_SUBSTANCE, /* nothing that is wanted; but an answer that has it describes an object */
    FACT_DOMAIN, /* a name: begins an object, or repeats what was asked */
    FACT_STATUS, /* may say that there is none */
    FACT_RANGE, /* begins a network */
    FACT_PREFIX, /* the same range once more, as a prefix */
    FACT_HANDLE,
    FACT_CONTACT_HANDLE, /* of a person, a role, an organisation: others refer to it */
    FACT_CONTACT_NAME,
    FACT_HOLDER, /* who holds it, surely */
    FACT_HOLDER_MAYBE, /* ... unless something says it better */
    FACT_DESCRIPTION, /* ... or, in its first line, where nothing else does */
    FACT_COUNTRY,
    FACT_REFERRAL,
};

enum whois_fact whois_fact(struct slice key);

/* Are the tables in order? For their test. */
bool whois_words_sorted(void);

#endif

/* The card of an RDAP entity: jCard (RFC 7095, with the properties of RFC 8605) and JSContact (RFC 9553). Pure. */
#ifndef TOCSIN_CONTACT_RDAP_CARD_H
#define TOCSIN_CONTACT_RDAP_CARD_H

#include "daemon/contact/json_tape.h"

#define RDAP_CARD_MAX 16 /* mailboxes of one card */

struct rdap_address {
    const char *text; /* perhaps a mailbox; in the document or in the card's scratch */
    size_t length;
    unsigned rank; /* the lowest is to be preferred */
    bool abuse; /* the card says that it is for abuse */
};

struct rdap_card {
    struct rdap_address addresses[RDAP_CARD_MAX]; /* best first */
    size_t count;
    size_t used;
    char scratch[2048];
};

/* The addresses of the entity AT's card, whichever kind it has: what stands for e-mail, `pref` before the rest; where there is none, what its
 * texts mention. */
void rdap_card_read(const struct json_tape *tape, uint32_t at, struct rdap_card *out);

struct rdap_holder {
    char *organisation; /* a new string, valid UTF-8 on one line; NULL: not said, or a placeholder */
    bool is_organisation; /* and it is no person */
    char country[3]; /* ISO 3166 in capitals; empty: not said */
};

/* Who the card of the entity AT is of. */
void rdap_card_holder(const struct json_tape *tape, uint32_t at, struct rdap_holder *out);

/* The two letters of the string AT in capitals; false where it is no country's code. */
bool rdap_country(const struct json_tape *tape, uint32_t at, char out[3]);

#endif

/* Whom an answer names, and how surely: collected while it is read, chosen from at its end. Pure. */
#ifndef TOCSIN_CONTACT_WHOIS_CHOOSE_H
#define TOCSIN_CONTACT_WHOIS_CHOOSE_H

#include "daemon/contact/registration.h"
#include "daemon/contact/whois_line.h"

/* Fixed sizes, for they are on the stack: an answer has a dozen addresses and three networks. What is beyond is not looked at. */
#define WHOIS_MAX_MENTIONS 128
#define WHOIS_MAX_REFERENCES 64
#define WHOIS_MAX_OBJECTS 64
#define WHOIS_MAX_NETWORKS 16

/* How an address is named, the surest first. */
enum whois_rank {
    RANK_STATED, /* the server says so: "% Abuse contact for '192.0.2.0 - 192.0.2.255' is 'abuse@hoster.example'" */
    RANK_FIELD, /* a key or a heading with "abuse", or an object that `abuse-c` refers to */
    RANK_TEAM, /* the mailbox of an object that is named after abuse, or of an incident response team */
    RANK_SAID, /* a sentence in a remark */
    RANK_TELLING, /* a network's mailbox that is called abuse */
    RANK_NOT, /* not for abuse */
};

struct whois_mention {
    struct slice text;
    enum whois_rank rank;
    unsigned words; /* of its key and of what that stands under: its role */
    unsigned short object, network;
    bool disguised; /* TEXT has to be undone (whois_address_plain()) */
    bool resource; /* of this very network: before its holder's */
};

/* `abuse-c: AR17405-RIPE`. */
struct whois_reference {
    struct slice handle;
    unsigned words;
    unsigned short network;
};

/* A paragraph. */
struct whois_object {
    struct slice handle;
    bool named_abuse;
    bool team;
    bool has_abuse_field; /* its other mailboxes are not for that */
};

/* A network that the answer speaks of. The first one stands for what is said outside of any. */
struct whois_network {
    bool has_range;
    struct ip first, last;
    struct slice handle, holder, country, referral;
    unsigned holder_worth;
};

struct whois_answer {
    struct whois_mention mentions[WHOIS_MAX_MENTIONS];
    size_t mention_count;
    struct whois_reference references[WHOIS_MAX_REFERENCES];
    size_t reference_count;
    struct whois_object objects[WHOIS_MAX_OBJECTS];
    size_t object_count; /* at least 1; the last one takes all that do not fit */
    struct whois_network networks[WHOIS_MAX_NETWORKS];
    size_t network_count; /* at least 1 */
};

/* Fill in OUT but for its status: the contacts, following ANSWER's references, and the facts of its narrowest network. */
void whois_choose(struct whois_answer *answer, struct registration *out);

#endif

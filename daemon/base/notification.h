/* A notification as it is frozen: all that its mail is made of. The store loads it, notify renders it,
 * delivery sends it. The same notification always renders to the same bytes. */
#ifndef TOCSIN_BASE_NOTIFICATION_H
#define TOCSIN_BASE_NOTIFICATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOTIFICATION_RENDERER 3 /* raised when the same notification would render differently */

enum notification_kind {
    NOTIFICATION_WARNING, /* tells a contact about incidents */
    NOTIFICATION_OPT_OUT_RECEIPT, /* confirms an opt-out, once, from the null sender; about no case */
};

struct notification_incident {
    int64_t id;
    char *json; /* struct incident's json, as it was stored */
};

struct notification_case {
    int64_t id;
    char *target; /* registrable domain or IP */
    struct notification_incident *incidents; /* in the order of their ids */
    size_t count;
    size_t left_out; /* further incidents of the case, beyond what one mail carries */
    unsigned reminder; /* 0: tells of its findings for the first time; N: the Nth reminder */
};

/* An earlier mail that this one refers to: what its Message-ID is made of. */
struct notification_reference {
    int64_t id, date;
    unsigned key_id;
    char *domain; /* of its sender's address */
};

/* The incidents that one mail carries, shared out evenly over its cases, at least one for each: a mail of some 2 MB, which relays still take (Postfix
 * refuses 10 MB by default). */
#define NOTIFICATION_INCIDENTS 10000

struct notification {
    int64_t id;
    enum notification_kind kind;
    char *campaign; /* its name; "" for a receipt */
    char *recipient; /* the contact's address, normalised */
    char *envelope_to; /* where it really goes: `recipient`, or the redirect_to of the campaign */
    char *contact_kinds; /* of its first case's rung: "rfc2142-abuse,override"; the first word is the primary kind */
    char *party; /* of its first case's rung: "owner", "hoster" … */
    char *evidence; /* of its first case's rung */
    int64_t date; /* seconds since 1970 UTC: the Date header and all that depends on it */
    unsigned key_id; /* the token key that it was composed under */
    unsigned renderer; /* NOTIFICATION_RENDERER when it was composed */
    /* Counted strings of GLib's (g_ref_string_new), which many notifications share: */
    char *template_text; /* the template's source, front matter included */
    char *settings; /* the frozen configuration values, a JSON object (notify.h says which) */
    struct notification_case *cases;
    size_t case_count;
    struct notification_reference *references; /* of reminders: the first mails about their cases, oldest first */
    size_t reference_count;
    unsigned attempts; /* so far, without this one */
};

/* Free NOTIFICATION and everything in it. NULL is fine. */
void notification_free(struct notification *notification);

#endif

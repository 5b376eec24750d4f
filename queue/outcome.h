/* Steps that outcomes share. Internal to queue/. */
#ifndef TOCSIN_QUEUE_OUTCOME_H
#define TOCSIN_QUEUE_OUTCOME_H

#include "queue/store.h"

/* NOTIFICATION arrived as far as anyone can know; its cases END delivered or answered. */
void store_deliver(struct store *store, int64_t notification, enum case_state end, int64_t now);

/* Somebody asked for silence: about NOTIFICATION (its recipient, and the targets that are his own), or, where that is 0, ADDRESS. Suppresses at once and
 * for ever, takes back what waits to go there, and queues one receipt from the null sender (RFC 3834 §3.3 reasons: a reply to a person,
 * never to a machine that could answer). A second request is obeyed in silence. */
void store_opt_out(struct store *store, int64_t notification, const char *address, const char *settings,
                   const char *template_text, int64_t now);

/* Take back what waits to go to OBJECT, an address or a domain that has just been suppressed; its cases climb. */
void store_withdraw(struct store *store, const char *object, int64_t now);

/* Take NOTIFICATION back where it is not to be sent any more: since it was composed, its recipient or the owner of one of its targets has been
 * silenced, or each of its cases has ended. True when it was. */
bool store_withdraw_unwanted(struct store *store, int64_t notification, int64_t now);

/* Keep TEXT under its hash; HASH is written. */
#define TEMPLATE_HASH_SIZE 65
void store_keep_template(struct store *store, const char *text, char hash[TEMPLATE_HASH_SIZE]);

#endif

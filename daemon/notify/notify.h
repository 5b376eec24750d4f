/* notify: a frozen notification in, the bytes of its mail out. Pure and deterministic; any thread. */
#ifndef TOCSIN_NOTIFY_NOTIFY_H
#define TOCSIN_NOTIFY_NOTIFY_H

#include "config/config.h"
#include "daemon/base/buf.h"
#include "daemon/base/error.h"
#include "daemon/base/notification.h"
#include "daemon/bounce/token.h"

/* The frozen configuration values of a campaign, as struct notification's `settings` holds them: a compact JSON object with
 * {"sender":{"name","address","reply_to","organisation","about","website","phone"},"bounce","opt_out","aggregate_by":[…],"send","send_at","time_zone","business_hours","template","reminder_template","language","only_language",
 * "attachments":["csv","xarf"],"zip_above","rows_in_text","defang_urls","note"}; a new string. Where there is no PROFILE there is nothing from "aggregate_by" to "defang_urls" (the store chooses templates by the
 * names and languages). NOTE (may be NULL) is the submitter's. */
char *notify_settings(const struct config *config, const struct config_profile *profile, const char *note);

/* The mail for people to quote: "T-" and the notification's number. */
#define NOTIFY_TICKET_SIZE 32
void notify_ticket(int64_t notification, char out[NOTIFY_TICKET_SIZE]);

/* Templates and settings, parsed; one a thread. */
struct notify_cache;
struct notify_cache *notify_cache_new(void);
void notify_cache_free(struct notify_cache *cache);

/* Append the whole message to OUT: RFC 5322, CRLF line ends, 7-bit clean, lines of at most 998 bytes. Where SENDER is not NULL, its envelope
 * sender (bounce+TOKEN@…), or "" (the null reverse-path) for a receipt, is a new string in *SENDER; NULL after an error. */
int notify_render(const struct notification *notification, const struct token_keys *keys, struct notify_cache *cache,
                  char **sender, struct buf *out, struct error *error);

/* types.c: are there words for a row of classification.type TYPE and classification.identifier IDENTIFIER? Either may be NULL. Where there are none, the mail says
 * "a security incident". */
bool notify_knows_type(const char *type, const char *identifier);
/* Is a type or an identifier that there are words for called NAME, as it stands in a file's name ("botnet-drone")? */
bool notify_knows_name(const char *name);
/* The classification.type of the first of NOTIFICATION's rows that there are no words for, "" where the row has none: a new string. NULL: there are words for all. */
char *notify_unknown_type(const struct notification *notification);
/* Append "did you mean `…`?", where one is near, and the types that are known. */
void notify_suggest_type(const char *type, struct buf *out);

/* The mail of PROOF, begun at DATE (seconds): from bounce+TOKEN@… to the same address, or to RECIPIENT where that is not NULL. New strings in *FROM and *TO, the
 * message appended to OUT. */
int notify_proof(const struct config *config, const struct token_keys *keys, int64_t proof, int64_t date,
                 const char *recipient, char **from, char **to, struct buf *out, struct error *error);

#endif

/* tocsin.yaml: read once, checked whole, then a plain struct that nothing changes.
 *
 * Each key of the file is a row of the table in config/keys.c; config/tocsin.yaml is the annotated default file in which every key stands
 * with its default. */
#ifndef TOCSIN_CONFIG_CONFIG_H
#define TOCSIN_CONFIG_CONFIG_H

#include "daemon/base/error.h"
#include "daemon/base/ip.h"
#include "daemon/base/ladder.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where systemd puts the credentials of the unit (systemd.exec(5)): what credential:NAME means to those who are not the service. */
#define CONFIG_CREDENTIALS "/run/credentials/tocsind.service"

struct config_list {
    char **items;
    size_t count;
};

/* COLUMN=FIELD of a feed's mapping. */
struct config_column {
    char *column; /* a header's name, or a column's number from 1 */
    char *field; /* an IntelMQ field name */
};

/* Who writes: the identity that every mail of a campaign carries. A profile may override any of it. */
struct config_sender {
    char *name; /* sender.name: the person or team, in From */
    char *address; /* sender.address: From */
    char *reply_to; /* sender.reply_to: read by people; default: address */
    char *organisation; /* sender.organisation: "who we are", one line */
    char *about; /* sender.about: one or two sentences: who, why */
    char *website; /* sender.website: the public page that says who, why, how to stop; may be empty */
    char *phone; /* sender.phone: may be empty */
};

struct config_profile {
    char *name;
    struct config_sender sender; /* NULL members: as the global sender */
    char *template_name; /* template: NAME of NAME.LANGUAGE.txt, or "auto": by what was seen */
    char *reminder_template; /* reminder_template: of reminders, NAME likewise; default "reminder" */
    char *language; /* language: where nothing tells the recipient's; default "en" */
    char *
        only_language; /* no key: what a sidecar says, which comes before all that tells the recipient's; NULL: nothing */
    bool bilingual; /* bilingual: the same once more in English */
    bool html; /* html: the same once more in HTML, for programs that show that */
    char *type; /* type: classification.type for rows without one; default NULL */
    char *format; /* format: "auto", "csv", "jsonl", "json", "xarf", "n6", "crowdsec", "list" */
    char *encoding; /* encoding: "auto", "utf-8", "latin1" */
    bool header; /* header: the first CSV row names the columns; default true */
    struct config_list attachments; /* attachments: "csv", "xarf" */
    int64_t zip_above; /* zip_above: bytes of attachments; 0: never */
    int64_t rows_in_text; /* rows_in_text: more are summed up there */
    bool defang_urls; /* defang_urls: hxxp for http in the text; default true */
    struct config_column *columns; /* columns: a mapping COLUMN: FIELD */
    size_t column_count;
    int64_t approve_above; /* -1: the global one */
    int64_t dedup_window, max_reminders, max_rejected; /* likewise */
    struct config_list
        aggregate_by; /* aggregate_by: what one mail is about besides its contact: "type", "asn", "incident" */
    char *send; /* send: "at-once", "hourly", "daily" */
    char *send_at; /* send_at: of the day, "09:00" */
    char *business_hours; /* business_hours: full hours of Monday to Friday, "9-17"; NULL: any */
    char *time_zone; /* time_zone: tzdata's name, where nothing tells the recipient's country; default "UTC" */
    char *group; /* group: whose members may submit with it; default NULL: everybody who may submit */
    struct config_list may_set; /* may_set: keys of a sidecar (sidecar.h) that they may use */
};

/* Someone whom we know to be right: comes before what is found. */
struct config_override {
    char *domain; /* exactly one of domain, suffix, network: this domain */
    char *suffix; /* every name below this suffix */
    struct ip_network network; /* every address in this network */
    bool has_network;
    struct config_list contacts; /* addresses, best first */
    enum party party; /* default: owner for a domain, hoster for a suffix or a network */
    char *language; /* that they read; NULL: not said */
};

/* All durations are milliseconds, all sizes bytes, all rates mails per hour (0: no limit). */
struct config {
    struct config_sender sender;

    struct {
        char *bounce; /* return_path.bounce: the mailbox that bounces come back to; the token goes in after "+" */
        char *opt_out; /* return_path.opt_out: the mailbox that opt-outs come to; likewise */
        char *helo; /* return_path.helo: the name for EHLO; default: the host's name */
    } return_path;

    struct {
        char *spool; /* paths.spool: holds incoming/ processing/ done/ failed/ */
        char *store; /* paths.store: the SQLite file */
        char *control_socket; /* paths.control_socket */
        struct config_list templates; /* paths.templates: directories, the first that has the file wins */
        char *
            token_keys; /* paths.token_keys: secret keys; made on the first start if absent; default: beside the store */
        char *public_suffixes; /* paths.public_suffixes: "" for Debian's */
    } paths;

    struct {
        int64_t rescan; /* spool.rescan: how often to look besides the events */
        int64_t quiet; /* spool.quiet: a file written in place is taken after this long without a change */
        int64_t result_every; /* spool.result_every: the shortest time between two versions of NAME.result.jsonl */
        int64_t max_file; /* spool.max_file: bytes */
    } spool;

    struct {
        struct config_list servers; /* dns.servers: ADDRESS or ADDRESS:PORT; empty: the system's */
        int64_t timeout; /* dns.timeout: of one try */
        int64_t tries; /* dns.tries: per query */
        int64_t in_flight; /* dns.in_flight: queries at once */
        int64_t receive_buffer; /* dns.receive_buffer: bytes of SO_RCVBUF */
        int64_t retry; /* dns.retry: a target whose DNS failed for now is asked again after this long (doubling) */
        int64_t give_up; /* dns.give_up: after this long without an answer the ladder is built without it */
    } dns;

    struct {
        struct config_list order; /* contacts.order: kinds, best first */
        struct config_list mailboxes; /* contacts.mailboxes: RFC 2142 local parts to try, best first */
        char *database_domain; /* contacts.database_domain: a zone that knows contacts by domain; "" for none */
        char *database_ip; /* contacts.database_ip: one that knows them by address; "" for none */
        int64_t max_contacts; /* contacts.max_contacts: rungs a case may climb */
        struct config_override *overrides;
        size_t override_count;
    } contacts;

    struct {
        char *relay; /* delivery.relay: HOST:PORT; HOST a name, an IPv4 address or [an IPv6 address] */
        char *tls; /* delivery.tls: never, opportunistic or required */
        char *tls_ca; /* delivery.tls_ca: a PEM file; "" for the system's */
        char *tls_name; /* delivery.tls_name: what the certificate has to prove; "" for relay's host */
        char *auth_user; /* delivery.auth_user: "" for no login */
        char *auth_password; /* delivery.auth_password: the file that holds it; "" without a login */
        int64_t sessions; /* delivery.sessions: SMTP sessions (threads) at once */
        int64_t messages_per_session; /* delivery.messages_per_session */
        int64_t timeout; /* delivery.timeout: for each SMTP reply */
        int64_t connect_timeout; /* delivery.connect_timeout */
        int64_t rate; /* delivery.rate: all mails, per hour */
        int64_t rate_per_domain; /* delivery.rate_per_domain: per recipient domain, per hour */
        int64_t retry_first; /* delivery.retry_first: the first wait after a deferral; doubles */
        int64_t retry_max; /* delivery.retry_max: the longest wait */
        int64_t retry_for; /* delivery.retry_for: deferred longer than this is given up */
    } delivery;

    struct {
        char *lmtp_socket; /* bounces.lmtp_socket: a Unix socket, "" for none */
        char *lmtp_listen; /* bounces.lmtp_listen: ADDRESS:PORT on loopback, "" for none */
        char *maildir; /* bounces.maildir: "" for none */
        int64_t window; /* bounces.window: accepted and no bounce for this long is delivered */
        int64_t max_message; /* bounces.max_message: bytes; a longer one is cut, never refused */
    } bounces;

    struct {
        int64_t approve_above; /* campaigns.approve_above: targets; a larger file waits for a person */
        int64_t aggregate_wait; /* campaigns.aggregate_wait */
        int64_t contact_interval; /* campaigns.contact_interval: at most one notification a contact in this time */
        int64_t dedup_window; /* campaigns.dedup_window: nobody is mailed again about a finding for so long */
        int64_t max_reminders; /* campaigns.max_reminders: of one finding */
        int64_t expire; /* campaigns.expire: the campaign's end, counted from its start */
        int64_t max_rejected; /* campaigns.max_rejected: percent of rows; above it the file waits for a person */
        int64_t
            bounce_proof; /* campaigns.bounce_proof: approving asks for a proof of the bounce path younger than this; 0: never */
        int64_t brake; /* campaigns.brake: refusals about us in a row that pause the campaign; 0: never */
    } campaigns;

    struct {
        char *submit_group; /* access.submit_group */
        char *admin_group; /* access.admin_group */
    } access;

    struct config_profile *profiles; /* the first is "default", always there */
    size_t profile_count;

    char *log_level; /* log.level: error warning notice info debug */

    unsigned users; /* besides the first: config_keep() */
};

/* One complaint: `file:line:column: key: what is wrong, what is allowed`. */
struct config_errors {
    char **items;
    size_t count;
};

/* Read PATH. On success *OUT is the caller's (config_free). On -EINVAL every complaint stands in ERRORS, in the file's order
 * (config_errors_free); on another code ERRORS says, too, why the file could not be read. SETTINGS ("KEY=VALUE", dotted
 * keys, values as YAML) override the file, as `--set` does; may be NULL. A PATH of NULL gives the defaults alone. Defaults that stand for
 * one another (reply_to, token_keys, helo, profile senders) are filled in. Any thread. */
int config_load(const char *path, const char *const *settings, size_t setting_count, struct config **out,
                struct config_errors *errors);
/* Let go of it; the last one who does frees it. */

/* The same for who needs no more of it than KEY (dotted, a global one): where that is known, 0 and *OUT, even if ERRORS has complaints; every other key that they
 * are about has its default. KEY is not known where it is complained about itself, nor, unless a setting gives it, where the file cannot be read or is no YAML. */
int config_load_for(const char *key, const char *path, const char *const *settings, size_t setting_count,
                    struct config **out, struct config_errors *errors);
void config_free(struct config *config);
/* Another user of CONFIG, who is to config_free() it as well. Loop thread, as config_free() is of one that was kept. */
struct config *config_keep(const struct config *config);
void config_errors_free(struct config_errors *errors);

/* The first key that must be set before anything is sent, and is not (mail must say who writes, and how to make it stop); NULL when none is missing. */
const char *config_missing(const struct config *config);

/* The profile called NAME, or NULL. */
const struct config_profile *config_profile(const struct config *config, const char *name);

/* Append the keys that differ between BEFORE and AFTER and that take effect only at a restart, with ", " between them. */
struct buf;
void config_restart_keys(const struct config *before, const struct config *after, struct buf *out);
/* Give AFTER the values of BEFORE for all such keys: what a reload can take of it. */
void config_carry_restart(const struct config *before, struct config *after);

/* Write the annotated default file: each key of the table with its type, range, default and explanation, from the table itself. */
void config_describe(struct buf *out);

#endif

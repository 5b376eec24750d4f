/* The daemon: the rooms, put together on one loop. Each part below is one file beside this one; all run on the loop thread. */
#ifndef TOCSIN_DAEMON_DAEMON_H
#define TOCSIN_DAEMON_DAEMON_H

#include "config/config.h"
#include "daemon/base/buf.h"
#include "daemon/bounce/lmtp.h"
#include "daemon/bounce/maildir.h"
#include "daemon/bounce/token.h"
#include "daemon/contact/contact.h"
#include "daemon/delivery/delivery.h"
#include "daemon/delivery/throttle.h"
#include "queue/queue.h"

#include <uv.h>

struct control;
struct health;
struct intake;
struct mailbox;
struct reload;
struct search;

/* faults.c: what stands in the way just now. To add one: a row here, and one in faults.c. */
enum fault { FAULT_STORE, FAULT_SPOOL, FAULT_FILES, FAULT_LMTP, FAULT_MAILDIR, FAULT_THREAD, FAULTS };
struct faults {
    struct {
        int64_t since; /* 0: all is well */
        char *why;
    } of[FAULTS];
};

/* pump.c: what happens when. */
struct pump {
    uv_timer_t timer;
    bool turning, again; /* a turn is under way; another is wanted after it */
    bool claiming_due, more_due; /* a claim is under way; another may find something */
    bool claiming_targets, more_targets;
};

/* Where the configuration comes from: to be read again. Outlives the daemon. */
struct daemon_source {
    const char *path;
    const char *const *settings; /* --set */
    size_t setting_count;
};

/* standstill.c: can bounces come in? */
struct standstill {
    uv_timer_t timer;
    int64_t looked; /* when it was looked at last; 0: never */
    bool still; /* they could not */
};

/* returns.c: messages with a token that does not verify. One is told of at once, and a flood of them once a minute. */
struct faulty_tokens {
    uint64_t told; /* in the loop's time */
    unsigned long more; /* since then */
};

struct daemon {
    uv_loop_t *loop;
    struct daemon_source source;
    struct config *config; /* exchanged by a reload: not to be kept beyond a callback without config_keep() */
    struct reload *reload; /* under way */
    struct buf restart_keys; /* changed in the file, and waiting for a restart */
    struct token_keys *keys;
    struct queue *queue;
    struct delivery *delivery;
    struct throttle *throttle;
    struct contact *contact;
    struct lmtp *lmtp;
    struct mailbox *mailboxes; /* mailboxes.c */
    struct maildir *maildir; /* NULL: none is configured */
    struct control *control;
    struct intake *intake;
    struct pump pump;
    struct standstill standstill;
    int64_t proof_renewed; /* when the daemon last began a proof by itself */
    struct faulty_tokens faulty_tokens;
    struct search *searching; /* contact searches under way */
    struct faults faults;
    struct health *health;
    json_t *unrecorded_stop; /* that the store could not take yet */
    bool stopping; /* all sending: `tocsin stop` */
    bool ending; /* the daemon itself */
    bool damaged; /* because the store is */
    char *receipt_template; /* of an opt-out's receipt; NULL when there is none */
};

/* Milliseconds since 1970 UTC (base/wall.h: a clock that is set shows here at the next turn of the pump). */
int64_t daemon_now(void);

/* Open every part; what was opened is closed again on failure. CONFIG, which was read from SOURCE, is kept. */
int daemon_open(struct daemon *daemon, uv_loop_t *loop, const struct daemon_source *source, const struct config *config,
                struct error *error);
/* Let go of every part, outcomes committed first; the loop then runs empty. */
void daemon_close(struct daemon *daemon);

/* Tell the service manager how things stand: that we work, or that all sending is stopped. READY: a start or a reload is over. */
void daemon_tell(const struct daemon *daemon, bool ready);

/* The text of the template of opt-outs' receipts, checked; to be freed. 0 or -errno. Blocks. Any thread. */
int daemon_find_receipt(const struct config *config, char **text, struct error *error);

/* reload.c: read the configuration again, and take it if it is wholly valid. DONE (or NULL): REFUSED says why not, a line a complaint, or is NULL; RESTART names the keys
 * that have changed and wait for a restart, or is "". It is called for a reading that began after this was called. */
typedef void reload_done(void *context, const char *refused, const char *restart);
void reload_config(struct daemon *daemon, reload_done *done, void *context);

/* pump.c */
int pump_open(struct daemon *daemon);
void pump_close(struct daemon *daemon);
/* Something has changed: look soon at what can be done. Cheap; calls coalesce. */
void pump_wake(struct daemon *daemon);

/* health.c: look at the threads and at the loop, and feed the service manager's watchdog while all of them move. */
void health_open(struct daemon *daemon);
void health_close(struct daemon *daemon);
/* How late the loop has been since the start: {"samples", "p50_ms", "p99_ms", "p99_9_ms", "longest_ms"}. */
json_t *health_describe(const struct daemon *daemon);

/* faults.c */
/* A new list, an object each: what fails, since when, and why. */
json_t *faults_describe(const struct daemon *daemon);
/* WHAT fails because of WHY; NULL: it works again. The log is told when that begins and when it ends, but not each time. */
void faults_note(struct daemon *daemon, enum fault what, const char *why);
bool faults_has(const struct daemon *daemon, enum fault what);
/* The store's health decides on the intake. */
void faults_watch(struct daemon *daemon);
void faults_free(struct daemon *daemon);

/* stopping.c: all sending, by order of WHO. DONE once the order is on disk. Where the store fails, a start fails, and a stop succeeds with
 * {"unrecorded": WHY} as its result. */
typedef void stopping_done(void *context, int status, const char *message, json_t *result);
void stopping_order(struct daemon *daemon, const json_t *order, const char *who, stopping_done *done, void *context);
/* The store works again: write down what it could not take. */
void stopping_record(struct daemon *daemon);
void stopping_free(struct daemon *daemon);

/* search.c: new cases to contact, ladders to the store. */
void search_targets(struct daemon *daemon);
/* After contact_close(): those under way end without an answer. */
void search_close(struct daemon *daemon);

/* post.c: due notifications to delivery, outcomes to the store. */
int post_open(struct daemon *daemon, struct error *error);
void post_due(struct daemon *daemon);

/* proof.c: proofs of the bounce path. Begin one for WHO, by a mail to ourselves or to RECIPIENT (queue.h); DONE has its number, and the mail is on its
 * way then. -EAGAIN: all sending is stopped. */
void proof_begin(struct daemon *daemon, const char *who, const char *recipient,
                 void (*done)(void *context, int status, const char *message, int64_t id), void *context);
/* Begin one of our own, unless there was one lately: somebody waits for it. */
void proof_renew(struct daemon *daemon);
/* Is this job the mail of a proof? If so it is taken, with its result. */
bool proof_take_job(struct daemon *daemon, struct delivery_job *job);
/* Is JOB a proof's? Any thread. */
bool proof_owns(const struct delivery_job *job);

/* standstill.c: where bounces cannot come in, the bounce window's clock stands still. */
int standstill_open(struct daemon *daemon);
void standstill_close(struct daemon *daemon);
/* To be called before each turn, which ends windows. */
void standstill_look(struct daemon *daemon);

/* mailboxes.c: where bounces and opt-outs come to. What mails in the store went out with stays ours, and what CONFIG says from now on. */
void mailboxes_open(struct daemon *daemon);
void mailboxes_add(struct daemon *daemon, const struct config *config);
void mailboxes_free(struct daemon *daemon);
/* As token_in_address(), for any of the mailboxes of PURPOSE; a proof comes to those of bounces. */
const char *mailboxes_token(const struct daemon *daemon, enum token_purpose purpose, const char *address,
                            size_t *length);

/* returns.c: what comes back. */
int returns_open(struct daemon *daemon, struct error *error);
/* Is RECIPIENT a mailbox of ours, with or without a token? */
bool returns_accepts(const struct daemon *daemon, const char *recipient);
/* Log how many tokens have not verified since that was told last, where that is a minute ago, or AT_ONCE. */
void returns_tell_faulty(struct daemon *daemon, bool at_once);
/* Understand a message that came by WAY ("LMTP" …) and record it; DONE after the commit. RECIPIENT may be NULL (`tocsin bounce` without --recipient), SENDER too. */
void returns_take(struct daemon *daemon, const char *way, const char *sender, const char *recipient, const char *data,
                  size_t length, queue_done *done, void *context);

#endif

/* queue: the durable store of campaigns, cases, notifications, outcomes, suppressions and history.
 *
 * One store thread owns the only writing connection and commits in groups: all that arrived while the last commit was syncing goes
 * into the next. A verb returns at once; its DONE is called on the loop thread after the commit, never before the verb has returned.
 * Verbs are called on the loop thread unless they say otherwise. All times are milliseconds since 1970 UTC.
 *
 * A commit that fails (a full disk) is tried again every second until it succeeds: what only we know, the outcome of an attempt above all, is never
 * dropped, DONE simply comes later. What can be asked again is not kept meanwhile: orders and what comes back are refused, -ENOSPC where the disk is full,
 * -EAGAIN otherwise. A store that turns out to be damaged is not touched again: from then on all fail with -EIO. */
#ifndef TOCSIN_QUEUE_QUEUE_H
#define TOCSIN_QUEUE_QUEUE_H

#include "config/config.h"
#include "daemon/base/host_address.h"
#include "daemon/base/incident.h"
#include "daemon/base/ladder.h"
#include "daemon/base/notification.h"
#include "queue/states.h"

#include <jansson.h>
#include <uv.h>

struct queue;

/* STATUS: 0 or -errno; MESSAGE says why in words for a person ("" when 0), and lives for the length of the call. */
typedef void queue_done(void *context, int status, const char *message);

/* ---- Opening ------------------------------------------------------------------------------------------------------------------- */

/* Open the store at CONFIG's paths.store, bring its schema up to date, take back the leases of a daemon that died, start the store thread and the
 * reader thread. New notifications carry KEY_ID. CONFIG must outlive the queue. -EEXIST when another daemon has it open, -EPROTO when a newer Tocsin wrote it. */
int queue_open(uv_loop_t *loop, const struct config *config, unsigned key_id, struct queue **out, struct error *error);

/* Another CONFIG for what is handed over from now on; what was handed over before may have seen either. DONE: the old one is needed no more. Its paths are
 * those of the old one. */
void queue_reload(struct queue *queue, const struct config *config, queue_done *done, void *context);

/* The thread of ours that should have been heard of PATIENCE milliseconds ago, in words; NULL: there is none. A store that fails and is tried again is no such
 * thing. */
const char *queue_stuck(const struct queue *queue, int64_t patience);

/* The mailboxes that mails in the store went out with, as of the opening: an array of {"bounce", "opt_out"}. The queue's own. */
const json_t *queue_mailboxes(const struct queue *queue);

/* Commit what has been handed over, call each DONE, end the threads, free. */
void queue_close(struct queue *queue);

/* What the store is able to do, as the loop knows it. */
enum queue_health { QUEUE_WORKS, QUEUE_FAILS, QUEUE_DAMAGED };

/* What a person does about damage. */
#define STORE_DAMAGED                                                                                                  \
    "Copy it away together with its -wal, then bring back a backup, or what the recover command of SQLite's shell can" \
    " save"

/* Call CHANGED whenever that changes; WHY says it in words ("" when it works), and lives for the length of the call. */
void queue_watch(struct queue *queue, void (*changed)(void *context, enum queue_health health, const char *why),
                 void *context);

/* Verbs handed over whose DONE has not been called. */
unsigned queue_pending(const struct queue *queue);

/* ---- Feed files (spool) -------------------------------------------------------------------------------------------------------- */

/* A template that a campaign's mails may be written from, frozen. */
struct queue_template {
    char *name, *language;
    char *text;
};

struct queue_file {
    const char *claim; /* the spool's unique name for it: found again after a crash */
    const char *name; /* as it was dropped */
    const char *profile;
    const char *campaign; /* NULL: PROFILE-NAME without its extension */
    const char *hash; /* SHA-256 of the bytes, hex */
    int64_t size;
    const char *settings; /* frozen configuration values (notify_settings) */
    const char *template_text,
        *reminder_text; /* of its mails, and of those that are reminders, where none of the following is better */
    const char *template_name; /* that its submitter named: a campaign that goes on has to be written from it; NULL */
    const struct queue_template *templates; /* by name and language; copied */
    size_t template_count;
    int64_t now; /* when it came: counted from the last mail about a finding to here, it is known, or a reminder */
    const char *redirect_to; /* NULL, or where this campaign's mails really go */
    bool hold; /* wait for approval however small */
    int64_t approve_above; /* targets */
    const char *who; /* for the audit trail */
};

enum queue_file_verdict {
    QUEUE_FILE_LOAD, /* parse it; skip rows up to and including `resume_after` */
    QUEUE_FILE_LOADED, /* this very claim was loaded before: only its move to done/ is missing */
    QUEUE_FILE_DUPLICATE, /* the same bytes came before, in `campaign` */
    QUEUE_FILE_REFUSED, /* `message` says why: the campaign is over, or belongs to another profile */
};

struct queue_file_begun {
    enum queue_file_verdict verdict;
    int64_t file;
    unsigned long resume_after;
    const char
        *hash; /* the bytes that were registered under this claim; after a crash the claimed file may be another */
    int64_t size;
    int64_t received; /* when it came first, in ms */
    const char *campaign;
    const char *message;
};

/* The name that a campaign gets where nobody gives one, from its profile's and its file's, in letters that a person can type again; a new string. Where a campaign
 * of that name is over, a number follows. Pure. */
char *queue_default_campaign(const char *profile, const char *name);

/* Register a claimed file and, where it is new, its campaign. */
void queue_file_begin(struct queue *queue, const struct queue_file *file,
                      void (*done)(void *context, const struct queue_file_begun *begun), void *context);

/* A chunk of incidents on its way into the store, filled by the loading thread. The chunks of one loader go round: the store gives each back
 * through HOME after its commit. */
struct queue_chunk;
struct inbox;
struct queue_chunk *queue_chunk_new(struct inbox *home);
void queue_chunk_free(struct queue_chunk *chunk);
/* Copy INCIDENT in. False when the chunk is full: push it first. */
bool queue_chunk_add(struct queue_chunk *chunk, const struct incident *incident);
bool queue_chunk_empty(const struct queue_chunk *chunk);
/* Hand CHUNK over; comes back to HOME once it is committed, and only then may the file's next one be handed over. Any thread, but one at a time in all: the
 * chunks of no two files may be on their way together. */
void queue_chunk_push(struct queue *queue, struct queue_chunk *chunk, int64_t file);
/* Make a chunk that came home empty again; returns what became of it: 0 or -errno. */
int queue_chunk_reset(struct queue_chunk *chunk);
/* The same, and give its memory back until the next file. */
void queue_chunk_rest(struct queue_chunk *chunk);

struct queue_file_summary {
    const char *campaign;
    int64_t incidents, duplicates, targets;
    bool held; /* waits for approval */
    bool doubtful; /* … since more than max_rejected of its rows were rejected */
    bool unproved; /* would begin by itself, but waits for a proof of the bounce path */
};

/* All rows are in: the file's cases may move. Where more than its profile's max_rejected percent of ROWS were REJECTED, and not just one or two, it waits
 * for approval; where all were, it fails whole (-EBADMSG), and nothing of it stays. Call only after every chunk has come home. */
void queue_file_finish(struct queue *queue, int64_t file, unsigned long rows, unsigned long rejected,
                       void (*done)(void *context, int status, const char *message,
                                    const struct queue_file_summary *summary),
                       void *context);

/* The file cannot be read after all: nothing of it stays but the record that it failed, and WHY. */
void queue_file_fail(struct queue *queue, int64_t file, const char *why, queue_done *done, void *context);

/* Write NAME.result.jsonl's lines for FILE to PATH (made anew, synced) on the reader thread: a line a row, in the file's order. */
void queue_file_results(struct queue *queue, int64_t file, const char *path, queue_done *done, void *context);

/* A file whose results are to be written again. */
struct queue_result_due {
    int64_t file;
    char *claim, *profile, *name;
    bool final; /* every case has ended */
    int64_t version;
};

/* The results of FILE have been written again and are in their place. Until this is said of the last VERSION that fell due, the next daemon writes them. */
void queue_results_in_place(struct queue *queue, int64_t file, int64_t version);

/* ---- Contacts ------------------------------------------------------------------------------------------------------------------ */

struct queue_target {
    int64_t id; /* the case */
    char *target, *host, *ip; /* host and ip may be NULL */
    int64_t since; /* when it was first asked for; 0: never before */
    unsigned tries;
    char *
        hosts; /* not its contacts are wanted now, but the addresses of these, which have spaces between them; NULL: its contacts */
};

/* Take up to LIMIT new cases whose time has come, now resolving. TARGETS live for the length of the call. */
void queue_claim_targets(struct queue *queue, int64_t now, unsigned limit,
                         void (*done)(void *context, const struct queue_target *targets, size_t count), void *context);
/* What was found (copied). The case waits for its first rung, or is exhausted, or opted out. */
void queue_set_ladder(struct queue *queue, int64_t id, const struct ladder *ladder, int64_t now);
/* What its `hosts` resolved to (copied). Once it is known of all of the file's, it is claimed again for its contacts. */
void queue_set_addresses(struct queue *queue, int64_t id, const struct host_address *addresses, size_t count);
/* DNS could not say: ask again at DUE. */
void queue_resolve_later(struct queue *queue, int64_t id, int64_t now, int64_t due);

/* ---- The clock ----------------------------------------------------------------------------------------------------------------- */

struct queue_turn {
    bool more; /* there is more to do at once: turn again */
    int64_t next; /* when something falls due next; INT64_MAX: nothing does */
    bool wants_proof; /* campaigns wait, and no proof of the bounce path is young enough */
    const struct queue_result_due *results;
    size_t result_count;
};

/* Do what time brings: compose, release what was held, see windows and campaigns end. At most a few hundred steps a turn. */
void queue_turn(struct queue *queue, int64_t now, void (*done)(void *context, const struct queue_turn *turn),
                void *context);

/* The clock was set, and says JUMP milliseconds more than it would have (less, where negative): retries, windows, gatherings and ends of campaigns wait on for
 * as long as before. BEFORE: what the time was. To be called before anything that is told the new time. */
void queue_clock_set(struct queue *queue, int64_t before, int64_t jump);

/* ---- Delivery ------------------------------------------------------------------------------------------------------------------ */

/* Lease up to LIMIT due notifications, of all running campaigns in turn. They are the callback's to free. */
void queue_claim_due(struct queue *queue, int64_t now, unsigned limit,
                     void (*done)(void *context, struct notification **notifications, size_t count), void *context);

struct queue_attempt {
    int64_t notification;
    int64_t time;
    enum queue_verdict { QUEUE_ACCEPTED, QUEUE_DEFERRED, QUEUE_BOUNCED, QUEUE_ABOUT_US } verdict;
    const char *stage; /* "connect" … as reply.h's stages */
    bool reached; /* the server heard of this mail: its MAIL was sent */
    int code;
    char enhanced[16]; /* "5.1.1" or "" */
    const char *reason; /* "user_unknown" … or NULL */
    bool about_recipient; /* the reason speaks about the mailbox */
    const char *text;
};

/* Copied. Cases that escalate regroup in the next turn. Any thread. After the commit first COMMITTED is called, on the store thread, then DONE, on
 * the loop thread; either may be NULL. */
void queue_record_attempt(struct queue *queue, const struct queue_attempt *attempt, void (*committed)(void *context),
                          queue_done *done, void *context);
/* Not tried after all (a stop, a limit): queued again, due at DUE. */
void queue_release(struct queue *queue, int64_t notification, int64_t now, int64_t due);

/* ---- What comes back ----------------------------------------------------------------------------------------------------------- */

struct queue_returned {
    int64_t notification; /* 0: no token verified */
    int64_t time;
    const char *class; /* "hard" … as bounce_class_name() */
    enum {
        QUEUE_RETURNED_NOTHING,
        QUEUE_RETURNED_BOUNCE,
        QUEUE_RETURNED_ABOUT_US,
        QUEUE_RETURNED_DELIVERED,
        QUEUE_RETURNED_ANSWER,
        QUEUE_RETURNED_COMPLAINT,
        QUEUE_RETURNED_OPT_OUT
    } meaning;
    const char *reason; /* or NULL */
    bool about_recipient;
    const char *status, *reply, *diagnostic; /* or NULL */
    const char *from; /* the writer's address, or NULL */
    const char *token_fault; /* NULL, "forged" or "stale": counted */
    const char *opt_out_address; /* without a token: whom to suppress; NULL: the notification's recipient */
    const char *receipt_settings, *receipt_template; /* for the receipt of an opt-out */
};

/* Copied. DONE after the commit: only then may the mail be acknowledged. CAMPAIGN: the notification's, for the log; NULL where it is about none. */
typedef void queue_returned_done(void *context, int status, const char *message, const char *campaign);
void queue_record_returned(struct queue *queue, const struct queue_returned *returned, queue_returned_done *done,
                           void *context);

/* Can bounces come in? SINCE: they cannot since then, because of WHY; 0: they can (again). While they cannot, no bounce window ends, and afterwards each ends as much later. To be
 * said when it changes, and once after opening. */
void queue_note_intake(struct queue *queue, int64_t since, const char *why, int64_t now);

/* ---- Proofs of the bounce path -------------------------------------------------------------------------------------------------- */

/* A proof is a mail that we send through the relay and that is to come back at the intake. Its number, in a token of its own purpose, is what it is
 * recognised by; the first time that it comes back counts, and no later one. */

/* Begin one for WHO: ID is its number, 0 when STATUS is not 0. RECIPIENT: an address that does not exist, whose bounce is to come back; NULL: the mail goes to
 * ourselves. */
void queue_proof_begin(struct queue *queue, const char *who, const char *recipient, int64_t now,
                       void (*done)(void *context, int status, const char *message, int64_t id), void *context);
/* What the relay said: ANSWER is "accepted", "deferred", "refused" or "stopped" (it was not tried), TEXT its words. */
void queue_proof_answered(struct queue *queue, int64_t id, const char *answer, const char *text, int64_t now);
/* It came back by WAY ("LMTP" …) as a message of CLASS. DONE after the commit. */
void queue_proof_returned(struct queue *queue, int64_t id, const char *class, const char *way, int64_t now,
                          queue_done *done, void *context);

/* ---- A person's orders --------------------------------------------------------------------------------------------------------- */

/* ORDER: {"verb": one of orders[] in orders.c, …}, which says what each takes.
 * WHO goes into the audit trail. RESULT lives for the length of the call; NULL when STATUS is not 0. ORDER is copied. */
void queue_order(struct queue *queue, const json_t *order, const char *who, int64_t now,
                 void (*done)(void *context, int status, const char *message, json_t *result), void *context);

/* For the command line while no daemon runs: the ORDER `stop` or `start`, straight into the store at PATH. 0 once it is on disk; -ENOENT: there is no store yet;
 * -EEXIST: a daemon has it open; -EACCES; -EPROTO: it is another version's; -EAGAIN, -EIO as of sql_open(). Blocks. */
int queue_order_offline(const char *path, const json_t *order, const char *who, int64_t now, struct error *error);

/* Is all sending stopped (`tocsin stop`), as of the last commit? */
bool queue_stopped(const struct queue *queue);

/* ---- Reading ------------------------------------------------------------------------------------------------------------------- */

/* Run the read called NAME (reads.h) on the reader thread. RESULT lives for the length of the call; NULL when STATUS is not 0. */
void queue_read(struct queue *queue, const char *name, const json_t *arguments,
                void (*done)(void *context, int status, const char *message, json_t *result), void *context);

/* Load notifications (no lease): those of CAMPAIGN that have not been sent yet, by number, OFFSET on, at most LIMIT; or just the one with
 * number ONE when that is not 0. Only what OWNER submitted, unless that is NULL. The callback's to free. */
void queue_preview(struct queue *queue, const char *campaign, const char *owner, int64_t one, unsigned offset,
                   unsigned limit,
                   void (*done)(void *context, int status, const char *message, struct notification **notifications,
                                size_t count, size_t total),
                   void *context);

#endif

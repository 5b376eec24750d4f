/* The store thread and what its verbs share. Internal to queue/.
 *
 * A verb is a struct whose first member is a struct request: `run` does the SQL on the store thread inside the group's transaction,
 * `finish` tells the caller on the loop thread after the commit and frees the request. */
#ifndef TOCSIN_QUEUE_STORE_H
#define TOCSIN_QUEUE_STORE_H

#include "daemon/base/inbox.h"
#include "queue/queue.h"
#include "queue/schema.h"
#include "queue/texts.h"

struct store {
    struct sql *sql;
    const struct config *config; /* NULL on the reader thread */
    unsigned key_id;
    int64_t opened; /* ms: contact history is read in its light */
    struct texts texts;
};

struct request {
    struct inbox_item item;
    /* Statements only, repeatable: when the commit fails, the group is rolled back and run again. Another return than 0 undoes this request's
     * statements alone; then `error` says why. A failed statement counts as -EIO by itself. */
    int (*run)(struct store *store, struct request *request);
    void (*finish)(struct request *request);
    /* Where set, it is called after the commit on the store thread, before the request goes anywhere: what cannot wait for the loop. */
    void (*committed)(struct request *request);
    /* Where set, it is called after the commit on the store thread: true, and there is more to do: `run` is called again, behind whatever has come meanwhile. */
    bool (*next)(struct request *request);
    bool lazy; /* its commit need not be on disk before a later one that is not lazy */
    bool barrier; /* no urgent request overtakes it: it changes what they mean */
    struct inbox *home; /* where set, the request goes there after the commit, and `finish` is not called */
    struct queue *queue;
    bool reading; /* for the reader thread */
    bool own; /* the store's, not a caller's */
    bool repeatable; /* who asks can ask again: refused at once, and not kept, while the store fails */
    int status;
    struct error error;
};

/* Hand REQUEST to the store thread or, where it is `reading`, to the reader thread. Any thread; `finish` is called on the loop's, but at
 * once where the queue is closing. */
void store_submit(struct queue *queue, struct request *request);
/* The same for a request with a home. Any thread. */
void store_push(struct queue *queue, struct request *request);

/* What queue_stopped() says from now on. Loop thread. */
void store_set_stopped(struct queue *queue, bool stopped);

/* Open STORE's connection to its configured path, which must be locked: looked through where the last daemon ended badly, brought to this schema, and
 * recovered from. A failure of the recovery stays in its connection (sql_failed). 0 or -errno with ERROR set. */
int store_open(struct store *store, struct error *error);

/* Take the lock of the store at PATH: a file descriptor to close, or -errno (-EEXIST: a daemon has it). */
int queue_lock_file(const char *path, struct error *error);
/* Has the store at PATH a write-ahead log? A daemon that ends in peace takes it in and removes it. */
bool store_has_log(const char *path);

/* ---- Movers: the only functions that write a state column ---------------------------------------------------------------------- */

/* Move a case; DUE is when it is looked at next (DUE_NEVER: when something happens). Refuses and logs what the table forbids: false. Keeps its
 * campaign's count of open cases. */
bool store_move_case(struct store *store, int64_t id, enum case_state to, int64_t due);
/* A mail about the case goes out: it is told of from NOW on, unless it was before, and notified if it was waiting. */
void store_tell_case(struct store *store, int64_t id, int64_t now);
/* Move a notification likewise. */
bool store_move_notification(struct store *store, int64_t id, enum notification_state to, int64_t due);
/* A server took the notification at TIME: note the attempt, and move to accepted, until DUE, unless what came back has moved it further. */
void store_accept_notification(struct store *store, int64_t id, int64_t time, int64_t due);

/* ---- Steps that several verbs take ---------------------------------------------------------------------------------------------- */

/* The case with this id leaves its rung, which becomes WHY ("bounced", "given-up" …), for the next that may be written to: waiting, or exhausted, opted out,
 * expired. From resolving it takes its first. */
void store_climb(struct store *store, int64_t id, int64_t now);

/* Is there anything that the names of FILE, which is loaded, could be one with: has its feed named addresses alone, in it or within the window before? */
bool store_is_matched(struct store *store, int64_t file);
/* The hosts that the case with this id is about, some of them where there are many, with spaces between them; a new string. */
char *store_hosts(struct store *store, int64_t id);
/* Files whose names' addresses are known: what is said of an address alone, and of the one name that has it, becomes one. Returns how many steps it took. */
size_t store_match_hosts(struct store *store, int64_t now);

/* Every case of NOTIFICATION that still stands at it climbs; its rung there becomes STATE. */
enum rung_state { RUNG_UNTRIED, RUNG_CURRENT, RUNG_SENT, RUNG_BOUNCED, RUNG_GIVEN_UP, RUNG_SKIPPED, RUNG_STATES };
const char *rung_state_name(enum rung_state state);
void store_escalate(struct store *store, int64_t notification, enum rung_state state, int64_t now);

/* Look at the case's rung again, which was fit when the case came to it: it waits there still, or climbs. */
void store_climb_again(struct store *store, int64_t id, int64_t now);

/* The cases that still stand at NOTIFICATION; to be freed. */
int64_t *store_cases_at(struct store *store, int64_t notification, size_t *count);

/* The contact with ADDRESS, made if there is none. */
int64_t store_contact(struct store *store, const char *address);

/* Why ADDRESS (or its domain) may not be written to: a copy, or NULL when it may. *OPT_OUT: because its owner said so. */
char *store_suppressed(struct store *store, const char *address, bool *opt_out);

/* Add a suppression; false when it was there, and as strong. */
bool store_suppress(struct store *store, const char *object, const char *why, const char *who, int64_t now,
                    bool opt_out);

/* Put one line into the audit trail. */
void store_audit(struct store *store, int64_t now, const char *who, const char *action, const char *object,
                 const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Cases that may go out in one mail: those of a campaign that wait for the same contact, and that its profile does not tell apart (grouping.h). */
struct group {
    int64_t campaign, contact, grouping;
};

/* Compose one notification about the cases that wait in GROUP; only those of FILE when FILE is not 0, and then held for approval. */
void store_compose(struct store *store, const struct group *group, int64_t file, int64_t now);

/* When a mail about the case with this id may go out to the contact at which it stands, FROM at the earliest, by its profile's `send`; in a rehearsal, FROM. */
int64_t store_send_from(struct store *store, int64_t id, int64_t from);
/* The same where GROUP, whose case it is, may get a mail at all: at most one in contact_interval. NOW, where it may be now. */
int64_t store_mail_from(struct store *store, const struct group *group, int64_t id, int64_t now);

/* The templates that CAMPAIGN's mails are written from, from now on. */
void store_keep_templates(struct store *store, int64_t campaign, const struct queue_template *templates, size_t count);

/* Give NOTIFICATION, which has just been composed, the template of its campaign for what it is about and for who reads it. */
void store_choose_template(struct store *store, int64_t notification, int64_t campaign);

/* Queue what CAMPAIGN has held for HOLD: 1 approval, 2 after a refusal. Returns how many. */
int64_t store_release_held(struct store *store, int64_t campaign, int hold, int64_t now);

/* All loaded files of CAMPAIGN may go out: how many mails do, and of how many FILES. */
int64_t store_approve(struct store *store, int64_t campaign, int64_t now, int *files);

/* Is there a proof of the bounce path young enough (campaigns.bounce_proof), or none asked for? */
bool store_is_proved(struct store *store, int64_t now);
/* The same, as -EPERM with what to do in ERROR. */
int store_ask_for_proof(struct store *store, int64_t now, struct error *error);
/* Campaigns that wait for a proof alone begin where there is one. True: some wait, and there is none. */
bool store_wait_for_proof(struct store *store, int64_t now);

/* Note that a daemon runs; where none did for a while, put the ends of bounce windows off by as long. */
void store_note_running(struct store *store, int64_t now);

/* Does the bounce window's clock run? Where it begins to again, the ends of windows are put off. */
bool store_clock_runs(struct store *store, int64_t now);

/* Further back than a clock is corrected gently, or another machine's may be off. */
#define STORE_BACK_MS INT64_C(120000)

/* When a proof of the bounce path last came back; 0: never. One that came back in the future is none: somebody set the clock. */
int64_t store_newest_proof(struct store *store, int64_t now);

/* All that waits, waits JUMP milliseconds longer by the clock, which said BEFORE. */
void store_shift(struct store *store, int64_t before, int64_t jump);
/* At the start: a clock that was set back while no daemon ran. */
void store_check_clock(struct store *store);

/* Load a notification with all that it is made of; NULL when it is gone. Reader thread too. */
struct notification *store_load_notification(struct store *store, int64_t id);

/* Lists of notifications grow in steps. */
void store_append(struct notification ***list, size_t *count, struct notification *one);

#endif

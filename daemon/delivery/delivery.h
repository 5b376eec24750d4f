/* delivery: jobs in, one attempt each, results out. Each of its threads runs blocking libesmtp sessions to the relay and streams jobs
 * into the open one (NOTES: a connection a message is three times slower). */
#ifndef TOCSIN_DELIVERY_DELIVERY_H
#define TOCSIN_DELIVERY_DELIVERY_H

#include "daemon/base/buf.h"
#include "daemon/base/error.h"
#include "daemon/base/inbox.h"
#include "daemon/bounce/reply.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

/* One attempt. Belongs to the caller until delivery_submit(), to delivery until DONE, then to DONE, which keeps it for delivery_settled(). */
struct delivery_job {
    struct inbox_item item;
    int64_t id;
    /* Called on the delivery thread just before the mail is sent: fill in the three below (freed by the job's owner). THREAD_STATE is what the
     * options' thread_state made. Another return than 0 ends the attempt: `error` says why. */
    int (*render)(struct delivery_job *job, void *thread_state, struct error *error);
    void *data;
    char *envelope_from; /* "" for the null reverse-path */
    char *envelope_to;
    struct buf message; /* RFC 5322, CRLF line ends */

    /* The result. */
    enum verdict verdict;
    enum reason reason;
    struct reply reply; /* text points to reply_text */
    char reply_text[512]; /* one line, control characters replaced */
    bool sent; /* the end of the text had been handed over and no refusal of it was read: a retry may be a duplicate */
    bool rendered; /* false: render() failed, reply_text says why */
    bool
        aborted; /* delivery_stop(), delivery_recall(): nothing was tried or it was cut off; not an attempt unless `sent` */

    unsigned period, recalls; /* delivery's own, as the next */
    struct inbox_item *place;
};

enum tls_mode {
    TLS_NEVER,
    TLS_OPPORTUNISTIC, /* where the relay offers it and it works; with whoever answers (RFC 7435) */
    TLS_REQUIRED /* with a certificate that proves the relay's name, or nothing is sent */
};

/* How to be sure of the relay, and the relay of us. */
struct delivery_security {
    enum tls_mode tls;
    const char *tls_ca; /* file of certificates to trust; NULL or "": the system's */
    const char *tls_name; /* that the relay's certificate has to prove; NULL or "": the host in `relay` */
    const char *user,
        *password; /* for AUTH; NULL or "": none. Without TLS a password is given only to CRAM-MD5, or to a relay on this machine */
};

struct delivery_options {
    const char *relay; /* HOST:PORT */
    struct delivery_security security;
    const char *helo;
    unsigned sessions; /* threads */
    unsigned messages_per_session;
    unsigned timeout_ms; /* for each reply */
    unsigned connect_timeout_ms;
    void *(*thread_state)(void *context); /* made once on each delivery thread */
    void (*thread_state_free)(void *thread_state);
    /* Where set, it is called on the delivery thread as soon as JOB has its result; true: it is the taker's now, and DONE is not called. */
    bool (*take)(void *context, struct delivery_job *job);
    void (*done)(void *context, struct delivery_job *job); /* on the loop thread */
    void *context;
};

struct delivery;

/* Start the threads. Loop thread, as all of these. Copies OPTIONS' strings. */
int delivery_open(uv_loop_t *loop, const struct delivery_options *options, struct delivery **out, struct error *error);

/* Hand JOB over; never waits. */
void delivery_submit(struct delivery *delivery, struct delivery_job *job);

/* Mails a session that may be out without their result on disk: those whose final dot was sent. So many a session may go out again after a crash
 * (with one, 1,000 kills at 16 sessions: 10.4 a kill, 16 at most). With two, delivery is hardly faster. */
#define DELIVERY_PLACES 1

/* The result of JOB is on disk. Where too many are out without that (DELIVERY_PLACES), a session waits before the end of its next mail until
 * another result has been settled. To be called once after each DONE or TAKE. Any thread. */
void delivery_settled(struct delivery *delivery, struct delivery_job *job);

/* Jobs handed over that neither TAKE nor DONE has been called for. */
unsigned delivery_in_flight(const struct delivery *delivery);

/* Stop within a second: open sessions are cut off by shutdown(2) of their sockets, every job comes back through DONE with `aborted`. Jobs submitted
 * while stopped come back at once. delivery_start() lets it go on. */
void delivery_stop(struct delivery *delivery);
/* From now on no job that was submitted before is sent, but for what the final dot is out of: each comes back through DONE with `aborted`. A session
 * that has one of them under way or in hand is cut off before that; the others go on. */
void delivery_recall(struct delivery *delivery);
void delivery_start(struct delivery *delivery);

/* A thread that should have been heard of PATIENCE milliseconds ago, in words; NULL: there is none. One that waits for work, for a place or for the relay within the
 * limits of its step is well. */
const char *delivery_stuck(const struct delivery *delivery, int64_t patience);

/* As delivery_stop(), then end and join the threads, call DONE for each job that is left, and free. DONE must not submit again
 * meanwhile. The loop has to run afterwards to close the handles. */
void delivery_close(struct delivery *delivery);

#endif

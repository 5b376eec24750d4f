/* One LMTP conversation (RFC 2033): bytes in, bytes and whole mails out. Pure, so that it is tested without a socket; lmtp.c connects it to one.
 *
 * Also spoken: PIPELINING (RFC 2920), 8BITMIME (RFC 6152), ENHANCEDSTATUSCODES (RFC 2034), and SIZE (RFC 1870) without a limit. */
#ifndef TOCSIN_BOUNCE_LMTP_SESSION_H
#define TOCSIN_BOUNCE_LMTP_SESSION_H

#include "daemon/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

#define LMTP_RECIPIENTS_MAX 100 /* RFC 5321 §4.5.3.1.8 asks for no less */
#define LMTP_LINE_MAX 4096 /* bytes of a command, its line end included */
#define LMTP_ERRORS_MAX 20 /* commands not understood before we hang up: whoever talks so is no mail server */

/* A whole mail. */
struct lmtp_mail {
    char *sender; /* "" for the null reverse-path */
    char *recipients[LMTP_RECIPIENTS_MAX];
    size_t recipient_count;
    struct buf data; /* dots unstuffed; cut at the limit */
};

void lmtp_mail_free(struct lmtp_mail *mail);

struct lmtp_session;

struct lmtp_session_options {
    const char *name; /* of this host, in the greeting; must outlive the session */
    size_t max_message;
    bool (*accepts)(void *context, const char *recipient);
    void *context;
};

/* A new conversation; the greeting stands in its output. */
struct lmtp_session *lmtp_session_new(const struct lmtp_session_options *options);
void lmtp_session_free(struct lmtp_session *session);

/* Take in up to LENGTH bytes. Returns how many were taken: fewer when a mail became complete (the rest waits until all its recipients have been
 * answered), and when the conversation is over. Feed the rest again then. */
size_t lmtp_session_feed(struct lmtp_session *session, const char *data, size_t length);

/* The mail that became complete, once; the caller's to free. NULL when there is none. */
struct lmtp_mail *lmtp_session_take(struct lmtp_session *session);

/* Answer for recipient INDEX of the mail, in any order, as lmtp_answer() says; the output has the answers in the right order. */
void lmtp_session_answer(struct lmtp_session *session, size_t index, int status, const char *text);

/* Are answers missing? Then nothing is taken in. */
bool lmtp_session_waits(const struct lmtp_session *session);

/* QUIT was answered, or too many errors were made: send the output, then hang up. */
bool lmtp_session_over(const struct lmtp_session *session);

/* What to send. The caller takes it out with buf_take() or truncates it. */
struct buf *lmtp_session_output(struct lmtp_session *session);

#endif

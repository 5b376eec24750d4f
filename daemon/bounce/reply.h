/* What an SMTP reply means: whom does it speak about? Pure; any thread. Used for replies in our own sessions and for those quoted in
 * returned mail. */
#ifndef TOCSIN_BOUNCE_REPLY_H
#define TOCSIN_BOUNCE_REPLY_H

#include <stdbool.h>

enum reason {
    REASON_NONE,
    REASON_USER_UNKNOWN,
    REASON_MOVED,
    REASON_DOMAIN_UNKNOWN,
    REASON_MAILBOX_FULL,
    REASON_DISABLED,
    REASON_POLICY,
    REASON_RATE,
    REASON_RELAY,
    REASON_TOO_LARGE,
    REASON_NETWORK,
    REASON_SYSTEM,
    REASON_COUNT
};

/* "user_unknown" …; NULL for REASON_NONE. */
const char *reason_name(enum reason reason);

/* Only user_unknown moved domain_unknown disabled mailbox_full: may be learned from and marks a mailbox as dead. */
bool reason_about_recipient(enum reason reason);
/* relay policy rate system: says something about us, and touches neither ladder nor history. */
bool reason_about_us(enum reason reason);

enum reply_stage { REPLY_CONNECT, REPLY_GREETING, REPLY_AUTH, REPLY_MAIL, REPLY_RCPT, REPLY_DATA, REPLY_END };

struct reply {
    enum reply_stage stage;
    int code; /* 550; 0: the connection was lost */
    int enhanced[3]; /* 5.1.1 (RFC 3463); all 0: none given */
    const char *text; /* one line, may be NULL */
};

enum verdict {
    VERDICT_ACCEPTED, /* taken */
    VERDICT_DEFERRED, /* try again */
    VERDICT_BOUNCED, /* refused for good because of the recipient (or the mail) */
    VERDICT_ABOUT_US, /* refused for good because of us: hold it, count towards the brake */
};

/* Judge REPLY: the code, the enhanced code and the words together (a `550 5.1.1` whose words say "relay access denied" is about us). *REASON
 * may be REASON_NONE. */
enum verdict reply_judge(const struct reply *reply, enum reason *reason);

/* The reason that the enhanced code and the words give, whatever the code; REASON_NONE when they give none. */
enum reason reply_reason(int code, const int enhanced[3], const char *text);

#endif

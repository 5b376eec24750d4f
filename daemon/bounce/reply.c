#include "daemon/bounce/reply.h"

#include "daemon/base/buf.h"
#include "daemon/bounce/phrase.h"
#include "daemon/bounce/reply_words.h"

#include <stddef.h>
#include <string.h>

#define TEXT_MAX 2000 /* of a reply are read: RFC 5321 allows 512 a line, and what matters stands first */

static const char *const names[REASON_COUNT] = {
    [REASON_NONE] = NULL,
    [REASON_USER_UNKNOWN] = "user_unknown",
    [REASON_MOVED] = "moved",
    [REASON_DOMAIN_UNKNOWN] = "domain_unknown",
    [REASON_MAILBOX_FULL] = "mailbox_full",
    [REASON_DISABLED] = "disabled",
    [REASON_POLICY] = "policy",
    [REASON_RATE] = "rate",
    [REASON_RELAY] = "relay",
    [REASON_TOO_LARGE] = "too_large",
    [REASON_NETWORK] = "network",
    [REASON_SYSTEM] = "system",
};

const char *reason_name(enum reason reason)
{
    return (unsigned)reason < REASON_COUNT ? names[reason] : NULL;
}

bool reason_about_recipient(enum reason reason)
{
    return reason == REASON_USER_UNKNOWN || reason == REASON_MOVED || reason == REASON_DOMAIN_UNKNOWN ||
           reason == REASON_DISABLED || reason == REASON_MAILBOX_FULL;
}

bool reason_about_us(enum reason reason)
{
    return reason == REASON_RELAY || reason == REASON_POLICY || reason == REASON_RATE || reason == REASON_SYSTEM;
}

/* Enhanced codes (RFC 3463 and IANA's registry) by subject and detail. Sure ones are believed before loose words; the others only say which
 * part of the world was unhappy. */
struct enhanced_row {
    int subject, detail; /* a detail of -1: any that has no row of its own */
    enum reason reason;
    bool sure;
};

static const struct enhanced_row enhanced_rows[] = {
    { 1, 1, REASON_USER_UNKNOWN, true },
    { 1, 2, REASON_DOMAIN_UNKNOWN, true },
    { 1, 3, REASON_USER_UNKNOWN, true },
    { 1, 4, REASON_USER_UNKNOWN, true },
    { 1, 6, REASON_MOVED, true },
    { 1, 7, REASON_POLICY, true }, /* the sender's address is bad */
    { 1, 8, REASON_POLICY, true },
    { 1, 10, REASON_DOMAIN_UNKNOWN, true }, /* a null MX, RFC 7505 */
    { 2, 1, REASON_DISABLED, true },
    { 2, 2, REASON_MAILBOX_FULL, true },
    { 2, 3, REASON_TOO_LARGE, true },
    { 3, 4, REASON_TOO_LARGE, true },
    { 3, -1, REASON_SYSTEM, false },
    { 4, 1, REASON_NETWORK, false },
    { 4, 3, REASON_SYSTEM, false }, /* a directory server failed */
    { 4, 4, REASON_DOMAIN_UNKNOWN, false }, /* unable to route: nearly always a domain that DNS does not know */
    { 4, 5, REASON_RATE, false },
    { 4, -1, REASON_NETWORK, false },
    { 5, 3, REASON_RATE, true }, /* too many recipients */
    { 5, -1, REASON_SYSTEM, false },
    { 6, -1, REASON_POLICY, false },
    { 7, 13, REASON_DISABLED, true },
    { 7, 17, REASON_MOVED, true }, /* the mailbox, and below the domain, has a new owner: RFC 7293 */
    { 7, 18, REASON_MOVED, true },
    { 7, 28, REASON_RATE, true },
    { 7, -1, REASON_POLICY, false },
};

static enum reason reason_of_enhanced(const int enhanced[3], bool sure)
{
    enum reason any = REASON_NONE;
    for (size_t i = 0; i < sizeof enhanced_rows / sizeof *enhanced_rows; i++) {
        const struct enhanced_row *row = &enhanced_rows[i];
        if (row->subject != enhanced[1] || row->sure != sure)
            continue;
        if (row->detail == enhanced[2])
            return row->reason;
        if (row->detail == -1)
            any = row->reason;
    }
    return any;
}

/* A single word tells only where somebody wrote it, not where a host is called so. */
static enum reason reason_of_loose_words(const char *text)
{
    struct buf folded = BUF_EMPTY;
    phrase_fold_prose(&folded, text, strnlen(text, TEXT_MAX));
    enum reason reason = reply_words_loose(folded.data);
    buf_free(&folded);
    return reason;
}

enum reason reply_reason(int code, const int enhanced[3], const char *text)
{
    struct buf folded = BUF_EMPTY;
    phrase_fold(&folded, text ? text : "", text ? strnlen(text, TEXT_MAX) : 0);
    /* Exchange Online says 5.4.1 "Access denied" of a mailbox that its directory does not have. */
    bool directory = enhanced[0] == 5 && enhanced[1] == 4 && enhanced[2] == 1 &&
                     phrase_find(folded.data, "recipient address rejected access denied");
    enum reason reason = directory ? REASON_USER_UNKNOWN : reply_words_sure(folded.data);
    if (!reason)
        reason = reason_of_enhanced(enhanced, true);
    if (!reason && text)
        reason = reason_of_loose_words(text);
    if (!reason && enhanced[0])
        reason = reason_of_enhanced(enhanced, false);
    if (!reason && code == 556) /* RFC 7504: the domain does not accept mail */
        reason = REASON_DOMAIN_UNKNOWN;
    buf_free(&folded);
    return reason;
}

/* What a permanent reply to RCPT means that says nothing else: RFC 5321 §4.2.3. */
static enum reason reason_of_code(int code)
{
    switch (code) {
    case 550:
    case 553:
        return REASON_USER_UNKNOWN;
    case 551:
        return REASON_MOVED;
    case 552:
        return REASON_MAILBOX_FULL;
    default:
        return code >= 500 && code <= 504 ? REASON_SYSTEM : REASON_NONE;
    }
}

/* "Authenticate first", RFC 4954 §6: an answer to who we are, wherever it comes. */
static bool wants_authentication(int code)
{
    return code == 530 || code == 534 || code == 535 || code == 538;
}

static enum verdict judge_refusal(const struct reply *reply, enum reason *reason)
{
    /* Before RCPT nobody has been named but us: an unknown user or domain there is our own sender address. */
    if (reply->stage < REPLY_RCPT || wants_authentication(reply->code)) {
        if (!reason_about_us(*reason) && *reason != REASON_TOO_LARGE && *reason != REASON_NETWORK)
            *reason = REASON_POLICY;
        return VERDICT_ABOUT_US;
    }
    if (!*reason && reply->stage == REPLY_RCPT)
        *reason = reason_of_code(reply->code);
    else if (!*reason && reply->code == 552)
        *reason = REASON_TOO_LARGE; /* after the text; before it, the mailbox is full */
    return reason_about_us(*reason) ? VERDICT_ABOUT_US : VERDICT_BOUNCED;
}

enum verdict reply_judge(const struct reply *reply, enum reason *reason)
{
    *reason = REASON_NONE;
    if (reply->code >= 200 && reply->code < 400)
        return VERDICT_ACCEPTED;
    *reason = reply_reason(reply->code, reply->enhanced, reply->text);
    if (reply->code >= 500 && reply->code < 600)
        return judge_refusal(reply, reason);
    /* A lost connection, or a code that RFC 5321 does not have: another try costs little. */
    if (!*reason && (reply->code < 400 || reply->code == 421))
        *reason = REASON_NETWORK;
    return VERDICT_DEFERRED;
}

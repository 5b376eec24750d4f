/* What SMTP replies mean (daemon/bounce/reply.h, phrase.h). */
#include "daemon/bounce/phrase.h"
#include "daemon/bounce/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct judge_row {
    enum reply_stage stage;
    int code;
    int enhanced[3];
    const char *text;
    enum verdict verdict;
    enum reason reason;
};

#define NO_CODE                                                                                                        \
    {                                                                                                                  \
        0, 0, 0                                                                                                        \
    }

static const struct judge_row judge_rows[] = {
    /* Taken. */
    { REPLY_GREETING, 220, NO_CODE, "ready", VERDICT_ACCEPTED, REASON_NONE },
    { REPLY_RCPT, 250, { 2, 1, 5 }, "Ok", VERDICT_ACCEPTED, REASON_NONE },
    { REPLY_RCPT, 251, NO_CODE, "User not local; will forward", VERDICT_ACCEPTED, REASON_NONE },
    { REPLY_DATA, 354, NO_CODE, "go ahead", VERDICT_ACCEPTED, REASON_NONE },
    { REPLY_END, 250, NO_CODE, "queued; 550 user unknown", VERDICT_ACCEPTED, REASON_NONE },

    /* Try again. */
    { REPLY_CONNECT, 0, NO_CODE, NULL, VERDICT_DEFERRED, REASON_NETWORK },
    { REPLY_END, 0, NO_CODE, "connection reset by peer", VERDICT_DEFERRED, REASON_NETWORK },
    { REPLY_RCPT, 99, NO_CODE, "?", VERDICT_DEFERRED, REASON_NETWORK },
    { REPLY_RCPT, 600, NO_CODE, "?", VERDICT_DEFERRED, REASON_NONE },
    { REPLY_GREETING, 421, NO_CODE, "closing", VERDICT_DEFERRED, REASON_NETWORK },
    { REPLY_RCPT, 421, { 4, 7, 0 }, "too many connections", VERDICT_DEFERRED, REASON_RATE },
    { REPLY_RCPT,
      450,
      { 4, 2, 0 },
      "<a@b.example>: Recipient address rejected: Greylisted",
      VERDICT_DEFERRED,
      REASON_POLICY },
    { REPLY_RCPT, 452, { 4, 2, 2 }, "Mailbox full", VERDICT_DEFERRED, REASON_MAILBOX_FULL },
    { REPLY_RCPT, 450, { 4, 1, 1 }, "User unknown in local recipient table", VERDICT_DEFERRED, REASON_USER_UNKNOWN },
    { REPLY_RCPT, 451, NO_CODE, "", VERDICT_DEFERRED, REASON_NONE },
    { REPLY_RCPT,
      450,
      { 4, 2, 1 },
      "The user you are trying to contact is receiving mail too quickly.",
      VERDICT_DEFERRED,
      REASON_RATE },
    { REPLY_RCPT,
      450,
      { 4, 1, 2 },
      "Recipient address rejected: Domain not found",
      VERDICT_DEFERRED,
      REASON_DOMAIN_UNKNOWN },

    /* Before RCPT it is always about us. */
    { REPLY_GREETING, 554, NO_CODE, "no SMTP service here", VERDICT_ABOUT_US, REASON_POLICY },
    { REPLY_GREETING, 554, NO_CODE, "Your IP is listed at zen.spamhaus.org", VERDICT_ABOUT_US, REASON_POLICY },
    { REPLY_AUTH, 535, { 5, 7, 8 }, "Error: authentication failed", VERDICT_ABOUT_US, REASON_POLICY },
    { REPLY_MAIL, 530, NO_CODE, "Authentication required", VERDICT_ABOUT_US, REASON_POLICY },
    { REPLY_MAIL, 530, NO_CODE, NULL, VERDICT_ABOUT_US, REASON_POLICY },
    { REPLY_MAIL, 550, { 5, 1, 1 }, "user unknown", VERDICT_ABOUT_US, REASON_POLICY },
    { REPLY_MAIL, 550, { 5, 1, 8 }, "Sender address rejected: Domain not found", VERDICT_ABOUT_US, REASON_POLICY },
    { REPLY_MAIL, 553, NO_CODE, "sorry, your envelope sender domain must exist", VERDICT_ABOUT_US, REASON_POLICY },
    { REPLY_MAIL, 552, { 5, 3, 4 }, "Message size exceeds fixed limit", VERDICT_ABOUT_US, REASON_TOO_LARGE },
    { REPLY_MAIL, 550, { 5, 4, 6 }, "routing loop", VERDICT_ABOUT_US, REASON_NETWORK },
    { REPLY_MAIL, 501, { 5, 5, 4 }, "Bad arguments", VERDICT_ABOUT_US, REASON_SYSTEM },

    /* At RCPT about us. */
    { REPLY_RCPT, 530, { 5, 7, 0 }, "Must issue a STARTTLS command first", VERDICT_ABOUT_US, REASON_POLICY },
    { REPLY_RCPT, 535, NO_CODE, "no", VERDICT_ABOUT_US, REASON_POLICY },
    { REPLY_RCPT, 538, NO_CODE, "user unknown", VERDICT_ABOUT_US, REASON_POLICY },
    { REPLY_RCPT, 550, { 5, 1, 1 }, "relay access denied", VERDICT_ABOUT_US, REASON_RELAY },
    { REPLY_RCPT, 554, { 5, 7, 1 }, "<a@b.example>: Relay access denied", VERDICT_ABOUT_US, REASON_RELAY },
    { REPLY_RCPT, 550, { 5, 7, 1 }, "Unable to relay", VERDICT_ABOUT_US, REASON_RELAY },
    { REPLY_RCPT, 550, NO_CODE, "we do not relay", VERDICT_ABOUT_US, REASON_RELAY },
    { REPLY_RCPT, 553, NO_CODE, "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", VERDICT_ABOUT_US,
      REASON_RELAY },
    { REPLY_RCPT,
      554,
      { 5, 7, 1 },
      "Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
      VERDICT_ABOUT_US,
      REASON_POLICY },
    { REPLY_RCPT, 554, { 5, 7, 1 }, NULL, VERDICT_ABOUT_US, REASON_POLICY },
    { REPLY_RCPT, 550, { 5, 1, 8 }, NULL, VERDICT_ABOUT_US, REASON_POLICY },
    { REPLY_RCPT,
      550,
      { 5, 7, 1 },
      "<x@y.example>: Sender address rejected: Domain not found",
      VERDICT_ABOUT_US,
      REASON_POLICY },
    { REPLY_RCPT, 550, { 5, 7, 26 }, "This mail is unauthenticated", VERDICT_ABOUT_US, REASON_POLICY },
    { REPLY_RCPT, 550, NO_CODE, "Too many invalid recipients", VERDICT_ABOUT_US, REASON_RATE },
    { REPLY_RCPT, 550, { 5, 5, 3 }, NULL, VERDICT_ABOUT_US, REASON_RATE },
    { REPLY_RCPT, 554, { 5, 3, 0 }, "unexpected", VERDICT_ABOUT_US, REASON_SYSTEM },
    { REPLY_RCPT, 503, NO_CODE, NULL, VERDICT_ABOUT_US, REASON_SYSTEM },

    /* At RCPT about the recipient. */
    { REPLY_RCPT, 550, NO_CODE, NULL, VERDICT_BOUNCED, REASON_USER_UNKNOWN },
    { REPLY_RCPT, 550, NO_CODE, "rejected", VERDICT_BOUNCED, REASON_USER_UNKNOWN },
    { REPLY_RCPT,
      550,
      { 5, 1, 1 },
      "<a@b.example>: Recipient address rejected: User unknown in relay recipient table",
      VERDICT_BOUNCED,
      REASON_USER_UNKNOWN },
    { REPLY_RCPT, 550, { 5, 1, 1 }, "<relay-denied@spam.example>", VERDICT_BOUNCED, REASON_USER_UNKNOWN },
    { REPLY_RCPT, 554, { 5, 2, 0 }, "host relay.spam.example. said no", VERDICT_BOUNCED, REASON_NONE },
    { REPLY_RCPT, 554, { 5, 2, 0 }, "Relaying is for friends", VERDICT_ABOUT_US, REASON_RELAY },
    { REPLY_RCPT, 554, { 5, 2, 0 }, "no.Relay", VERDICT_ABOUT_US, REASON_RELAY },
    { REPLY_RCPT, 554, { 5, 2, 0 }, "listed by zen.spamhaus.org", VERDICT_ABOUT_US, REASON_POLICY },
    { REPLY_RCPT, 550, { 5, 7, 1 }, "No such user!", VERDICT_BOUNCED, REASON_USER_UNKNOWN },
    { REPLY_RCPT,
      550,
      { 5, 4, 1 },
      "Recipient address rejected: Access denied. AS(201806281)",
      VERDICT_BOUNCED,
      REASON_USER_UNKNOWN },
    { REPLY_RCPT, 554, { 5, 2, 1 }, NULL, VERDICT_BOUNCED, REASON_DISABLED },
    { REPLY_RCPT, 550, NO_CODE, "This account has been disabled or discontinued", VERDICT_BOUNCED, REASON_DISABLED },
    { REPLY_RCPT, 551, NO_CODE, NULL, VERDICT_BOUNCED, REASON_MOVED },
    { REPLY_RCPT, 551, { 5, 1, 6 }, "user has moved", VERDICT_BOUNCED, REASON_MOVED },
    { REPLY_RCPT, 552, NO_CODE, NULL, VERDICT_BOUNCED, REASON_MAILBOX_FULL },
    { REPLY_RCPT, 552, { 5, 2, 2 }, "sorry", VERDICT_BOUNCED, REASON_MAILBOX_FULL },
    { REPLY_RCPT, 550, NO_CODE, "mailbox for a is over quota", VERDICT_BOUNCED, REASON_MAILBOX_FULL },
    { REPLY_RCPT, 550, { 5, 1, 2 }, NULL, VERDICT_BOUNCED, REASON_DOMAIN_UNKNOWN },
    { REPLY_RCPT, 556, NO_CODE, NULL, VERDICT_BOUNCED, REASON_DOMAIN_UNKNOWN },
    { REPLY_RCPT, 556, { 5, 1, 10 }, "Recipient address has null MX", VERDICT_BOUNCED, REASON_DOMAIN_UNKNOWN },
    { REPLY_RCPT, 550, { 5, 4, 4 }, NULL, VERDICT_BOUNCED, REASON_DOMAIN_UNKNOWN },
    { REPLY_RCPT, 553, NO_CODE, NULL, VERDICT_BOUNCED, REASON_USER_UNKNOWN },
    { REPLY_RCPT, 554, NO_CODE, NULL, VERDICT_BOUNCED, REASON_NONE },
    { REPLY_RCPT, 550, { 5, 4, 7 }, NULL, VERDICT_BOUNCED, REASON_NETWORK },

    /* After the text. */
    { REPLY_DATA, 554, NO_CODE, "no valid recipients", VERDICT_BOUNCED, REASON_USER_UNKNOWN },
    { REPLY_DATA, 503, { 5, 5, 1 }, NULL, VERDICT_ABOUT_US, REASON_SYSTEM },
    { REPLY_END, 550, NO_CODE, NULL, VERDICT_BOUNCED, REASON_NONE },
    { REPLY_END, 554, { 5, 6, 0 }, NULL, VERDICT_ABOUT_US, REASON_POLICY },
    { REPLY_END, 554, { 5, 7, 1 }, "Message rejected as spam", VERDICT_ABOUT_US, REASON_POLICY },
    { REPLY_END, 552, NO_CODE, NULL, VERDICT_BOUNCED, REASON_TOO_LARGE },
    { REPLY_END, 552, { 5, 2, 2 }, "over quota", VERDICT_BOUNCED, REASON_MAILBOX_FULL },
    { REPLY_END, 552, { 5, 3, 4 }, NULL, VERDICT_BOUNCED, REASON_TOO_LARGE },
    { REPLY_END, 550, { 5, 1, 1 }, "User unknown", VERDICT_BOUNCED, REASON_USER_UNKNOWN },
};

static void test_judge(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof judge_rows / sizeof *judge_rows; i++) {
        const struct judge_row *row = &judge_rows[i];
        struct reply reply = { .stage = row->stage, .code = row->code, .text = row->text };
        memcpy(reply.enhanced, row->enhanced, sizeof reply.enhanced);
        enum reason reason = REASON_COUNT;
        enum verdict verdict = reply_judge(&reply, &reason);
        if (verdict != row->verdict || reason != row->reason)
            fail_msg("row %zu: stage %d %d %d.%d.%d %s: verdict %d reason %s", i, (int)row->stage, row->code,
                     row->enhanced[0], row->enhanced[1], row->enhanced[2], row->text ? row->text : "", (int)verdict,
                     reason_name(reason) ? reason_name(reason) : "none");
    }
}

struct words_row {
    const char *text;
    enum reason reason;
};

/* Words alone: no code is there to help. */
static const struct words_row words_rows[] = {
    { "", REASON_NONE },
    { "Delivery failed.", REASON_NONE },
    { "The email account that you tried to reach does not exist.", REASON_USER_UNKNOWN },
    { "Requested action not taken: mailbox unavailable", REASON_USER_UNKNOWN },
    { "unknown user account", REASON_USER_UNKNOWN },
    { "User (a@b.example) unknown.", REASON_USER_UNKNOWN },
    { "This user doesn't have a yahoo.example account (a@yahoo.example)", REASON_USER_UNKNOWN },
    { "Sorry, no mailbox here by that name. (#5.1.1)", REASON_USER_UNKNOWN },
    { "RESOLVER.ADR.RecipientNotFound; not found", REASON_USER_UNKNOWN },
    { "User a not listed in Domino Directory", REASON_USER_UNKNOWN },
    { "No\r\n such\tuser", REASON_USER_UNKNOWN },
    { "Benutzer ist unbekannt", REASON_USER_UNKNOWN },
    { "Mailbox is FULL", REASON_MAILBOX_FULL },
    { "The recipient's mailbox has exceeded its storage limit", REASON_MAILBOX_FULL },
    { "user is over-quota", REASON_MAILBOX_FULL },
    { "Quota exceeded (mailbox for user is full)", REASON_MAILBOX_FULL },
    { "Account has exceeded its hourly sending quota", REASON_RATE },
    { "Rate limit exceeded", REASON_RATE },
    { "Host or domain name not found. Name service error for name=b.example type=A", REASON_DOMAIN_UNKNOWN },
    { "Sorry, I couldn't find any host named b.example. (#5.1.2)", REASON_DOMAIN_UNKNOWN },
    { "Unrouteable address", REASON_DOMAIN_UNKNOWN },
    { "Domain b.example does not accept mail (nullMX)", REASON_DOMAIN_UNKNOWN },
    { "message size 2000000 exceeds size limit 1000000 of server", REASON_TOO_LARGE },
    { "connect to mx.b.example[192.0.2.1]:25: Connection timed out", REASON_NETWORK },
    { "Hop count exceeded - possible mail loop", REASON_NETWORK },
    { "retry timeout exceeded", REASON_NETWORK },
    { "mail server b.example loops back to myself", REASON_NETWORK },
    { "Account suspended", REASON_DISABLED },
    { "This mailbox has been temporarily disabled", REASON_DISABLED },
    { "user has moved to a@c.example", REASON_MOVED },
    { "Message blocked due to spam content", REASON_POLICY },
    { "Access denied", REASON_POLICY },
    { "message contained a virus", REASON_POLICY },
    { "no space left on device", REASON_SYSTEM },
    { "Sorry, your intended recipient has too much mail stored in his mailbox.", REASON_MAILBOX_FULL },
    { "Account(s) does not have enough space", REASON_MAILBOX_FULL },
    { "Access denied, banned sending IP [192.0.2.225]", REASON_POLICY },
    { "The user (a) is not accepting mail from this sender", REASON_POLICY },
    { "Connected but my name was rejected", REASON_POLICY },
    { "temporarily deferred due to user complaints", REASON_POLICY },
    { "a@b.example is not an active address at this host", REASON_USER_UNKNOWN },
    { "No mail box available for this user", REASON_USER_UNKNOWN },
    { "The recipient name is not recognized", REASON_USER_UNKNOWN },
    { "\xe7\x94\xa8\xe6\x88\xb7\xe4\xb8\x8d\xe5\xad\x98\xe5\x9c\xa8", REASON_USER_UNKNOWN },
    { "an MX or SRV record indicated no SMTP service", REASON_DOMAIN_UNKNOWN },
    { "Network error on destination MXs", REASON_NETWORK },
    { "Unable to contact LDAP server", REASON_SYSTEM },
    { "unknown-user@b.example over.quota@b.example", REASON_NONE },
};

static void test_words(void **state)
{
    (void)state;
    static const int none[3];
    for (size_t i = 0; i < sizeof words_rows / sizeof *words_rows; i++) {
        enum reason reason = reply_reason(0, none, words_rows[i].text);
        if (reason != words_rows[i].reason)
            fail_msg("%s: %s", words_rows[i].text, reason_name(reason) ? reason_name(reason) : "none");
    }
}

static void test_null_text(void **state)
{
    (void)state;
    static const int none[3];
    assert_int_equal(reply_reason(550, none, NULL), REASON_NONE);
    assert_int_equal(reply_reason(556, none, NULL), REASON_DOMAIN_UNKNOWN);
}

static void test_long_text(void **state)
{
    (void)state;
    static const int none[3];
    static char text[100001];
    memset(text, 'x', sizeof text - 1);
    assert_int_equal(reply_reason(550, none, text), REASON_NONE);
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "u ", 2);
    memcpy(text, "mailbox full ", 13);
    assert_int_equal(reply_reason(550, none, text), REASON_MAILBOX_FULL);
}

static void test_names(void **state)
{
    (void)state;
    assert_null(reason_name(REASON_NONE));
    assert_null(reason_name(REASON_COUNT));
    for (int i = REASON_NONE + 1; i < REASON_COUNT; i++)
        assert_non_null(reason_name((enum reason)i));
    assert_string_equal(reason_name(REASON_USER_UNKNOWN), "user_unknown");
    assert_string_equal(reason_name(REASON_TOO_LARGE), "too_large");
}

static void test_whom(void **state)
{
    (void)state;
    static const enum reason recipient[] = { REASON_USER_UNKNOWN, REASON_MOVED, REASON_DOMAIN_UNKNOWN, REASON_DISABLED,
                                             REASON_MAILBOX_FULL };
    static const enum reason us[] = { REASON_RELAY, REASON_POLICY, REASON_RATE, REASON_SYSTEM };
    int about_recipient = 0, about_us = 0;
    for (int i = 0; i < REASON_COUNT; i++) {
        about_recipient += reason_about_recipient((enum reason)i);
        about_us += reason_about_us((enum reason)i);
    }
    assert_int_equal(about_recipient, 5);
    assert_int_equal(about_us, 4);
    for (size_t i = 0; i < 5; i++)
        assert_true(reason_about_recipient(recipient[i]));
    for (size_t i = 0; i < 4; i++)
        assert_true(reason_about_us(us[i]));
}

static bool found(const char *text, const char *pattern)
{
    struct buf folded = BUF_EMPTY;
    phrase_fold(&folded, text, strlen(text));
    bool result = phrase_find(folded.data, pattern) != NULL;
    buf_free(&folded);
    return result;
}

static void test_phrases(void **state)
{
    (void)state;
    assert_true(found("Over-Quota", "over quota"));
    assert_false(found("Moreover quota", "over quota"));
    assert_false(found("over quotas", "over quota"));
    assert_true(found("over quotas", "over quota*"));
    assert_true(found("full", "full"));
    assert_false(found("", "full"));
    assert_false(found("...", "full"));
    assert_true(found("mailbox full", "mailbox .. full"));
    assert_true(found("mailbox 1 2 3 4 full", "mailbox .. full"));
    assert_false(found("mailbox 1 2 3 4 5 full", "mailbox .. full"));
    assert_false(found("mailbox", "mailbox .. full"));
    assert_true(found("mailbox mailbox mailbox mailbox mailbox mailbox full", "mailbox .. full"));
    assert_true(found("a b a c", "a c"));
    assert_false(found("a b", "a b c"));
    assert_true(found("isn't", "isnt"));
    assert_false(found("user.unknown@b.example", "user unknown"));
    assert_true(found("user.unknown", "user unknown"));
    assert_true(found("<a@b.example>... User unknown", "user unknown"));
    assert_true(found("\xe7\x94\xa8\xe4\xb8\x8d", "\xe4\xb8\x8d"));
    assert_true(found("B\xc3\xa4r  \t\r\n full", "b\xc3\xa4r full"));
}

static void test_phrase_bytes(void **state)
{
    (void)state;
    struct buf folded = BUF_EMPTY;
    phrase_fold(&folded, "Mailbox\0is\0full", 15);
    assert_string_equal(folded.data, " mailbox is full ");
    assert_true(phrase_any(folded.data, (const char *const[]){ "no", "is full", NULL }));
    assert_false(phrase_any(folded.data, (const char *const[]){ "no", "yes", NULL }));
    buf_free(&folded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge),     cmocka_unit_test(test_words),        cmocka_unit_test(test_null_text),
        cmocka_unit_test(test_long_text), cmocka_unit_test(test_names),        cmocka_unit_test(test_whom),
        cmocka_unit_test(test_phrases),   cmocka_unit_test(test_phrase_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

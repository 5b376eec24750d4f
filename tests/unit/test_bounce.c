/* What a message that came back means (daemon/bounce/bounce.h). The mails are made up. */
#include "daemon/base/buf.h"
#include "daemon/bounce/bounce.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

struct expectation {
    const char *name, *mail;
    enum bounce_class class;
    const char *recipients, *status, *reply; /* recipients: joined by commas */
    enum reason reason;
};

static void join(struct buf *out, char **strings, size_t count)
{
    buf_add_string(out, "");
    for (size_t i = 0; i < count; i++)
        buf_add_format(out, "%s%s", i ? "," : "", strings[i]);
}

static int check_bytes(const struct expectation *row, const char *mail, size_t length)
{
    struct bounce bounce;
    struct buf recipients = BUF_EMPTY;
    bounce_parse(mail, length, NULL, NULL, &bounce);
    join(&recipients, bounce.recipients, bounce.recipient_count);
    bool wrong = bounce.class != row->class || strcmp(recipients.data, row->recipients) ||
                 strcmp(bounce.status, row->status) || strcmp(bounce.reply, row->reply) || bounce.reason != row->reason;
    if (wrong)
        print_error("%s: got %s [%s] status '%s' reply '%s' reason %s\n", row->name, bounce_class_name(bounce.class),
                    recipients.data, bounce.status, bounce.reply,
                    reason_name(bounce.reason) ? reason_name(bounce.reason) : "none");
    buf_free(&recipients);
    bounce_clear(&bounce);
    return wrong;
}

static void check(const struct expectation *rows, size_t count)
{
    int wrong = 0;
    for (size_t i = 0; i < count; i++) {
        struct buf crlf = BUF_EMPTY;
        wrong += check_bytes(&rows[i], rows[i].mail, strlen(rows[i].mail));
        for (const char *c = rows[i].mail; *c; c++)
            buf_add(&crlf, *c == '\n' ? "\r\n" : c, *c == '\n' ? 2 : 1);
        wrong += check_bytes(&rows[i], crlf.data, crlf.length);
        buf_free(&crlf);
    }
    assert_int_equal(wrong, 0);
}

#define FROM_DAEMON                                                                                                    \
    "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example>\nTo: "                                     \
    "bounce@tocsin.example\nSubject: Undelivered Mail Returned to Sender\n"
#define REPORT_TYPED(type)                                                                                             \
    FROM_DAEMON "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=" type "; boundary=\"bb\"\n\n"         \
                "--bb\nContent-Type: text/plain\n\nSomething happened.\n\n"
#define REPORT REPORT_TYPED("delivery-status")
#define STATUS "--bb\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
/* It holds codes and addresses on purpose: nothing may be taken from it. */
#define RETURNED                                                                                                       \
    "\n--bb\nContent-Type: message/rfc822\n\nReturn-Path: "                                                            \
    "<bounce+abcdefghijklmnopqrstuvwxyz234567@tocsin.example>\nMessage-ID: "                                           \
    "<bounce+bcdefghijklmnopqrstuvwxyz234567a@tocsin.example>\nFrom: sender@tocsin.example\nTo: "                      \
    "Other@target.example\nSubject: mailbox full 552 5.2.2\n\n"                                                        \
    "<other@target.example>: 552 5.2.2 mailbox full\nFinal-Recipient: rfc822; wrong@target.example\nAction: delayed\n" \
    "Status: 4.2.2\n\n--bb--\n"
#define FAILED(recipient, status, diagnostic)                                                                          \
    REPORT STATUS "Final-Recipient: " recipient "\nAction: failed\nStatus: " status "\nDiagnostic-Code: " diagnostic   \
                  "\n" RETURNED

static const struct expectation dsn_rows[] = {
    { "plain", FAILED("rfc822; Abuse@Target.Example", "5.1.1", "smtp; 550 5.1.1 User unknown"), BOUNCE_HARD,
      "abuse@target.example", "5.1.1", "550", REASON_USER_UNKNOWN },
    { "the report type lies",
      REPORT_TYPED("disposition-notification") STATUS
      "Final-Recipient: rfc822; a@t.example\nAction: failed\nStatus: 5.1.1\n" RETURNED,
      BOUNCE_HARD, "a@t.example", "5.1.1", "", REASON_USER_UNKNOWN },
    { "no report type",
      FROM_DAEMON "Content-Type: multipart/mixed; boundary=bb\n\n--bb\n\nx\n" STATUS
                  "Final-Recipient: rfc822; a@t.example\nAction: failed\nStatus: 5.2.2\n" RETURNED,
      BOUNCE_SOFT, "a@t.example", "5.2.2", "", REASON_MAILBOX_FULL },
    { "soft with 4.x", FAILED("rfc822; a@t.example", "4.4.7", "smtp; 451 4.4.1 timed out"), BOUNCE_SOFT, "a@t.example",
      "4.4.1", "451", REASON_NETWORK },
    { "what a host is called gives no reason",
      FROM_DAEMON "Content-Type: multipart/report; boundary=bb\n\n--bb\n\nThis is the mail system at host "
                  "relay.policy.example.\n\n" STATUS
                  "Final-Recipient: rfc822; a@t.example\nAction: failed\nStatus: 4.2.0\n"
                  "Diagnostic-Code: smtp; 451 4.2.0 Try again later\n" RETURNED,
      BOUNCE_SOFT, "a@t.example", "4.2.0", "451", REASON_NONE },
    { "delayed",
      REPORT STATUS "Final-Recipient: rfc822; a@t.example\nAction: delayed\nStatus: 4.4.1\nWill-Retry-Until: "
                    "Mon, 10 Aug 2026 14:10:59 +0000\n" RETURNED,
      BOUNCE_DELAYED, "a@t.example", "4.4.1", "", REASON_NETWORK },
    { "delivered", REPORT STATUS "Final-Recipient: rfc822; a@t.example\nAction: delivered\nStatus: 2.0.0\n" RETURNED,
      BOUNCE_DELIVERED, "a@t.example", "2.0.0", "", REASON_NONE },
    { "relayed", REPORT STATUS "Final-Recipient: rfc822; a@t.example\nAction: relayed\nStatus: 2.1.9\n" RETURNED,
      BOUNCE_DELIVERED, "a@t.example", "2.1.9", "", REASON_NONE },
    { "action failure", REPORT STATUS "Final-Recipient: rfc822; a@t.example\nAction: failure\nStatus: 5.1.1\n" RETURNED,
      BOUNCE_HARD, "a@t.example", "5.1.1", "", REASON_USER_UNKNOWN },
    { "action error", REPORT STATUS "Final-Recipient: rfc822; a@t.example\nAction: error\nStatus: 5.1.2\n" RETURNED,
      BOUNCE_HARD, "a@t.example", "5.1.2", "", REASON_DOMAIN_UNKNOWN },
    { "action expired", REPORT STATUS "Final-Recipient: rfc822; a@t.example\nAction: expired\nStatus: 4.4.7\n" RETURNED,
      BOUNCE_SOFT, "a@t.example", "4.4.7", "", REASON_NETWORK },
    { "action with a comment",
      REPORT STATUS "Final-Recipient: rfc822; a@t.example\nAction: Failed (permanently)\nStatus: 5.1.1\n" RETURNED,
      BOUNCE_HARD, "a@t.example", "5.1.1", "", REASON_USER_UNKNOWN },
    { "no action", REPORT STATUS "Final-Recipient: rfc822; a@t.example\nStatus: 5.1.1\n" RETURNED, BOUNCE_HARD,
      "a@t.example", "5.1.1", "", REASON_USER_UNKNOWN },
    { "status with a comment", FAILED("rfc822; a@t.example", "5.1.1 (bad destination mailbox address)", "x"),
      BOUNCE_HARD, "a@t.example", "5.1.1", "", REASON_USER_UNKNOWN },
    { "status with a reply code", FAILED("rfc822; a@t.example", "553 sorry", "x"), BOUNCE_SOFT, "a@t.example", "",
      "553", REASON_NONE },
    { "empty status", FAILED("rfc822; a@t.example", "", "smtp; 552 5.2.2 over quota"), BOUNCE_SOFT, "a@t.example",
      "5.2.2", "552", REASON_MAILBOX_FULL },
    { "5.0.0 hides a better one", FAILED("rfc822; a@t.example", "5.0.0", "smtp; 550 5.1.1 <a@t.example>: gone"),
      BOUNCE_HARD, "a@t.example", "5.1.1", "550", REASON_USER_UNKNOWN },
    { "5.0.0 hides nothing", FAILED("rfc822; a@t.example", "5.0.0", "smtp; 550 from 5.1.1.1 with 5.2.2.7"), BOUNCE_SOFT,
      "a@t.example", "5.0.0", "550", REASON_NONE },
    { "5.2.0 hides a better one", FAILED("rfc822; a@t.example", "5.2.0", "smtp; 550 5.2.2 full"), BOUNCE_SOFT,
      "a@t.example", "5.2.2", "550", REASON_MAILBOX_FULL },
    { "the time is over, and why",
      FAILED("rfc822; a@t.example", "5.0.0", "smtp; 554 4.4.7 expired <421 4.4.2 connection lost>"), BOUNCE_SOFT,
      "a@t.example", "4.4.2", "421", REASON_NETWORK },
    { "4.0.0 hides a permanent one", FAILED("rfc822; a@t.example", "4.0.0", "smtp; 550 5.1.1 gone"), BOUNCE_HARD,
      "a@t.example", "5.1.1", "550", REASON_USER_UNKNOWN },
    { "continued lines",
      FAILED("rfc822; a@t.example", "5.0.0",
             "smtp; 550-5.1.1 The account that you\n 550-5.1.1 tried does not\n 550 5.1.1 exist."),
      BOUNCE_HARD, "a@t.example", "5.1.1", "550", REASON_USER_UNKNOWN },
    { "codes that are none",
      FAILED("rfc822; a@t.example", "5.1.1", "smtp; mx.t.example[192.0.2.55]:587 (Postfix 4.5.6.7) 550000 bytes"),
      BOUNCE_HARD, "a@t.example", "5.1.1", "", REASON_USER_UNKNOWN },
    { "words say it is about us", FAILED("rfc822; a@t.example", "5.1.1", "smtp; 550 5.1.1 Relay access denied"),
      BOUNCE_SOFT, "a@t.example", "5.1.1", "550", REASON_RELAY },
    { "no diagnostic: the notice says why",
      FROM_DAEMON "Content-Type: multipart/report; boundary=bb\n\n--bb\n\n<a@t.example>: 550 5.2.1 This account is "
                  "disabled\n" STATUS "Final-Recipient: rfc822; a@t.example\nAction: failed\nStatus: 5.0.0\n" RETURNED,
      BOUNCE_HARD, "a@t.example", "5.2.1", "550", REASON_DISABLED },
};

static void test_dsn(void **state)
{
    (void)state;
    check(dsn_rows, COUNT(dsn_rows));
}

#define ADDRESSED(field, want)                                                                                         \
    {                                                                                                                  \
        field, REPORT STATUS field "\nAction: failed\nStatus: 5.1.1\n" RETURNED, BOUNCE_HARD, want, "5.1.1", "",       \
            REASON_USER_UNKNOWN                                                                                        \
    }

static const struct expectation address_rows[] = {
    ADDRESSED("Final-Recipient: rfc822;a@t.example", "a@t.example"),
    ADDRESSED("Final-Recipient: RFC822; <A@T.example>", "a@t.example"),
    ADDRESSED("Final-Recipient: <a@t.example>", "a@t.example"),
    ADDRESSED("Final-Recipient: a@t.example", "a@t.example"),
    ADDRESSED("Final-Recipient: LOCAL; a@t.example", "a@t.example"),
    ADDRESSED("Final-Recipient: rfc822;\n a@t.example", "a@t.example"),
    ADDRESSED("Final-Recipient: rfc822; a@t.example (Alice)", "a@t.example"),
    ADDRESSED("Final-Recipient: rfc822; \"Alice, at T\" <a@t.example>", "a@t.example"),
    ADDRESSED("Final-Recipient: rfc822; @relay.example:a@t.example@ims_daemon", "a@t.example"),
    ADDRESSED("Final-Recipient: rfc822; a@t.example@gateway", "a@t.example"),
    ADDRESSED("Final-Recipient: utf-8; z\xc3\xbcrich@t.example", "z\xc3\xbcrich@t.example"),
    ADDRESSED("Final-Recipient: x400; /C=DE/A=X/\nOriginal-Recipient: rfc822; a@t.example", "a@t.example"),
    ADDRESSED("Final-Recipient: system;<>\nOriginal-Recipient: rfc822;a@t.example", "a@t.example"),
    ADDRESSED("Original-Recipient: rfc822;a@t.example", "a@t.example"),
    ADDRESSED("Final-Recipient: system;<>", ""),
    ADDRESSED("Final-Recipient: rfc822; @", ""),
    ADDRESSED("X-Nothing: at all", ""),
};

static void test_addresses(void **state)
{
    (void)state;
    check(address_rows, COUNT(address_rows));
}

#define GROUP(recipient, action, status)                                                                               \
    "Final-Recipient: rfc822; " recipient "\nAction: " action "\nStatus: " status "\n"

static const struct expectation several_rows[] = {
    { "hard and soft",
      REPORT STATUS GROUP("a@t.example", "failed", "5.2.2") "\n" GROUP("b@t.example", "failed", "5.1.1") RETURNED,
      BOUNCE_HARD, "a@t.example,b@t.example", "5.1.1", "", REASON_USER_UNKNOWN },
    { "delayed and failed",
      REPORT STATUS GROUP("a@t.example", "delayed", "4.4.1") "\n" GROUP("b@t.example", "failed", "5.2.2") RETURNED,
      BOUNCE_SOFT, "a@t.example,b@t.example", "5.2.2", "", REASON_MAILBOX_FULL },
    { "delivered and delayed",
      REPORT STATUS GROUP("a@t.example", "relayed", "2.0.0") "\n\n\n" GROUP("b@t.example", "delayed", "4.4.1") RETURNED,
      BOUNCE_DELAYED, "a@t.example,b@t.example", "4.4.1", "", REASON_NETWORK },
    { "no blank line between",
      REPORT STATUS GROUP("a@t.example", "failed", "5.1.1") GROUP("b@t.example", "failed", "5.2.2") RETURNED,
      BOUNCE_HARD, "a@t.example,b@t.example", "5.1.1", "", REASON_USER_UNKNOWN },
    { "twice the same",
      REPORT STATUS GROUP("a@t.example", "failed", "5.1.1") "\n" GROUP("A@t.example", "failed", "5.1.1") RETURNED,
      BOUNCE_HARD, "a@t.example", "5.1.1", "", REASON_USER_UNKNOWN },
    { "fields in the text",
      FROM_DAEMON
      "\nYour message failed.\n\nReporting-MTA: dns; mx.example\n\n" GROUP("a@t.example", "failed", "5.1.1"),
      BOUNCE_HARD, "a@t.example", "5.1.1", "", REASON_USER_UNKNOWN },
    { "fields in a part of another type",
      FROM_DAEMON
      "Content-Type: multipart/mixed; boundary=bb\n\n--bb\n\nx\n\n--bb\nContent-Type: text/x-status\n\n" GROUP(
          "a@t.example", "failed", "5.1.1") RETURNED,
      BOUNCE_HARD, "a@t.example", "5.1.1", "", REASON_USER_UNKNOWN },
    { "recipient in the header only",
      "X-Failed-Recipients: a@t.example, b@t.example\n" REPORT
      "--bb\nContent-Type: message/delivery-status\n\nAction: failed\nStatus: 5.1.1\n" RETURNED,
      BOUNCE_HARD, "a@t.example,b@t.example", "5.1.1", "", REASON_USER_UNKNOWN },
    { "base64",
      REPORT
      "--bb\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: "
      "base64\n\nRmluYWwtUmVjaXBpZW50OiByZmM4MjI7IGFAdC5leGFtcGxlCkFjdGlvbjogZmFpbGVkClN0YXR1czogNS4xLjEK\n" RETURNED,
      BOUNCE_HARD, "a@t.example", "5.1.1", "", REASON_USER_UNKNOWN },
    { "RFC 6533",
      REPORT "--bb\nContent-Type: message/global-delivery-status\n\n" GROUP("a@t.example", "failed", "5.1.1") RETURNED,
      BOUNCE_HARD, "a@t.example", "5.1.1", "", REASON_USER_UNKNOWN },
};

static void test_several(void **state)
{
    (void)state;
    check(several_rows, COUNT(several_rows));
}

#define PERSON "From: Ann <Ann@Shop.example>\nTo: bounce@tocsin.example\n"
#define ARF(type)                                                                                                      \
    "From: fbl@isp.example\nSubject: complaint\nContent-Type: multipart/report; report-type=feedback-report; "         \
    "boundary=bb\n\n--bb\n\nspam\n\n--bb\nContent-Type: "                                                              \
    "message/feedback-report\n\nFeedback-Type: " type                                                                  \
    "\nUser-Agent: x\nVersion: 1\nOriginal-Rcpt-To: <a@t.example>\n" RETURNED
#define MDN(disposition, text)                                                                                         \
    "From: a@t.example\nContent-Type: multipart/report; report-type=disposition-notification; "                        \
    "boundary=bb\n\n--bb\n\n" text "\n\n--bb\nContent-Type: message/disposition-notification\n\nFinal-Recipient: "     \
    "rfc822;a@t.example\nDisposition: " disposition "\n\n--bb--\n"

static const struct expectation other_rows[] = {
    { "complaint", ARF("abuse"), BOUNCE_FEEDBACK, "a@t.example", "", "", REASON_NONE },
    { "not spam", ARF("not-spam"), BOUNCE_REPLY, "", "", "", REASON_NONE },
    { "read", MDN("manual-action/MDN-sent-manually; displayed", "Your message was displayed."), BOUNCE_DELIVERED,
      "a@t.example", "", "", REASON_NONE },
    { "rejected",
      MDN("automatic-action/MDN-sent-automatically; deleted", "Your message was automatically rejected: user unknown"),
      BOUNCE_HARD, "a@t.example", "", "", REASON_USER_UNKNOWN },
    { "RFC 3834", PERSON "Subject: Hello\nAuto-Submitted: auto-replied\n\nI am away.\n", BOUNCE_AUTOREPLY, "", "", "",
      REASON_NONE },
    { "RFC 3834: no", PERSON "Subject: Hello\nAuto-Submitted: no\n\nThanks.\n", BOUNCE_REPLY, "", "", "", REASON_NONE },
    { "X-Autoreply", PERSON "Subject: Hello\nX-Autoreply: yes\n\nx\n", BOUNCE_AUTOREPLY, "", "", "", REASON_NONE },
    { "X-Autoresponse", PERSON "Subject: Hello\nX-Autoresponse: 1\n\nx\n", BOUNCE_AUTOREPLY, "", "", "", REASON_NONE },
    { "Exchange rules", PERSON "Subject: Hello\nX-MS-Exchange-Inbox-Rules-Loop: a@t.example\n\nx\n", BOUNCE_AUTOREPLY,
      "", "", "", REASON_NONE },
    { "Precedence", PERSON "Subject: Hello\nPrecedence: auto_reply\n\nx\n", BOUNCE_AUTOREPLY, "", "", "", REASON_NONE },
    { "a request is no sign", PERSON "Subject: Re: Your server\nX-Auto-Response-Suppress: All\n\nThanks, fixed.\n",
      BOUNCE_REPLY, "", "", "", REASON_NONE },
    { "subject", PERSON "Subject: Out of Office: Re: Your server\n\nx\n", BOUNCE_AUTOREPLY, "", "", "", REASON_NONE },
    { "German subject", PERSON "Subject: Automatische Antwort: Ihr Server\n\nx\n", BOUNCE_AUTOREPLY, "", "", "",
      REASON_NONE },
    { "encoded subject", PERSON "Subject: =?UTF-8?Q?R=C3=A9ponse_automatique?= : x\n\nx\n", BOUNCE_AUTOREPLY, "", "",
      "", REASON_NONE },
    { "Japanese subject", PERSON "Subject: =?UTF-8?B?6Ieq5YuV6L+U5L+h?=\n\nx\n", BOUNCE_AUTOREPLY, "", "", "",
      REASON_NONE },
    { "ticket", PERSON "Subject: [#4711] Your server\n\nA ticket has been opened. Please do not reply to this mail.\n",
      BOUNCE_AUTOREPLY, "", "", "", REASON_NONE },
    { "unsubscribe", PERSON "Subject: unsubscribe\n\n", BOUNCE_OPTOUT, "", "", "", REASON_NONE },
    { "opt out", PERSON "Subject: Re: AW: please opt-out\n\n", BOUNCE_OPTOUT, "", "", "", REASON_NONE },
    { "remove me", PERSON "Subject: RE: Remove me from your list\n\n", BOUNCE_OPTOUT, "", "", "", REASON_NONE },
    { "speaks of it", PERSON "Subject: Re: your unsubscribe link is broken\n\n", BOUNCE_REPLY, "", "", "",
      REASON_NONE },
    { "Boxbe",
      "From: noreply@boxbe.com\nTo: x@y.example\nSubject: Re: x (Action Required)\nContent-Type: multipart/report; "
      "boundary=bb\n\n--bb\n\nx\n" STATUS GROUP("a@t.example", "failed", "5.7.1") RETURNED,
      BOUNCE_CHALLENGE, "", "", "", REASON_NONE },
    { "challenge in words",
      PERSON "Subject: Please confirm\n\nTo have your message delivered, click here and prove that you are human.\n",
      BOUNCE_CHALLENGE, "", "", "", REASON_NONE },
    { "answer",
      PERSON "Subject: Re: Your server\nIn-Reply-To: <x@tocsin.example>\n\nThank you, we fixed it. The user unknown "
             "error is gone.\n",
      BOUNCE_REPLY, "", "", "", REASON_NONE },
    { "letter", PERSON "Subject: Question\n\nWho are you?\n", BOUNCE_REPLY, "", "", "", REASON_NONE },
    { "newsletter", PERSON "Subject: News\nList-Id: <x.example>\n\nBuy!\n", BOUNCE_UNKNOWN, "", "", "", REASON_NONE },
    { "null sender, no report", "Return-Path: <>\nFrom: x@y.example\nSubject: hello\n\nhello\n", BOUNCE_AUTOREPLY, "",
      "", "", REASON_NONE },
    { "a daemon that is not understood", "Return-Path: <>\nFrom: MAILER-DAEMON@y.example\nSubject: hello\n\nhello\n",
      BOUNCE_UNKNOWN, "", "", "", REASON_NONE },
    { "empty", "", BOUNCE_UNKNOWN, "", "", "", REASON_NONE },
    { "no header", "\n\nhello\n", BOUNCE_UNKNOWN, "", "", "", REASON_NONE },
};

static void test_other_classes(void **state)
{
    (void)state;
    check(other_rows, COUNT(other_rows));
}

#define PLAIN FROM_DAEMON "\n"

static const struct expectation text_rows[] = {
    { "qmail",
      PLAIN "Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message to "
            "the following addresses.\nThis is a permanent error; I've given "
            "up. Sorry it didn't work out.\n\n<a@t.example>:\n192.0.2.55 does not like recipient.\nRemote host said: "
            "550 5.1.1 No such user\nGiving up on 192.0.2.55.\n\n<b@t.example>:\nUser is over quota. (#5.2.2)\n\n"
            "--- Below this line is a copy of the message.\n\nReturn-Path: <x@tocsin.example>\nTo: "
            "c@t.example\n\n<d@t.example>: 552 5.2.2\n",
      BOUNCE_HARD, "a@t.example,b@t.example", "5.1.1", "550", REASON_USER_UNKNOWN },
    { "exim",
      "X-Failed-Recipients: a@t.example\n" PLAIN
      "This message was created automatically by mail delivery software.\n\nA message that you sent could not be "
      "delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n"
      "  a@t.example\n    host mx.t.example [192.0.2.55]\n    SMTP error from remote mail server after RCPT "
      "TO:<a@t.example>:\n    550 5.2.1 mailbox disabled\n\n"
      "------ This is a copy of the message, including all the headers. ------\n\nReturn-path: <x@tocsin.example>\n",
      BOUNCE_HARD, "a@t.example", "5.2.1", "550", REASON_DISABLED },
    { "exim delay",
      PLAIN "This message was created automatically by mail delivery software.\nA message that you sent has not yet "
            "been delivered to one or more of its\nrecipients after more than 24 hours on the queue on mx.example.\n\n"
            "The address to which the message has not yet been delivered is:\n\n  a@t.example\n    Connection timed "
            "out\n\nNo action is required on your part. Delivery attempts will continue for\nsome time.\n",
      BOUNCE_DELAYED, "a@t.example", "", "", REASON_NETWORK },
    { "postfix",
      PLAIN
      "This is the mail system at host mx.example.\n\nI'm sorry to have to inform you that your message could not\nbe "
      "delivered to one or more recipients.\n\nFor further assistance, please send mail to postmaster.\n\n"
      "<a@t.example>: host mx.t.example[192.0.2.55] said: 554 5.7.1\n    <a@t.example>: Relay access denied (in reply "
      "to RCPT TO command)\n",
      BOUNCE_SOFT, "a@t.example", "5.7.1", "554", REASON_RELAY },
    { "sendmail",
      PLAIN "The original message was received at Mon, 10 Aug 2026 14:10:59 GMT\n\n   ----- The following addresses "
            "had permanent fatal errors -----\n<a@t.example>\n\n   ----- Transcript of session follows -----\n"
            "... while talking to mx.t.example.:\n>>> RCPT To:<a@t.example>\n<<< 550 5.1.1 <a@t.example>... User "
            "unknown\n550 <a@t.example>... User unknown\n\n   ----- Original message follows -----\n\nReceived: x\n",
      BOUNCE_HARD, "a@t.example", "5.1.1", "550", REASON_USER_UNKNOWN },
    { "exchange",
      PLAIN "Your message\n\n  To:      a@t.example\n  Subject: x\n\ndid not reach the following "
            "recipient(s):\n\na@t.example on Mon, 10 Aug 2026 14:10:59 +0200\n    The recipient name is not "
            "recognized\n\tUser unknown\n",
      BOUNCE_HARD, "a@t.example", "", "", REASON_USER_UNKNOWN },
    { "exchange repeats our header; the address is an X.400 one",
      PLAIN "Your message\n\n  To:      shop-list@t.example\n  Subject: x\n\ndid not reach the following "
            "recipient(s):\n\nc=US;a= ;p=X;dda:SMTP=a@t.example; on Mon, "
            "10 Aug 2026\n    The recipient name is not recognized\n",
      BOUNCE_HARD, "a@t.example", "", "", REASON_USER_UNKNOWN },
    { "whom to ask is not meant",
      PLAIN "Your message could not be delivered to one or more destinations.\n\nFor further assistance, please "
            "contact <postmaster@relay.example>\n\nUndeliverable "
            "Address: a@t.example\n\nReason: over quota\n\nSystem Contact: postmaster@relay.example\n",
      BOUNCE_SOFT, "a@t.example", "", "", REASON_MAILBOX_FULL },
    { "sendmail, the address behind the code",
      PLAIN "   ----- Transcript of session follows -----\nWhile talking to mx.t.example:\n550 t.example (smtp)... 550 "
            "Host unknown\n554 <a@t.example>... 550 Host unknown "
            "(Authoritative answer from name server)\n>>> RCPT To:<b@t.example>\n<<< 550 no such user here\n550 "
            "<b@t.example>... User unknown\n\n   ----- Unsent message follows -----\n",
      BOUNCE_HARD, "a@t.example,b@t.example", "", "550", REASON_DOMAIN_UNKNOWN },
    { "a label and an address",
      PLAIN "User mailbox exceeds allowed size: a@t.example\n\nOriginal message follows.\n\nReceived: x\n", BOUNCE_SOFT,
      "a@t.example", "", "", REASON_MAILBOX_FULL },
    { "we ourselves", PLAIN "<bounce@tocsin.example>:\n550 user unknown\n", BOUNCE_HARD, "bounce@tocsin.example", "",
      "550", REASON_USER_UNKNOWN },
    { "nobody named", PLAIN "Your mail could not be delivered: the mailbox is full.\n", BOUNCE_SOFT, "", "", "",
      REASON_MAILBOX_FULL },
    { "a delay in other words",
      PLAIN "Delivery incomplete. There was a temporary problem delivering your message to a@t.example.\nWe will retry "
            "for 46 more hours.\n",
      BOUNCE_DELAYED, "a@t.example", "", "", REASON_NETWORK },
    { "somebody answers a report",
      PERSON "Subject: Re: Undelivered Mail Returned to Sender\n\nWhat is this? a@t.example could not be delivered.\n",
      BOUNCE_REPLY, "", "", "", REASON_NONE },
    { "Chinese, raw bytes",
      "From: MAILER-DAEMON@t.example\nSubject: \xd3\xca\xbc\xfe\nContent-Type: multipart/mixed; "
      "boundary=bb\n\n--bb\nContent-Type: text/plain; "
      "charset=gb2312\n\n\xd3\xca\xbc\xfe \xb2\xbb\xb4\xe6\xd4\xda\n<a@t.example>:\n" RETURNED,
      BOUNCE_HARD, "a@t.example", "", "", REASON_USER_UNKNOWN },
    { "HTML only",
      FROM_DAEMON "Content-Type: text/html\n\n<html><style>b { x: 552 }</style><body><p>Delivery to the following "
                  "recipient failed:</p><p>&lt;a&#64;t.example&gt;<br>550 5.1.1 User&nbsp;unknown</body>",
      BOUNCE_HARD, "a@t.example", "5.1.1", "550", REASON_USER_UNKNOWN },
    { "broken boundary",
      FROM_DAEMON "Content-Type: multipart/report; boundary=never\n\n<a@t.example>: message could not be delivered: "
                  "550 5.1.1 user unknown\n",
      BOUNCE_HARD, "a@t.example", "5.1.1", "550", REASON_USER_UNKNOWN },
    { "mbox line",
      "From MAILER-DAEMON Mon Aug 10 14:10:59 2026\n" PLAIN
      "<a@t.example>: could not be delivered: 550 5.1.1 user unknown\n",
      BOUNCE_HARD, "a@t.example", "5.1.1", "550", REASON_USER_UNKNOWN },
    { "ISO-2022-JP",
      FROM_DAEMON
      "Content-Type: text/plain; charset=us-ascii\n\n\x1b$B%f!<%6!<\x1b(B\n<a@t.example>: 550 5.1.1 user unknown\n",
      BOUNCE_HARD, "a@t.example", "5.1.1", "550", REASON_USER_UNKNOWN },
    { "KOI8-R",
      FROM_DAEMON
      "Content-Type: text/plain; charset=koi8-r\n\n\xf0\xd2\xc9\xd7\xc5\xd4\n<a@t.example>: 550 5.1.1 user unknown\n",
      BOUNCE_HARD, "a@t.example", "5.1.1", "550", REASON_USER_UNKNOWN },
    { "unknown charset",
      FROM_DAEMON "Content-Type: text/plain; charset=x-none\n\n\xf0\xd2\xff\n<a@t.example>: 550 5.1.1 user unknown\n",
      BOUNCE_HARD, "a@t.example", "5.1.1", "550", REASON_USER_UNKNOWN },
    { "bad UTF-8",
      FROM_DAEMON "Content-Type: text/plain; charset=utf-8\n\n\xc3\n\xe2\x82<a@t.example>: 550 5.1.1 user unknown\n",
      BOUNCE_HARD, "a@t.example", "5.1.1", "550", REASON_USER_UNKNOWN },
    { "quoted-printable",
      FROM_DAEMON "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n<a=40t.example>: 550 5.1.1 "
                  "user un=\nknown\n",
      BOUNCE_HARD, "a@t.example", "5.1.1", "550", REASON_USER_UNKNOWN },
};

static void test_text(void **state)
{
    (void)state;
    check(text_rows, COUNT(text_rows));
}

static void test_bytes(void **state)
{
    (void)state;
    static const struct expectation want = { "bytes", "",    BOUNCE_HARD,        "a@t.example",
                                             "5.1.1", "550", REASON_USER_UNKNOWN };
    static const char nul[] = FROM_DAEMON "X-Odd: a\0b\n\n<a@t.example>: \0 550 5.1.1 user unknown\n";
    char cr[] = PLAIN "<a@t.example>: 550 5.1.1 user unknown\n";
    assert_int_equal(check_bytes(&want, nul, sizeof nul - 1), 0);
    for (char *c = cr; *c; c++)
        if (*c == '\n')
            *c = '\r';
    assert_int_equal(check_bytes(&want, cr, strlen(cr)), 0);
}

/* Nothing that a stranger sends makes it slow, deep or large. */
static void test_limits(void **state)
{
    (void)state;
    struct buf mail = BUF_EMPTY;
    struct bounce bounce;
    buf_add_string(&mail, FROM_DAEMON);
    for (int i = 0; i < 2000; i++)
        buf_add_format(&mail, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
    buf_add_string(&mail, "\n<a@t.example>: 550 5.1.1 user unknown\n");
    bounce_parse(mail.data, mail.length, "", NULL, &bounce);
    bounce_clear(&bounce);
    buf_truncate(&mail, 0);
    buf_add_string(&mail, FROM_DAEMON "Content-Type: multipart/mixed; boundary=bb\n\n");
    for (int i = 0; i < 2000; i++)
        buf_add_format(
            &mail,
            "--bb\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; a%d@t.example\nAction: failed\n\n",
            i);
    bounce_parse(mail.data, mail.length, "", NULL, &bounce);
    assert_int_equal(bounce.class, BOUNCE_SOFT);
    assert_true(bounce.recipient_count >= 199 && bounce.recipient_count <= 200);
    bounce_clear(&bounce);
    buf_truncate(&mail, 0);
    buf_add_string(&mail, PLAIN);
    for (int i = 0; i < 20000; i++)
        buf_add_string(&mail, "<a@t.example>: 550 5.1.1 user unknown @@@ \"\"@ <<<< mailbox mailbox mailbox\n");
    bounce_parse(mail.data, mail.length, "", NULL, &bounce);
    assert_int_equal(bounce.class, BOUNCE_HARD);
    assert_int_equal(bounce.recipient_count, 1);
    bounce_clear(&bounce);
    buf_free(&mail);
}

/* Under valgrind everything takes many times as long (tests/valgrind). */
static long slowdown(void)
{
    const char *said = getenv("TOCSIN_SLOWDOWN");
    return said ? atol(said) : 1;
}

/* Lines and texts made to be searched again and again. In CPU time, so that a busy machine does not matter; each took seconds before it had a limit. */
static void test_slow_texts(void **state)
{
    (void)state;
    static const struct {
        const char *begin, *piece;
        int times;
    } rows[] = {
        { PLAIN, "<a@t.example> user mailbox 550 5.1.1 ", 7000 },
        { PLAIN, "x@[", 85000 },
        { PLAIN, "\"@", 85000 },
        { PLAIN, "xxxxxxxx", 30000 },
        { FROM_DAEMON "Content-Type: text/html\n\n", "<a ", 85000 },
        { FROM_DAEMON "Content-Type: text/html\n\n", "&#", 85000 },
        { FROM_DAEMON "Content-Type: multipart/mixed; boundary=b\n\n", "--b\n\n", 200000 },
        { FROM_DAEMON "Cc: ", "a@b.example, ", 80000 },
        { FROM_DAEMON "Cc: ", "a,", 400000 },
        { FROM_DAEMON "Cc: ", "a:", 400000 }, /* and deep: groups in groups */
        { FROM_DAEMON, "to : a:\n a:\n", 80000 },
        { FROM_DAEMON "Content-Type: message/rfc822\n\nReply-To: ", "a:", 400000 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf mail = BUF_EMPTY;
        struct bounce bounce;
        buf_add_string(&mail, rows[i].begin);
        for (int n = 0; n < rows[i].times; n++)
            buf_add_string(&mail, rows[i].piece);
        clock_t before = clock();
        bounce_parse(mail.data, mail.length, NULL, NULL, &bounce);
        if (clock() - before > 2 * CLOCKS_PER_SEC * slowdown())
            fail_msg("row %zu took %ld ms", i, (long)((clock() - before) * 1000 / CLOCKS_PER_SEC));
        bounce_clear(&bounce);
        buf_free(&mail);
    }
}

/* Every beginning of a mail, and every mail with one byte changed, is read without harm. */
static void test_cut_and_changed(void **state)
{
    (void)state;
    static const char mail[] = FAILED("rfc822; a@t.example", "5.1.1", "smtp; 550-5.1.1 no\n 550 5.1.1 such");
    static const char bytes[] = { 0, '\n', '"', (char)0xff, '-', '@' };
    char copy[sizeof mail];
    struct bounce bounce;
    for (size_t length = 0; length < sizeof mail; length++) {
        char *exact = malloc(length ? length : 1); /* so that ASan sees a byte too many */
        memcpy(exact, mail, length);
        bounce_parse(exact, length, NULL, NULL, &bounce);
        bounce_clear(&bounce);
        free(exact);
        memcpy(copy, mail, sizeof mail);
        copy[length] = bytes[length % sizeof bytes];
        bounce_parse(copy, sizeof mail - 1, NULL, NULL, &bounce);
        bounce_clear(&bounce);
    }
}

static void test_candidates(void **state)
{
    (void)state;
    static const char mail[] =
        "Delivered-To: d@tocsin.example\nX-Original-To: o@tocsin.example\nReferences: <r@tocsin.example>\nIn-Reply-To: "
        "<i@tocsin.example>\n" FAILED("rfc822; a@t.example", "5.1.1",
                                      "smtp; see bounce+cdefghijklmnopqrstuvwxyz234567ab@tocsin.example");
    struct bounce bounce;
    struct buf all = BUF_EMPTY;
    bounce_parse(mail, sizeof mail - 1, "", "e@tocsin.example", &bounce);
    join(&all, bounce.candidates, bounce.candidate_count);
    assert_string_equal(all.data,
                        "e@tocsin.example,d@tocsin.example,o@tocsin.example,bounce@tocsin.example,"
                        "bounce+abcdefghijklmnopqrstuvwxyz234567@tocsin.example,sender@tocsin.example,"
                        "bounce+bcdefghijklmnopqrstuvwxyz234567a@tocsin.example,r@tocsin.example,i@tocsin.example,"
                        "bounce+cdefghijklmnopqrstuvwxyz234567ab@tocsin.example");
    assert_string_equal(bounce.from, "mailer-daemon@mx.example");
    assert_string_equal(bounce.diagnostic, "see bounce+cdefghijklmnopqrstuvwxyz234567ab@tocsin.example");
    buf_free(&all);
    bounce_clear(&bounce);
    assert_null(bounce.candidates);
    assert_null(bounce.from);
}

static void test_envelope_sender(void **state)
{
    (void)state;
    static const char mail[] =
        "From: x@y.example\nSubject: Delivery failed\n\n<a@t.example>: user unknown, your mail was not delivered\n";
    struct bounce bounce;
    bounce_parse(mail, sizeof mail - 1, "", NULL, &bounce);
    assert_int_equal(bounce.class, BOUNCE_HARD);
    bounce_clear(&bounce);
    bounce_parse(mail, sizeof mail - 1, "x@y.example", NULL, &bounce);
    assert_int_equal(bounce.class, BOUNCE_REPLY);
    bounce_clear(&bounce);
}

static void test_diagnostic_is_one_line(void **state)
{
    (void)state;
    static const char mail[] = FAILED("rfc822; a@t.example", "5.1.1", "smtp; 550\t5.1.1\n  a\x01\x7f b");
    struct bounce bounce;
    bounce_parse(mail, sizeof mail - 1, NULL, NULL, &bounce);
    assert_string_equal(bounce.diagnostic, "550 5.1.1 a b");
    bounce_clear(&bounce);
}

static void test_names(void **state)
{
    (void)state;
    static const char *const names[] = { "unknown",   "hard",     "soft",      "delayed", "delivered",
                                         "autoreply", "feedback", "challenge", "optout",  "reply" };
    assert_int_equal(COUNT(names), BOUNCE_CLASS_COUNT);
    for (size_t i = 0; i < COUNT(names); i++)
        assert_string_equal(bounce_class_name((enum bounce_class)i), names[i]);
    assert_string_equal(bounce_class_name(BOUNCE_CLASS_COUNT), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dsn),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_other_classes),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_slow_texts),
        cmocka_unit_test(test_cut_and_changed),
        cmocka_unit_test(test_candidates),
        cmocka_unit_test(test_envelope_sender),
        cmocka_unit_test(test_diagnostic_is_one_line),
        cmocka_unit_test(test_names),
    };
    bounce_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

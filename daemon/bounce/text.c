/* Reports for people only: qmail, Exim, Postfix without its DSN, sendmail's transcripts, and all the others that write a letter. No make is
 * told from another. First: is it a report at all? Then: whom does it name, and what does it say beside each name (paragraphs.c)? */
#include "daemon/base/mem.h"
#include "daemon/bounce/outcome.h"
#include "daemon/bounce/paragraphs.h"
#include "daemon/bounce/phrase.h"
#include "daemon/bounce/recognise.h"
#include "daemon/bounce/reply_words.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Will it be tried again? Said by Exim, Postfix, sendmail, qmail's relatives, Exchange, Gmail. */
static const char *const delayed[] = {
    "will continue to try",
    "will continue trying",
    "will keep trying",
    "will retry for",
    "message is delayed",
    "temporary failure report",
    "do not need to re send",
    "will be retried",
    "will retry",
    "still being retried",
    "still trying to deliver",
    "keep trying to send",
    "not yet been delivered",
    "has not been delivered yet",
    "not been able to deliver .. yet",
    "has not yet been",
    "no action is required",
    "no action is needed",
    "do not need to resend",
    "dont need to resend",
    "need not resend",
    "delivery .. delayed",
    "delivery status notification delay",
    "delivery will be attempted",
    "delivery attempts will continue",
    "message still undelivered",
    "warning could not send",
    "this is a warning message only",
    "this is just a warning",
    "temporarily delayed",
    "will be attempted again",
    NULL,
};

static const char *const final[] = {
    "given up",
    "giving up",
    "gave up",
    "permanent error",
    "permanent fatal error*",
    "permanently failed",
    "will not be retried",
    "could not be delivered for more than",
    "no further .. attempts",
    "has been returned",
    "undeliverable",
    "not deliverable",
    "delivery .. failed permanently",
    "couldnt be delivered",
    NULL,
};

/* Subjects and openings of reports. */
static const char *const opening[] = {
    "undelivered",
    "undeliverable",
    "undeliv*",
    "returned mail",
    "returned to sender",
    "return to sender",
    "returned message",
    "mail returned",
    "message returned",
    "delivery status notification",
    "delivery notification",
    "delivery failure",
    "delivery failed",
    "delivery error",
    "delivery problem",
    "delivery report",
    "delivery has failed",
    "delivery unsuccessful",
    "delivery to the following",
    "delivery .. failed",
    "delivery warning",
    "failed delivery",
    "failure notice",
    "failure delivery",
    "failure notification",
    "failed mail",
    "mail failure",
    "mail could not be delivered",
    "mail system error",
    "mail delivery",
    "mail error",
    "mail transaction failed",
    "mail not delivered",
    "mail .. not delivered",
    "message delivery",
    "message .. not delivered",
    "message you sent .. could not",
    "message could not be delivered",
    "message .. not be delivered",
    "message .. cannot be delivered",
    "message .. couldnt be delivered",
    "message .. has not been delivered",
    "message .. did not reach",
    "could not deliver",
    "couldnt deliver",
    "could not send message",
    "could not be delivered",
    "cannot deliver",
    "can not be delivered",
    "cannot be delivered",
    "was not delivered",
    "not deliverable",
    "non delivery",
    "nondeliverable",
    "nondelivery",
    "unable to deliver",
    "wasnt able to deliver",
    "wasnt delivered",
    "not been delivered",
    "did not reach the following",
    "email .. rejected",
    "message .. rejected",
    "permanent fatal errors",
    "transcript of session",
    "hi this is the",
    "recipient unknown",
    "user unknown",
    "addressee unknown",
    "unknown user",
    "message status undeliverable",
    "nicht zustellbar",
    "unzustellbar*",
    "konnte nicht zugestellt werden",
    "konnten nicht zugestellt werden",
    "non remis",
    "remise impossible",
    "echec de la remise",
    "no se pudo entregar",
    "no se ha podido entregar",
    "non recapitabile",
    "mancato recapito",
    "kan niet worden bezorgd",
    "onbestelbaar",
    NULL,
};

/* Local parts of those who write reports. */
bool text_from_daemon(const struct mail *mail)
{
    static const char *const names[] = { "mailer-daemon", "mailer_daemon", "mailerdaemon",     "mailer",
                                         "postmaster",    "maildaemon",    "mail-daemon",      "mdaemon",
                                         "mailadmin",     "mmdf",          "smtp-gateway",     "mail delivery",
                                         "non-delivery",  "nondelivery",   "majordomo-bounce", NULL };
    const char *from = mail_header(mail, "From");
    for (size_t i = 0; from && names[i]; i++)
        if (strcasestr(from, names[i]))
            return true;
    return from && (!from[strspn(from, " <>")] || (!strchr(from, '@') && strcasestr(from, "mail")));
}

int text_finality(const struct mail *mail)
{
    if (phrase_any(mail->folded.data, delayed) && !phrase_any(mail->folded.data, final))
        return OUTCOME_DELAYED;
    return OUTCOME_UNSAID;
}

/* Somebody who answers a report keeps its subject. */
static bool subject_opens(const struct mail *mail)
{
    static const char *const answers[] = { "re", "aw", "fwd", "fw", "wg", "sv", "antw", "tr", NULL };
    struct buf folded = BUF_EMPTY;
    phrase_fold(&folded, mail->subject, strnlen(mail->subject, 1000));
    bool opens = phrase_any(folded.data, opening);
    for (size_t i = 0; opens && answers[i]; i++)
        opens = phrase_find(folded.data, answers[i]) != folded.data + 1;
    buf_free(&folded);
    return opens;
}

static bool notice_opens(const struct mail *mail)
{
    struct buf folded = BUF_EMPTY;
    phrase_fold(&folded, mail->notice.data, strnlen(mail->notice.data, 4000));
    bool opens = phrase_any(folded.data, opening);
    buf_free(&folded);
    return opens;
}

static bool names_a_cause(const struct mail *mail)
{
    return reason_about_recipient(reply_words_sure(mail->folded.data));
}

/* Several weak signs make a sure one. A header that only reports have is sure by itself. */
static bool is_report(const struct mail *mail)
{
    static const char *const headers[] = { "X-Failed-Recipients", "X-Mailer-Daemon-Recipients" };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        if (mail_header(mail, headers[i]))
            return true;
    const char *type = mail_header(mail, "Content-Type");
    bool daemon = text_from_daemon(mail), subject = subject_opens(mail), notice = notice_opens(mail);
    bool returned = mail->returned.length || mail_part(mail, MAIL_RETURNED);
    int signs = 0;
    signs += mail_from_null(mail);
    signs -= mail->envelope_sender && *mail->envelope_sender && !daemon ? 1 : 0; /* people have a sender */
    signs += daemon ? 2 : 0;
    signs += subject ? 2 : 0;
    signs += notice ? 1 : 0;
    signs += type && strcasestr(type, "multipart/report") ? 1 : 0;
    signs += returned ? 1 : 0;
    return signs >= 3 && (subject || notice || (daemon && (returned || names_a_cause(mail))));
}

bool text_recognise(const struct mail *mail, struct bounce *out)
{
    if (!is_report(mail))
        return false;
    struct outcomes outcomes = OUTCOMES_EMPTY;
    paragraphs_read(mail, &outcomes);
    if (!outcomes.count) {
        struct outcome *outcome = outcomes_add(&outcomes);
        outcome->text = mem_string_n(mail->notice.data, strnlen(mail->notice.data, 4000));
    }
    outcomes.action = (enum outcome_action)text_finality(mail);
    outcomes.context = mail->notice.data;
    outcomes_conclude(&outcomes, out);
    outcomes_free(&outcomes);
    return true;
}

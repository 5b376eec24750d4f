/* An LMTP conversation: however it is cut, the same answers and the same mails. */
#include "daemon/bounce/lmtp_session.h"
#include "tests/fuzz/fuzz.h"

#include <ctype.h>
#include <errno.h>

#define MESSAGE_MAX 2000

void fuzz_start(void)
{
}

static bool accepts(void *context, const char *recipient)
{
    (void)context;
    return strncmp(recipient, "no", 2) != 0;
}

/* Answers come in any order, and may say no. */
static void answer(struct lmtp_session *session, const struct lmtp_mail *mail)
{
    for (size_t i = mail->recipient_count; i-- > 0;) {
        FUZZ_MUST(lmtp_session_waits(session));
        bool refused = strncmp(mail->recipients[i], "full", 4) == 0;
        lmtp_session_answer(session, i, refused ? -EAGAIN : 0, refused ? "the disk is full\r\n250 Ok" : "");
    }
    FUZZ_MUST(!lmtp_session_waits(session));
}

static void collect(struct lmtp_session *session, struct buf *out)
{
    struct lmtp_mail *mail = lmtp_session_take(session);
    if (!mail)
        return;
    FUZZ_MUST(mail->recipient_count >= 1 && mail->recipient_count <= LMTP_RECIPIENTS_MAX);
    FUZZ_MUST(mail->data.length <= MESSAGE_MAX);
    buf_add_format(out, "[%s", mail->sender);
    for (size_t i = 0; i < mail->recipient_count; i++) {
        FUZZ_MUST(accepts(NULL, mail->recipients[i]));
        buf_add_format(out, ">%s", mail->recipients[i]);
    }
    buf_add(out, mail->data.data, mail->data.length);
    answer(session, mail);
    lmtp_mail_free(mail);
}

/* Each line of what we say is a reply. */
static void check_replies(const struct buf *said)
{
    for (size_t at = 0; at < said->length;) {
        const char *line = said->data + at, *end = memmem(line, said->length - at, "\r\n", 2);
        FUZZ_MUST(end && end - line >= 4 && end - line <= 510);
        FUZZ_MUST(isdigit((unsigned char)line[0]) && isdigit((unsigned char)line[1]) &&
                  isdigit((unsigned char)line[2]) && (line[3] == ' ' || line[3] == '-'));
        FUZZ_MUST(!memchr(line, '\n', (size_t)(end - line)) && !memchr(line, '\r', (size_t)(end - line)));
        at += (size_t)(end - line) + 2;
    }
}

static void converse(const char *data, size_t length, size_t step, struct buf *mails, struct buf *said)
{
    const struct lmtp_session_options options = { "here", MESSAGE_MAX, accepts, NULL };
    struct lmtp_session *session = lmtp_session_new(&options);
    for (size_t done = 0; done < length && !lmtp_session_over(session);) {
        size_t piece = length - done < step ? length - done : step;
        size_t taken = lmtp_session_feed(session, data + done, piece);
        FUZZ_MUST(taken <= piece && taken > 0);
        done += taken;
        collect(session, mails);
    }
    buf_add(said, lmtp_session_output(session)->data, lmtp_session_output(session)->length);
    lmtp_session_free(session);
}

void fuzz_one(const char *data, size_t length)
{
    struct buf mails = BUF_EMPTY, said = BUF_EMPTY, cut_mails = BUF_EMPTY, cut_said = BUF_EMPTY;
    converse(data, length, length, &mails, &said);
    converse(data, length, length ? 1 + (unsigned char)data[length / 2] % 7 : 1, &cut_mails, &cut_said);
    check_replies(&said);
    FUZZ_MUST(mails.length == cut_mails.length &&
              (!mails.length || memcmp(mails.data, cut_mails.data, mails.length) == 0));
    FUZZ_MUST(said.length == cut_said.length && memcmp(said.data, cut_said.data, said.length) == 0);
    buf_free(&mails);
    buf_free(&said);
    buf_free(&cut_mails);
    buf_free(&cut_said);
}

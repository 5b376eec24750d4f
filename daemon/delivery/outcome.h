/* From the replies of one exchange to the result of a job. Pure; any thread. */
#ifndef TOCSIN_DELIVERY_OUTCOME_H
#define TOCSIN_DELIVERY_OUTCOME_H

#include "daemon/delivery/delivery.h"

#include <stdbool.h>
#include <stddef.h>

/* One reply as the server gave it. `code` 0: none was read. */
struct answer {
    int code;
    int enhanced[3];
    const char *text; /* may have several lines and an enhanced code in front; may be NULL */
};

/* What was heard about one message. */
struct exchange {
    struct answer mail, rcpt;
    struct answer end; /* to DATA when it was refused, else to the final dot */
    bool text_ended; /* the message callback had returned the end of the text */
    bool timed_out; /* nothing came for the whole time limit */
};

/* Set JOB's result (verdict, reason, reply, reply_text, sent) from EXCHANGE: the recipient's reply decides when it is a refusal (the
 * 554 to a DATA without recipients would make a 450 look permanent), else the message's, else the sender's, else the connection was
 * lost. */
void outcome_of_exchange(const struct exchange *exchange, struct delivery_job *job);

/* Set JOB's result where the session ended before its first MAIL: in STAGE (REPLY_CONNECT, REPLY_GREETING, REPLY_AUTH), with ANSWER as
 * the last reply (code 0: none), or WHY for a person ("": said by the stage). */
void outcome_of_session(enum reply_stage stage, const struct answer *answer, bool timed_out, const char *why,
                        struct delivery_job *job);

/* JOB was not tried or was cut off by delivery_stop(). */
void outcome_aborted(bool text_ended, struct delivery_job *job);

/* JOB could not be made into a mail: WHY. */
void outcome_unrendered(const char *why, struct delivery_job *job);

/* Read RAW, the bytes of one reply of any number of lines (`554-No\r\n554 5.7.1 Go away\r\n`), into ANSWER, which points into RAW. */
void answer_read(const char *raw, struct answer *answer);

#endif

/* Is the server in step: one reply a command, none before it is asked? Counted over libesmtp's shoulder, which reads whatever stands in its
 * buffer as the answer to what it says next: what somebody slipped in before STARTTLS would pass for the answer to the EHLO after
 * it (RFC 3207 §6), and one reply too many moves each later one to the wrong mail. Pure; one thread. */
#ifndef TOCSIN_DELIVERY_TALLY_H
#define TOCSIN_DELIVERY_TALLY_H

#include <stdbool.h>
#include <stddef.h>

struct tally {
    unsigned due; /* replies that the server owes us */
    unsigned column; /* of the reply's line that is being read */
    bool more; /* that line says that another follows */
    bool surplus; /* something came while nothing was due: stays true */
};

/* A connection begins: the greeting is due. */
void tally_begin(struct tally *tally);

/* Commands were written: LENGTH bytes of whole lines. */
void tally_wrote(struct tally *tally, const char *bytes, size_t length);

/* One more reply is due: the text's end went out, which libesmtp does not show. */
void tally_expect(struct tally *tally);

/* Bytes of replies were read. */
void tally_read(struct tally *tally, const char *bytes, size_t length);

#endif

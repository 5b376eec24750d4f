/* What is said on a connection before its first MAIL, read over libesmtp's shoulder: the library keeps these replies to itself. One
 * thread. */
#ifndef TOCSIN_DELIVERY_GREETING_H
#define TOCSIN_DELIVERY_GREETING_H

#include "daemon/bounce/reply.h"

#include <stdbool.h>
#include <stddef.h>

struct greeting {
    bool starttls; /* STARTTLS was said */
    bool over; /* MAIL or QUIT was said: nothing is kept from then on */
    bool mail; /* it was MAIL */
    enum reply_stage stage; /* REPLY_GREETING until AUTH is said */
    char reply[1024]; /* the last reply, cut to fit */
    size_t length;
    /* Where in an EHLO reply the next byte stands. */
    bool in_ehlo;
    unsigned column;
    enum { WORD_KEYWORD, WORD_MECHANISM, WORD_OTHER } word; /* what the next word of the line is */
    bool in_word;
};

/* Before the session starts. */
void greeting_begin(struct greeting *greeting);

/* A libesmtp monitor callback; ARGUMENT is the struct greeting.
 *
 * It also hides the CHUNKING extension by changing the first letter of its name where it stands in libesmtp's read buffer, before the
 * library parses it: there is no option for that. Half of all recipients may be refused here, and with BDAT the text of each would be
 * sent all the same; and of BDAT's three replies libesmtp keeps the last, so that a 451 to the first looks like the 503 that follows.
 *
 * Likewise it hides each mechanism of AUTH but PLAIN, LOGIN and CRAM-MD5: libesmtp would load a module by the name that the server gives, and
 * take NTLM where it comes first. */
void greeting_monitor(const char *bytes, int length, int writing, void *argument);

/* Has the server accepted our AUTH, and was nothing said since? */
bool greeting_authenticated(const struct greeting *greeting);

#endif

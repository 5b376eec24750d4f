/* The last look at what goes to libesmtp: line ends, line lengths, envelope addresses. Pure; any thread.
 *
 * The renderer makes clean mails. This is the net under it: for libesmtp only CRLF ends a line, so a bare LF before a dot goes out
 * unstuffed and ends the mail early (message-source.c:168), and it writes addresses into commands as they are. */
#ifndef TOCSIN_DELIVERY_TEXT_H
#define TOCSIN_DELIVERY_TEXT_H

#include "daemon/base/buf.h"

#include <stdbool.h>

#define TEXT_LINE_MAX 998 /* RFC 5322 §2.1.1, without the CRLF */

/* Make every line of MESSAGE end in CRLF (LF, CR and the end of the text end one, too) and none longer than TEXT_LINE_MAX: a header
 * is folded at a blank where there is one, a line of the body is cut. NUL becomes `?`. A clean message is not copied. */
void text_normalise(struct buf *message);

/* May ADDRESS stand between `<` and `>` of MAIL FROM or RCPT TO? EMPTY_ALLOWED: the null reverse-path. */
bool text_address_ok(const char *address, bool empty_allowed);

/* May NAME stand in EHLO: a host name or an address literal in brackets? */
bool text_helo_ok(const char *name);

#endif

/* The text of a mail as DATA carries it (RFC 5321 §4.5.2): dots unstuffed, its end found. A part of lmtp_session.c.
 *
 * Only CRLF "." CRLF ends it. A bare LF or CR is text like any other and starts no line, whatever stands after it: servers that see an end
 * where the sender saw none can be made to take one mail for two ("SMTP smuggling"). */
#ifndef TOCSIN_BOUNCE_LMTP_TEXT_H
#define TOCSIN_BOUNCE_LMTP_TEXT_H

#include "daemon/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum lmtp_text_state { LMTP_TEXT_LINE_START, LMTP_TEXT_DOT, LMTP_TEXT_DOT_CR, LMTP_TEXT_INSIDE, LMTP_TEXT_CR };

struct lmtp_text {
    enum lmtp_text_state state; /* starts as LMTP_TEXT_LINE_START */
    size_t max; /* bytes kept; what comes after is read and dropped */
};

/* Take in up to LENGTH bytes and append what they say to OUT. Returns how many were taken; *ENDED when the end mark was the last of them. */
size_t lmtp_text_feed(struct lmtp_text *text, const char *data, size_t length, struct buf *out, bool *ended);

#endif

/* The spellings of MIME, written by hand because a mail is written for each notification and GMime takes longer for it than SMTP does
 * (NOTES-libesmtp.md); the tests read the result back with GMime. Pure; any thread. Every line end written is CRLF. */
#ifndef TOCSIN_NOTIFY_MIME_H
#define TOCSIN_NOTIFY_MIME_H

#include "daemon/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* Append a header whose VALUE is ASCII by its grammar: folded at blanks into lines of at most 78 characters where it has blanks to
 * fold at (RFC 5322 §2.2.3), runs of blanks made one. A control character becomes a blank and a byte that is not ASCII a `?`: nothing
 * can end the line. */
void mime_header(struct buf *out, const char *name, const char *value);

/* Append a header of UTF-8 text for people, such as Subject: as it is where it is ASCII and folds, else in encoded words (RFC 2047),
 * none of which splits a character. Control characters become blanks. */
void mime_header_text(struct buf *out, const char *name, const char *text, size_t length);

/* Append a header with one mailbox, `"DISPLAY" <ADDRESS>`, DISPLAY in encoded words where it is not ASCII; ADDRESS alone where DISPLAY is
 * empty. */
void mime_header_mailbox(struct buf *out, const char *name, const char *display, const char *address);

/* Append a header whose VALUE, an ASCII token, has a parameter: `NAME: VALUE; ATTRIBUTE="TEXT"`. Where TEXT (UTF-8) is not ASCII, looks encoded, or is too long
 * for a line, in RFC 2231's spelling, in as many pieces as it takes, none of which splits a character. Control characters become blanks. */
void mime_header_parameter(struct buf *out, const char *name, const char *value, const char *attribute,
                           const char *text);

/* Can TEXT (line ends LF or CRLF) travel as 7bit? Printable ASCII, lines of at most 78 characters, none that mbox or SMTP would alter. */
bool mime_is_plain(const char *text, size_t length);

/* Append TEXT with CRLF line ends. */
void mime_plain(struct buf *out, const char *text, size_t length);

/* Append TEXT in quoted-printable (RFC 2045 §6.7), lines of at most 76 characters; LF and CRLF are line ends, a lone CR is encoded. */
void mime_quoted_printable(struct buf *out, const char *text, size_t length);

/* Append DATA in base64 (RFC 2045 §6.8), lines of 76 characters. */
void mime_base64(struct buf *out, const char *data, size_t length);

#endif

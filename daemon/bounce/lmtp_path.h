/* The argument of MAIL and RCPT (RFC 5321 §4.1.1.2, §4.1.2). A part of lmtp_session.c. Pure. */
#ifndef TOCSIN_BOUNCE_LMTP_PATH_H
#define TOCSIN_BOUNCE_LMTP_PATH_H

#define LMTP_PATH_SIZE 321 /* 64 bytes of local part, "@", 255 of domain, a NUL: RFC 5321 §4.5.3.1 */

/* Parse `KEYWORD<path> parameters` (KEYWORD "FROM:" or "TO:"; blanks after it are common and allowed) and write the path without its
 * brackets and source route to OUT, "" for `<>`. NULL, or the reply that refuses it. */
const char *lmtp_path_parse(const char *argument, const char *keyword, char out[LMTP_PATH_SIZE]);

#endif

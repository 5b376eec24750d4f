/* A message as the recognisers see it: its headers, its text parts decoded, and where the returned message begins. A part of bounce.c. Pure; any
 * thread after bounce_init().
 *
 * Whatever the charset, nothing is dropped: what cannot be made UTF-8 stays as it came. No text has NULs; line ends are LF. */
#ifndef TOCSIN_BOUNCE_MAIL_H
#define TOCSIN_BOUNCE_MAIL_H

#include "daemon/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

#define MAIL_DEPTH_MAX 20
#define MAIL_PARTS_MAX 200
#define MAIL_LENGTH_MAX                                                                                                \
    1048576 /* bytes of a mail that are parsed: the returned message may be long, what is said about it is not */
#define MAIL_TEXT_MAX 262144 /* bytes of one part that are looked at: no report says anything later */

enum mail_part_kind {
    MAIL_PLAIN,
    MAIL_HTML,
    MAIL_STATUS, /* message/delivery-status and its international form: RFC 3464, RFC 6533 */
    MAIL_DISPOSITION, /* message/disposition-notification: RFC 8098 */
    MAIL_FEEDBACK, /* message/feedback-report: RFC 5965 */
    MAIL_RETURNED, /* the header of the returned message: all of it that is ever looked at */
};

struct mail_part {
    enum mail_part_kind kind;
    struct buf text;
};

struct mail {
    struct _GMimeMessage *message; /* NULL: nothing could be made of it */
    const char *envelope_sender, *envelope_recipient; /* NULL: not known */
    const char *raw;
    size_t raw_length;
    struct mail_part *parts; /* in their order */
    size_t part_count;
    struct buf notice; /* what was written about the returned message (or the whole text): plain text */
    struct buf folded; /* the notice and the subject, for phrase_find() */
    struct buf returned; /* the returned message's header, unfolded lines; "" when there is none */
    char *subject; /* decoded; "" when there is none */
};

void mail_open(struct mail *mail, const char *data, size_t length, const char *envelope_sender,
               const char *envelope_recipient);
void mail_close(struct mail *mail);

/* The value of the first header NAME, decoded and unfolded; NULL when there is none. */
const char *mail_header(const struct mail *mail, const char *name);

/* The first part of KIND, or NULL. */
const struct mail_part *mail_part(const struct mail *mail, enum mail_part_kind kind);

/* Is the sender the null one, as far as the envelope or the header shows? */
bool mail_from_null(const struct mail *mail);

/* The value of header NAME in BLOCK, lines of `Name: value` (folded ones too); a new string, or NULL. */
char *mail_field(const char *block, const char *name);

#endif

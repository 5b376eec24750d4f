/* A Maildir as intake for what comes back, on the loop: for mail systems that deliver into one and cannot speak LMTP.
 *
 * A mail is read from new/ and handed over; once it is committed it goes to cur/ as NAME:2,S. After a crash in between the same mail is handed over again.
 * new/ is watched (uv_fs_event), and looked through every so often besides. What cannot be read stays where it is, is said once, and is tried again each time;
 * of a longer mail than allowed only the beginning is read. */
#ifndef TOCSIN_BOUNCE_MAILDIR_H
#define TOCSIN_BOUNCE_MAILDIR_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct maildir;
struct maildir_mail; /* one mail, waiting for its answer */

/* DATA lives until maildir_answer(), which must be called exactly once for each, from within this call or later. */
typedef void maildir_taken(void *context, struct maildir *maildir, struct maildir_mail *mail, const char *data,
                           size_t length);

/* Look through PATH (its new/ and cur/) every RESCAN milliseconds and when something happens there; of a mail at most MAX_MESSAGE bytes are read. A directory that is not there (yet)
 * is trouble, no error. Loop thread, as all of these. */
struct maildir *maildir_open(uv_loop_t *loop, const char *path, int64_t rescan, size_t max_message,
                             maildir_taken *taken, void *context);

/* Another RESCAN, from the next look on. */
void maildir_set_rescan(struct maildir *maildir, int64_t rescan);

/* MAIL is committed (STATUS 0), or could not be now: then it stays in new/ until the next look. */
void maildir_answer(struct maildir *maildir, struct maildir_mail *mail, int status);

/* Why mails cannot be taken now, in words; NULL when they can, or before the first look. */
const char *maildir_trouble(const struct maildir *maildir);

/* Take no more. What is unanswered must still be answered, and is still moved on. Frees itself. */
void maildir_close(struct maildir *maildir);

#endif

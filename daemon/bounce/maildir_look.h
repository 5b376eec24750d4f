/* What of a Maildir touches the disk, for libuv's pool: finding new mails, reading them, moving them on. A part of maildir.c. Any thread, one at a time. */
#ifndef TOCSIN_BOUNCE_MAILDIR_LOOK_H
#define TOCSIN_BOUNCE_MAILDIR_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define MAILDIR_BATCH 32 /* mails at once: they share a commit */
#define MAILDIR_KEPT_MAX 1000 /* files that cannot be taken, of which we remember that it has been said */

/* A mail in new/. */
struct maildir_mail {
    char *name;
    char *data;
    size_t length;
    bool committed; /* set by whoever took it: it is to go to cur/ */
};

/* A file that stays in new/ for now. */
struct maildir_kept {
    char *name;
    bool committed; /* only its move to cur/ is missing */
    bool tried; /* in this round */
    bool there;
};

struct maildir_look {
    const char *path;
    size_t max_message;
    struct maildir_kept *kept;
    size_t kept_count;
    struct maildir_mail mails[MAILDIR_BATCH];
    size_t count;
    struct stat identity; /* of new/, as it was last seen */
    char trouble[512]; /* why mails cannot be taken; "" when they can */
};

/* Each file gets another try. */
void maildir_look_begin(struct maildir_look *look);

/* Move the committed ones of LOOK's mails to cur/, and keep the others in mind; then, unless LAST, read the next mails, up to max_message bytes of each. None when there are no more, in
 * trouble, or when none of the last ones was committed: then the next round is soon enough. */
void maildir_look_on(struct maildir_look *look, bool last);

void maildir_look_clear(struct maildir_look *look);

#endif

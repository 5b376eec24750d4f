/* spool: the directories incoming/ processing/ done/ failed/ and nothing else; nobody else renames files there.
 *
 * On the loop thread; the file operations themselves (rename, fsync) run in libuv's pool: each is short, and the loop never waits for a disk.
 *
 * What is dropped: a file renamed into incoming/ (or incoming/PROFILE/) is claimed at once; one that is written in place is claimed after it has not changed
 * for spool.quiet. Names that begin with `.` or end in `.tmp` or `.part` are ignored. Symbolic links, special files, and files over spool.max_file are
 * refused: moved to failed/ with NAME.error beside them, which says why. A name from outside is never a path.
 *
 * NAME.meta.yaml is no feed but a sidecar: what its submitter says about NAME. It is to be there before NAME, is taken with it, and goes with it to done/ or failed/; alone it
 * stays where it is, and after an hour the log says so. */
#ifndef TOCSIN_SPOOL_SPOOL_H
#define TOCSIN_SPOOL_SPOOL_H

#include "config/config.h"
#include "daemon/base/error.h"

#include <stdbool.h>
#include <uv.h>

struct spool;

/* A file that was taken out of incoming/ and is now the daemon's: processing/PROFILE/STAMP-NAME. */
struct spool_claim {
    const char *path; /* where it is now */
    const char *id; /* PROFILE/STAMP-NAME: unique for ever; the same after a crash */
    const char *profile; /* "default" for files in incoming/ itself */
    const char *name; /* as it was dropped */
    const char *options; /* of `tocsin submit`: the JSON text given to spool_submit(); NULL for dropped files */
    const char *owner; /* the user who owned the file ("alice"), for the audit trail */
    const char *sidecar; /* the text of the sidecar that lay beside it; NULL: none, or none that may be read */
    const char *sidecar_fault; /* why it may not be read; static */
};

/* Called on the loop thread, one file after another in the order of their stamps, those that a dead daemon left in processing/ first. CLAIM lives for
 * the length of the call. Each is to be ended by spool_finish(), whenever that may be. */
typedef void spool_claimed(void *context, const struct spool_claim *claim);

/* Make the directories that are missing (incoming/ and one for each profile below it: mode 3770), watch them (inotify, and a rescan every
 * spool.rescan). Uses CONFIG's paths, spool and profiles, which must outlive it. */
int spool_open(uv_loop_t *loop, const struct config *config, spool_claimed *claimed, void *context, struct spool **out,
               struct error *error);
typedef void spool_done(void *context, int status, const char *message);

/* Take another CONFIG, whose paths are the same: its spool section, and directories for its new profiles. DONE, with MESSAGE where STATUS is not 0: then nothing has
 * changed, and CONFIG is not used. */
void spool_reload(struct spool *spool, const struct config *config, spool_done *done, void *context);
/* Stop watching and offering. What was asked for is still done, and its DONE called; then, when the loop has closed its handles, it frees itself. */
void spool_close(struct spool *spool);

/* Take nothing more out of incoming/ (or again, when not PAUSED): what is dropped meanwhile waits there. */
void spool_pause(struct spool *spool, bool paused);

/* Look now. */
void spool_rescan(struct spool *spool);

/* `tocsin submit`: claim the hidden file incoming/HIDDEN (a plain name beginning with `.`) as NAME of PROFILE, with OPTIONS (JSON text, kept beside it and on disk before
 * the file is claimed). DONE once it is claimed: MESSAGE is then the claim's id; on failure it says why. Strings are copied. */
void spool_submit(struct spool *spool, const char *hidden, const char *profile, const char *name, const char *options,
                  spool_done *done, void *context);

/* Where the result files of claim ID are made: processing/ID.SUFFIX, SUFFIX "rejected" or "result.jsonl"; a new string. Whoever writes it syncs it. */
char *spool_scratch(const struct spool *spool, const char *id, const char *suffix);

/* The claim ID is dealt with: its scratch files and then itself go to done/ (or failed/, when not OK, with WHY in NAME.error) under the dropped name; where that is
 * taken, NAME.2, NAME.3 …, and the results beside it are named alike. Durable when DONE is called; may be repeated after a crash: what was cut
 * short goes on to where it was going. What fails for want of space or permission is tried again, and DONE is called once it has succeeded (or at
 * spool_close()). */
void spool_finish(struct spool *spool, const char *id, bool ok, const char *why, spool_done *done, void *context);

/* A new version of the results of claim ID, which was finished before: its scratch file "result.jsonl" takes the place of the one in done/. Nothing happens where
 * the administrator has taken the file away. */
void spool_replace_result(struct spool *spool, const char *id, spool_done *done, void *context);

#endif

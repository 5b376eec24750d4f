/* The spool's directories on disk, and the few things that are done to files in them. Blocking; called from one thread at a time (spool.c sees
 * to that). Files are named relative to open directories: a name from outside is never a path. */
#ifndef TOCSIN_SPOOL_TREE_H
#define TOCSIN_SPOOL_TREE_H

#include "config/config.h"
#include "daemon/base/error.h"
#include "daemon/spool/names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* A directory that files are dropped in: incoming/ itself, which stands for the default profile, or incoming/PROFILE. */
struct tree_place {
    char *profile;
    char *path;
    int fd; /* -1: cannot be opened for now */
};

struct tree {
    char *root;
    const char *group; /* access.submit_group */
    int spool, processing, done, failed;
    struct tree_place *places; /* incoming/ itself first */
    size_t place_count;
    int64_t quiet, max_file; /* as config.h has them */
    int64_t last_stamp;
    bool renewed; /* a place was opened again: watch it */
};

/* Open the directories, made where they are missing. 0 or -errno with ERROR. */
int tree_open(struct tree *tree, const struct config *config, struct error *error);
void tree_close(struct tree *tree);
/* Take CONFIG's spool section and its new profiles, whose directories are made; those that are no longer in it stay watched, so that nobody's file is
 * left lying. 0, or -errno with ERROR: then nothing has changed. */
int tree_reload(struct tree *tree, const struct config *config, struct error *error);

/* The descriptor of processing/PROFILE (made if missing), the caller's to close; or -errno. */
int tree_processing(const struct tree *tree, const char *profile);

/* Make and open PLACE again if its directory was taken away or exchanged. 0 or -errno. */
int tree_renew(struct tree *tree, struct tree_place *place);

/* A new stamp: the time, later than any before it, and one that no claim has. */
void tree_stamp(struct tree *tree, char out[NAMES_STAMP_LENGTH + 1]);

/* Why a file like STATUS cannot be taken, or NULL. */
const char *tree_status_flaw(const struct tree *tree, const struct stat *status);

/* Is there a file, or anything else, called NAME? Also true when that cannot be found out. */
bool tree_exists(int directory, const char *name);

/* renameat(), but never over something that is there. 0 or -errno. */
int tree_move(int from, const char *name, int to, const char *new_name);

/* Write TEXT as NAME in DIRECTORY: temporary file, fsync, rename. The caller syncs the directory. 0 or -errno. */
int tree_write(int directory, const char *name, const char *text);
/* The whole text of NAME, at most LIMIT bytes; a new string, NULL where it cannot be read. */
char *tree_read(int directory, const char *name, size_t limit);

/* The name of the file's owner, or his number; a new string. */
char *tree_owner(const struct stat *status);

#endif

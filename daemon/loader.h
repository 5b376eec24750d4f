/* The loading thread: one file at a time, hashed and then parsed into chunks for the store. Memory is flat: four chunks go round. */
#ifndef TOCSIN_DAEMON_LOADER_H
#define TOCSIN_DAEMON_LOADER_H

#include "config/config.h"
#include "daemon/base/error.h"
#include "queue/queue.h"

#include <uv.h>

struct loader;

struct load {
    const char *path;
    const char *name; /* as it was submitted */
    const struct config_profile *profile;
    /* For loader_parse(): */
    int64_t file;
    unsigned long resume_after;
    const char *rejected_path; /* NAME.rejected is made here when there is something to say */
    const char *hash; /* of the bytes that were registered, and how many they are: others are not loaded */
    int64_t size;
    int64_t received; /* in seconds: what is told by times without a year */
};

struct load_result {
    int status; /* 0 or -errno */
    const char *message; /* why not, for a person */
    char hash[65]; /* SHA-256 of the bytes that were read, in hex */
    int64_t size;
    unsigned long rows, rejected;
};

/* RESULT lives for the length of the call. Loop thread. */
typedef void loader_done(void *context, const struct load_result *result);

/* Start the loading thread. 0 or a negative errno with ERROR set. */
int loader_open(uv_loop_t *loop, struct queue *queue, struct loader **out, struct error *error);
/* What is under way is given up (no DONE); joins the thread. */
void loader_close(struct loader *loader);

/* Hash a file. LOAD's strings are copied; its profile must outlive the loader. */
void loader_hash(struct loader *loader, const struct load *load, loader_done *done, void *context);
/* Parse a file into the store; DONE when every chunk has been committed. -ESTALE: it was read to its end, and is not the file that was registered; what is
 * in the store is to be taken back. */
void loader_parse(struct loader *loader, const struct load *load, loader_done *done, void *context);

#endif

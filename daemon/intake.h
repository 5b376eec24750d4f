/* Intake: claimed feed files into the store. The loop registers and finishes them; a loading thread reads, hashes and parses. */
#ifndef TOCSIN_DAEMON_INTAKE_H
#define TOCSIN_DAEMON_INTAKE_H

#include "daemon/daemon.h"
#include "daemon/spool/spool.h"

struct intake;

/* Start the loading thread and the spool. Loop thread, as all of these. */
int intake_open(struct daemon *daemon, struct error *error);
/* Stop watching and loading: what is half loaded resumes when the daemon starts again. Before the store is closed. */
void intake_stop(struct intake *intake);
/* After the store is closed and the loop has run empty. */
void intake_free(struct intake *intake);

/* Take nothing more out of incoming/, or again; what was taken goes on as far as it can. */
void intake_pause(struct intake *intake, bool paused);

/* The spool, for `tocsin submit`. */
struct spool *intake_spool(struct intake *intake);

/* Files of the last day that went to failed/, the last 10 at most; only those of WHO where it is not NULL: a new [{"time","name","why","who"}], the latest last. */
json_t *intake_refused(const struct intake *intake, const char *who);

/* What the store does not know of CLAIM: a new {"state":"waiting"} until it lies in done/ or failed/ with its results, or {"state":"refused","why"}; NULL: nothing, or, where WHO is not
 * NULL, it is another's. */
json_t *intake_claim(const struct intake *intake, const char *claim, const char *who);

/* Write a new version of a file's NAME.result.jsonl. */
void intake_write_result(struct intake *intake, const struct queue_result_due *due);

#endif

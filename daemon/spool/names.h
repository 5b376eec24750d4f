/* Names of files: which may be dropped, which are ours, and how a claim is called. Pure; any thread. */
#ifndef TOCSIN_SPOOL_NAMES_H
#define TOCSIN_SPOOL_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A dropped name's limit in bytes: stamp, `.NUMBER` and the longest suffix still fit in the 255 bytes of a file name. */
#define NAMES_MAX 200
#define NAMES_SIDECAR ".meta.yaml" /* what a submitter says about the file NAME stands in NAME.meta.yaml */
#define NAMES_STAMP_LENGTH 22 /* 20261123T121314.123456 */

/* The suffixes of the names of files beside a feed file, up to NULL: ours, and the sidecar's. A dropped file that had one could not be told from ours. */
extern const char *const names_suffixes[];

/* The stamp of MICROSECONDS since 1970, in UTC: text that sorts as time does. */
void names_stamp(int64_t microseconds, char out[NAMES_STAMP_LENGTH + 1]);
/* Does NAME begin with a stamp and a `-`? */
bool names_has_stamp(const char *name);

/* Is NAME kept out of sight (`.x`, `x.tmp`, `x.part`)? */
bool names_is_ignored(const char *name);
/* Is it a sidecar's (NAME.meta.yaml)? */
bool names_is_sidecar(const char *name);
/* Why a file called NAME cannot be taken, or NULL: too long, not UTF-8, control characters, a suffix that is Tocsin's own. */
const char *names_flaw(const char *name);
/* NAME as a file of ours may be called: cut between characters, printable, in sight. A new string. */
char *names_presentable(const char *name);

/* The length of NAME without a suffix of ours; its whole length when it has none. */
size_t names_base_length(const char *name);

#endif

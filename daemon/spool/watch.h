/* Watching incoming/ by inotify, on the loop.
 *
 * Not by uv_fs_event, which reports that a file was created and that one was renamed in by the same word: only the second means that the file is complete. */
#ifndef TOCSIN_SPOOL_WATCH_H
#define TOCSIN_SPOOL_WATCH_H

#include "daemon/spool/tree.h"

#include <uv.h>

struct watch;

/* Something happened at PLACE (an index). MOVED_IN: the name of a file that was renamed in; NULL: anything else. */
typedef void watch_event(void *context, size_t place, const char *moved_in);

/* Watch the places of TREE. NULL, with the reason logged, where the kernel refuses (it has limits): then the rescans have to do. */
struct watch *watch_open(uv_loop_t *loop, const struct tree *tree, watch_event *event, void *context);
/* Watch those places too that are new, or were opened anew. No job may be running: it may change the tree. */
void watch_renew(struct watch *watch);
/* CLOSED is called when the loop has let go. */
void watch_close(struct watch *watch, void (*closed)(void *context));

#endif

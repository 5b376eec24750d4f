/* tocsin inspect feed: how Tocsin reads a feed file. */
#ifndef TOCSIN_COMMAND_INSPECT_FEED_H
#define TOCSIN_COMMAND_INSPECT_FEED_H

#include "daemon/command/command.h"

/* ARGV[0] is "feed"; then [--map COLUMN=FIELD]… [--no-header] [--format NAME] [--profile NAME [--config FILE]] [--records] FILE….
 * The profile is looked up in CONTEXT's
 * configuration, and --config is the same as before the command. Prints one JSON object a file (or a row) to standard output; returns an exit code of sysexits.h. */
int inspect_feed(struct context *context, int argc, char **argv);

#endif

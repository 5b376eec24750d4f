/* tocsin inspect feed: how Tocsin reads a feed file. */
#ifndef TOCSIN_COMMAND_INSPECT_FEED_H
#define TOCSIN_COMMAND_INSPECT_FEED_H

/* ARGV[0] is "feed"; then [--map COLUMN=FIELD]… [--no-header] [--format NAME] [--profile NAME [--config FILE]] [--records] FILE….
 * Prints one JSON object a file (or a row) to standard output; returns an exit code of sysexits.h. */
int inspect_feed(int argc, char **argv);

#endif

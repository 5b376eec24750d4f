/* `tocsin inspect bounce`. */
#ifndef TOCSIN_COMMAND_INSPECT_BOUNCE_H
#define TOCSIN_COMMAND_INSPECT_BOUNCE_H

/* Print what each FILE of ARGV (argv[0] is "bounce") says, one JSON object a line. Returns the exit code: 0,
 * 64 without a FILE, 66 when one could not be read (the others are printed all the same). */
int inspect_bounce(int argc, char **argv);

#endif

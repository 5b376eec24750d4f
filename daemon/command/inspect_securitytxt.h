/* `tocsin inspect securitytxt`. */
#ifndef TOCSIN_COMMAND_INSPECT_SECURITYTXT_H
#define TOCSIN_COMMAND_INSPECT_SECURITYTXT_H

/* Print what each FILE of ARGV (argv[0] is "securitytxt") says, one JSON object a line. Returns the exit code: 0,
 * 64 where the arguments are wrong, 66 when a file could not be read (the others are printed all the same). */
int inspect_securitytxt(int argc, char **argv);

#endif

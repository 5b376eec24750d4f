/* tocsin render: a template and data in, the rendered text out. For whoever writes templates; needs no config and no store. */
#ifndef TOCSIN_COMMAND_RENDER_H
#define TOCSIN_COMMAND_RENDER_H

/* ARGV[0] is "render". Prints to standard output, and errors to standard error; returns an exit code of sysexits.h. */
int command_render(int argc, char **argv);

#endif

/* The subcommands of tocsin. To add one: a file with a function, and a row in commands[] of daemon/tocsin.c. */
#ifndef TOCSIN_COMMAND_COMMAND_H
#define TOCSIN_COMMAND_COMMAND_H

#include "config/config.h"
#include "daemon/base/buf.h"
#include "daemon/base/error.h"

#include <jansson.h>
#include <stdbool.h>

/* What every command is given. */
struct context {
    const char *config_path;
    const char *const *settings; /* --set */
    size_t setting_count;
    bool json;
    struct config *config; /* use command_config() */
    bool partly; /* there are complaints about it */
    bool quiet; /* no word about complaints that do not matter here */
    bool offline; /* the last answer is not a daemon's */
};

/* A subcommand: ARGV[0] is its name. Prints, and returns an exit code of sysexits.h. */
typedef int command_function(struct context *context, int argc, char **argv);

command_function command_check, command_preview, command_submit, command_status, command_campaign, command_queue,
    command_report, command_suppress, command_bounce, command_stop, command_start, command_log, command_inspect,
    command_contacts, command_reload, command_explain;

/* The configuration, loaded at the first call; NULL after its complaints have been printed (exit with EX_CONFIG). */
const struct config *command_config(struct context *context);
/* The same for who needs no more of it than KEY: complaints about others are printed, once, and do no harm. */
const struct config *command_config_for(struct context *context, const char *key);

/* An option of a subcommand: `--name`, with a value unless VALUE is NULL. The tables end in { NULL }. */
struct option_row {
    const char *name;
    const char **value; /* where the value goes */
    bool *flag; /* where no value is taken */
};

/* Take the options out of ARGV (anywhere in it; `--` ends them) and leave the rest: *ARGC and ARGV are shortened. --json is known everywhere. -1 to go on; else
 * an exit code: --help has printed HELP, or an unknown option has been named. */
int command_options(struct context *context, const struct option_row *options, const char *help, int *argc,
                    char **argv);

/* Before that: take the option --NAME VALUE out of ARGV as often as it is there, and append the values to the array VALUES. -1 to go on, else an exit code. */
int command_option_list(const char *name, json_t *values, int *argc, char **argv);

/* Say MESSAGE as `tocsin: MESSAGE` on standard error, and return EXIT. */
int command_fail(int exit, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Make TEXT, which comes from outside, fit to be printed: control characters become `?`, so that no file commands the terminal. Returns TEXT. */
char *command_tame(char *text);

/* Ask the daemon; REQUEST is taken. On failure the reason has been printed. */
int command_ask(struct context *context, json_t *request, json_t **result);

/* The same for `stop` and `start`: with no daemon there, straight into the store, for the next one that starts; then *RESULT is {"daemon": false}. */
int command_order(struct context *context, json_t *request, json_t **result);
/* The same for a read: with no daemon there, straight from the store; context->offline says so. */
int command_read(struct context *context, json_t *request, json_t **result);
/* The same for a read that comes in pages (queue/reads.h): all that is in LIST. */
int command_read_all(struct context *context, json_t *request, const char *list, json_t **result);

/* Print RESULT as JSON on a line, and let go of it. Returns 0, or EX_IOERR. */
int command_print_json(json_t *result);
/* Print and free. */
int command_print(struct buf *text);

/* Values of an object, never NULL: text ("" for null), and numbers. */
const char *text_in(const json_t *object, const char *name);
long long number_in(const json_t *object, const char *name);

#endif

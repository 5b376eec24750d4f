/* tocsin check: is the configuration fit to run? */
#include "daemon/command/command.h"

#include "daemon/base/mem.h"
#include "templates/template.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static const char help[] =
    "usage: tocsin check [--defaults]\n"
    "\n"
    "Read the configuration and everything it names, and say all that is wrong at once, as FILE:LINE:COLUMN: KEY: what "
    "is\n"
    "wrong, what is allowed. Exits 0 when a daemon could run with it, and 78 otherwise.\n"
    "\n"
    "  --defaults   print the annotated default configuration instead: every key, what it means, and its default\n";

static int complaints;

static void complain(const char *key, const char *text)
{
    fprintf(stderr, "%s: %s\n", key, text);
    complaints++;
}

static void check_template(const struct config *config, const char *key, const char *name)
{
    struct error error = { "" };
    struct template *template = NULL;
    char *text = NULL, *path = NULL;
    int status = template_find((const char *const *)config->paths.templates.items, config->paths.templates.count, name,
                               &text, &path, &error);
    if (!status)
        status = template_parse(path, text, strlen(text), &template, &error);
    if (status)
        complain(key, error.text);
    template_free(template);
    free(text);
    free(path);
}

/* A sender is who we are to thousands of people: it is no default. */
static void check_sender(const struct config *config)
{
    if (!config->sender.address[0])
        complain("sender.address", "is empty: say who writes, e.g. `notify@tocsin.example`");
    if (!config->sender.name[0])
        complain("sender.name", "is empty: people want to know who writes to them");
    if (!config->return_path.bounce[0])
        complain("return_path.bounce", "is empty: say where bounces come back to, e.g. `bounce@tocsin.example`");
    if (!config->return_path.opt_out[0])
        complain("return_path.opt_out",
                 "is empty: every mail must say how to make it stop, e.g. `optout@tocsin.example`");
    if (!config->bounces.lmtp_socket[0] && !config->bounces.lmtp_listen[0])
        complain("bounces.lmtp_socket",
                 "is empty, and bounces.lmtp_listen too: only `tocsin bounce` could take bounces in");
}

static void check_directory(const char *key, const char *path)
{
    char *parent = mem_string(path);
    char *slash = strrchr(parent, '/');
    if (slash && slash != parent)
        *slash = '\0';
    if (access(parent, X_OK)) {
        char *text = mem_format("%s: %s: make the directory, or mend its rights", parent, strerror(errno));
        complain(key, text);
        free(text);
    }
    free(parent);
}

static int check(const struct config *config)
{
    check_sender(config);
    for (size_t i = 0; i < config->profile_count; i++) {
        char *key = mem_format("profiles.%s.template", config->profiles[i].name);
        check_template(config, key, config->profiles[i].template_name);
        free(key);
    }
    check_template(config, "paths.templates", "opt-out-receipt");
    check_directory("paths.spool", config->paths.spool);
    check_directory("paths.store", config->paths.store);
    check_directory("paths.control_socket", config->paths.control_socket);
    if (complaints)
        return command_fail(EX_CONFIG, "%d things to mend", complaints);
    puts("the configuration is fit to run");
    return EX_OK;
}

int command_check(struct context *context, int argc, char **argv)
{
    bool defaults = false;
    const struct option_row options[] = { { "defaults", NULL, &defaults }, { NULL, NULL, NULL } };
    int exit = command_options(context, options, help, &argc, argv);
    if (exit >= 0)
        return exit;
    if (argc > 1)
        return command_fail(EX_USAGE, "check takes no argument: the file is named by `tocsin --config FILE check`");
    if (defaults) {
        struct buf text = BUF_EMPTY;
        config_describe(&text);
        return command_print(&text);
    }
    const struct config *config = command_config(context);
    return config ? check(config) : EX_CONFIG;
}

/* tocsin inspect: how Tocsin reads a file from outside. */
#include "daemon/base/mem.h"
#include "daemon/bounce/bounce.h"
#include "daemon/command/command.h"
#include "daemon/command/inspect_bounce.h"
#include "daemon/command/inspect_feed.h"
#include "daemon/command/inspect_registration.h"
#include "daemon/command/inspect_securitytxt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const char help[] = "usage: tocsin inspect KIND [OPTION]... FILE...\n"
                           "       tocsin inspect KIND [OPTION]... --files-from FILE\n"
                           "\n"
                           "Show how Tocsin reads a file from outside: one JSON object a line for each FILE, in order. "
                           "Needs no configuration and no store.\n"
                           "\n"
                           "  bounce       a message that came back (RFC 5322)\n"
                           "  feed         a feed file; `tocsin inspect feed --help` lists its options\n"
                           "  rdap         an answer of an RDAP server (RFC 9083)\n"
                           "  securitytxt  a security.txt (RFC 9116)\n"
                           "  whois        an answer of a WHOIS server (RFC 3912)\n"
                           "\n"
                           "  --files-from FILE   read the names from FILE, one a line; `-` is standard input\n";

static int run_bounce(struct context *context, int argc, char **argv)
{
    (void)context;
    return inspect_bounce(argc, argv);
}

static int run_securitytxt(struct context *context, int argc, char **argv)
{
    (void)context;
    return inspect_securitytxt(argc, argv);
}

/* To add a kind: its file, and a row here. */
static const struct {
    const char *name;
    command_function *run;
} kinds[] = {
    { "bounce", run_bounce },           { "feed", inspect_feed },   { "rdap", inspect_rdap },
    { "securitytxt", run_securitytxt }, { "whois", inspect_whois },
};

static int read_names(const char *list, char ***arguments, int *count)
{
    FILE *file = strcmp(list, "-") == 0 ? stdin : fopen(list, "re");
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    if (!file)
        return command_fail(EX_NOINPUT, "%s: cannot be read", list);
    while ((length = getline(&line, &room, file)) > 0) {
        if (line[length - 1] == '\n')
            line[--length] = '\0';
        if (!length)
            continue;
        *arguments = mem_resize(*arguments, (size_t)*count + 2, sizeof **arguments);
        (*arguments)[(*count)++] = mem_string(line);
    }
    free(line);
    if (file != stdin)
        fclose(file);
    return EX_OK;
}

/* The arguments with --files-from replaced by the names that it gives. */
static int expand(int argc, char **argv, char ***arguments, int *count)
{
    *arguments = mem_zero((size_t)argc + 1, sizeof **arguments);
    *count = 0;
    int exit = EX_OK;
    const char *list = NULL;
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--files-from") == 0 && i + 1 < argc)
            list = argv[++i];
        else if (strncmp(argv[i], "--files-from=", 13) == 0)
            list = argv[i] + 13;
        else
            (*arguments)[(*count)++] = mem_string(argv[i]);
    }
    if (list)
        exit = read_names(list, arguments, count);
    (*arguments)[*count] = NULL;
    return exit;
}

int command_inspect(struct context *context, int argc, char **argv)
{
    const char *kind = argc > 1 ? argv[1] : "";
    if (strcmp(kind, "--help") == 0 || strcmp(kind, "-h") == 0) {
        fputs(help, stdout);
        return EX_OK;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, kind) != 0)
            continue;
        char **arguments;
        int count, exit = expand(argc - 1, argv + 1, &arguments, &count);
        /* getopt in the kind's own function permutes the array: a copy of the pointers is what is freed. */
        char **own = mem_alloc(((size_t)count + 1) * sizeof *own);
        memcpy(own, arguments, ((size_t)count + 1) * sizeof *own);
        if (!exit)
            exit = kinds[i].run(context, count, arguments);
        for (int j = 0; j < count; j++)
            free(own[j]);
        free(own);
        free(arguments);
        return exit;
    }
    return command_fail(
        EX_USAGE, "inspect: there is no kind '%s': bounce feed rdap securitytxt whois; see `tocsin inspect --help`",
        kind);
}

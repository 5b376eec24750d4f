/* tocsin: the tool that a person types. */
#include "daemon/base/mem.h"
#include "daemon/command/command.h"
#include "daemon/command/render.h"
#include "daemon/control/client.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define DEFAULT_CONFIG "/etc/tocsin/tocsin.yaml"

static int run_render(struct context *context, int argc, char **argv)
{
    (void)context;
    return command_render(argc, argv);
}

static int run_version(struct context *context, int argc, char **argv)
{
    static const char help[] =
        "usage: tocsin version [--json]\n\nThe version of this tool, and of the daemon where one runs.\n";
    int exit = command_options(context, NULL, help, &argc, argv);
    if (exit >= 0)
        return exit;
    struct error error = { "" };
    struct config_errors errors = { 0 };
    json_t *daemon = NULL, *request = json_pack("{s:s}", "verb", "version");
    /* Without a configuration there is still a version. */
    if (!config_load_for("paths.control_socket", context->config_path, context->settings, context->setting_count,
                         &context->config, &errors))
        client_call(context->config->paths.control_socket, request, &daemon, &error);
    config_errors_free(&errors);
    json_decref(request);
    if (context->json)
        return command_print_json(
            json_pack("{s:s, s:o}", "tocsin", TOCSIN_VERSION, "daemon", daemon ? daemon : json_null()));
    puts("tocsin " TOCSIN_VERSION);
    if (daemon)
        printf("tocsind %s (process %lld)\n", text_in(daemon, "version"), number_in(daemon, "pid"));
    json_decref(daemon);
    return EX_OK;
}

/* To add a subcommand: a file in command/, and a row here. */
static const struct {
    const char *name;
    command_function *run;
    const char *summary;
} commands[] = {
    { "check", command_check, "is the configuration fit to run?" },
    { "contacts", command_contacts, "whom would we tell about a target, and why?" },
    { "submit", command_submit, "put feed files into the spool" },
    { "preview", command_preview, "the mails that a campaign would send; sends none" },
    { "campaign", command_campaign, "list, show, approve, pause, resume, cancel" },
    { "status", command_status, "what is going on" },
    { "report", command_report, "a campaign's figures, as text, JSON or CSV" },
    { "queue", command_queue, "the mails: list, show, retry, cancel" },
    { "explain", command_explain, "what became of one domain or address, and why" },
    { "log", command_log, "what happened; who ordered what" },
    { "suppress", command_suppress, "who is never written to" },
    { "stop", command_stop, "halt all sending, now" },
    { "start", command_start, "go on after stop" },
    { "reload", command_reload, "let the daemon read its configuration again" },
    { "bounce", command_bounce, "a returned message on standard input" },
    { "inspect", command_inspect, "how Tocsin reads a bounce or a feed file" },
    { "render", run_render, "fill a Mustache template with JSON" },
    { "version", run_version, "of this tool and of the daemon" },
};

#define COMMANDS (sizeof commands / sizeof commands[0])

static void print_help(FILE *out)
{
    fputs("usage: tocsin [--config FILE] [--set KEY=VALUE]... [--json] COMMAND [ARGUMENT]...\n"
          "\n"
          "Tell the people behind attacked domains, and find out whether they were told.\n"
          "\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fputs("\n"
          "A campaign: `tocsin submit FILE`, `tocsin preview NAME`, `tocsin campaign approve NAME`, `tocsin status`, "
          "`tocsin report NAME`.\n"
          "`tocsin COMMAND --help` teaches each. --json prints the same facts as JSON wherever a table is printed.\n"
          "\n"
          "  --config FILE     the configuration (default: $TOCSIN_CONFIG, then " DEFAULT_CONFIG ")\n"
          "  --set KEY=VALUE   override one key of it; may be repeated\n"
          "\n"
          "Exit: 0, 64 usage, 65 data, 66 no input, 69 the daemon is not there, 75 try again, 77 not allowed, 78 "
          "configuration.\n",
          out);
}

static int run(struct context *context, int argc, char **argv)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, argv[0]) == 0)
            return commands[i].run(context, argc, argv);
    if (strcmp(argv[0], "help") == 0) {
        print_help(stdout);
        return EX_OK;
    }
    static const char *const of_campaign[] = { "list", "show", "approve", "pause", "resume", "cancel" };
    for (size_t i = 0; i < sizeof of_campaign / sizeof *of_campaign; i++)
        if (strcmp(of_campaign[i], argv[0]) == 0)
            return command_fail(EX_USAGE, "there is no command '%s': it is `tocsin campaign %s`", argv[0], argv[0]);
    return command_fail(EX_USAGE, "there is no command '%s'; `tocsin --help` lists them", argv[0]);
}

/* The options before the command. Returns the index of the command, or minus an exit code less one. */
static int global_options(struct context *context, const char **settings, int argc, char **argv)
{
    int at = 1;
    for (; at < argc && argv[at][0] == '-'; at++) {
        if (strcmp(argv[at], "--json") == 0)
            context->json = true;
        else if ((strcmp(argv[at], "--config") == 0 || strcmp(argv[at], "-c") == 0) && at + 1 < argc)
            context->config_path = argv[++at];
        else if (strncmp(argv[at], "--config=", 9) == 0)
            context->config_path = argv[at] + 9;
        else if (strcmp(argv[at], "--set") == 0 && at + 1 < argc)
            settings[context->setting_count++] = argv[++at];
        else if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0) {
            print_help(stdout);
            return -EX_OK - 1;
        } else if (strcmp(argv[at], "--version") == 0) {
            puts("tocsin " TOCSIN_VERSION);
            return -EX_OK - 1;
        } else if (strcmp(argv[at], "--set") == 0 || strcmp(argv[at], "--config") == 0) {
            return -command_fail(EX_USAGE, "%s wants a value", argv[at]) - 1;
        } else {
            return -command_fail(EX_USAGE, "there is no option %s here; `tocsin --help` lists them", argv[at]) - 1;
        }
    }
    if (at < argc)
        return at;
    print_help(stderr);
    return -EX_USAGE - 1;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    const char **settings = calloc((size_t)argc + 1, sizeof *settings);
    const char *path = getenv("TOCSIN_CONFIG");
    struct context context = { .config_path = path ? path : DEFAULT_CONFIG, .settings = settings };
    int at = settings && !mem_guard_libraries() ? global_options(&context, settings, argc, argv) : -EX_OSERR - 1;
    int exit = at > 0 ? run(&context, argc - at, argv + at) : -at - 1;
    config_free(context.config);
    free(settings);
    return exit;
}

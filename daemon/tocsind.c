/* tocsind: the daemon. */
#include "config/config.h"
#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/base/service.h"
#include "daemon/daemon.h"
#include "daemon/fit.h"

#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#define DEFAULT_CONFIG "/etc/tocsin/tocsin.yaml"

static const char usage[] =
    "usage: tocsind [--config FILE] [--set KEY=VALUE]...\n"
    "\n"
    "The Tocsin daemon: reads incident files from the spool, finds whom to tell, mails them, and follows what\n"
    "comes back. Stays in the foreground and logs to standard error; SIGTERM or SIGINT ends it cleanly,\n"
    "SIGHUP lets it read its configuration again (as `tocsin reload` does).\n"
    "\n"
    "  --config FILE     the configuration (default: $TOCSIN_CONFIG, then " DEFAULT_CONFIG ")\n"
    "  --set KEY=VALUE   override one key of it; may be repeated\n"
    "  --version, --help\n"
    "\n"
    "Exit: 0 ended by a signal, 64 usage, 69 another daemon is running, 73 a socket cannot be made, 74 the store is\n"
    "damaged, no store, or a newer Tocsin's, 75 try again (a full disk, a locked store), 78 configuration.\n";

struct arguments {
    const char *config;
    const char **settings;
    size_t setting_count;
};

/* -1: go on; otherwise the exit code. */
static int parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = { { "config", required_argument, NULL, 'c' },
                                             { "set", required_argument, NULL, 's' },
                                             { "version", no_argument, NULL, 'v' },
                                             { "help", no_argument, NULL, 'h' },
                                             { 0 } };
    int option;
    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            arguments->config = optarg;
            break;
        case 's':
            arguments->settings[arguments->setting_count++] = optarg;
            break;
        case 'v':
            puts("tocsind " TOCSIN_VERSION);
            return EX_OK;
        case 'h':
            fputs(usage, stdout);
            return EX_OK;
        default:
            fputs(usage, stderr);
            return EX_USAGE;
        }
    }
    if (optind == argc)
        return -1;
    fprintf(stderr, "tocsind: %s: no such argument\n%s", argv[optind], usage);
    return EX_USAGE;
}

static void on_signal(uv_signal_t *signal, int number)
{
    static const struct log_about about = { .event = LOG_ENDING };
    service_stopping();
    log_about(LOG_NOTICE_LEVEL, &about, "ending (%s)", strsignal(number));
    uv_stop(signal->loop);
}

static void on_hangup(uv_signal_t *signal, int number)
{
    (void)number;
    reload_config(signal->data, NULL, NULL);
}

static void watch(uv_loop_t *loop, uv_signal_t *signal, int number, uv_signal_cb on_number, struct daemon *daemon)
{
    signal->data = daemon;
    uv_signal_init(loop, signal);
    uv_signal_start(signal, on_number, number);
    uv_unref((uv_handle_t *)signal);
}

/* It does not mend itself: a service manager need not try again and again. */
static int misconfigured(void)
{
    log_error("`tocsin check` says what is wrong with the configuration");
    return EX_CONFIG;
}

/* 75 and 73: it may help to try again. With the others it does not. */
static int exit_of(int status)
{
    switch (status) {
    case -EEXIST:
        return EX_UNAVAILABLE;
    case -EIO:
    case -EPROTO:
        return EX_IOERR;
    case -EAGAIN:
    case -ENOSPC:
        return EX_TEMPFAIL;
    case -ENOENT:
    case -ENOTDIR:
    case -EISDIR:
    case -EACCES:
    case -EPERM:
    case -EROFS:
    case -ELOOP:
    case -EINVAL:
    case -ENAMETOOLONG:
        return misconfigured();
    default:
        return EX_CANTCREAT;
    }
}

/* Until there is somebody to hear it a SIGHUP would end the process; kept, it has the file read again that may have changed since. */
static void hold_hangup(int how)
{
    sigset_t hangup;
    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    sigprocmask(how, &hangup, NULL);
}

static int run(const struct daemon_source *source, const struct config *config)
{
    static const struct log_about ready = { .event = LOG_READY };
    uv_loop_t loop;
    uv_signal_t terminate, interrupt, hangup;
    struct daemon daemon;
    struct error error = { "" };
    signal(SIGPIPE, SIG_IGN);
    /* The store and the results name victims and contacts: nothing for strangers. */
    umask(0027);
    /* An arena for each of many threads would keep what each once needed for ever; with two of them the threads wait for one another. */
    mallopt(M_ARENA_MAX, 8);
    uv_loop_init(&loop);
    watch(&loop, &terminate, SIGTERM, on_signal, &daemon);
    watch(&loop, &interrupt, SIGINT, on_signal, &daemon);
    watch(&loop, &hangup, SIGHUP, on_hangup, &daemon);
    hold_hangup(SIG_UNBLOCK); /* before there are threads, which do as this one does */
    int status = daemon_open(&daemon, &loop, source, config, &error);
    if (status) {
        log_error("%s", error.text);
    } else {
        log_about(LOG_NOTICE_LEVEL, &ready, "tocsind " TOCSIN_VERSION " is ready");
        daemon_tell(&daemon, true);
        uv_run(&loop, UV_RUN_DEFAULT);
        daemon_close(&daemon);
    }
    uv_close((uv_handle_t *)&terminate, NULL);
    uv_close((uv_handle_t *)&interrupt, NULL);
    uv_close((uv_handle_t *)&hangup, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&loop))
        log_warning("the loop did not end empty");
    return !status ? daemon.damaged ? EX_IOERR : EX_OK : exit_of(status);
}

static void log_fault(void *context, const char *text)
{
    (void)context;
    log_error("%s", text);
}

static void log_doubt(void *context, const char *text)
{
    (void)context;
    log_warning("%s", text);
}

static int start(const struct arguments *arguments)
{
    const struct daemon_source source = { arguments->config, arguments->settings, arguments->setting_count };
    struct config *config;
    struct config_errors errors = { 0 };
    int status = config_load(arguments->config, arguments->settings, arguments->setting_count, &config, &errors);
    for (size_t i = 0; i < errors.count; i++)
        fprintf(stderr, "%s\n", errors.items[i]);
    config_errors_free(&errors);
    if (status)
        return misconfigured();
    log_set_level_name(config->log_level);
    if (config_missing(config)) {
        fprintf(stderr, "%s: %s: must be set before anything is sent; `tocsin check` says what else is missing\n",
                arguments->config, config_missing(config));
        status = EX_CONFIG;
    } else if (fit_look(config, log_fault, NULL)) {
        status = misconfigured();
    } else {
        fit_doubt(config, log_doubt, NULL);
        status = run(&source, config);
    }
    config_free(config);
    return status;
}

int main(int argc, char **argv)
{
    const char *named = getenv("TOCSIN_CONFIG");
    struct arguments arguments = { .config = named && *named ? named : DEFAULT_CONFIG,
                                   .settings = calloc((size_t)argc, sizeof(char *)) };
    hold_hangup(SIG_BLOCK);
    int status = !arguments.settings || mem_guard_libraries() ? EX_OSERR : parse_arguments(argc, argv, &arguments);
    if (status < 0)
        status = start(&arguments);
    free(arguments.settings);
    return status;
}

#include "daemon/command/command.h"

#include "daemon/base/mem.h"
#include "daemon/base/wall.h"
#include "daemon/control/client.h"
#include "queue/queue.h"
#include "queue/reads.h"

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

const struct config *command_config(struct context *context)
{
    return command_config_for(context, NULL);
}

static void tell_of(const struct config_errors *errors, const struct config *config, const char *key)
{
    for (size_t i = 0; i < errors->count; i++)
        fprintf(stderr, "%s\n", errors->items[i]);
    if (config && errors->count)
        fprintf(stderr, "tocsin: the configuration has mistakes; going on with the daemon at %s all the same\n",
                config->paths.control_socket);
    else if (!config && key)
        fprintf(stderr,
                "tocsin: so %s is not known; `tocsin --set paths.control_socket=/run/tocsin/control.sock …`, or "
                "wherever it is, reaches a daemon all the same\n",
                key);
}

const struct config *command_config_for(struct context *context, const char *key)
{
    if (context->config && !context->partly)
        return context->config;
    struct config *config;
    struct config_errors errors = { 0 };
    config_load_for(key, context->config_path, context->settings, context->setting_count, &config, &errors);
    if (!config || (!context->config && !context->quiet))
        tell_of(&errors, config, key);
    context->partly = errors.count;
    config_errors_free(&errors);
    if (!config)
        return NULL;
    config_free(context->config);
    return context->config = config;
}

int command_fail(int exit, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("tocsin: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return exit;
}

char *command_tame(char *text)
{
    for (char *at = text; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
    return text;
}

/* ---- Options --------------------------------------------------------------------------------------------------------------------------- */

static const struct option_row *find_option(const struct option_row *options, const char *name, size_t length)
{
    for (; options && options->name; options++)
        if (strlen(options->name) == length && strncmp(options->name, name, length) == 0)
            return options;
    return NULL;
}

/* One option at ARGV[*AT]; moves *AT past its value. */
static int take_option(const struct option_row *options, const char *command, int argc, char **argv, int *at)
{
    const char *name = argv[*at] + 2;
    size_t length = strcspn(name, "=");
    const struct option_row *row = find_option(options, name, length);
    if (!row)
        return command_fail(EX_USAGE, "%s: there is no option --%.*s; `tocsin %s --help` lists them", command,
                            (int)length, name, command);
    if (row->flag) {
        *row->flag = true;
        return name[length] ? command_fail(EX_USAGE, "%s: --%s takes no value", command, row->name) : -1;
    }
    const char *value = name[length] ? name + length + 1 : *at + 1 < argc ? argv[++*at] : NULL;
    if (!value)
        return command_fail(EX_USAGE, "%s: --%s wants a value", command, row->name);
    *row->value = value;
    return -1;
}

int command_option_list(const char *name, json_t *values, int *argc, char **argv)
{
    const char *value = NULL;
    const struct option_row options[] = { { name, &value, NULL }, { NULL, NULL, NULL } };
    int kept = 1, at = 1;
    for (; at < *argc && strcmp(argv[at], "--") != 0; at++) {
        bool is_it = strncmp(argv[at], "--", 2) == 0 && find_option(options, argv[at] + 2, strcspn(argv[at] + 2, "="));
        int exit = is_it ? take_option(options, argv[0], *argc, argv, &at) : -1;
        if (exit >= 0)
            return exit;
        if (is_it)
            json_array_append_new(values, json_string(value));
        else
            argv[kept++] = argv[at];
    }
    while (at < *argc)
        argv[kept++] = argv[at++];
    *argc = kept;
    return -1;
}

int command_options(struct context *context, const struct option_row *options, const char *help, int *argc, char **argv)
{
    int kept = 1;
    bool over = false;
    for (int at = 1; at < *argc; at++) {
        if (over || argv[at][0] != '-' || strcmp(argv[at], "-") == 0) {
            argv[kept++] = argv[at];
        } else if (strcmp(argv[at], "--") == 0) {
            over = true;
        } else if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0) {
            fputs(help, stdout);
            return EX_OK;
        } else if (strcmp(argv[at], "--json") == 0) {
            context->json = true;
        } else if (argv[at][1] != '-') {
            return command_fail(EX_USAGE, "%s: there is no option %s; `tocsin %s --help` lists them", argv[0], argv[at],
                                argv[0]);
        } else {
            int exit = take_option(options, argv[0], *argc, argv, &at);
            if (exit >= 0)
                return exit;
        }
    }
    *argc = kept;
    return -1;
}

/* ---- Asking ------------------------------------------------------------------------------------------------------------------------------ */

int command_ask(struct context *context, json_t *request, json_t **result)
{
    struct error error = { "" };
    const struct config *config = command_config_for(context, "paths.control_socket");
    int exit = config ? client_call(config->paths.control_socket, request, result, &error) : EX_CONFIG;
    json_decref(request);
    return exit && config ? command_fail(exit, "%s", error.text) : exit;
}

static const char *user_name(char number[24])
{
    /* cppcheck-suppress getpwuidCalled; a command has one thread */
    const struct passwd *entry = getpwuid(getuid());
    snprintf(number, 24, "%u", (unsigned)getuid());
    return entry ? entry->pw_name : number;
}

/* No daemon answers, as ERROR says; another try may be worth it where one has the store open all the same. */
static int order_offline(struct context *context, const json_t *request, json_t **result, struct error *error)
{
    struct error why = { "" };
    char number[24];
    const struct config *config = command_config_for(context, "paths.store");
    if (!config)
        return EX_CONFIG;
    int status = queue_order_offline(config->paths.store, request, user_name(number), wall_now(), &why);
    if (!status) {
        context->offline = true;
        *result = json_pack("{s:b}", "daemon", 0);
        return EX_OK;
    }
    size_t length = strlen(error->text);
    snprintf(error->text + length, sizeof error->text - length, "; nor can it be kept for the next one: %s", why.text);
    return status == -EACCES || status == -EPERM || status == -EROFS ? EX_NOPERM
           : status == -EEXIST || status == -EAGAIN                  ? EX_TEMPFAIL
           : status == -EIO || status == -EPROTO                     ? EX_IOERR
                                                                     : EX_UNAVAILABLE;
}

int command_order(struct context *context, json_t *request, json_t **result)
{
    struct error error = { "" };
    const struct config *config = command_config_for(context, "paths.control_socket");
    int exit = config ? client_call(config->paths.control_socket, request, result, &error) : EX_CONFIG;
    if (exit == EX_UNAVAILABLE)
        exit = order_offline(context, request, result, &error);
    json_decref(request);
    return exit && error.text[0] ? command_fail(exit, "%s", error.text) : exit;
}

static int exit_of(int status)
{
    return status == -ENOENT || status == -EINVAL ? EX_DATAERR : EX_UNAVAILABLE;
}

int command_read(struct context *context, json_t *request, json_t **result)
{
    struct error error = { "" }, offline = { "" };
    const struct config *config = command_config_for(context, "paths.control_socket");
    int exit = config ? client_call(config->paths.control_socket, request, result, &error) : EX_CONFIG;
    context->offline = exit == EX_UNAVAILABLE;
    if (context->offline && !(config = command_config_for(context, "paths.store"))) {
        exit = command_fail(EX_CONFIG, "%s", error.text);
    } else if (context->offline) {
        int status = reads_run_offline(config->paths.store, text_in(request, "verb"), request, result, &offline);
        exit = status ? exit_of(status) : EX_OK;
        if (status == -ENXIO)
            snprintf(error.text + strlen(error.text), sizeof error.text - strlen(error.text),
                     "; nor can the store be read: %s", offline.text);
        else if (status)
            error = offline;
    }
    json_decref(request);
    return exit && config ? command_fail(exit, "%s", error.text) : exit;
}

int command_read_all(struct context *context, json_t *request, const char *list, json_t **result)
{
    json_t *all = NULL, *page, *next = NULL;
    int exit;
    while (!(exit = command_read(context, json_incref(request), &page))) {
        next = json_incref(json_object_get(page, "next"));
        if (all)
            json_array_extend(json_object_get(all, list), json_object_get(page, list));
        else
            all = json_incref(page);
        json_decref(page);
        if (!next)
            break;
        json_object_set_new(request, "after", next);
    }
    json_decref(request);
    if (exit)
        json_decref(all);
    else
        json_object_del(all, "next");
    *result = exit ? NULL : all;
    return exit;
}

/* ---- Printing ------------------------------------------------------------------------------------------------------------------------------ */

int command_print_json(json_t *result)
{
    /* More digits than 15 are not in the number: 0.09 would be 0.089999999999999997. */
    int status = json_dumpf(result, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(result);
    return status || putchar('\n') == EOF || fflush(stdout) ? EX_IOERR : EX_OK;
}

int command_print(struct buf *text)
{
    size_t written = text->length ? fwrite(text->data, 1, text->length, stdout) : 0;
    int exit = written < text->length || fflush(stdout) ? EX_IOERR : EX_OK;
    buf_free(text);
    return exit;
}

const char *text_in(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

long long number_in(const json_t *object, const char *name)
{
    return (long long)json_number_value(json_object_get(object, name));
}

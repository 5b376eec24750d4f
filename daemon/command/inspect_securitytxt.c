#include "daemon/command/inspect_securitytxt.h"

#include "daemon/base/timestamp.h"
#include "daemon/command/inspect_file.h"
#include "daemon/contact/securitytxt_read.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

static const char help[] = "usage: tocsin inspect securitytxt [--now TIME] FILE...\n"
                           "       tocsin inspect securitytxt [--now TIME] --files-from FILE\n"
                           "\n"
                           "Show how Tocsin reads a security.txt (RFC 9116): one JSON object a line for each FILE.\n"
                           "\n"
                           "  valid     it breaks no rule, and has not expired\n"
                           "  contacts  the best first: mailboxes as addresses, web forms and telephones as URIs\n"
                           "  expires   when it ends to be of use\n"
                           "  errors    what is wrong, with the line; null: with the file as a whole\n"
                           "\n"
                           "  --now TIME  as it would be read then, such as 2026-08-10T14:10:59Z\n";

static json_t *errors_of(const struct securitytxt *file)
{
    json_t *errors = json_array();
    for (size_t i = 0; i < file->error_count; i++) {
        json_t *error = json_object();
        json_object_set_new(error, "line",
                            file->errors[i].line ? json_integer((json_int_t)file->errors[i].line) : json_null());
        json_object_set_new(error, "reason", json_string(file->errors[i].text));
        json_array_append_new(errors, error);
    }
    return errors;
}

static void describe(void *context, json_t *object, const char *data, size_t length)
{
    const int64_t *now = context;
    struct securitytxt file;
    char expires[TIMESTAMP_ISO_SIZE];
    json_t *contacts = json_array();
    securitytxt_read(data, length, *now, &file);
    for (size_t i = 0; i < file.contact_count; i++)
        json_array_append_new(contacts, inspect_text(file.contacts[i].value));
    timestamp_iso(file.expires, expires);
    json_object_set_new(object, "valid", json_boolean(file.valid));
    json_object_set_new(object, "contacts", contacts);
    json_object_set_new(object, "expires", file.has_expires ? json_string(expires) : json_null());
    json_object_set_new(object, "errors", errors_of(&file));
    securitytxt_clear(&file);
}

static int usage(const char *complaint)
{
    fprintf(stderr, "tocsin: inspect securitytxt %s\n\n%s", complaint, help);
    return EX_USAGE;
}

int inspect_securitytxt(int argc, char **argv)
{
    static const struct option options[] = { { "now", required_argument, NULL, 'n' },
                                             { "help", no_argument, NULL, 'h' },
                                             { NULL, 0, NULL, 0 } };
    int64_t now = time(NULL);
    optind = 0;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'h') {
            fputs(help, stdout);
            return EX_OK;
        }
        if (option != 'n')
            return usage("does not know that option");
        if (timestamp_parse(optarg, strlen(optarg), &now) != 0)
            return usage("--now wants a time, such as 2026-08-10T14:10:59Z");
    }
    if (optind == argc)
        return usage("wants a FILE");
    return inspect_files(argv + optind, argc - optind, describe, &now);
}

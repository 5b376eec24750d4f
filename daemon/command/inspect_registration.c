#include "daemon/command/inspect_registration.h"

#include "daemon/command/inspect_file.h"
#include "daemon/contact/rdap_read.h"
#include "daemon/contact/whois_read.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* To add a protocol: a row, and a function that hands it to inspect(). */
struct protocol {
    const char *kind, *answer;
    int (*read)(const char *bytes, size_t length, struct registration *out);
};

static const struct protocol rdap = { "rdap", "answers of RDAP servers (RFC 9083)", rdap_read };
static const struct protocol whois = { "whois", "answers of WHOIS servers (RFC 3912)", whois_read };

static void print_help(const struct protocol *protocol, FILE *to)
{
    fprintf(to,
            "usage: tocsin inspect %s FILE...\n"
            "       tocsin inspect %s --files-from FILE\n"
            "\n"
            "Show how Tocsin reads %s: one JSON object a line for each FILE.\n"
            "\n"
            "  abuse     the mailboxes that the answer designates for abuse, best first\n"
            "  contacts  all others, each with the role that it stands there for\n",
            protocol->kind, protocol->kind, protocol->answer);
}

static void describe(void *context, json_t *object, const char *data, size_t length)
{
    const struct protocol *protocol = context;
    struct registration registration;
    json_t *abuse = json_array(), *contacts = json_array();
    protocol->read(data, length, &registration);
    for (size_t i = 0; i < registration.abuse_count; i++)
        json_array_append_new(abuse, inspect_text(registration.abuse[i].address));
    for (size_t i = 0; i < registration.contact_count; i++) {
        json_t *contact = json_object();
        json_object_set_new(contact, "email", inspect_text(registration.contacts[i].address));
        json_object_set_new(contact, "role", inspect_text(registration.contacts[i].role));
        json_array_append_new(contacts, contact);
    }
    json_object_set_new(object, "abuse", abuse);
    json_object_set_new(object, "contacts", contacts);
    registration_clear(&registration);
}

static int inspect(const struct protocol *protocol, int argc, char **argv)
{
    bool wanted = argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
    if (argc < 2)
        fprintf(stderr, "tocsin: inspect %s wants a FILE\n\n", protocol->kind);
    if (argc < 2 || (argv[1][0] == '-' && argv[1][1])) {
        print_help(protocol, wanted ? stdout : stderr);
        return wanted ? EX_OK : EX_USAGE;
    }
    return inspect_files(argv + 1, argc - 1, describe, (void *)(uintptr_t)protocol);
}

int inspect_rdap(struct context *context, int argc, char **argv)
{
    (void)context;
    return inspect(&rdap, argc, argv);
}

int inspect_whois(struct context *context, int argc, char **argv)
{
    (void)context;
    return inspect(&whois, argc, argv);
}

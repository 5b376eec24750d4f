/* tocsin preview: exactly the mails that would go out, and to whom; sends none. */
#include "daemon/base/mem.h"
#include "daemon/command/command.h"
#include "daemon/command/standing.h"
#include "daemon/notify/notify.h"
#include "queue/schedule.h"
#include "queue/terms.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>

static const char help[] = "usage: tocsin preview CAMPAIGN [--eml DIR] [--full] [--limit N] [--json]\n"
                           "       tocsin preview T-NUMBER [--eml DIR] [--json]\n"
                           "\n"
                           "The mails of a campaign that have not been sent yet: to whom, about what, with which "
                           "subject. Nothing is sent. For a campaign that waits for\n"
                           "approval these are all its mails; they go out as shown, dated when they are approved.\n"
                           "At the end a summary: how many to how many, the largest, what was passed over, how long it "
                           "takes under the limits and the profile's send.\n"
                           "\n"
                           "  --eml DIR   also write each mail to DIR/T-NUMBER.eml, byte for byte\n"
                           "  --full      print the mails whole\n"
                           "  --limit N   only the first N\n";

#define PAGE 50

struct preview {
    const char *eml;
    bool full;
    long long shown, limit, total, written;
    bool warned; /* of rows of unknown types */
};

/* The value of a header that the message begins with; unfolded. */
static char *header_of(const char *message, const char *name)
{
    const char *at = strstr(message, name);
    const char *end = strstr(message, "\r\n\r\n");
    if (!at || !end || at > end)
        return mem_string("");
    at += strlen(name);
    struct buf value = BUF_EMPTY;
    while (*at && !(at[0] == '\r' && at[1] == '\n' && at[2] != ' ' && at[2] != '\t')) {
        if (*at != '\r' && *at != '\n')
            buf_add_char(&value, *at);
        at++;
    }
    return buf_take(&value);
}

static int write_eml(const struct preview *preview, const json_t *mail)
{
    char *path = mem_format("%s/T-%lld.eml", preview->eml, number_in(mail, "id"));
    FILE *file = fopen(path, "we");
    const char *message = text_in(mail, "message");
    int exit = EX_OK;
    if (!file || fputs(message, file) == EOF)
        exit = command_fail(EX_CANTCREAT, "%s: %s", path, strerror(errno));
    if (file && fclose(file) && !exit)
        exit = command_fail(EX_IOERR, "%s: %s", path, strerror(errno));
    free(path);
    return exit;
}

static void print_mail(const struct preview *preview, const json_t *mail)
{
    const char *message = text_in(mail, "message");
    char *subject = header_of(message, "\r\nSubject: ");
    size_t targets = json_array_size(json_object_get(mail, "targets"));
    printf("T-%lld  to %s  (%s, %s)\n", number_in(mail, "id"), text_in(mail, "recipient"), text_in(mail, "party"),
           text_in(mail, "kinds"));
    if (strcmp(text_in(mail, "recipient"), text_in(mail, "envelope_to")) != 0)
        printf("    really sent to: %s\n", text_in(mail, "envelope_to"));
    if (text_in(mail, "error")[0])
        printf("    CANNOT BE RENDERED: %s\n", text_in(mail, "error"));
    printf("    subject: %s\n    about:  ", subject);
    for (size_t i = 0; i < targets && i < 5; i++)
        printf(" %s", json_string_value(json_array_get(json_object_get(mail, "targets"), i)));
    printf(targets > 5 ? " and %zu more\n" : "\n", targets - 5);
    if (preview->full)
        printf("\n%s\n", message);
    free(subject);
}

/* Once: a feed mostly has the same word in each row. */
static void warn_of_type(struct preview *preview, const json_t *mail)
{
    const char *type = json_string_value(json_object_get(mail, "unknown_type"));
    if (!type || preview->warned)
        return;
    struct buf known = BUF_EMPTY;
    notify_suggest_type(type, &known);
    char *plain = command_tame(mem_string(type));
    if (*type)
        fprintf(stderr,
                "tocsin: there are no words for rows of type \"%s\", so that mails say \"a security incident\"; %s\n",
                plain, known.data);
    else
        fprintf(stderr,
                "tocsin: rows have no type, so that mails say \"a security incident\": set profiles.NAME.type\n");
    free(plain);
    buf_free(&known);
    preview->warned = true;
}

static int show_page(struct context *context, struct preview *preview, json_t *page)
{
    size_t index;
    json_t *mail;
    json_array_foreach(json_object_get(page, "notifications"), index, mail)
    {
        if (preview->shown == preview->limit)
            break;
        preview->shown++;
        warn_of_type(preview, mail);
        if (preview->eml && write_eml(preview, mail))
            return EX_CANTCREAT;
        preview->written += preview->eml != NULL;
        if (context->json)
            command_print_json(json_incref(mail));
        else
            print_mail(preview, mail);
    }
    preview->total = number_in(page, "total");
    return EX_OK;
}

/* Nothing is composed: not yet, or not any more. */
static int say_why_none(struct context *context, const char *name)
{
    json_t *campaign;
    struct buf text = BUF_EMPTY;
    int exit = command_read(context, json_pack("{s:s, s:s}", "verb", "campaign", "campaign", name), &campaign);
    if (exit)
        return exit;
    standing_lines(campaign, "", &text);
    if (!text.length && strcmp(text_in(campaign, "state"), "running") != 0)
        buf_add_format(&text, "the campaign is %s\n", text_in(campaign, "state"));
    else if (!text.length)
        buf_add_string(&text, "all that it had to say has gone out\n");
    json_decref(campaign);
    return command_print(&text);
}

/* How long MAILS take at RATE an hour, where that is a limit. */
static long long minutes_for(long long mails, long long rate)
{
    return rate ? (mails * 60 + rate - 1) / rate : 0;
}

/* Minutes until the first may go out, were they let go now, where the recipient's country is not known; and which of the profile's KEYs says so. */
static long long minutes_until(const json_t *sending, const char **key)
{
    struct terms terms;
    char *text = json_dumps(sending, JSON_ENCODE_ANY);
    int64_t now = (int64_t)time(NULL) * 1000;
    terms_read(text, NULL, &terms);
    struct schedule schedule = schedule_of(&terms.profile);
    int64_t first = schedule_next(&schedule, "", now);
    *key = schedule.round == SCHEDULE_AT_ONCE ? "business_hours" : "send";
    terms_clear(&terms);
    free(text);
    return (first - now + 59999) / 60000;
}

static void add_duration(struct buf *out, const struct config *config, const json_t *outlook)
{
    const char *key;
    long long all = minutes_for(number_in(outlook, "mails"), config->delivery.rate);
    long long one =
        minutes_for(number_in(json_object_get(outlook, "domain"), "mails"), config->delivery.rate_per_domain);
    long long wait = minutes_until(json_object_get(outlook, "sending"), &key), longest = all > one ? all : one;
    if (longest + wait > 48 * 60)
        buf_add_format(out, "  takes about %lld days", (longest + wait + 12 * 60) / (24 * 60));
    else if (longest + wait > 90)
        buf_add_format(out, "  takes about %lld hours", (longest + wait + 30) / 60);
    else if (longest + wait > 1)
        buf_add_format(out, "  takes about %lld minutes", longest + wait);
    else
        return;
    if (wait > longest)
        buf_add_format(out, ", by the profile's %s\n", key);
    else
        buf_add_string(out, all >= one ? ", by delivery.rate\n" : ", by delivery.rate_per_domain\n");
}

/* The figures that one wants to see before saying yes. */
static int print_outlook(struct context *context, const char *name)
{
    json_t *outlook;
    struct buf text = BUF_EMPTY;
    int exit = command_read(context, json_pack("{s:s, s:s}", "verb", "outlook", "campaign", name), &outlook);
    if (exit)
        return exit;
    const json_t *largest = json_object_get(outlook, "largest"), *domain = json_object_get(outlook, "domain");
    long long mails = number_in(outlook, "mails"),
              passed[] = { number_in(outlook, "suppressed"), number_in(outlook, "known_dead") };
    const struct config *config = command_config(context);
    long long contacts = number_in(outlook, "contacts");
    buf_add_format(&text, "  %lld mail%s to %lld contact%s\n", mails, mails == 1 ? "" : "s", contacts,
                   contacts == 1 ? "" : "s");
    if (number_in(largest, "cases") > 1)
        buf_add_format(&text, "  the largest: T-%lld to %s, about %lld domains or addresses\n",
                       number_in(largest, "id"), text_in(largest, "recipient"), number_in(largest, "cases"));
    if (number_in(domain, "mails") > 1)
        buf_add_format(&text, "  most go to %s: %lld\n", text_in(domain, "name"), number_in(domain, "mails"));
    if (passed[0] || passed[1])
        buf_add_format(&text, "  contacts passed over: %lld suppressed, %lld known dead\n", passed[0], passed[1]);
    if (number_in(outlook, "without_contact"))
        buf_add_format(&text, "  domains or addresses without any contact: %lld\n",
                       number_in(outlook, "without_contact"));
    if (config && mails)
        add_duration(&text, config, outlook);
    json_decref(outlook);
    return command_print(&text);
}

static int preview_campaign(struct context *context, struct preview *preview, const char *campaign)
{
    int exit = EX_OK;
    do {
        json_t *page;
        exit = command_ask(context,
                           json_pack("{s:s, s:s, s:I, s:i}", "verb", "preview", "campaign", campaign, "offset",
                                     (json_int_t)preview->shown, "limit", PAGE),
                           &page);
        if (exit)
            return exit;
        size_t got = json_array_size(json_object_get(page, "notifications"));
        exit = show_page(context, preview, page);
        json_decref(page);
        if (!got)
            break;
    } while (!exit && preview->shown < preview->total && preview->shown < preview->limit);
    if (!exit && !context->json)
        printf("%s%lld mail%s would go out%s\n", preview->shown ? "\n" : "", preview->total,
               preview->total == 1 ? "" : "s", preview->total ? "; nothing has been sent" : "");
    if (!exit && !context->json && preview->total)
        exit = print_outlook(context, campaign);
    if (!exit && !context->json && !preview->total)
        exit = say_why_none(context, campaign);
    return exit;
}

static int preview_one(struct context *context, struct preview *preview, long long number)
{
    json_t *page;
    preview->full = true;
    int exit =
        command_ask(context, json_pack("{s:s, s:I}", "verb", "preview", "notification", (json_int_t)number), &page);
    if (exit)
        return exit;
    exit = show_page(context, preview, page);
    json_decref(page);
    return exit;
}

int command_preview(struct context *context, int argc, char **argv)
{
    struct preview preview = { 0 };
    const char *limit = NULL;
    const struct option_row options[] = {
        { "eml", &preview.eml, NULL }, { "limit", &limit, NULL }, { "full", NULL, &preview.full }, { NULL, NULL, NULL }
    };
    int exit = command_options(context, options, help, &argc, argv);
    if (exit >= 0)
        return exit;
    char *end = (char *)"";
    preview.limit = limit ? strtoll(limit, &end, 10) : INT64_MAX;
    if (argc != 2 || *end || preview.limit < 1)
        return command_fail(EX_USAGE, "preview wants one campaign's name or one T-NUMBER; see `tocsin preview --help`");
    if (preview.eml && mkdir(preview.eml, 0755) && errno != EEXIST)
        return command_fail(EX_CANTCREAT, "%s: %s", preview.eml, strerror(errno));
    long long number = strncmp(argv[1], "T-", 2) == 0 ? strtoll(argv[1] + 2, &end, 10) : 0;
    exit = number > 0 && !*end ? preview_one(context, &preview, number) : preview_campaign(context, &preview, argv[1]);
    if (preview.eml && !context->json)
        printf("%lld file%s written to %s\n", preview.written, preview.written == 1 ? "" : "s", preview.eml);
    return exit;
}

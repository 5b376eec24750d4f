#include "daemon/command/inspect_feed.h"

#include "config/config.h"
#include "daemon/base/mem.h"
#include "daemon/command/mail_file.h"
#include "daemon/feed/feed.h"
#include "daemon/feed/mail/mailed.h"
#include "daemon/feed/text.h"
#include "daemon/notify/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define CHUNK (64 * 1024)

static const char usage[] =
    "usage: tocsin inspect feed [--map COLUMN=FIELD]... [--no-header] [--format NAME]\n"
    "                           [--encoding ENCODING] [--profile NAME [--config FILE]] [--records] FILE...\n"
    "       tocsin inspect feed [OPTION]... --files-from FILE\n"
    "\n"
    "Show how a feed file is read: one JSON object for each FILE, or with --records one for each row.\n"
    "COLUMN is a header's name, a column's number from 1 or a member's path in JSON; FIELD an IntelMQ name such\n"
    "as source.fqdn. NAME is auto, csv, jsonl, json, xarf, n6, crowdsec or list;\n"
    "ENCODING auto, utf-8 or latin1.\n"
    "A mail is taken apart as `tocsin submit` does it: its feeds are read as one, and listed in \"parts\".\n"
    "--files-from reads the names of feed files from FILE, one a line; `-` is standard input.\n";

/* Strings, sorted and without doubles whenever they are more than twice as many as after the last time: memory follows the distinct ones. */
struct set {
    char **items;
    size_t count, capacity;
};

struct inspection {
    struct feed_options options;
    struct feed_column *columns;
    bool records;

    /* Of the file at hand. */
    unsigned long taken, rejected;
    struct set domains, ips;
    unsigned long unknown; /* rows that have a type which there are no words for */
    char *unknown_type; /* the first of them */
    struct buf errors, line;
};

static int compare_strings(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void set_tidy(struct set *set)
{
    size_t kept = 0;
    if (set->count)
        qsort(set->items, set->count, sizeof *set->items, compare_strings);
    for (size_t i = 0; i < set->count; i++) {
        if (kept && strcmp(set->items[kept - 1], set->items[i]) == 0)
            free(set->items[i]);
        else
            set->items[kept++] = set->items[i];
    }
    set->count = kept;
}

static void set_add(struct set *set, const char *text)
{
    if (!text)
        return;
    if (set->count == set->capacity) {
        set_tidy(set);
        if (2 * set->count >= set->capacity) {
            set->capacity = set->capacity ? 2 * set->capacity : 256;
            set->items = mem_resize(set->items, set->capacity, sizeof *set->items);
        }
    }
    set->items[set->count++] = mem_string(text);
}

static void set_clear(struct set *set)
{
    for (size_t i = 0; i < set->count; i++)
        free(set->items[i]);
    free(set->items);
    *set = (struct set){ 0 };
}

static void add_text(struct buf *out, const char *text)
{
    /* A file's name need not be UTF-8; JSON must. */
    struct buf plain = BUF_EMPTY;
    if (text_is_utf8(text, strlen(text)))
        buf_add_string(&plain, text);
    else
        text_add_latin1(&plain, text, strlen(text));
    text_add_json(out, plain.data, plain.length);
    buf_free(&plain);
}

static void add_set(struct buf *out, const char *key, struct set *set)
{
    buf_add_format(out, ",\"%s\":[", key);
    set_tidy(set);
    for (size_t i = 0; i < set->count; i++) {
        if (i)
            buf_add_char(out, ',');
        add_text(out, set->items[i]);
    }
    buf_add_char(out, ']');
}

static int on_incident(void *context, const struct incident *incident)
{
    struct inspection *inspection = context;
    inspection->taken++;
    if (incident->type && *incident->type && !notify_knows_type(incident->type, incident->identifier)) {
        if (!inspection->unknown++)
            inspection->unknown_type = command_tame(mem_string(incident->type));
    }
    if (inspection->records) {
        printf("{\"line\":%lu%s%s\n", incident->line, incident->json_length > 2 ? "," : "", incident->json + 1);
    } else {
        set_add(&inspection->domains, incident->host);
        set_add(&inspection->ips, incident->ip);
    }
    return 0;
}

static int on_rejected(void *context, unsigned long line, const char *reason, const char *row, size_t row_length)
{
    struct inspection *inspection = context;
    struct buf *out = inspection->records ? &inspection->line : &inspection->errors;
    (void)row;
    (void)row_length;
    inspection->rejected++;
    if (!inspection->records && out->length)
        buf_add_char(out, ',');
    buf_add_format(out, inspection->records ? "{\"line\":%lu,\"rejected\":" : "{\"line\":%lu,\"reason\":", line);
    add_text(out, reason);
    buf_add_char(out, '}');
    if (inspection->records) {
        puts(out->data);
        buf_truncate(out, 0);
    }
    return 0;
}

/* HEAD, then what else can be read at FILE. */
static int read_all(struct feed *feed, const struct buf *head, int file, struct error *error)
{
    char *chunk = mem_alloc(CHUNK);
    ssize_t size;
    int code = head->length ? feed_push(feed, head->data, head->length, error) : 0;
    while (!code && (size = read(file, chunk, CHUNK)) != 0) {
        if (size > 0)
            code = feed_push(feed, chunk, (size_t)size, error);
        else if (errno != EINTR)
            code = error_set(error, -errno, "cannot be read: %s", strerror(errno));
    }
    free(chunk);
    return code ? code : feed_finish(feed, error);
}

/* PARTS: of a mail, as JSON. */
static void print_summary(struct inspection *inspection, const char *path, const char *format, const char *refusal,
                          const char *parts)
{
    struct buf out = BUF_EMPTY;
    buf_add_string(&out, "{\"file\":");
    add_text(&out, path);
    buf_add_string(&out, ",\"format\":");
    buf_add_format(&out, format ? "\"%s\"" : "null", format ? format : "");
    buf_add_format(&out, ",\"records\":%lu,\"rejected\":%lu", inspection->taken, inspection->rejected);
    add_set(&out, "domains", &inspection->domains);
    add_set(&out, "ips", &inspection->ips);
    buf_add_string(&out, ",\"errors\":[");
    if (refusal) {
        buf_add_string(&out, "{\"line\":0,\"reason\":"); /* no line of it: the file as a whole */
        add_text(&out, refusal);
        buf_add_string(&out, inspection->errors.length ? "}," : "}");
    }
    buf_add(&out, inspection->errors.data, inspection->errors.length);
    buf_add_string(&out, "]");
    if (parts)
        buf_add_format(&out, ",\"parts\":[%s]", parts);
    buf_add_string(&out, "}");
    puts(out.data);
    buf_free(&out);
}

/* Once a file: a feed mostly has the same word in each row. */
static void warn_of_types(struct inspection *inspection, const char *path)
{
    struct buf known = BUF_EMPTY;
    if (inspection->unknown) {
        notify_suggest_type(inspection->unknown_type, &known);
        fprintf(stderr,
                "tocsin: %s: %lu row%s of a type that there are no words for (\"%s\"%s): mails say \"a security"
                " incident\"; %s\n",
                path, inspection->unknown, inspection->unknown == 1 ? " is" : "s are", inspection->unknown_type,
                inspection->unknown == 1 ? "" : ", …", known.data);
    }
    buf_free(&known);
    free(inspection->unknown_type);
    inspection->unknown_type = NULL;
    inspection->unknown = 0;
}

static const struct feed_sink sink = { on_incident, on_rejected };

static void inspect_plain(struct inspection *inspection, const char *path, const struct buf *head, int file)
{
    struct error error = { "" };
    inspection->options.file_name = path;
    struct feed *feed = feed_open(&inspection->options, &sink, inspection);
    int code = read_all(feed, head, file, &error);
    if (!inspection->records)
        print_summary(inspection, path, feed_format_name(feed), code ? error.text : NULL, NULL);
    else if (code)
        fprintf(stderr, "tocsin: %s: %s\n", path, error.text);
    feed_free(feed);
}

/* One of the feeds in the mail PATH. Appends what is known of it to PARTS. */
static void inspect_part(struct inspection *inspection, const char *path, const struct mailed_file *part,
                         struct buf *parts)
{
    struct error error = { "" };
    inspection->options.file_name = part->name;
    struct feed *feed = feed_open(&inspection->options, &sink, inspection);
    int code = feed_push(feed, part->bytes.data, part->bytes.length, &error);
    if (!code)
        code = feed_finish(feed, &error);
    if (code && inspection->records)
        fprintf(stderr, "tocsin: %s: %s: %s\n", path, part->name, error.text);
    const char *format = feed_format_name(feed);
    buf_add_string(parts, parts->length ? ",{\"name\":" : "{\"name\":");
    add_text(parts, part->name);
    buf_add_format(parts, format ? ",\"format\":\"%s\"" : ",\"format\":null", format ? format : "");
    if (code) {
        buf_add_string(parts, ",\"refused\":");
        add_text(parts, error.text);
    }
    buf_add_char(parts, '}');
    feed_free(feed);
}

static void inspect_mail(struct inspection *inspection, const char *path, const struct buf *mail)
{
    struct mailed mailed;
    struct error error = { "" };
    struct buf parts = BUF_EMPTY;
    const char *slash = strrchr(path, '/');
    int code = mailed_open(mail->data, mail->length, slash ? slash + 1 : path, &mailed, &error);
    buf_reserve(&parts, 0);
    for (size_t i = 0; !code && i < mailed.count; i++)
        inspect_part(inspection, path, &mailed.files[i], &parts);
    if (!inspection->records)
        print_summary(inspection, path, "mail", code ? error.text : NULL, parts.data);
    else if (code)
        fprintf(stderr, "tocsin: %s: %s\n", path, error.text);
    buf_free(&parts);
    mailed_free(&mailed);
}

static int inspect_file(struct inspection *inspection, const char *path)
{
    struct buf head = BUF_EMPTY;
    bool is_mail = false;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    int code = file < 0 ? -errno : mail_file_read(file, &head, &is_mail);
    if (code) {
        fprintf(stderr, "tocsin: %s: %s\n", path, strerror(-code));
    } else {
        inspection->taken = inspection->rejected = 0;
        if (is_mail)
            inspect_mail(inspection, path, &head);
        else
            inspect_plain(inspection, path, &head, file);
        warn_of_types(inspection, path);
    }
    if (file >= 0)
        close(file);
    buf_free(&head);
    set_clear(&inspection->domains);
    set_clear(&inspection->ips);
    buf_truncate(&inspection->errors, 0);
    return code ? EX_NOINPUT : EX_OK;
}

static int add_mapping(struct inspection *inspection, const char *text)
{
    const char *equals = strrchr(text, '=');
    if (!equals || equals == text) {
        fprintf(stderr, "tocsin: --map %s: it is COLUMN=FIELD\n", text);
        return EX_USAGE;
    }
    size_t count = inspection->options.column_count;
    inspection->columns = mem_resize(inspection->columns, count + 1, sizeof *inspection->columns);
    inspection->columns[count].column = mem_string_n(text, (size_t)(equals - text));
    inspection->columns[count].field = mem_string(equals + 1);
    inspection->options.columns = inspection->columns;
    inspection->options.column_count = count + 1;
    return EX_OK;
}

static void use_profile(struct inspection *inspection, const struct config_profile *profile)
{
    struct buf mapping = BUF_EMPTY;
    for (size_t i = 0; i < profile->column_count; i++) {
        buf_truncate(&mapping, 0);
        buf_add_format(&mapping, "%s=%s", profile->columns[i].column, profile->columns[i].field);
        add_mapping(inspection, mapping.data);
    }
    buf_free(&mapping);
    inspection->options.no_header |= !profile->header;
    if (!inspection->options.format)
        inspection->options.format = profile->format;
    if (!inspection->options.encoding)
        inspection->options.encoding = profile->encoding;
    inspection->options.default_type = profile->type;
}

static int load_profile(struct inspection *inspection, struct context *context, const char *name)
{
    const struct config *config = command_config(context);
    if (!config)
        return EX_CONFIG;
    const struct config_profile *profile = config_profile(config, name);
    if (!profile)
        return command_fail(EX_CONFIG, "%s has no profile '%s'", context->config_path, name);
    use_profile(inspection, profile);
    return EX_OK;
}

static int parse_options(struct inspection *inspection, struct context *context, int argc, char **argv)
{
    static const struct option options[] = {
        { "map", required_argument, NULL, 'm' },
        { "no-header", no_argument, NULL, 'n' },
        { "format", required_argument, NULL, 'f' },
        { "records", no_argument, NULL, 'r' },
        { "encoding", required_argument, NULL, 'e' },
        { "profile", required_argument, NULL, 'p' },
        { "config", required_argument, NULL, 'c' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    const char *profile = NULL;
    int option, code = EX_OK;
    optind = 0; /* the dispatcher has used getopt already */
    while (!code && (option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case 'm':
            code = add_mapping(inspection, optarg);
            break;
        case 'n':
            inspection->options.no_header = true;
            break;
        case 'f':
            inspection->options.format = optarg;
            break;
        case 'e':
            inspection->options.encoding = optarg;
            if (strcmp(optarg, "auto") != 0 && text_encoding_called(optarg) == TEXT_DETECTED) {
                fprintf(stderr, "tocsin: --encoding %s: it is auto, utf-8 or latin1\n", optarg);
                code = EX_USAGE;
            }
            break;
        case 'r':
            inspection->records = true;
            break;
        case 'p':
            profile = optarg;
            break;
        case 'c':
            context->config_path = optarg;
            break;
        default:
            fputs(usage, option == 'h' ? stdout : stderr);
            code = option == 'h' ? -1 : EX_USAGE;
        }
    }
    return !code && profile ? load_profile(inspection, context, profile) : code;
}

static void clear(struct inspection *inspection)
{
    for (size_t i = 0; i < inspection->options.column_count; i++) {
        free((char *)inspection->columns[i].column);
        free((char *)inspection->columns[i].field);
    }
    free(inspection->columns);
    buf_free(&inspection->errors);
    buf_free(&inspection->line);
}

int inspect_feed(struct context *context, int argc, char **argv)
{
    struct inspection inspection = { 0 };
    mailed_init();
    inspection.options.received = time(NULL);
    int code = parse_options(&inspection, context, argc, argv);
    if (code == EX_OK && optind == argc) {
        fputs(usage, stderr);
        code = EX_USAGE;
    }
    int worst = code > 0 ? code : EX_OK;
    for (int i = optind; code == EX_OK && i < argc; i++) {
        int one = inspect_file(&inspection, argv[i]);
        worst = one ? one : worst;
    }
    clear(&inspection);
    return fflush(stdout) ? EX_IOERR : worst;
}

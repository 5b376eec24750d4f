/* From a stranger's rows to the bytes of a mail, and back by GMime: `CAMPAIGN\n%%\nEVIDENCE\n%%\nROWS`, the rows JSON Lines that feed has read. */
#include "config/config.h"
#include "daemon/base/mem.h"
#include "daemon/bounce/bounce.h"
#include "daemon/feed/feed.h"
#include "daemon/notify/notify.h"
#include "templates/set.h"
#include "tests/fuzz/fuzz.h"

#include <gmime/gmime.h>
#include <jansson.h>
#include <strings.h>
#include <unistd.h>

#define DATE INT64_C(1795435200)
#define ROWS_MAX 50

static struct token_keys *keys;
static struct config *config;
static struct notify_cache *cache;
static char *templates[2]; /* in two languages; in one, with HTML */
static char *settings;

static void make_keys(void)
{
    char directory[] = "/tmp/tocsin-fuzz-XXXXXX";
    FUZZ_MUST(mkdtemp(directory));
    char *path = mem_format("%s/keys", directory);
    FUZZ_MUST(token_keys_load(path, true, &keys, NULL) == 0);
    unlink(path);
    rmdir(directory);
    free(path);
}

void fuzz_start(void)
{
    static const char *const set[] = { "sender.name=Team",
                                       "sender.address=team@tocsin.example",
                                       "return_path.bounce=bounce@tocsin.example",
                                       "return_path.opt_out=optout@tocsin.example",
                                       "profiles.default.attachments=[csv, xarf]",
                                       "profiles.default.zip_above=0" };
    static const char *const directories[] = { "templates" };
    struct config_errors errors;
    struct template_set *set_of_ours = template_set_read(directories, 1);
    const struct template_subject_matter matter = { .type = "test" };
    const struct language_clues german = { .usual = "de" }, english = { .usual = "en" };
    size_t count;
    const struct template_name *names = template_set_names(set_of_ours, &count);
    templates[0] =
        template_set_freeze(set_of_ours, template_choose(names, count, &matter, &german), TEMPLATE_SET_BILINGUAL, NULL);
    templates[1] =
        template_set_freeze(set_of_ours, template_choose(names, count, &matter, &english), TEMPLATE_SET_HTML, NULL);
    template_set_free(set_of_ours);
    FUZZ_MUST(templates[0] && templates[1]);
    FUZZ_MUST(config_load(NULL, set, sizeof set / sizeof *set, &config, &errors) == 0);
    g_mime_init();
    settings = notify_settings(config, &config->profiles[0], NULL);
    cache = notify_cache_new();
    make_keys();
}

static int on_incident(void *context, const struct incident *incident)
{
    struct notification *mail = context;
    struct notification_case *last = mail->case_count ? &mail->cases[mail->case_count - 1] : NULL;
    if (!last || strcmp(last->target, incident->target) != 0) {
        mail->cases = mem_resize(mail->cases, mail->case_count + 1, sizeof *mail->cases);
        last = &mail->cases[mail->case_count++];
        *last = (struct notification_case){ .id = (int64_t)mail->case_count, .target = mem_string(incident->target) };
    }
    last->incidents = mem_resize(last->incidents, last->count + 1, sizeof *last->incidents);
    last->incidents[last->count++] =
        (struct notification_incident){ .id = (int64_t)incident->line, .json = mem_string(incident->json) };
    return ++mail->attempts == ROWS_MAX; /* counted there: it is not rendered */
}

static int on_rejected(void *context, unsigned long line, const char *reason, const char *row, size_t length)
{
    (void)context, (void)line, (void)reason, (void)row, (void)length;
    return 0;
}

static void read_rows(struct notification *mail, const char *rows, size_t length)
{
    static const struct feed_sink sink = { on_incident, on_rejected };
    struct error error;
    struct feed *feed = feed_open(&(struct feed_options){ .format = "jsonl" }, &sink, mail);
    if (feed_push(feed, rows, length, &error) == 0)
        feed_finish(feed, &error);
    feed_free(feed);
}

static void render(const struct notification *mail, struct buf *out)
{
    struct error error = { "" };
    char *sender = NULL;
    int code = notify_render(mail, keys, cache, &sender, out, &error);
    if (code)
        fprintf(stderr, "%s\n", error.text);
    FUZZ_MUST(code == 0);
    free(sender);
}

/* Each line ends in CRLF, is short and 7-bit. */
static void check_lines(const struct buf *mail)
{
    size_t column = 0;
    for (size_t i = 0; i < mail->length; i++) {
        unsigned char byte = (unsigned char)mail->data[i];
        FUZZ_MUST(byte && byte < 0x80);
        FUZZ_MUST(byte != '\r' || mail->data[i + 1] == '\n');
        FUZZ_MUST(byte != '\n' || (i && mail->data[i - 1] == '\r'));
        column = byte == '\n' ? 0 : column + 1;
        FUZZ_MUST(column <= 999); /* 998 and the CR */
    }
    FUZZ_MUST(column == 0);
}

/* No header but those that we write. */
static void check_headers(const struct buf *mail)
{
    static const char *const known[] = { "Date",
                                         "From",
                                         "Reply-To",
                                         "To",
                                         "Subject",
                                         "Message-ID",
                                         "Auto-Submitted",
                                         "X-Auto-Response-Suppress",
                                         "Content-Language",
                                         "MIME-Version",
                                         "List-Unsubscribe",
                                         "Feedback-ID",
                                         "Content-Type" };
    for (const char *line = mail->data, *end; (end = strstr(line, "\r\n")) != line; line = end + 2) {
        FUZZ_MUST(end);
        size_t length = strcspn(line, ":"), i = 0;
        while (*line != ' ' && i < sizeof known / sizeof *known &&
               (strlen(known[i]) != length || strncasecmp(known[i], line, length) != 0))
            i++;
        if (i == sizeof known / sizeof *known)
            fprintf(stderr, "%.*s\n", (int)(end - line), line);
        FUZZ_MUST(i < sizeof known / sizeof *known);
    }
}

/* PART, decoded: a new string. It must be of TYPE/SUBTYPE. */
static char *decoded(GMimeObject *part, const char *type, const char *subtype)
{
    FUZZ_MUST(GMIME_IS_PART(part));
    FUZZ_MUST(g_mime_content_type_is_type(g_mime_object_get_content_type(part), type, subtype));
    GMimeStream *stream = g_mime_stream_mem_new();
    g_mime_data_wrapper_write_to_stream(g_mime_part_get_content(GMIME_PART(part)), stream);
    GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
    char *text = mem_string_n((const char *)bytes->data, bytes->len);
    FUZZ_MUST(strlen(text) == bytes->len);
    g_object_unref(stream);
    return text;
}

/* A value in HTML begins no tag. */
static void check_html(GMimeObject *part)
{
    char *html = decoded(part, "text", "html");
    FUZZ_MUST(!strcasestr(html, "<script") && !strcasestr(html, "<img") && !strstr(html, "<!--"));
    free(html);
}

/* A record of the table is a line. */
static void check_table(GMimeObject *part, size_t rows)
{
    char *table = decoded(part, "text", "csv");
    size_t lines = 0;
    for (const char *at = table; (at = strstr(at, "\r\n")); at += 2)
        lines++;
    FUZZ_MUST(lines == rows + 1);
    free(table);
}

/* What REPORT holds as its evidence is the row JSON. */
static void check_report(const json_t *report, const char *json)
{
    const json_t *evidence = json_array_get(json_object_get(report, "evidence"), 0);
    const char *payload = json_string_value(json_object_get(evidence, "payload"));
    gsize length;
    FUZZ_MUST(payload);
    guchar *bytes = g_base64_decode(payload, &length);
    json_t *got = json_loadb((const char *)bytes, length, JSON_ALLOW_NUL, NULL),
           *want = json_loads(json, JSON_ALLOW_NUL, NULL);
    json_object_del(want, "raw");
    FUZZ_MUST(got && json_equal(got, want));
    json_decref(got);
    json_decref(want);
    g_free(bytes);
}

static void check_reports(GMimeObject *part, const struct notification *mail)
{
    char *text = decoded(part, "application", "json");
    json_t *reports = json_loads(text, 0, NULL);
    size_t at = 0;
    FUZZ_MUST(reports);
    for (size_t i = 0; i < mail->case_count; i++)
        for (size_t j = 0; j < mail->cases[i].count; j++, at++)
            check_report(json_is_array(reports) ? json_array_get(reports, at) : reports,
                         mail->cases[i].incidents[j].json);
    FUZZ_MUST(at == (json_is_array(reports) ? json_array_size(reports) : 1));
    json_decref(reports);
    free(text);
}

static void check_recipient(GMimeMessage *message, const char *address)
{
    InternetAddressList *to = g_mime_message_get_to(message);
    FUZZ_MUST(internet_address_list_length(g_mime_message_get_cc(message)) == 0);
    FUZZ_MUST(internet_address_list_length(g_mime_message_get_bcc(message)) == 0);
    FUZZ_MUST(internet_address_list_length(to) == 1);
    InternetAddress *only = internet_address_list_get_address(to, 0);
    FUZZ_MUST(strcmp(internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(only)), address) == 0);
}

/* The parts that there should be, which hold what the rows do. */
static void check_parts(const struct buf *out, const struct notification *mail, bool html)
{
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(out->data, out->length);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    check_recipient(message, mail->recipient);
    GMimeMultipart *root = GMIME_MULTIPART(g_mime_message_get_mime_part(message));
    FUZZ_MUST(g_mime_multipart_get_count(root) == 3);
    GMimeObject *body = g_mime_multipart_get_part(root, 0);
    FUZZ_MUST(GMIME_IS_MULTIPART(body) == html);
    if (html) {
        FUZZ_MUST(g_mime_multipart_get_count(GMIME_MULTIPART(body)) == 2);
        check_html(g_mime_multipart_get_part(GMIME_MULTIPART(body), 1));
        body = g_mime_multipart_get_part(GMIME_MULTIPART(body), 0);
    }
    free(decoded(body, "text", "plain"));
    check_table(g_mime_multipart_get_part(root, 1), mail->attempts);
    check_reports(g_mime_multipart_get_part(root, 2), mail);
    g_object_unref(message);
    g_object_unref(parser);
    g_object_unref(stream);
}

void fuzz_one(const char *data, size_t length)
{
    size_t campaign_length, evidence_length, rows_length;
    struct notification *mail = mem_zero(1, sizeof *mail);
    struct buf out = BUF_EMPTY, again = BUF_EMPTY;
    *mail = (struct notification){ .id = 4711, .date = DATE, .key_id = 1, .renderer = NOTIFICATION_RENDERER };
    mail->campaign = fuzz_part(&data, &length, &campaign_length);
    mail->evidence = fuzz_part(&data, &length, &evidence_length);
    char *rows = fuzz_part(&data, &length, &rows_length);
    mail->recipient = mem_string("abuse@bakery.example");
    mail->envelope_to = mem_string("abuse@bakery.example");
    mail->contact_kinds = mem_string("rfc2142-abuse");
    mail->party = mem_string(evidence_length % 2 ? "owner" : "hoster");
    bool html = campaign_length % 2;
    mail->template_text = g_ref_string_new(templates[html]);
    mail->settings = g_ref_string_new(settings);
    read_rows(mail, rows, rows_length);
    if (mail->case_count) {
        render(mail, &out);
        render(mail, &again);
        check_lines(&out);
        check_headers(&out);
        check_parts(&out, mail, html);
        FUZZ_MUST(out.length == again.length && memcmp(out.data, again.data, out.length) == 0);
    }
    buf_free(&out);
    buf_free(&again);
    notification_free(mail);
    free(rows);
}

/* From a stranger's rows to the bytes of a mail: `CAMPAIGN\n%%\nEVIDENCE\n%%\nROWS`, the rows JSON Lines that feed has read. */
#include "config/config.h"
#include "daemon/base/mem.h"
#include "daemon/bounce/bounce.h"
#include "daemon/feed/feed.h"
#include "daemon/notify/notify.h"
#include "templates/set.h"
#include "tests/fuzz/fuzz.h"

#include <glib.h>
#include <strings.h>
#include <unistd.h>

#define DATE INT64_C(1795435200)
#define ROWS_MAX 50

static struct token_keys *keys;
static struct config *config;
static struct notify_cache *cache;
static char *template_text, *settings;

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
    static const char *const set[] = { "sender.name=Team", "sender.address=team@tocsin.example",
                                       "return_path.bounce=bounce@tocsin.example",
                                       "return_path.opt_out=optout@tocsin.example" };
    static const char *const directories[] = { "templates" };
    struct config_errors errors;
    struct template_set *set_of_ours = template_set_read(directories, 1);
    const struct template_subject_matter matter = { .type = "test" };
    const struct language_clues german = { .usual = "de" };
    size_t count;
    const struct template_name *names = template_set_names(set_of_ours, &count);
    template_text = template_set_freeze(set_of_ours, template_choose(names, count, &matter, &german), true, NULL);
    template_set_free(set_of_ours);
    FUZZ_MUST(template_text);
    FUZZ_MUST(config_load(NULL, set, 4, &config, &errors) == 0);
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
    mail->template_text = g_ref_string_new(template_text);
    mail->settings = g_ref_string_new(settings);
    read_rows(mail, rows, rows_length);
    if (mail->case_count) {
        render(mail, &out);
        render(mail, &again);
        check_lines(&out);
        check_headers(&out);
        FUZZ_MUST(out.length == again.length && memcmp(out.data, again.data, out.length) == 0);
    }
    buf_free(&out);
    buf_free(&again);
    notification_free(mail);
    free(rows);
}

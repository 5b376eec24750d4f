/* Whole messages: rendered by hand, read back by GMime. */
#include "daemon/base/mem.h"
#include "daemon/notify/parts.h"
#include "tests/unit/json_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <gmime/gmime.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DATE INT64_C(1795435200) /* 23 November 2026, 12:00 UTC */

#define TEMPLATE                                                                                                       \
    "---\n"                                                                                                            \
    "subject: \"[{{ticket}}] Your domain {{first.target}}\"\n"                                                         \
    "language: en\n"                                                                                                   \
    "---\n"                                                                                                            \
    "Hello,\n"                                                                                                         \
    "{{#cases}}\n"                                                                                                     \
    "{{target}}: {{incident_count}} seen{{#more}}, {{more}} more{{/more}}\n"                                           \
    "{{#incidents}}\n"                                                                                                 \
    "  When: {{time}}\n"                                                                                               \
    "  What: {{type_text}}\n"                                                                                          \
    "  Where: {{host}} {{ip}} {{port}} {{url}}\n"                                                                      \
    "  Note: {{description}}\n"                                                                                        \
    "{{#fields}}\n"                                                                                                    \
    "  {{name}}: {{value}}\n"                                                                                          \
    "{{/fields}}\n"                                                                                                    \
    "{{/incidents}}\n"                                                                                                 \
    "{{/cases}}\n"                                                                                                     \
    "{{#more}}{{more}} cases more\n"                                                                                   \
    "{{/more}}\n"                                                                                                      \
    "Stop: {{opt_out}}\n"                                                                                              \
    "{{sender.name}}\n"

#define RECEIPT                                                                                                        \
    "---\n"                                                                                                            \
    "subject: \"You will hear no more from us\"\n"                                                                     \
    "---\n"                                                                                                            \
    "We write to {{recipient}} no more.\n"                                                                             \
    "{{sender.name}}, {{opt_out}}\n"

#define SETTINGS                                                                                                       \
    "{\"sender\":{\"name\":\"Tocsin "                                                                                  \
    "team\",\"address\":\"team@tocsin.example\",\"reply_to\":\"people@tocsin.example\","                               \
    "\"organisation\":\"University\",\"about\":\"We watch a botnet.\",\"website\":\"\",\"phone\":\"\"},"               \
    "\"bounce\":\"bounce@tocsin.example\",\"opt_out\":\"optout@tocsin.example\"}"

static struct token_keys *keys;

static int start(void **state)
{
    (void)state;
    static const char text[] = "1 bounce 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
                               "1 opt-out f0f1f2f3f4f5f6f7f8f9fafbfcfdfeffe0e1e2e3e4e5e6e7e8e9eaebecedeeef\n";
    char path[] = "/tmp/tocsin-notify-XXXXXX";
    int fd = mkstemp(path);
    g_mime_init();
    bool made = fd >= 0 && write(fd, text, sizeof text - 1) == sizeof text - 1 &&
                token_keys_load(path, false, &keys, NULL) == 0;
    close(fd);
    unlink(path);
    return made ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    token_keys_free(keys);
    g_mime_shutdown();
    return 0;
}

static struct notification *notification_new(enum notification_kind kind)
{
    struct notification *new = mem_zero(1, sizeof *new);
    new->id = 4711;
    new->kind = kind;
    new->campaign = mem_string(kind == NOTIFICATION_WARNING ? "relay probe 2026/11" : "");
    new->recipient = mem_string("abuse@bakery.example");
    new->envelope_to = mem_string("abuse@bakery.example");
    new->contact_kinds = mem_string("rfc2142-abuse,override");
    new->party = mem_string("owner");
    new->evidence = mem_string("bakery.example takes mail at mx1.hoster.example");
    new->date = DATE;
    new->key_id = 1;
    new->renderer = NOTIFICATION_RENDERER;
    new->template_text = g_ref_string_new(kind == NOTIFICATION_WARNING ? TEMPLATE : RECEIPT);
    new->settings = g_ref_string_new(SETTINGS);
    return new;
}

static void add_case(struct notification *to, const char *target)
{
    to->cases = mem_resize(to->cases, to->case_count + 1, sizeof *to->cases);
    to->cases[to->case_count++] =
        (struct notification_case){ .id = (int64_t)to->case_count, .target = mem_string(target) };
}

/* Add an incident to the last case. */
static void add_incident(struct notification *to, const char *json)
{
    struct notification_case *one = &to->cases[to->case_count - 1];
    one->incidents = mem_resize(one->incidents, one->count + 1, sizeof *one->incidents);
    one->incidents[one->count] =
        (struct notification_incident){ .id = (int64_t)one->count + 1, .json = mem_string(json) };
    one->count++;
}

#define PROBE                                                                                                          \
    "{\"source.fqdn\":\"mail.bakery.example\",\"source.ip\":\"192.0.2.7\",\"source.port\":25,"                         \
    "\"time.source\":\"2026-11-20T08:00:00+00:00\",\"classification.type\":\"scanner\","                               \
    "\"classification.identifier\":\"open-relay\",\"extra.helo\":\"friend\",\"extra.tries\":3}"

static struct notification *one_case(void)
{
    struct notification *new = notification_new(NOTIFICATION_WARNING);
    add_case(new, "bakery.example");
    add_incident(new, PROBE);
    return new;
}

static void replace(char **text, const char *with)
{
    free(*text);
    *text = mem_string(with);
}

static void replace_shared(char **text, const char *with)
{
    g_ref_string_release(*text);
    *text = g_ref_string_new(with);
}

/* --- a message, taken apart again --- */

struct mail {
    struct buf raw, text, csv;
    GMimeMessage *message;
};

/* All of it 7-bit, CRLF, lines of at most 78 characters but for one that has no blank; then what GMime makes of it. */
static void assert_framing(const struct buf *raw)
{
    size_t column = 0;
    for (size_t i = 0; i < raw->length; i++) {
        unsigned char byte = (unsigned char)raw->data[i];
        if (byte == '\r') {
            assert_true(i + 1 < raw->length && raw->data[i + 1] == '\n');
            i++;
            column = 0;
            continue;
        }
        assert_true((byte >= 0x20 && byte < 0x7f) || byte == '\t');
        assert_true(++column <= 330); /* a mailto: of two longest names */
    }
    assert_int_equal(column, 0);
}

static void decode_part(GMimeObject *object, struct buf *out)
{
    assert_true(GMIME_IS_PART(object));
    GMimeDataWrapper *content = g_mime_part_get_content(GMIME_PART(object));
    GMimeStream *stream = g_mime_stream_mem_new();
    g_mime_data_wrapper_write_to_stream(content, stream);
    GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
    buf_add(out, bytes->data, bytes->len);
    g_object_unref(stream);
}

static GMimeMessage *parse(const struct buf *raw)
{
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(raw->data, raw->length);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    g_object_unref(parser);
    g_object_unref(stream);
    return message;
}

static struct mail render(const struct notification *notification)
{
    struct mail mail = { .raw = BUF_EMPTY, .text = BUF_EMPTY, .csv = BUF_EMPTY };
    struct notify_cache *cache = notify_cache_new();
    struct error error = { "" };
    int code = notify_render(notification, keys, cache, NULL, &mail.raw, &error);
    notify_cache_free(cache);
    if (code)
        fail_msg("%d: %s", code, error.text);
    assert_framing(&mail.raw);
    mail.message = parse(&mail.raw);
    GMimeObject *root = g_mime_message_get_mime_part(mail.message);
    if (notification->kind == NOTIFICATION_OPT_OUT_RECEIPT) {
        decode_part(root, &mail.text);
        return mail;
    }
    assert_true(GMIME_IS_MULTIPART(root));
    assert_int_equal(g_mime_multipart_get_count(GMIME_MULTIPART(root)), 2);
    decode_part(g_mime_multipart_get_part(GMIME_MULTIPART(root), 0), &mail.text);
    decode_part(g_mime_multipart_get_part(GMIME_MULTIPART(root), 1), &mail.csv);
    return mail;
}

static void mail_clear(struct mail *mail)
{
    g_object_unref(mail->message);
    buf_free(&mail->raw);
    buf_free(&mail->text);
    buf_free(&mail->csv);
}

static const char *header(const struct mail *mail, const char *name)
{
    const char *value = g_mime_object_get_header(GMIME_OBJECT(mail->message), name);
    if (!value) /* GMime keeps Content-* with the part */
        value = g_mime_object_get_header(g_mime_message_get_mime_part(mail->message), name);
    return value ? value : "(none)";
}

static bool holds(const struct buf *text, const char *what)
{
    return memmem(text->data, text->length, what, strlen(what)) != NULL;
}

/* --- a strict reader of RFC 4180 --- */

#define COLUMNS 40
struct sheet {
    char *cells[2000][COLUMNS];
    size_t rows, columns;
};

static char *cell_read(const char **at)
{
    struct buf out = BUF_EMPTY;
    buf_reserve(&out, 0);
    if (**at == '"') {
        for ((*at)++; **at != '"' || (*at)[1] == '"'; (*at)++) {
            assert_true(**at);
            *at += **at == '"';
            buf_add_char(&out, **at);
        }
        (*at)++;
    } else {
        for (; !strchr(",\r\n", **at); (*at)++) {
            assert_int_not_equal(**at, '"');
            buf_add_char(&out, **at);
        }
    }
    return buf_take(&out);
}

static struct sheet *sheet_read(const struct buf *csv)
{
    struct sheet *sheet = mem_zero(1, sizeof *sheet);
    assert_int_equal(strlen(csv->data), csv->length);
    for (const char *at = csv->data; *at; sheet->rows++) {
        size_t column = 0;
        assert_true(sheet->rows < 2000);
        do {
            assert_true(column < COLUMNS);
            sheet->cells[sheet->rows][column++] = cell_read(&at);
        } while (*at == ',' && at++);
        assert_memory_equal(at, "\r\n", 2);
        at += 2;
        if (!sheet->rows)
            sheet->columns = column;
        assert_int_equal(column, sheet->columns);
    }
    return sheet;
}

static void sheet_free(struct sheet *sheet)
{
    for (size_t row = 0; row < sheet->rows; row++)
        for (size_t column = 0; column < sheet->columns; column++)
            free(sheet->cells[row][column]);
    free(sheet);
}

static const char *sheet_cell(const struct sheet *sheet, size_t row, const char *column)
{
    for (size_t i = 0; i < sheet->columns; i++)
        if (strcmp(sheet->cells[0][i], column) == 0)
            return sheet->cells[row][i];
    return "(no column)";
}

/* --- settings --- */

static void test_settings(void **state)
{
    (void)state;
    struct config config = {
        .sender = { .name = "Team",
                    .address = "team@tocsin.example",
                    .reply_to = "people@tocsin.example",
                    .organisation = "Uni" },
    };
    config.return_path.bounce = "bounce@tocsin.example";
    config.return_path.opt_out = "optout@tocsin.example";
    char *text = notify_settings(&config, NULL, NULL);
    assert_string_equal(
        text, "{\"sender\":{\"name\":\"Team\",\"address\":\"team@tocsin.example\","
              "\"reply_to\":\"people@tocsin.example\",\"organisation\":\"Uni\",\"about\":\"\",\"website\":\"\","
              "\"phone\":\"\"},\"bounce\":\"bounce@tocsin.example\",\"opt_out\":\"optout@tocsin.example\"}");
    struct settings settings;
    assert_int_equal(settings_read(text, &settings, NULL), 0);
    assert_string_equal(settings.name, "Team");
    assert_string_equal(settings.address, "team@tocsin.example");
    assert_string_equal(settings.reply_to, "people@tocsin.example");
    assert_string_equal(settings.bounce, "bounce@tocsin.example");
    assert_string_equal(settings.opt_out, "optout@tocsin.example");
    settings_clear(&settings);
    free(text);

    struct config_profile profile = { .sender = { .name = "M\xc3\xbcller", .phone = "+49 1" },
                                      .template_name = "auto",
                                      .reminder_template = "again",
                                      .language = "de",
                                      .attachments = { (char *[]){ "csv" }, 1 },
                                      .zip_above = 1000,
                                      .rows_in_text = 20,
                                      .defang_urls = true };
    text = notify_settings(&config, &profile, NULL);
    assert_non_null(strstr(text,
                           "\"template\":\"auto\",\"reminder_template\":\"again\",\"language\":\"de\","
                           "\"attachments\":[\"csv\"],\"zip_above\":1000,\"rows_in_text\":20,\"defang_urls\":true}"));
    assert_non_null(strstr(text, "\"name\":\"M\xc3\xbcller\""));
    assert_non_null(strstr(text, "\"phone\":\"+49 1\""));
    assert_non_null(strstr(text, "\"address\":\"team@tocsin.example\""));
    free(text);

    text = notify_settings(&config, NULL, "We have told the police.");
    assert_int_equal(settings_read(text, &settings, NULL), 0);
    assert_string_equal(settings.note, "We have told the police.");
    settings_clear(&settings);
    free(text);

    config.sender.reply_to = NULL; /* stands for the address */
    config.sender.name = "Latin-1 \xfc\"\n";
    text = notify_settings(&config, NULL, NULL);
    assert_int_equal(settings_read(text, &settings, NULL), 0);
    assert_string_equal(settings.reply_to, "team@tocsin.example");
    assert_string_equal(settings.name, "Latin-1 ?\"\n");
    settings_clear(&settings);
    free(text);
}

static void test_settings_are_checked(void **state)
{
    (void)state;
    static const char *const addresses[] = { "team@tocsin.example", "people@tocsin.example", "bounce@tocsin.example",
                                             "optout@tocsin.example" };
    static const char *const bad[] = { "",
                                       "team",
                                       "a@b@c",
                                       "a b@c.example",
                                       "<a@c.example>",
                                       "a@c.example, b@c.example",
                                       "a\\r\\nBcc: b@c.example",
                                       "A@c.example",
                                       "a@\xc3\xbc.example" };
    struct settings settings;
    struct error error;
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < sizeof bad / sizeof *bad; j++) {
            const char *at = strstr(SETTINGS, addresses[i]);
            char *text = mem_format("%.*s%s%s", (int)(at - SETTINGS), SETTINGS, bad[j], at + strlen(addresses[i]));
            assert_int_equal(settings_read(text, &settings, &error), -EINVAL);
            assert_non_null(strstr(error.text, "no valid address"));
            free(text);
        }
    assert_int_equal(settings_read("", &settings, &error), -EINVAL);
    assert_int_equal(settings_read("[]", &settings, &error), -EINVAL);
    assert_int_equal(settings_read("{\"sender\":1}", &settings, &error), -EINVAL);
}

/* --- envelope --- */

static void test_ticket(void **state)
{
    (void)state;
    char ticket[NOTIFY_TICKET_SIZE];
    notify_ticket(1, ticket);
    assert_string_equal(ticket, "T-1");
    notify_ticket(INT64_MAX, ticket);
    assert_string_equal(ticket, "T-9223372036854775807");
}

/* The sender that NOTIFICATION is rendered with, a new string; the status in *CODE. */
static char *sender_of(const struct notification *notification, int *code, struct error *error)
{
    struct notify_cache *cache = notify_cache_new();
    struct buf out = BUF_EMPTY;
    char *sender = NULL;
    *code = notify_render(notification, keys, cache, &sender, &out, error);
    buf_free(&out);
    notify_cache_free(cache);
    return sender;
}

static void test_envelope_sender(void **state)
{
    (void)state;
    struct notification *warning = one_case(), *receipt = notification_new(NOTIFICATION_OPT_OUT_RECEIPT);
    size_t length;
    int64_t number = 0;
    int code;
    char *sender = sender_of(warning, &code, NULL);
    assert_int_equal(code, 0);
    const char *token = token_in_address("bounce@tocsin.example", sender, &length);
    assert_non_null(token);
    assert_int_equal(token_verify(keys, TOKEN_BOUNCE, token, length, DATE, &number), 0);
    assert_int_equal(number, 4711);
    free(sender);
    sender = sender_of(receipt, &code, NULL);
    assert_int_equal(code, 0);
    assert_string_equal(sender, "");
    free(sender);
    struct error error;
    warning->key_id = 9;
    assert_null(sender_of(warning, &code, &error));
    assert_int_equal(code, -ENOENT);
    assert_non_null(strstr(error.text, "key 9"));
    warning->key_id = 1;
    replace_shared(&warning->settings, "{}");
    assert_null(sender_of(warning, &code, &error));
    assert_int_equal(code, -EINVAL);
    notification_free(warning);
    notification_free(receipt);
}

/* --- the message --- */

static void test_headers(void **state)
{
    (void)state;
    struct notification *warning = one_case();
    replace(&warning->envelope_to, "me@tocsin.example"); /* redirected: the mail itself is the real one */
    struct mail mail = render(warning);
    assert_string_equal(header(&mail, "Date"), "Mon, 23 Nov 2026 12:00:00 +0000");
    assert_true(holds(&mail.raw, "\r\nFrom: \"Tocsin team\" <team@tocsin.example>\r\n"));
    assert_string_equal(header(&mail, "Reply-To"), "people@tocsin.example");
    assert_string_equal(header(&mail, "To"), "abuse@bakery.example");
    assert_string_equal(header(&mail, "Subject"), "[T-4711] Your domain bakery.example");
    assert_string_equal(header(&mail, "Auto-Submitted"), "auto-generated");
    assert_string_equal(header(&mail, "X-Auto-Response-Suppress"), "All");
    assert_string_equal(header(&mail, "Feedback-ID"), "relay-probe-2026-11:rfc2142-abuse:tocsin");
    assert_string_equal(header(&mail, "Content-Language"), "en");
    assert_string_equal(header(&mail, "MIME-Version"), "1.0");
    static const char *const absent[] = { "Bcc",        "Cc",          "Sender",
                                          "Precedence", "Return-Path", "Disposition-Notification-To" };
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        assert_string_equal(header(&mail, absent[i]), "(none)");

    int64_t number = 0;
    const char *id = header(&mail, "Message-ID");
    assert_string_equal(id + 33, "@tocsin.example>");
    assert_int_equal(token_verify(keys, TOKEN_BOUNCE, id + 1, 32, DATE, &number), 0);
    assert_int_equal(number, 4711);
    int code;
    char *sender = sender_of(warning, &code, NULL);
    assert_int_equal(code, 0);
    assert_memory_equal(sender + 7, id + 1, 32); /* one token, wherever it comes back */
    free(sender);

    const char *unsubscribe = strstr(header(&mail, "List-Unsubscribe"), "<mailto:optout+");
    assert_non_null(unsubscribe);
    assert_string_equal(unsubscribe + 15 + 32, "@tocsin.example?subject=unsubscribe>");
    assert_int_equal(token_verify(keys, TOKEN_OPT_OUT, unsubscribe + 15, 32, DATE, &number), 0);
    mail_clear(&mail);
    notification_free(warning);
}

static void test_parts(void **state)
{
    (void)state;
    struct notification *warning = one_case();
    struct mail mail = render(warning);
    static const char begins[] =
        "Hello,\r\nbakery.example: 1 seen\r\n  When: 2026-11-20 08:00:00 UTC\r\n  What: a check";
    assert_memory_equal(mail.text.data, begins, sizeof begins - 1);
    assert_true(holds(&mail.text, "\r\n  Where: mail.bakery.example 192.0.2.7 25"));
    assert_true(holds(&mail.text, "\r\n  helo: friend\r\n  tries: 3\r\nStop: optout+"));
    assert_string_equal(
        mail.csv.data,
        "\"target\",\"time.source\",\"classification.type\",\"classification.identifier\",\"source.fqdn\","
        "\"source.ip\",\"source.port\",\"extra.helo\",\"extra.tries\"\r\n"
        "\"bakery.example\",\"2026-11-20T08:00:00+00:00\",\"scanner\",\"open-relay\","
        "\"mail.bakery.example\",\"192.0.2.7\",\"25\",\"friend\",\"3\"\r\n");
    GMimeMultipart *root = GMIME_MULTIPART(g_mime_message_get_mime_part(mail.message));
    GMimeObject *text = g_mime_multipart_get_part(root, 0), *csv = g_mime_multipart_get_part(root, 1);
    assert_true(g_mime_content_type_is_type(g_mime_object_get_content_type(text), "text", "plain"));
    assert_true(g_mime_content_type_is_type(g_mime_object_get_content_type(csv), "text", "csv"));
    assert_string_equal(g_mime_object_get_content_type_parameter(text, "charset"), "utf-8");
    assert_string_equal(g_mime_object_get_content_type_parameter(csv, "charset"), "utf-8");
    assert_null(g_mime_object_get_disposition(text));
    assert_string_equal(g_mime_object_get_disposition(csv), "attachment");
    assert_string_equal(g_mime_part_get_filename(GMIME_PART(csv)), "T-4711.csv");
    mail_clear(&mail);
    notification_free(warning);
}

static void test_receipt(void **state)
{
    (void)state;
    struct notification *receipt = notification_new(NOTIFICATION_OPT_OUT_RECEIPT);
    struct mail mail = render(receipt);
    assert_string_equal(header(&mail, "Subject"), "You will hear no more from us");
    assert_string_equal(header(&mail, "To"), "abuse@bakery.example");
    assert_string_equal(header(&mail, "Auto-Submitted"), "auto-replied");
    assert_string_equal(header(&mail, "X-Auto-Response-Suppress"), "All");
    assert_string_equal(header(&mail, "List-Unsubscribe"), "(none)");
    assert_string_equal(header(&mail, "Feedback-ID"), "(none)");
    assert_non_null(strstr(header(&mail, "Message-ID"), "@tocsin.example>"));
    assert_memory_equal(mail.text.data, "We write to abuse@bakery.example no more.\r\nTocsin team, optout+", 63);
    mail_clear(&mail);
    notification_free(receipt);
}

/* Another mail, which the notification refers to; composed under key KEY_ID. */
static void add_reference(struct notification *to, int64_t id, unsigned key_id)
{
    to->references = mem_resize(to->references, to->reference_count + 1, sizeof *to->references);
    to->references[to->reference_count++] = (struct notification_reference){
        .id = id, .date = DATE - 40 * 86400, .key_id = key_id, .domain = mem_string("old.example")
    };
}

static void test_reminder(void **state)
{
    (void)state;
    struct notification *reminder = one_case();
    reminder->cases[0].reminder = 2;
    replace_shared(&reminder->template_text,
                   "---\nsubject: reminder {{reminder}}\n---\n{{#earlier}}{{ticket}} of {{date}}\n{{/earlier}}"
                   "{{sender.name}} {{opt_out}}\n");
    add_reference(reminder, 12, 1);
    add_reference(reminder, 13, 99); /* its key is gone */
    add_reference(reminder, 14, 1);
    struct mail mail = render(reminder);
    assert_string_equal(header(&mail, "Subject"), "reminder 2");
    assert_memory_equal(mail.text.data,
                        "T-12 of 14 October 2026\r\nT-13 of 14 October 2026\r\nT-14 of 14 October 2026\r\n", 75);
    const char *references = header(&mail, "References");
    int64_t number = 0;
    assert_int_equal(token_verify(keys, TOKEN_BOUNCE, references + 1, 32, DATE, &number), 0);
    assert_int_equal(number, 12);
    assert_memory_equal(references + 33, "@old.example> <", 15);
    assert_int_equal(token_verify(keys, TOKEN_BOUNCE, references + 48, 32, DATE, &number), 0);
    assert_int_equal(number, 14);
    assert_string_equal(references + 80, "@old.example>");
    assert_string_equal(header(&mail, "In-Reply-To"), references);
    mail_clear(&mail);
    notification_free(reminder);
}

/* The bytes of a mail are part of what is frozen: when this test has to change, NOTIFICATION_RENDERER goes up. */
static void test_same_bytes(void **state)
{
    (void)state;
    static const char want[] =
        "Date: Mon, 23 Nov 2026 12:00:00 +0000\r\n"
        "From: =?utf-8?q?T=C3=B6csin_eam?= <team@tocsin.example>\r\n"
        "Reply-To: people@tocsin.example\r\n"
        "To: abuse@bakery.example\r\n"
        "Subject: [T-4711] Your domain bakery.example\r\n"
        "Message-ID: <afisyaaaaaabez3diz46qvqddgaomcax@tocsin.example>\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "X-Auto-Response-Suppress: All\r\n"
        "Content-Language: en\r\n"
        "MIME-Version: 1.0\r\n"
        "List-Unsubscribe:\r\n"
        " <mailto:optout+afisyaaaaaabez6zqt65cqkbilnr4lus@tocsin.example?subject=unsubscribe>\r\n"
        "Feedback-ID: relay-probe-2026-11:rfc2142-abuse:tocsin\r\n"
        "Content-Type: multipart/mixed; boundary=\"=_afisyaaaaaabez3diz46qvqddgaomcax\"\r\n"
        "\r\n"
        "--=_afisyaaaaaabez3diz46qvqddgaomcax\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n"
        "\r\n"
        "Hello,\r\n"
        "bakery.example: 2 seen\r\n"
        "  When: 2026-11-20 08:00:00 UTC\r\n"
        "  What: a check whether a mail server forwards mail for strangers (open\r\n"
        "    relay probe)\r\n"
        "  Where: mail.bakery.example 192.0.2.7 25=20\r\n"
        "  Note:=20\r\n"
        "  helo: friend\r\n"
        "  tries: 3\r\n"
        "  When:=20\r\n"
        "  What: a security incident\r\n"
        "  Where:    hxxp://www.bakery.example/?a=3D1\r\n"
        "  Note:=20\r\n"
        "  helo: =3Dfr=C3=B6nd\r\n"
        "Stop: optout+afisyaaaaaabez6zqt65cqkbilnr4lus@tocsin.example\r\n"
        "T=C3=B6csin eam\r\n"
        "\r\n"
        "--=_afisyaaaaaabez3diz46qvqddgaomcax\r\n"
        "Content-Type: text/csv; charset=utf-8; header=present\r\n"
        "Content-Disposition: attachment; filename=\"T-4711.csv\"\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n"
        "\r\n"
        "\"target\",\"time.source\",\"classification.type\",\"classification.identifier\",\"s=\r\n"
        "ource.fqdn\",\"source.ip\",\"source.port\",\"source.url\",\"extra.helo\",\"extra.trie=\r\n"
        "s\"\r\n"
        "\"bakery.example\",\"2026-11-20T08:00:00+00:00\",\"scanner\",\"open-relay\",\"mail.b=\r\n"
        "akery.example\",\"192.0.2.7\",\"25\",,\"friend\",\"3\"\r\n"
        "\"bakery.example\",,,,,,,\"http://www.bakery.example/?a=3D1\",\"'=3Dfr=C3=B6nd\",\r\n"
        "\r\n"
        "--=_afisyaaaaaabez3diz46qvqddgaomcax--\r\n";
    struct notification *warning = one_case();
    char *settings = mem_format("%s", SETTINGS), *name = strstr(settings, "Tocsin team");
    memcpy(name,
           "T\xc3\xb6"
           "csin eam",
           11); /* so that each kind of encoding takes part */
    replace_shared(&warning->settings, settings);
    free(settings);
    add_incident(warning, "{\"source.url\":\"http://www.bakery.example/?a=1\",\"extra.helo\":\"=fr\xc3\xb6nd\"}");
    struct mail mail = render(warning);
    assert_string_equal(mail.raw.data, want);
    mail_clear(&mail);
    notification_free(warning);
}

/* In his own language first, then in English: one subject, the facts in each one's words. */
static void test_two_languages(void **state)
{
    (void)state;
    struct notification *warning = one_case();
    replace_shared(
        &warning->template_text,
        "{\"texts\":[{\"file\":\"n.de.txt\",\"text\":\"---\\nsubject: Gr\xc3\xbc\xc3\x9f"
        "e {{date}}\\nlanguage: de\\n---\\n{{>facts}}\",\"partials\":{\"facts\":\"{{first.incident.type_text}}"
        "\\n{{sender.name}} {{opt_out}}\"}},{\"file\":\"n.txt\",\"language\":\"en\",\"text\":\"---\\nsubject: No"
        "\\n---\\n{{first.incident.type_text}}\\n{{sender.name}} {{opt_out}}\\n\",\"partials\":{}}]}");
    struct mail mail = render(warning);
    assert_string_equal(header(&mail, "Content-Language"), "de, en");
    assert_string_equal(header(&mail, "Subject"), "Gr\xc3\xbc\xc3\x9f"
                                                  "e 23. November 2026");
    const char *below = strstr(mail.text.data, "[English below]"), *german = strstr(mail.text.data, "eine Pr\xc3\xbc"),
               *line = strstr(mail.text.data, "\n--------"), *english = strstr(mail.text.data, "a check whether");
    assert_true(below && german && line && english && below < german && german < line && line < english);
    mail_clear(&mail);
    notification_free(warning);
}

#define HTML(language, subject)                                                                                        \
    "{\"file\":\"n." language ".txt\",\"text\":\"---\\nsubject: " subject "\\nlanguage: " language                     \
    "\\n---\\n{{campaign}} {{sender.name}} {{opt_out}}\\n\",\"html_file\":\"n.html\",\"html\":"                        \
    "\"<p>{{campaign}} {{first.incident.url}} {{sender.name}} {{opt_out}}</p>\",\"partials\":{}}"

/* The parts of the multipart/alternative ALTERNATIVES, decoded. */
static void read_alternatives(GMimeObject *alternatives, struct buf *text, struct buf *html)
{
    assert_true(g_mime_content_type_is_type(g_mime_object_get_content_type(alternatives), "multipart", "alternative"));
    GMimeMultipart *parts = GMIME_MULTIPART(alternatives);
    assert_int_equal(g_mime_multipart_get_count(parts), 2);
    static const char *const types[] = { "plain", "html" };
    for (int i = 0; i < 2; i++) {
        GMimeObject *part = g_mime_multipart_get_part(parts, i);
        assert_true(g_mime_content_type_is_type(g_mime_object_get_content_type(part), "text", types[i]));
        assert_string_equal(g_mime_object_get_content_type_parameter(part, "charset"), "utf-8");
        assert_null(g_mime_object_get_disposition(part));
        decode_part(part, i ? html : text);
    }
}

/* The text in HTML besides, in one language and in two, with an attachment and without. */
static void test_html(void **state)
{
    (void)state;
    static const char *const wanted[] = {
        "<!DOCTYPE html>\r\n<html lang=\"de\">\r\n<head>\r\n"
        "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\r\n</head>\r\n<body>\r\n"
        "<p>&lt;b&gt;&amp; hxxp://x.example/&quot;&gt;\xc3\xbc Tocsin team optout+",
        "<!DOCTYPE html>\r\n<html lang=\"de\">\r\n<head>\r\n"
        "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\r\n</head>\r\n<body>\r\n"
        "<p>[English below]</p>\r\n<p>&lt;b&gt;&amp; hxxp://x.example/&quot;&gt;\xc3\xbc Tocsin team optout+",
    };
    static const char *const texts[] = { "{\"texts\":[" HTML("de", "S") "]}",
                                         "{\"texts\":[" HTML("de", "S") "," HTML("en", "T") "]}" };
    for (unsigned what = 0; what < 4; what++) {
        bool two = what & 1, bare = what & 2;
        struct notification *warning = notification_new(NOTIFICATION_WARNING);
        add_case(warning, "bakery.example");
        add_incident(warning, "{\"source.url\":\"http://x.example/\\\">\xc3\xbc\"}");
        replace(&warning->campaign, "<b>&");
        replace_shared(&warning->template_text, texts[two]);
        char *settings =
            mem_format("%.*s,\"attachments\":[%s]}", (int)strlen(SETTINGS) - 1, SETTINGS, bare ? "" : "\"csv\"");
        replace_shared(&warning->settings, settings);
        free(settings);
        struct buf text = BUF_EMPTY, html = BUF_EMPTY;
        struct mail mail = { .raw = BUF_EMPTY };
        struct notify_cache *cache = notify_cache_new();
        assert_int_equal(notify_render(warning, keys, cache, NULL, &mail.raw, NULL), 0);
        struct buf again = BUF_EMPTY;
        assert_int_equal(notify_render(warning, keys, cache, NULL, &again, NULL), 0);
        assert_string_equal(mail.raw.data, again.data);
        buf_free(&again);
        notify_cache_free(cache);
        assert_framing(&mail.raw);
        mail.message = parse(&mail.raw);
        GMimeObject *root = g_mime_message_get_mime_part(mail.message);
        if (!bare) {
            assert_true(g_mime_content_type_is_type(g_mime_object_get_content_type(root), "multipart", "mixed"));
            assert_int_equal(g_mime_multipart_get_count(GMIME_MULTIPART(root)), 2);
            decode_part(g_mime_multipart_get_part(GMIME_MULTIPART(root), 1), &mail.csv);
            assert_memory_equal(mail.csv.data, "\"target\",", 9);
        }
        read_alternatives(bare ? root : g_mime_multipart_get_part(GMIME_MULTIPART(root), 0), &text, &html);
        assert_memory_equal(text.data, two ? "[English below]\r\n\r\n<b>&" : "<b>& Tocsin", 11);
        assert_memory_equal(html.data, wanted[two], strlen(wanted[two]));
        assert_int_equal(holds(&html, "</p>\r\n<hr>\r\n<div lang=\"en\">\r\n<p>&lt;b&gt;"), two);
        const char *end = two ? "</p>\r\n</div>\r\n</body>\r\n</html>\r\n" : "</p>\r\n</body>\r\n</html>\r\n";
        assert_string_equal(html.data + html.length - strlen(end), end);
        buf_free(&text);
        buf_free(&html);
        mail_clear(&mail);
        notification_free(warning);
    }
}

static void test_deterministic(void **state)
{
    (void)state;
    struct notification *one = one_case(), *two = one_case(), *other = one_case();
    replace_shared(&other->template_text, RECEIPT);
    struct notify_cache *cache = notify_cache_new();
    struct buf first = BUF_EMPTY, again = BUF_EMPTY;
    assert_int_equal(notify_render(one, keys, cache, NULL, &first, NULL), 0);
    two->attempts = 3;
    for (int i = 0; i < 40; i++) { /* a warm cache, one with other things in it, another locale, another time zone */
        char *text = mem_format("%s%d\n", RECEIPT, i);
        replace_shared(&other->template_text, text);
        free(text);
        buf_truncate(&again, 0);
        assert_int_equal(notify_render(other, keys, cache, NULL, &again, NULL), 0);
        buf_truncate(&again, 0);
        setlocale(LC_ALL, i % 2 ? "C" : "de_DE.UTF-8");
        setenv("TZ", i % 3 ? "Asia/Tokyo" : "UTC", 1);
        assert_int_equal(notify_render(two, keys, cache, NULL, &again, NULL), 0);
        assert_int_equal(first.length, again.length);
        assert_memory_equal(first.data, again.data, first.length);
    }
    setlocale(LC_ALL, "C");
    two->id++; /* and everything counts */
    buf_truncate(&again, 0);
    assert_int_equal(notify_render(two, keys, cache, NULL, &again, NULL), 0);
    assert_string_not_equal(first.data, again.data);
    notify_cache_free(cache);
    buf_free(&first);
    buf_free(&again);
    notification_free(one);
    notification_free(two);
    notification_free(other);
}

static void test_appends(void **state)
{
    (void)state;
    struct notification *warning = one_case();
    struct notify_cache *cache = notify_cache_new();
    struct buf out = BUF_EMPTY;
    buf_add_string(&out, "before");
    assert_int_equal(notify_render(warning, keys, cache, NULL, &out, NULL), 0);
    assert_memory_equal(out.data, "beforeDate: ", 12);
    notify_cache_free(cache);
    buf_free(&out);
    notification_free(warning);
}

static void test_refusals(void **state)
{
    (void)state;
    struct notify_cache *cache = notify_cache_new();
    struct buf out = BUF_EMPTY;
    for (int what = 0; what < 10; what++) {
        struct notification *warning = one_case();
        struct error error = { "" };
        int want = -EINVAL;
        switch (what) {
        case 0:
            replace(&warning->recipient, "a@b.example, c@d.example");
            break;
        case 1:
            replace(&warning->recipient, "a@b.example\r\nBcc: c@d.example");
            break;
        case 2:
            replace(&warning->recipient, "");
            break;
        case 3:
            replace(&warning->cases[0].incidents[0].json, "{\"a\":");
            break;
        case 4:
            replace(&warning->cases[0].incidents[0].json, "[1]");
            break;
        case 5:
            replace_shared(&warning->settings, "{}");
            break;
        case 6:
            replace_shared(&warning->template_text, "no front matter");
            break;
        case 7:
            warning->key_id = 2;
            want = -ENOENT;
            break;
        case 8:
            warning->id = -1;
            want = -ERANGE;
            break;
        default:
            free(warning->cases[0].incidents[0].json);
            free(warning->cases[0].incidents);
            free(warning->cases[0].target);
            warning->case_count = 0;
        }
        assert_int_equal(notify_render(warning, keys, cache, NULL, &out, &error), want);
        assert_int_equal(out.length, 0);
        assert_true(strlen(error.text) > 10);
        notification_free(warning);
    }
    notify_cache_free(cache);
    buf_free(&out);
}

/* --- the data of the template --- */

static json_t *model_of(const struct notification *notification)
{
    struct settings settings;
    struct rows rows;
    assert_int_equal(settings_read(notification->settings, &settings, NULL), 0);
    assert_int_equal(rows_read(notification, &rows, NULL), 0);
    struct arena arena = ARENA_EMPTY;
    struct attachments attachments;
    struct scratch scratch = { .csv = BUF_EMPTY };
    assert_int_equal(attach(&attachments, notification, &settings, &rows, "token", &scratch, NULL), 0);
    struct value value =
        model_build(&arena, WORDS_EN, notification, &settings, &rows, &attachments, "optout+token@tocsin.example");
    json_t *model = json_of_value(&value);
    arena_free(&arena);
    buf_free(&scratch.csv);
    rows_clear(&rows);
    settings_clear(&settings);
    return model;
}

static void test_model(void **state)
{
    (void)state;
    static const char want[] =
        "{\"attachment\":\"T-4711.csv\",\"attachment_is_zip\":false,\"attachment_more\":false,\"attachment_reports\":"
        "null,\"campaign\":\"relay probe "
        "2026/11\",\"case_count\":1,\"cases\":[{"
        "\"first_seen\":\"2026-11-20 08:00:00 UTC\",\"incident_count\":1,\"incidents\":[INCIDENT],"
        "\"last_seen\":\"2026-11-20 08:00:00 UTC\",\"more\":false,\"target\":\"bakery.example\"}],"
        "\"contact\":{\"evidence\":\"bakery.example takes mail at "
        "mx1.hoster.example.\",\"is_hoster\":false,\"is_override\":false,\"is_owner\":true,\"is_role\":true,"
        "\"kind\":\"rfc2142-abuse\",\"party\":\"owner\"},\"date\":\"23 November 2026\",\"domain_without_abuse\":false,"
        "\"earlier\":[],"
        "\"first\":{\"incident\":INCIDENT,\"is_ip\":false,\"target\":\"bakery.example\"},\"has_attachment\":true,"
        "\"incident_count\":1,"
        "\"more\":false,\"multiple\":false,\"note\":null,\"opt_out\":\"optout+token@tocsin.example\",\"recipient\":"
        "\"abuse@bakery."
        "example\",\"reminder\":false,"
        "\"sender\":{\"about\":\"We watch a botnet.\",\"address\":\"team@tocsin.example\",\"name\":\"Tocsin team\","
        "\"organisation\":\"University\",\"phone\":\"\",\"reply_to\":\"people@tocsin.example\",\"website\":\"\"},"
        "\"summary\":false,\"ticket\":\"T-4711\"}";
    static const char incident[] =
        "{\"description\":null,\"fields\":[{\"name\":\"helo\",\"value\":\"friend\"},{\"name\":\"tries\","
        "\"value\":\"3\"}],\"host\":\"mail.bakery.example\",\"identifier\":\"open-relay\",\"ip\":\"192.0.2.7\","
        "\"port\":\"25\",\"time\":\"2026-11-20 08:00:00 UTC\",\"type\":\"scanner\","
        "\"type_text\":\"a check whether a mail server forwards mail for strangers (open relay probe)\",\"url\":null}";
    struct buf whole = BUF_EMPTY;
    for (const char *at = want, *next; at; at = next ? next + 8 : NULL) {
        next = strstr(at, "INCIDENT");
        buf_add(&whole, at, next ? (size_t)(next - at) : strlen(at));
        buf_add_string(&whole, next ? incident : "");
    }
    struct notification *warning = one_case();
    json_t *model = model_of(warning);
    char *dump = json_dumps(model, JSON_SORT_KEYS | JSON_COMPACT);
    assert_string_equal(dump, whole.data);
    free(dump);
    json_decref(model);
    buf_free(&whole);
    notification_free(warning);
}

static void test_model_of_contacts(void **state)
{
    (void)state;
    static const struct {
        const char *kinds, *party, *kind;
        bool owner, hoster, without_abuse;
    } rows[] = {
        { "rfc2142-abuse", "owner", "rfc2142-abuse", true, false, false },
        { "rfc2142-postmaster", "owner", "rfc2142-postmaster", true, false, true },
        { "override,rfc2142-abuse", "owner", "override", true, false, true },
        { "rfc2142-abuse", "hoster", "rfc2142-abuse", false, true, false },
        { "rdap-ip,whois-ip", "hoster", "rdap-ip", false, true, false },
        { "rdap-domain", "registrar", "rdap-domain", false, false, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct notification *warning = one_case();
        replace(&warning->contact_kinds, rows[i].kinds);
        replace(&warning->party, rows[i].party);
        json_t *model = model_of(warning), *contact = json_object_get(model, "contact");
        assert_string_equal(json_string_value(json_object_get(contact, "kind")), rows[i].kind);
        assert_string_equal(json_string_value(json_object_get(contact, "party")), rows[i].party);
        assert_int_equal(json_is_true(json_object_get(contact, "is_owner")), rows[i].owner);
        assert_int_equal(json_is_true(json_object_get(contact, "is_hoster")), rows[i].hoster);
        assert_int_equal(json_is_true(json_object_get(model, "domain_without_abuse")), rows[i].without_abuse);
        json_decref(model);
        notification_free(warning);
    }
}

static json_int_t integer_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : -1;
}

/* More than one mail carries: counted, and said. */
static void test_left_out(void **state)
{
    (void)state;
    struct notification *warning = notification_new(NOTIFICATION_WARNING);
    add_case(warning, "shop.example");
    add_incident(warning, "{\"extra.n\":1}");
    warning->cases[0].left_out = 7;
    json_t *model = model_of(warning), *one = json_array_get(json_object_get(model, "cases"), 0);
    assert_int_equal(integer_at(model, "incident_count"), 8);
    assert_int_equal(integer_at(model, "attachment_more"), 7);
    assert_int_equal(integer_at(one, "incident_count"), 8);
    assert_int_equal(integer_at(one, "more"), 7);
    json_decref(model);
    notification_free(warning);
}

/* A hoster with 300 domains: the text says how much it leaves out, the attachment leaves out nothing. */
static void test_many_cases(void **state)
{
    (void)state;
    struct notification *warning = notification_new(NOTIFICATION_WARNING);
    char text[200];
    for (int i = 0; i < 300; i++) {
        snprintf(text, sizeof text, "shop%d.example", i);
        add_case(warning, text);
        for (int j = 0; j < i % 8; j++) { /* none for some: the case is there all the same */
            snprintf(text, sizeof text, "{\"time.source\":\"2026-11-%02dT08:00:00+00:00\",\"extra.n\":%d}", 20 - j % 3,
                     j);
            add_incident(warning, text);
        }
    }
    json_t *model = model_of(warning), *cases = json_object_get(model, "cases");
    assert_true(json_is_true(json_object_get(model, "multiple")));
    assert_int_equal(integer_at(model, "case_count"), 300);
    assert_int_equal(integer_at(model, "incident_count"), 37 * 28 + 6);
    assert_int_equal(integer_at(model, "more"), 280);
    assert_int_equal(json_array_size(cases), 20);
    for (size_t i = 0; i < 20; i++) {
        json_t *one = json_array_get(cases, i);
        size_t count = i % 8, shown = count < 5 ? count : 5;
        snprintf(text, sizeof text, "shop%zu.example", i);
        assert_string_equal(json_string_value(json_object_get(one, "target")), text);
        assert_int_equal(integer_at(one, "incident_count"), count);
        assert_int_equal(json_array_size(json_object_get(one, "incidents")), shown);
        if (count > shown)
            assert_int_equal(integer_at(one, "more"), count - shown);
        else
            assert_true(json_is_false(json_object_get(one, "more")));
        if (count >= 3) {
            assert_string_equal(json_string_value(json_object_get(one, "first_seen")), "2026-11-18 08:00:00 UTC");
            assert_string_equal(json_string_value(json_object_get(one, "last_seen")), "2026-11-20 08:00:00 UTC");
        }
    }
    json_decref(model);

    struct mail mail = render(warning);
    struct sheet *sheet = sheet_read(&mail.csv);
    assert_int_equal(sheet->columns, 3);
    assert_int_equal(sheet->rows, 1 + 37 * 28 + 6 + 38);
    for (size_t row = 1, i = 0; i < 300; i++) {
        snprintf(text, sizeof text, "shop%zu.example", i);
        for (size_t j = 0; j < (i % 8 ? i % 8 : 1); j++, row++) {
            assert_string_equal(sheet->cells[row][0], text);
            snprintf(text, sizeof text, "%zu", j);
            assert_string_equal(sheet_cell(sheet, row, "extra.n"), i % 8 ? text : "");
            snprintf(text, sizeof text, "shop%zu.example", i);
        }
    }
    assert_true(holds(&mail.text, "\r\n280 cases more\r\n"));
    assert_true(holds(&mail.text, "shop7.example: 7 seen, 2 more\r\n"));
    assert_false(holds(&mail.text, "shop20.example"));
    sheet_free(sheet);
    mail_clear(&mail);
    notification_free(warning);
}

static void test_idn_target(void **state)
{
    (void)state;
    struct notification *warning = notification_new(NOTIFICATION_WARNING);
    add_case(warning, "xn--bcker-gra.example");
    struct mail mail = render(warning);
    assert_string_equal(header(&mail, "Subject"), "[T-4711] Your domain b\xc3\xa4"
                                                  "cker.example (xn--bcker-gra.example)");
    assert_true(holds(&mail.csv, "\r\n\"xn--bcker-gra.example\"\r\n"));
    mail_clear(&mail);
    notification_free(warning);
}

static void test_fields(void **state)
{
    (void)state;
    struct notification *warning = notification_new(NOTIFICATION_WARNING);
    add_case(warning, "bakery.example");
    struct buf json = BUF_EMPTY;
    buf_add_string(&json, "{\"raw\":\"c2VjcmV0\",\"extra.empty\":\"\",\"extra.null\":null,\"extra.yes\":true,"
                          "\"extra.real\":1.5,\"extra.list\":[1,{\"a\":\"b\"}],\"event_description.text\":\"seen\","
                          "\"time.source\":\"yesterday\",\"Target\":\"evil.example\"");
    for (int i = 0; i < 25; i++)
        buf_add_format(&json, ",\"extra.n%02d\":%d", i, i);
    buf_add_string(&json, "}");
    add_incident(warning, json.data);
    buf_free(&json);
    json_t *model = model_of(warning), *incident = json_object_get(json_object_get(model, "first"), "incident");
    json_t *fields = json_object_get(incident, "fields");
    assert_int_equal(json_array_size(fields), 12);
    char *dump = json_dumps(fields, JSON_COMPACT | JSON_SORT_KEYS);
    assert_null(strstr(dump, "raw"));
    assert_null(strstr(dump, "extra.empty"));
    assert_null(strstr(dump, "extra.null"));
    assert_non_null(strstr(dump, "{\"name\":\"yes\",\"value\":\"true\"}"));
    assert_non_null(strstr(dump, "{\"name\":\"real\",\"value\":\"1.5\"}"));
    assert_non_null(strstr(dump, "{\"name\":\"list\",\"value\":\"[1,{\\\"a\\\":\\\"b\\\"}]\"}"));
    free(dump);
    assert_string_equal(json_string_value(json_object_get(incident, "description")), "seen");
    assert_string_equal(json_string_value(json_object_get(incident, "time")),
                        "yesterday"); /* what cannot be read is shown as it is */
    assert_true(json_is_null(json_object_get(json_array_get(json_object_get(model, "cases"), 0), "first_seen")));
    json_decref(model);

    struct mail mail = render(warning);
    struct sheet *sheet = sheet_read(&mail.csv);
    assert_string_equal(sheet->cells[0][0], "target");
    assert_string_equal(sheet->cells[0][1], "time.source");
    for (size_t i = 2; i + 1 < sheet->columns; i++) /* the others sorted; only our own column is called target */
        assert_true(strcmp(sheet->cells[0][i], sheet->cells[0][i + 1]) < 0 ||
                    strcmp(sheet->cells[0][i], "extra.target") == 0);
    assert_string_equal(sheet_cell(sheet, 1, "target"), "bakery.example");
    assert_string_equal(sheet_cell(sheet, 1, "extra.target"), "evil.example");
    assert_string_equal(sheet_cell(sheet, 1, "extra.n24"), "24");
    assert_string_equal(sheet_cell(sheet, 1, "extra.list"), "[1,{\"a\":\"b\"}]");
    assert_string_equal(sheet_cell(sheet, 1, "raw"), "(no column)");
    sheet_free(sheet);
    mail_clear(&mail);
    notification_free(warning);
}

/* --- what strangers write --- */

static void test_spreadsheet(void **state)
{
    (void)state;
    static const struct {
        const char *json, *cell;
    } rows[] = {
        { "=1+1", "'=1+1" },
        { "+1", "'+1" },
        { "-1", "'-1" },
        { "@SUM(A1)", "'@SUM(A1)" },
        { "\\t=1", "' =1" },
        { "\\tx", "' x" },
        { "\\rx", "' x" },
        { "\\nx", "' x" },
        { "  =1", "'  =1" },
        { " x", " x" },
        { "\\\"=1", "'\"=1" },
        { "'=1", "''=1" },
        { "\\u00a0", "\xc2\xa0" },
        { "\\uff1d1+1", "'\xef\xbc\x9d"
                        "1+1" },
        { "\\uff20A", "'\xef\xbc\xa0"
                      "A" },
        { "\\uff21", "\xef\xbc\xa1" },
        { "a=1", "a=1" },
        { "a;=1+1", "a;'=1+1" },
        { "a; \\\"@x;b;-;", "a;' \"@x;b;'-;" },
        { ";", ";" },
        { "a,\\\"b\\\"\\r\\nc", "a,\"b\"  c" },
        { "\\u0000\\u0001=x", "'  =x" },
        { "", "" },
        { "=", "'=" },
        { "\\\"", "\"" },
        { "\\ud83d\\udd14", "\xf0\x9f\x94\x94" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct notification *warning = notification_new(NOTIFICATION_WARNING);
        add_case(warning, "bakery.example");
        char *json = mem_format("{\"extra.a\":\"%s\",\"=extra.%s\":1}", rows[i].json, "b");
        add_incident(warning, json);
        struct mail mail = render(warning);
        struct sheet *sheet = sheet_read(&mail.csv);
        assert_int_equal(sheet->rows, 2);
        if (strcmp(sheet_cell(sheet, 1, "extra.a"), rows[i].cell) != 0)
            fail_msg("row %zu: %s", i, sheet_cell(sheet, 1, "extra.a"));
        assert_string_equal(sheet_cell(sheet, 1, "'=extra.b"), "1");
        sheet_free(sheet);
        mail_clear(&mail);
        free(json);
        notification_free(warning);
    }
}

static void check_clean(const char *text, size_t length, size_t limit, const char *want)
{
    struct buf out = BUF_EMPTY;
    buf_add_string(&out, "x");
    text_clean(&out, text, length, limit, true);
    if (strcmp(out.data + 1, want) != 0)
        fail_msg("%s became %s", text, out.data + 1);
    buf_free(&out);
}

static void test_text_clean(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } rows[] = {
        { "", "" },
        { "plain text", "plain text" },
        { "a\r\nb\tc\x01"
          "d\x7f"
          "e",
          "a  b c d e" },
        { "a\xc2\x85"
          "b\xe2\x80\xa8"
          "c\xe2\x80\xa9"
          "d",
          "a b c d" },
        { "\xe2\x80\xaetxt.exe", "\xef\xbf\xbdtxt.exe" },
        { "a\xe2\x81\xa6"
          "b\xe2\x80\x8b"
          "c\xef\xbb\xbf"
          "d\xd8\x9c",
          "a\xef\xbf\xbd"
          "b\xef\xbf\xbd"
          "c\xef\xbf\xbd"
          "d\xef\xbf\xbd" },
        { "M\xc3\xbcller \xf0\x9f\x94\x94 \xd7\xa9", "M\xc3\xbcller \xf0\x9f\x94\x94 \xd7\xa9" },
        { "http://x.example/?u=HTTPS://y", "hxxp://x.example/?u=hxxps://y" },
        { "http", "http" },
        { "http:/x https:x httpx://y", "http:/x https:x httpx://y" },
        { "\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd" },
        { "\xc0\xaf\xe0\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
        { "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
        { "\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
        { "cut \xe2\x82", "cut \xef\xbf\xbd\xef\xbf\xbd" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_clean(rows[i].text, strlen(rows[i].text), 1000, rows[i].want);
    check_clean("a\0b", 3, 10, "a b");
    check_clean("abcdef", 6, 6, "abcdef");
    check_clean("abcdefg", 7, 6, "abcdef\xe2\x80\xa6");
    check_clean("abcde\xc3\xbc", 7, 6, "abcde\xe2\x80\xa6");
    check_clean("http://x", 8, 4, "hxxp\xe2\x80\xa6");
}

/* A profile may want links that can be followed: whole, and on one line. */
static void test_links(void **state)
{
    (void)state;
    struct buf json = BUF_EMPTY, url = BUF_EMPTY;
    buf_add_string(&url, "https://www.bakery.example/a?next=http://b.example/&c=");
    for (int i = 0; i < 100; i++)
        buf_add_string(&url, "0123456789");
    buf_add_format(&json, "{\"source.url\":\"%s\",\"extra.seen\":\"see http://c.example/, HTTPS://d.example/\"}",
                   url.data);
    for (int kept = 0; kept < 2; kept++) {
        struct notification *warning = notification_new(NOTIFICATION_WARNING);
        add_case(warning, "bakery.example");
        add_incident(warning, json.data);
        char *settings =
            mem_format("%.*s,\"defang_urls\":%s}", (int)strlen(SETTINGS) - 1, SETTINGS, kept ? "false" : "true");
        replace_shared(&warning->settings, settings);
        free(settings);
        struct mail mail = render(warning);
        assert_int_equal(holds(&mail.text, url.data), kept);
        assert_int_equal(holds(&mail.text, "hxxps://www.bakery.example/a?next=hxxp://b.example/&c=0123"), !kept);
        assert_int_equal(holds(&mail.text, "  seen: see http://c.example/, HTTPS://d.example/\r\n"), kept);
        assert_int_equal(holds(&mail.text, "  seen: see hxxp://c.example/, hxxps://d.example/\r\n"), !kept);
        assert_true(holds(&mail.csv, url.data));
        mail_clear(&mail);
        notification_free(warning);
    }
    buf_free(&json);
    buf_free(&url);
}

/* Is CELL what VALUE becomes: controls as blanks, what is too long cut, and apostrophes put before what a spreadsheet would reckon with? */
static bool is_cell_of(const char *cell, const char *value)
{
    size_t length = strlen(cell);
    bool cut = strlen(value) > 32000;
    if (cut && (length < 31996 || strcmp(cell + length - 3, "\xe2\x80\xa6") != 0))
        return false;
    for (const char *end = cell + length - (cut ? 3 : 0); cell < end; value++, cell++) {
        bool control = (unsigned char)*value < 0x20 || *value == 0x7f;
        cell += *cell == '\'' && *value != '\'';
        if (*cell != (control ? ' ' : *value))
            return false;
    }
    return cut || !*value;
}

/* The second row of SHEET holds what JSON says of FIELDS. */
static void assert_values(const struct sheet *sheet, const char *json, const char *const *fields, size_t count)
{
    json_t *row = json_loads(json, JSON_ALLOW_NUL, NULL);
    assert_non_null(row);
    for (size_t i = 0; i < count; i++) {
        const json_t *given = json_object_get(row, fields[i]);
        char *value = mem_string_n(json_string_value(given), json_string_length(given));
        for (size_t at = 0; at < json_string_length(given); at++)
            value[at] = value[at] ? value[at] : ' ';
        if (!is_cell_of(sheet_cell(sheet, 1, fields[i]), value))
            fail_msg("%s\nbecame\n%s", value, sheet_cell(sheet, 1, fields[i]));
        free(value);
    }
    json_decref(row);
}

/* Whatever a row, a name or a setting holds, the frame of the mail holds, and the table has what the row says. */
static void test_hostile_rows(void **state)
{
    (void)state;
    static const char *const bits[] = {
        "\\r\\n",
        "\\n.\\r\\n",
        "\\r\\n\\r\\nFrom x",
        "\\u0000",
        "\\u202e",
        "\\ud83d\\udd14",
        "=",
        "\\\"",
        ",",
        ";",
        "--=_",
        "\\u05e9\\u05dc",
        " ",
        "\\t",
        "{{opt_out}}",
        "{{{",
        "}}",
        "From ",
        "=0D=0A",
        "\\u2028",
        "Bcc: x@y.example",
        "\\\\",
        "http://x/",
        "a",
        "\\u00fc",
        "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww",
    };
    unsigned seed = 3;
    for (int round = 0; round < 400; round++) {
        struct notification *warning = notification_new(NOTIFICATION_WARNING);
        add_case(warning, "bakery.example");
        struct buf json = BUF_EMPTY;
        static const char *const fields[] = {
            "source.url", "source.fqdn", "time.source", "classification.type", "event_description.text", "extra.x"
        };
        for (size_t i = 0; i < 6; i++) {
            buf_add_format(&json, "%s\"%s\":\"", i ? "," : "{", fields[i]);
            for (int count = rand_r(&seed) % 12 * (round % 50 ? 1 : 400); count; count--)
                buf_add_string(&json, bits[(size_t)rand_r(&seed) % (sizeof bits / sizeof *bits)]);
            buf_add_string(&json, "\"");
        }
        buf_add_string(&json, ",\"extra.\\r\\nBcc: y@z.example\":1}");
        add_incident(warning, json.data);
        replace(&warning->campaign, "x\r\nBcc: campaign@z.example\xff\xe2");
        replace(&warning->evidence, "<script>\r\n.\r\n\xff");
        replace(&warning->contact_kinds, "a\r\nBcc:kind@z.example,b");
        struct mail mail = render(warning);
        assert_string_equal(header(&mail, "Bcc"), "(none)");
        assert_int_equal(internet_address_list_length(g_mime_message_get_to(mail.message)), 1);
        assert_int_equal(g_mime_header_list_get_count(g_mime_object_get_header_list(GMIME_OBJECT(mail.message))), 11);
        struct sheet *sheet = sheet_read(&mail.csv);
        assert_int_equal(sheet->rows, 2);
        assert_int_equal(sheet->columns, 8);
        assert_string_equal(sheet->cells[1][0], "bakery.example");
        assert_values(sheet, json.data, fields, sizeof fields / sizeof *fields);
        for (size_t i = 1; i < sheet->columns; i++) {
            const char *cell = sheet->cells[1][i];
            assert_null(strpbrk(cell, "\r\n\t"));
            assert_false(*cell && strchr("=+-@", *cell));
        }
        sheet_free(sheet);
        mail_clear(&mail);
        buf_free(&json);
        notification_free(warning);
    }
}

/* Megabytes in one value: the text and each cell stay readable, and small. */
static void test_huge_value(void **state)
{
    (void)state;
    struct notification *warning = notification_new(NOTIFICATION_WARNING);
    add_case(warning, "bakery.example");
    struct buf json = BUF_EMPTY;
    buf_add_string(&json, "{\"extra.x\":\"");
    for (int i = 0; i < 700000; i++)
        buf_add_string(&json, "\xe2\x82\xac"); /* three bytes, so that the limits fall within one */
    buf_add_string(&json, "\"}");
    add_incident(warning, json.data);
    struct mail mail = render(warning);
    assert_true(mail.text.length < 1000);
    struct sheet *sheet = sheet_read(&mail.csv);
    const char *cell = sheet_cell(sheet, 1, "extra.x");
    assert_int_equal(strlen(cell), 31998 + 3);
    assert_string_equal(cell + 31998 - 3, "\xe2\x82\xac\xe2\x80\xa6");
    sheet_free(sheet);
    mail_clear(&mail);
    buf_free(&json);
    notification_free(warning);
}

static void test_long_subject(void **state)
{
    (void)state;
    struct notification *warning = one_case();
    char label[64], *target;
    memset(label, 'w', 60);
    label[60] = '\0';
    target = mem_format("%s.%s.%s.%s.example", label, label, label, label);
    replace(&warning->cases[0].target, target);
    struct mail mail = render(warning);
    const char *subject = header(&mail, "Subject"); /* cut by the template, folded here */
    assert_memory_equal(subject, "[T-4711] Your domain wwww", 25);
    assert_memory_equal(subject + 21, target, 150);
    free(target);
    mail_clear(&mail);
    notification_free(warning);
}

static void test_types_that_are_known(void **state)
{
    (void)state;
    static const char *const wrong[][2] = { { "open-relays", "did you mean `open-relay`? Known: `" },
                                            { "Open Relay", "did you mean `open-relay`? Known: `" },
                                            { "fishing", "did you mean `phishing`? Known: `" },
                                            { "nothing of the kind", "Known: `" } };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct buf out = BUF_EMPTY;
        assert_false(notify_knows_type(wrong[i][0], NULL));
        notify_suggest_type(wrong[i][0], &out);
        assert_int_equal(strncmp(out.data, wrong[i][1], strlen(wrong[i][1])), 0);
        assert_non_null(strstr(out.data, " `open-relay`"));
        buf_free(&out);
    }
    assert_true(notify_knows_type("open-relay", NULL));
    assert_true(notify_knows_type("PHISHING", "anything"));
    assert_true(notify_knows_type(NULL, "open-relay"));
    assert_false(notify_knows_type(NULL, NULL));
}

/* Whatever the language, there are words for what there are words for in English. */
static void test_words(void **state)
{
    (void)state;
    char date[WORDS_DATE_SIZE];
    static const char *const dates[] = { "1 March 2026", "1. März 2026", "1er mars 2026", "1 de marzo de 2026" };
    for (unsigned i = 0; i < WORDS_COUNT; i++) {
        words_date((enum words_language)i, 1772323200, date);
        assert_string_equal(date, dates[i]);
        assert_true(strlen(type_text((enum words_language)i, "scanner", NULL)) > 3);
        assert_true(strlen(type_text((enum words_language)i, "no", "such")) > 3);
    }
    words_date(WORDS_ES, 1790121600, date);
    assert_string_equal(date, "23 de septiembre de 2026");
    assert_int_equal(words_language("de-AT"), WORDS_DE);
    assert_int_equal(words_language("FR"), WORDS_FR);
    assert_int_equal(words_language("den"), WORDS_EN);
    assert_int_equal(words_language("pl"), WORDS_EN);
    assert_true(notify_knows_name("open-relay-probe"));
    assert_true(notify_knows_name("botnet-drone"));
    assert_false(notify_knows_name("phishing-page"));
}

static void test_type_text(void **state)
{
    (void)state;
    assert_string_equal(type_text(WORDS_EN, NULL, NULL), "a security incident");
    assert_string_equal(type_text(WORDS_EN, "", ""), "a security incident");
    assert_string_equal(type_text(WORDS_EN, "something-new", "open-relais"), "a security incident");
    assert_non_null(strstr(type_text(WORDS_EN, "scanner", "open-relay"), "open relay probe"));
    assert_non_null(strstr(type_text(WORDS_EN, "vulnerable-system", "open-relay"), "open relay"));
    assert_non_null(strstr(type_text(WORDS_EN, NULL, "open-relay"), "open relay"));
    assert_string_equal(type_text(WORDS_EN, "scanner", NULL), "a search for weak points (scan)");
    assert_string_equal(type_text(WORDS_EN, "scanner", "ssh"), type_text(WORDS_EN, "scanner", NULL));
    assert_string_equal(type_text(WORDS_EN, "Scanner", "Open-Relay"), type_text(WORDS_EN, "scanner", "open-relay"));
    static const char *const known[] = { "brute-force", "infected-system",  "vulnerable-system",    "phishing",
                                         "spam",        "c2-server",        "malware-distribution", "ddos",
                                         "proxy",       "system-compromise" };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        assert_string_not_equal(type_text(WORDS_EN, known[i], NULL), "a security incident");
        assert_int_not_equal(type_text(WORDS_EN, known[i], NULL)[strlen(type_text(WORDS_EN, known[i], NULL)) - 1], '.');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_settings_are_checked),
        cmocka_unit_test(test_ticket),
        cmocka_unit_test(test_envelope_sender),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_receipt),
        cmocka_unit_test(test_reminder),
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_deterministic),
        cmocka_unit_test(test_appends),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_model),
        cmocka_unit_test(test_model_of_contacts),
        cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_many_cases),
        cmocka_unit_test(test_idn_target),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_spreadsheet),
        cmocka_unit_test(test_text_clean),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_hostile_rows),
        cmocka_unit_test(test_huge_value),
        cmocka_unit_test(test_long_subject),
        cmocka_unit_test(test_type_text),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_two_languages),
        cmocka_unit_test(test_html),
        cmocka_unit_test(test_types_that_are_known),
    };
    return cmocka_run_group_tests(tests, start, stop);
}

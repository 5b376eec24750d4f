#include "daemon/bounce/mail.h"

#include "daemon/base/mail_parse.h"
#include "daemon/base/mem.h"
#include "daemon/bounce/charset.h"
#include "daemon/bounce/html.h"
#include "daemon/bounce/phrase.h"
#include "daemon/bounce/returned.h"

#include <gmime/gmime.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Content types by what we read from them. A type that is not here is not decoded at all. */
static const struct {
    const char *type, *subtype;
    enum mail_part_kind kind;
} kinds[] = {
    { "message", "delivery-status", MAIL_STATUS },
    { "message", "global-delivery-status", MAIL_STATUS },
    { "message", "disposition-notification", MAIL_DISPOSITION },
    { "message", "global-disposition-notification", MAIL_DISPOSITION },
    { "message", "feedback-report", MAIL_FEEDBACK },
    { "text", "rfc822-headers", MAIL_RETURNED },
    { "text", "rfc822-header", MAIL_RETURNED },
    { "message", "rfc822-headers", MAIL_RETURNED },
    { "message", "global-headers", MAIL_RETURNED },
    { "message", "global", MAIL_RETURNED },
    { "message", "rfc822", MAIL_RETURNED },
    { "message", "partial", MAIL_RETURNED },
    { "text", "html", MAIL_HTML },
    { "text", "*", MAIL_PLAIN },
};

static struct buf *add_part(struct mail *mail, enum mail_part_kind kind)
{
    if (mail->part_count == MAIL_PARTS_MAX)
        return NULL;
    struct mail_part *part = &mail->parts[mail->part_count++];
    *part = (struct mail_part){ kind, BUF_EMPTY };
    buf_reserve(&part->text, 0);
    return &part->text;
}

static void add_content(struct mail *mail, GMimeObject *object, enum mail_part_kind kind)
{
    GMimeDataWrapper *content = g_mime_part_get_content((GMimePart *)object);
    struct buf *out = content ? add_part(mail, kind) : NULL;
    if (!out)
        return;
    GMimeStream *memory = g_mime_stream_mem_new();
    g_mime_data_wrapper_write_to_stream(content, memory);
    const GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory));
    size_t length = bytes->len < MAIL_TEXT_MAX ? bytes->len : MAIL_TEXT_MAX;
    charset_to_utf8(out, (const char *)bytes->data, length,
                    g_mime_object_get_content_type_parameter(object, "charset"));
    g_object_unref(memory);
    mail_clean(out);
    if (kind == MAIL_RETURNED)
        returned_header(out);
}

static void add_returned(struct mail *mail, GMimeMessage *message)
{
    struct buf *out = add_part(mail, MAIL_RETURNED);
    if (!out || !message)
        return;
    char *block = g_mime_object_get_headers(GMIME_OBJECT(message), NULL);
    buf_add(out, block, strnlen(block, MAIL_TEXT_MAX));
    g_free(block);
    mail_clean(out);
    returned_header(out);
}

static void walk(struct mail *mail, GMimeObject *object, unsigned depth);

static void walk_multipart(struct mail *mail, GMimeMultipart *multipart, unsigned depth)
{
    int count = g_mime_multipart_get_count(multipart);
    for (int i = 0; i < count && mail->part_count < MAIL_PARTS_MAX; i++)
        walk(mail, g_mime_multipart_get_part(multipart, i), depth + 1);
    /* The boundary that was announced never came: all of the text stands before the first part. */
    const char *prologue = count ? NULL : g_mime_multipart_get_prologue(multipart);
    struct buf *out = prologue ? add_part(mail, MAIL_PLAIN) : NULL;
    if (!out)
        return;
    buf_add(out, prologue, strnlen(prologue, MAIL_TEXT_MAX));
    mail_clean(out);
}

static void walk(struct mail *mail, GMimeObject *object, unsigned depth)
{
    if (!object || depth > MAIL_DEPTH_MAX)
        return;
    if (GMIME_IS_MESSAGE_PART(object)) {
        add_returned(mail, g_mime_message_part_get_message((GMimeMessagePart *)object));
    } else if (GMIME_IS_MULTIPART(object)) {
        walk_multipart(mail, (GMimeMultipart *)object, depth);
    } else if (GMIME_IS_PART(object)) {
        GMimeContentType *type = g_mime_object_get_content_type(object);
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
            if (g_mime_content_type_is_type(type, kinds[i].type, kinds[i].subtype)) {
                add_content(mail, object, kinds[i].kind);
                return;
            }
    }
}

/* The notice is what stands before the returned message: text parts up to the first machine-readable or returned part, in plain text if there is any. */
static void collect_notice(struct mail *mail)
{
    struct buf html = BUF_EMPTY;
    for (size_t i = 0; i < mail->part_count; i++) {
        const struct mail_part *part = &mail->parts[i];
        if (part->kind == MAIL_HTML) {
            html_to_text(&html, part->text.data, part->text.length);
        } else if (part->kind == MAIL_PLAIN) {
            buf_add(&mail->notice, part->text.data, part->text.length);
            buf_add_char(&mail->notice, '\n');
        } else if (mail->notice.length || html.length) {
            break;
        }
    }
    if (strspn(mail->notice.data ? mail->notice.data : "", " \t\n") == mail->notice.length)
        buf_add(&mail->notice, html.data, html.length);
    buf_free(&html);
}

static void find_returned(struct mail *mail)
{
    const struct mail_part *part = mail_part(mail, MAIL_RETURNED);
    if (part)
        buf_add(&mail->returned, part->text.data, part->text.length);
    size_t cut = returned_begin(mail->notice.data);
    if (cut < mail->notice.length && !part) {
        buf_add_string(&mail->returned, mail->notice.data + cut);
        returned_header(&mail->returned);
    }
    buf_truncate(&mail->notice, cut);
    buf_reserve(&mail->returned, 0);
}

void mail_open(struct mail *mail, const char *data, size_t length, const char *envelope_sender,
               const char *envelope_recipient)
{
    *mail = (struct mail){ .envelope_sender = envelope_sender, .envelope_recipient = envelope_recipient };
    mail->raw = data;
    mail->raw_length = length;
    mail->parts = mem_zero(MAIL_PARTS_MAX, sizeof *mail->parts);
    mail->message = length ? mail_parse(data, length < MAIL_LENGTH_MAX ? length : MAIL_LENGTH_MAX, NULL) : NULL;
    if (mail->message)
        walk(mail, g_mime_message_get_mime_part(mail->message), 0);
    const char *subject = mail_header(mail, "Subject");
    mail->subject = mem_string(subject ? subject : "");
    buf_reserve(&mail->notice, 0);
    collect_notice(mail);
    find_returned(mail);
    phrase_fold(&mail->folded, mail->subject, strnlen(mail->subject, 1000));
    phrase_fold(&mail->folded, mail->notice.data, mail->notice.length < 20000 ? mail->notice.length : 20000);
}

void mail_close(struct mail *mail)
{
    for (size_t i = 0; i < mail->part_count; i++)
        buf_free(&mail->parts[i].text);
    free(mail->parts);
    buf_free(&mail->notice);
    buf_free(&mail->folded);
    buf_free(&mail->returned);
    free(mail->subject);
    if (mail->message)
        g_object_unref(mail->message);
}

const char *mail_header(const struct mail *mail, const char *name)
{
    return mail->message ? g_mime_object_get_header(GMIME_OBJECT(mail->message), name) : NULL;
}

const struct mail_part *mail_part(const struct mail *mail, enum mail_part_kind kind)
{
    for (size_t i = 0; i < mail->part_count; i++)
        if (mail->parts[i].kind == kind)
            return &mail->parts[i];
    return NULL;
}

bool mail_from_null(const struct mail *mail)
{
    if (mail->envelope_sender)
        return !*mail->envelope_sender;
    const char *path = mail_header(mail, "Return-Path");
    return path && strcmp(path + strspn(path, " \t"), "<>") == 0;
}

char *mail_field(const char *block, const char *name)
{
    size_t length = strlen(name);
    while (*block) {
        const char *end = strchrnul(block, '\n');
        bool found = strncasecmp(block, name, length) == 0 && block[length] == ':';
        while (*end && (end[1] == ' ' || end[1] == '\t')) /* folded */
            end = strchrnul(end + 1, '\n');
        if (found) {
            const char *value = block + length + 1;
            value += strspn(value, " \t\n");
            char *copy = value < end ? mem_string_n(value, (size_t)(end - value)) : mem_string("");
            for (char *c = copy; *c; c++)
                if (*c == '\n' || *c == '\t')
                    *c = ' ';
            return copy;
        }
        block = *end ? end + 1 : end;
    }
    return NULL;
}

/* The whole message. Headers and parts are written straight into the caller's buffer; nothing here is random, asks a clock or a locale. */
#include "daemon/notify/mime.h"
#include "daemon/notify/parts.h"

#include "daemon/base/address.h"
#include "daemon/base/mem.h"
#include "daemon/base/timestamp.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FEEDBACK_MAX 40 /* bytes of one part of the Feedback-ID */
#define SCRATCH_MAX (64 << 10) /* bytes of a buffer that is kept */
#define HEADERS_USUAL 3000 /* with a short attachment: room for them is made at once */

void notify_ticket(int64_t notification, char out[NOTIFY_TICKET_SIZE])
{
    snprintf(out, NOTIFY_TICKET_SIZE, "T-%" PRId64, notification);
}

static int token_for(const struct notification *notification, const struct token_keys *keys, enum token_purpose purpose,
                     char out[TOKEN_SIZE], struct error *error)
{
    int code = token_make(keys, purpose, notification->key_id, notification->id, notification->date, out);
    if (code == -ENOENT)
        return error_set(error, code, "notification %" PRId64 ": its token key %u is gone from the key file",
                         notification->id, notification->key_id);
    if (code)
        return error_set(error, code, "notification %" PRId64 ": no token can be made for it", notification->id);
    return 0;
}

/* All that the parts of one message are written from. */
struct message {
    const struct notification *notification;
    const struct settings *settings;
    const struct frozen *frozen;
    struct rows rows;
    char bounce[TOKEN_SIZE];
    char *opt_out; /* the address */
    struct buf references; /* Message-IDs of earlier mails */
    struct attachments attachments;
    struct scratch *scratch;
};

/* A thread does not keep the memory of one huge mail. */
static void scratch_clear(struct buf *buf)
{
    if (buf->capacity > SCRATCH_MAX)
        buf_free(buf);
    else
        buf_truncate(buf, 0);
}

static void message_clear(struct message *message)
{
    rows_clear(&message->rows);
    free(message->opt_out);
    buf_free(&message->references);
    arena_drop(&message->scratch->arena);
    scratch_clear(&message->scratch->subject);
    scratch_clear(&message->scratch->body);
    scratch_clear(&message->scratch->html);
    scratch_clear(&message->scratch->csv);
    scratch_clear(&message->scratch->xarf);
    scratch_clear(&message->scratch->zip);
}

/* The recipient goes raw into To: one address, and nothing that could make it two. */
static int check(const struct notification *notification, struct error *error)
{
    char normal[ADDRESS_MAX_LENGTH + 1];
    const char *recipient = notification->recipient;
    if (address_normalise(recipient, strlen(recipient), normal) || strcmp(normal, recipient) != 0)
        return error_set(error, -EINVAL, "notification %" PRId64 ": its recipient is no normalised address",
                         notification->id);
    if (notification->kind == NOTIFICATION_WARNING && !notification->case_count)
        return error_set(error, -EINVAL, "notification %" PRId64 ": it is about no case", notification->id);
    return 0;
}

/* Message-ID of a mail whose bounce token is TOKEN and whose sender's address is of DOMAIN. */
static void add_message_id(struct buf *out, const char *token, const char *domain)
{
    buf_add_format(out, "<%s@%s>", token, domain);
}

/* A mail whose key has been taken out of the key file, as one may be once its tokens are too old to come back, cannot be named any more; the
 * reminder is as good without. */
static void add_references(struct message *message, const struct token_keys *keys)
{
    char token[TOKEN_SIZE];
    for (size_t i = 0; i < message->notification->reference_count; i++) {
        const struct notification_reference *mail = &message->notification->references[i];
        if (token_make(keys, TOKEN_BOUNCE, mail->key_id, mail->id, mail->date, token))
            continue;
        if (message->references.length)
            buf_add_char(&message->references, ' ');
        add_message_id(&message->references, token, mail->domain);
    }
}

static void end_line(struct buf *text)
{
    if (!text->length || text->data[text->length - 1] != '\n')
        buf_add_char(text, '\n');
}

/* Has each of the mail's texts its HTML? */
static bool has_html(const struct frozen *frozen)
{
    size_t i = 0;
    while (i < frozen->count && template_has_html(frozen->texts[i]))
        i++;
    return i == frozen->count;
}

/* Render the text at INDEX in HTML: first the document's beginning, last its end. */
static int compose_html(const struct message *message, size_t index, const struct value *model, struct error *error)
{
    const struct frozen *frozen = message->frozen;
    const char *language = template_language(frozen->texts[index]);
    struct buf *out = &message->scratch->html;
    if (index == 0)
        buf_add_format(out,
                       "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n"
                       "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\n"
                       "</head>\n<body>\n",
                       language);
    else
        buf_add_format(out, "<hr>\n<div lang=\"%s\">\n", language);
    if (index == 0 && frozen->count > 1)
        buf_add_format(out, "<p>%s</p>\n", words_english_below);
    int code = template_html(frozen->texts[index], model, out, error);
    end_line(out);
    buf_add_string(out, index ? "</div>\n" : "");
    if (index + 1 == frozen->count)
        buf_add_string(out, "</body>\n</html>\n");
    return code;
}

/* Render the text at INDEX of those that the mail has. */
static int compose_text(struct message *message, size_t index, struct error *error)
{
    const struct template *template = message->frozen->texts[index];
    struct scratch *scratch = message->scratch;
    struct value model =
        model_build(&scratch->arena, words_language(template_language(template)), message->notification,
                    message->settings, &message->rows, &message->attachments, message->opt_out);
    int code = index == 0 ? template_subject(template, &model, &scratch->subject, error) : 0;
    if (message->frozen->count > 1)
        buf_add_format(&scratch->body, index ? "%s" : "%s\n\n", index ? words_between : words_english_below);
    if (!code)
        code = template_body(template, &model, &scratch->body, error);
    end_line(&scratch->body);
    if (!code && has_html(message->frozen))
        code = compose_html(message, index, &model, error);
    return code;
}

/* Fill MESSAGE, up to the rendered subject and body. */
static int compose(struct message *message, const struct token_keys *keys, struct notify_cache *cache,
                   struct error *error)
{
    const struct notification *notification = message->notification;
    char token[TOKEN_SIZE];
    int code = check(notification, error);
    if (!code)
        code = cache_settings(cache, notification->settings, &message->settings, error);
    if (!code)
        code = cache_template(cache, notification->template_text, &message->frozen, error);
    if (!code)
        code = token_for(notification, keys, TOKEN_BOUNCE, message->bounce, error);
    if (!code)
        code = token_for(notification, keys, TOKEN_OPT_OUT, token, error);
    if (!code)
        code = rows_read(notification, &message->rows, error);
    if (code)
        return code;
    message->opt_out = token_address(message->settings->opt_out, token);
    add_references(message, keys);
    code = attach(&message->attachments, notification, message->settings, &message->rows, message->bounce,
                  message->scratch, error);
    for (size_t i = 0; i < message->frozen->count && !code; i++)
        code = compose_text(message, i, error);
    return code;
}

/* LENGTH bytes of TEXT as one part of a Feedback-ID, in which `:` separates. */
static void feedback_add(struct buf *out, const char *text, size_t length)
{
    if (length > FEEDBACK_MAX)
        length = FEEDBACK_MAX;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        buf_add_char(out, (byte < 0x80 && isalnum(byte)) || byte == '.' || byte == '_' ? text[i] : '-');
    }
    if (!length)
        buf_add_char(out, '-');
}

static void feedback_header(struct buf *out, const struct notification *notification)
{
    struct buf value = BUF_EMPTY;
    const char *campaign = notification->campaign,
               *kinds = notification->contact_kinds ? notification->contact_kinds : "";
    feedback_add(&value, campaign, strlen(campaign));
    buf_add_char(&value, ':');
    feedback_add(&value, kinds, strcspn(kinds, ","));
    buf_add_string(&value, ":tocsin");
    mime_header(out, "Feedback-ID", value.data);
    buf_free(&value);
}

static void format_header(struct buf *out, const char *name, const char *before, const char *value, const char *after)
{
    struct buf text = BUF_EMPTY;
    buf_add_string(&text, before);
    buf_add_string(&text, value);
    buf_add_string(&text, after);
    mime_header(out, name, text.data);
    buf_free(&text);
}

/* RFC 3282 */
static void language_header(struct buf *out, const struct frozen *frozen)
{
    struct buf value = BUF_EMPTY;
    for (size_t i = 0; i < frozen->count; i++)
        buf_add_format(&value, "%s%s", i ? ", " : "", template_language(frozen->texts[i]));
    mime_header(out, "Content-Language", value.data);
    buf_free(&value);
}

/* The headers that every mail has. */
static void common_headers(struct buf *out, const struct message *message)
{
    const struct notification *notification = message->notification;
    const struct settings *settings = message->settings;
    bool receipt = notification->kind == NOTIFICATION_OPT_OUT_RECEIPT;
    char date[TIMESTAMP_MAIL_SIZE];
    timestamp_mail(notification->date, date);
    mime_header(out, "Date", date);
    buf_add_string(out, settings->headers);
    mime_header(out, "To", notification->recipient);
    mime_header_text(out, "Subject", message->scratch->subject.data, message->scratch->subject.length);
    buf_add_string(out, "Message-ID: ");
    add_message_id(out, message->bounce, address_domain(settings->address));
    buf_add_string(out, "\r\n");
    if (message->references.length) { /* RFC 5322 §3.6.4 */
        mime_header(out, "In-Reply-To", message->references.data);
        mime_header(out, "References", message->references.data);
    }
    mime_header(out, "Auto-Submitted", receipt ? "auto-replied" : "auto-generated");
    mime_header(out, "X-Auto-Response-Suppress", "All");
    language_header(out, message->frozen);
    mime_header(out, "MIME-Version", "1.0");
}

static void text_part(struct buf *out, const struct buf *body)
{
    mime_header(out, "Content-Type", "text/plain; charset=utf-8");
    if (mime_is_plain(body->data, body->length)) {
        mime_header(out, "Content-Transfer-Encoding", "7bit");
        buf_add_string(out, "\r\n");
        mime_plain(out, body->data, body->length);
    } else {
        mime_header(out, "Content-Transfer-Encoding", "quoted-printable");
        buf_add_string(out, "\r\n");
        mime_quoted_printable(out, body->data, body->length);
    }
}

static void html_part(struct buf *out, const struct buf *html)
{
    mime_header(out, "Content-Type", "text/html; charset=utf-8");
    mime_header(out, "Content-Transfer-Encoding", "quoted-printable");
    buf_add_string(out, "\r\n");
    mime_quoted_printable(out, html->data, html->length);
}

/* Text goes in quoted-printable, because the mail's reader may be a person at an old program, or a filter that takes base64 for something to hide. */
static void attachment_part(struct buf *out, const struct attachment *file, bool binary)
{
    mime_header(out, "Content-Type", file->type);
    mime_header_parameter(out, "Content-Disposition", "attachment", "filename", file->name);
    mime_header(out, "Content-Transfer-Encoding", binary ? "base64" : "quoted-printable");
    buf_add_string(out, "\r\n");
    if (binary)
        mime_base64(out, file->bytes->data, file->bytes->length);
    else
        mime_quoted_printable(out, file->bytes->data, file->bytes->length);
}

/* Boundaries hold `=_`, which quoted-printable never writes, and the token, which no stranger can guess for the parts that are 7bit. None is the beginning of
 * another (RFC 2046 §5.1.2). */
static const char mixed[] = "=_", alternative[] = "=_alternative_";

static void multipart_header(struct buf *out, const struct message *message, const char *type, const char *kind)
{
    char *boundary = mem_format("%s%s", kind, message->bounce);
    mime_header_parameter(out, "Content-Type", type, "boundary", boundary);
    free(boundary);
}

static void boundary(struct buf *out, const struct message *message, const char *kind, const char *end)
{
    buf_add_format(out, "\r\n--%s%s%s\r\n", kind, message->bounce, end);
}

/* What the mail says; in HTML as well, the plainest first (RFC 2046 §5.1.4). */
static void body_part(struct buf *out, const struct message *message)
{
    const struct scratch *scratch = message->scratch;
    if (!scratch->html.length) {
        text_part(out, &scratch->body);
        return;
    }
    multipart_header(out, message, "multipart/alternative", alternative);
    boundary(out, message, alternative, "");
    text_part(out, &scratch->body);
    boundary(out, message, alternative, "");
    html_part(out, &scratch->html);
    boundary(out, message, alternative, "--");
}

static void write_warning(struct buf *out, const struct message *message)
{
    common_headers(out, message);
    format_header(out, "List-Unsubscribe", "<mailto:", message->opt_out, "?subject=unsubscribe>");
    feedback_header(out, message->notification);
    if (!message->attachments.count) {
        body_part(out, message);
        return;
    }
    multipart_header(out, message, "multipart/mixed", mixed);
    boundary(out, message, mixed, "");
    body_part(out, message);
    for (size_t i = 0; i < message->attachments.count; i++) {
        boundary(out, message, mixed, "");
        attachment_part(out, &message->attachments.files[i], message->attachments.zipped);
    }
    boundary(out, message, mixed, "--");
}

static void write_receipt(struct buf *out, const struct message *message)
{
    common_headers(out, message);
    text_part(out, &message->scratch->body);
}

/* No bounce of a receipt may come back as mail: it has the null reverse-path. */
static char *envelope_sender(const struct message *message)
{
    bool receipt = message->notification->kind == NOTIFICATION_OPT_OUT_RECEIPT;
    return receipt ? mem_string("") : token_address(message->settings->bounce, message->bounce);
}

int notify_render(const struct notification *notification, const struct token_keys *keys, struct notify_cache *cache,
                  char **sender, struct buf *out, struct error *error)
{
    if (sender)
        *sender = NULL;
    struct message message = { .notification = notification, .references = BUF_EMPTY, .scratch = cache_scratch(cache) };
    struct buf *body = &message.scratch->body;
    int code = compose(&message, keys, cache, error);
    if (!code) {
        buf_reserve(out, HEADERS_USUAL + body->length + message.scratch->html.length);
        if (notification->kind == NOTIFICATION_OPT_OUT_RECEIPT)
            write_receipt(out, &message);
        else
            write_warning(out, &message);
        if (sender)
            *sender = envelope_sender(&message);
    }
    message_clear(&message);
    return code;
}

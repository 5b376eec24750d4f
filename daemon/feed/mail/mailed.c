#include "daemon/feed/mail/mailed.h"

#include "daemon/base/mail_parse.h"
#include "daemon/base/mem.h"
#include "daemon/feed/mail/archive.h"
#include "daemon/feed/mail/attached.h"
#include "daemon/feed/mail/report.h"

#include <errno.h>
#include <gmime/gmime.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEPTH_MAX 20
#define PARTS_MAX 500
#define REPORT_MAX 65536 /* bytes of a report's text: it is a dozen lines */
#define TYPES_SHOWN 300 /* bytes of the list of parts in a refusal */

/* A mail on its way: what is attached is gathered first, and read only where no report is found. */
struct unpacking {
    const char *name;
    struct mailed *out;
    struct error *error;
    size_t left; /* bytes that may still come */
    unsigned parts;
    GMimePart *attached[PARTS_MAX];
    size_t attached_count;
    struct buf arf, xarf; /* incidents, JSON Lines */
    struct buf seen; /* the types of all parts, for a refusal */
    int failed;
};

void mailed_init(void)
{
    g_mime_init();
}

/* ---- Is it one? -------------------------------------------------------------------------------------------------------------------------- */

/* Fields that hardly any mail is without, and that nothing else begins with. */
static const char *const usual[] = {
    "From",     "To",           "Date",         "Subject",      "Message-ID", "Received",      "Return-Path",
    "Reply-To", "MIME-Version", "Content-Type", "Delivered-To", "Sender",     "X-Original-To", NULL
};

static bool is_usual(const char *line, size_t key)
{
    for (const char *const *name = usual; *name; name++)
        if (strlen(*name) == key && strncasecmp(*name, line, key) == 0)
            return true;
    return false;
}

bool mailed_is_mail(const char *data, size_t length)
{
    const char *end = data + length, *next;
    unsigned known = 0, lines = 0;
    for (const char *at = data; at < end && known < 3; at = next) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        next = newline ? newline + 1 : end;
        size_t line = (size_t)(next - at), key = 0;
        while (key < line && at[key] > ' ' && at[key] != ':' && at[key] != 0x7f)
            key++;
        bool mbox = lines == 0 && line > 5 && (memcmp(at, "From ", 5) == 0 || memcmp(at, ">From", 5) == 0);
        bool folded = lines > 0 && (*at == ' ' || *at == '\t');
        bool blank = line == 1 || (line == 2 && *at == '\r');
        if (blank && lines)
            break; /* the end of the header */
        if (!mbox && !folded && !blank && (!key || key == line || at[key] != ':'))
            return false;
        known += !mbox && !folded && is_usual(at, key);
        lines += !blank;
    }
    return known >= 2;
}

/* ---- Files ------------------------------------------------------------------------------------------------------------------------------- */

static bool is_taken(const struct mailed *mailed, const char *name)
{
    for (size_t i = 0; i < mailed->count; i++)
        if (strcmp(mailed->files[i].name, name) == 0)
            return true;
    return false;
}

/* NAME, or NAME with a number before its ending. Takes NAME. */
static char *free_name(const struct mailed *mailed, char *name)
{
    char *made = mem_string(name);
    const char *dot = strchr(name, '.');
    int stem = (int)(dot && dot != name ? dot - name : (long)strlen(name));
    for (unsigned number = 2; is_taken(mailed, made); number++) {
        free(made);
        made = mem_format("%.*s-%u%s", stem, name, number, name + stem);
    }
    free(name);
    return made;
}

/* Takes NAME. */
static void add_file(struct unpacking *unpacking, char *name, const char *data, size_t length)
{
    struct mailed *out = unpacking->out;
    if (unpacking->failed || out->count == MAILED_FILES_MAX) {
        if (!unpacking->failed)
            unpacking->failed =
                error_set(unpacking->error, -EINVAL, "it holds more than %d feed files", MAILED_FILES_MAX);
        free(name);
        return;
    }
    out->files = mem_resize(out->files, out->count + 1, sizeof *out->files);
    struct mailed_file *file = &out->files[out->count];
    *file = (struct mailed_file){ .name = free_name(out, name), .bytes = BUF_EMPTY };
    buf_add(&file->bytes, data, length);
    out->count++;
    unpacking->left -= length < unpacking->left ? length : unpacking->left;
}

/* ---- Attachments ------------------------------------------------------------------------------------------------------------------------- */

static bool wanted(void *context, const char *name)
{
    (void)context;
    return attached_is_feed(name);
}

static void take(void *context, const char *name, const struct buf *bytes)
{
    struct unpacking *unpacking = context;
    char *safe = attached_safe(name, MAILED_NAME_MAX);
    add_file(unpacking, safe ? safe : mem_string("feed"), bytes->data, bytes->length);
}

static void read_archive(struct unpacking *unpacking, const char *name, const char *data, size_t length)
{
    static const struct archive_sink sink = { wanted, take };
    struct error why = { "" };
    size_t before = unpacking->out->count;
    int code = archive_read_all(data, length, unpacking->left, &sink, unpacking, &why);
    if (unpacking->failed)
        return;
    if (code)
        unpacking->failed = error_set(unpacking->error, code, "its attachment %s: %s", name, why.text);
    else if (unpacking->out->count == before)
        unpacking->failed = error_set(unpacking->error, -EINVAL,
                                      "its attachment %s: this archive holds no file that is called like a feed (.csv, "
                                      ".json, .txt …)",
                                      name);
}

static void read_attachment(struct unpacking *unpacking, GMimePart *part)
{
    const char *given = g_mime_part_get_filename(part);
    char *name = given ? attached_safe(given, MAILED_NAME_MAX) : NULL;
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    if (!content || !name || attached_is_office(name)) {
        free(name);
        return;
    }
    GMimeStream *memory = g_mime_stream_mem_new();
    g_mime_data_wrapper_write_to_stream(content, memory);
    const GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory));
    const char *data = (const char *)bytes->data;
    if (bytes->len && archive_is(data, bytes->len))
        read_archive(unpacking, name, data, bytes->len);
    else if (bytes->len && attached_is_feed(name))
        add_file(unpacking, mem_string(name), data, bytes->len);
    g_object_unref(memory);
    free(name);
}

/* ---- Reports ----------------------------------------------------------------------------------------------------------------------------- */

/* The text of PART, decoded, with LF for line ends; its beginning where it is longer than a report is. */
static void text_of(GMimePart *part, struct buf *out)
{
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    buf_reserve(out, 0);
    if (!content)
        return;
    GMimeStream *memory = g_mime_stream_mem_new();
    g_mime_data_wrapper_write_to_stream(content, memory);
    const GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory));
    buf_add(out, bytes->data, bytes->len < REPORT_MAX ? bytes->len : REPORT_MAX);
    mail_clean(out);
    g_object_unref(memory);
}

static void read_report(struct unpacking *unpacking, GMimePart *part)
{
    struct buf text = BUF_EMPTY;
    text_of(part, &text);
    unpacking->failed = report_arf(text.data, &unpacking->arf, unpacking->error);
    buf_free(&text);
}

/* A text part may be an X-ARF report, whatever it is called. */
static bool read_if_xarf(struct unpacking *unpacking, GMimePart *part)
{
    struct buf text = BUF_EMPTY;
    text_of(part, &text);
    bool is = report_is_xarf(text.data);
    if (is)
        unpacking->failed = report_xarf(text.data, &unpacking->xarf, unpacking->error);
    buf_free(&text);
    return is;
}

/* ---- The walk ---------------------------------------------------------------------------------------------------------------------------- */

static void walk(struct unpacking *unpacking, GMimeObject *object, unsigned depth);

static bool is_type(GMimeObject *object, const char *type, const char *subtype)
{
    return g_mime_content_type_is_type(g_mime_object_get_content_type(object), type, subtype);
}

static void note_type(struct unpacking *unpacking, GMimeObject *object)
{
    char *type = g_mime_content_type_get_mime_type(g_mime_object_get_content_type(object));
    if (unpacking->seen.length < TYPES_SHOWN)
        buf_add_format(&unpacking->seen, "%s%.60s", unpacking->seen.length ? ", " : "", type ? type : "?");
    g_free(type);
}

/* What a report is about stands beside it: a stranger's mail, which is not to be taken for a report or a feed itself. */
static void walk_multipart(struct unpacking *unpacking, GMimeMultipart *multipart, unsigned depth)
{
    int count = g_mime_multipart_get_count(multipart);
    bool report = false;
    for (int i = 0; i < count; i++)
        report = report || is_type(g_mime_multipart_get_part(multipart, i), "message", "feedback-report");
    for (int i = 0; i < count && !unpacking->failed; i++) {
        GMimeObject *part = g_mime_multipart_get_part(multipart, i);
        if (!report || is_type(part, "message", "feedback-report"))
            walk(unpacking, part, depth + 1);
    }
}

static void walk_part(struct unpacking *unpacking, GMimeObject *object)
{
    GMimePart *part = (GMimePart *)object;
    note_type(unpacking, object);
    if (is_type(object, "message", "feedback-report"))
        read_report(unpacking, part);
    else if (is_type(object, "text", "plain") && read_if_xarf(unpacking, part))
        return;
    else if (g_mime_part_get_filename(part) && unpacking->attached_count < PARTS_MAX)
        unpacking->attached[unpacking->attached_count++] = part;
}

static void walk(struct unpacking *unpacking, GMimeObject *object, unsigned depth)
{
    if (!object || unpacking->failed)
        return;
    if (depth > DEPTH_MAX || ++unpacking->parts > PARTS_MAX) {
        unpacking->failed =
            error_set(unpacking->error, -EINVAL, "it has more than %d parts, or parts %d deep in one another",
                      PARTS_MAX, DEPTH_MAX);
    } else if (GMIME_IS_MESSAGE_PART(object)) {
        GMimeMessage *inner = g_mime_message_part_get_message((GMimeMessagePart *)object);
        walk(unpacking, inner ? g_mime_message_get_mime_part(inner) : NULL, depth + 1);
    } else if (GMIME_IS_MULTIPART(object)) {
        walk_multipart(unpacking, (GMimeMultipart *)object, depth);
    } else if (GMIME_IS_PART(object)) {
        walk_part(unpacking, object);
    }
}

/* ---- The whole --------------------------------------------------------------------------------------------------------------------------- */

/* The file's name without .eml, or what stands before the @ of the Message-ID. */
static char *mail_name(const struct unpacking *unpacking, GMimeMessage *message)
{
    const char *id = g_mime_message_get_message_id(message);
    char *given =
        unpacking->name ? mem_string(unpacking->name) : mem_string_n(id ? id : "", strcspn(id ? id : "", "@"));
    size_t length = strlen(given);
    if (length > 4 && (strcasecmp(given + length - 4, ".eml") == 0 || strcasecmp(given + length - 4, ".msg") == 0))
        given[length - 4] = '\0';
    char *safe = attached_safe(given, MAILED_NAME_MAX - 20);
    free(given);
    return safe ? safe : mem_string("mail");
}

static void add_reports(struct unpacking *unpacking, GMimeMessage *message)
{
    char *name = mail_name(unpacking, message);
    if (unpacking->arf.length)
        add_file(unpacking, mem_format("%s.arf.jsonl", name), unpacking->arf.data, unpacking->arf.length);
    if (unpacking->xarf.length)
        add_file(unpacking, mem_format("%s.xarf.jsonl", name), unpacking->xarf.data, unpacking->xarf.length);
    free(name);
}

static int unpack(struct unpacking *unpacking, GMimeMessage *message)
{
    walk(unpacking, g_mime_message_get_mime_part(message), 0);
    bool reports = unpacking->arf.length || unpacking->xarf.length;
    if (!unpacking->failed && reports)
        add_reports(unpacking, message);
    for (size_t i = 0; i < unpacking->attached_count && !reports && !unpacking->failed; i++)
        read_attachment(unpacking, unpacking->attached[i]);
    if (!unpacking->failed && !unpacking->out->count)
        unpacking->failed =
            error_set(unpacking->error, -EINVAL,
                      "there is no feed in it: no attached .csv, .json, .txt or archive of such, no feedback report "
                      "(ARF, RFC 5965), "
                      "no X-ARF report; its parts: %s. If the text tells of incidents, make a CSV or a list of them",
                      unpacking->seen.length ? unpacking->seen.data : "none");
    return unpacking->failed;
}

int mailed_open(const char *data, size_t length, const char *name, struct mailed *out, struct error *error)
{
    bool cut = false;
    *out = (struct mailed){ NULL, 0 };
    if (length > MAILED_LENGTH_MAX)
        return error_set(error, -EINVAL, "this mail is longer than %zu MiB: submit what is attached to it",
                         MAILED_LENGTH_MAX >> 20);
    GMimeMessage *message = length ? mail_parse(data, length, &cut) : NULL;
    if (!message || cut) {
        if (message)
            g_object_unref(message);
        return error_set(error, -EINVAL,
                         cut ? "this mail has thousands of parts or addresses, which no report has: it is not read"
                             : "nothing can be made of it as a mail");
    }
    struct unpacking *unpacking = mem_zero(1, sizeof *unpacking);
    unpacking->name = name;
    unpacking->out = out;
    unpacking->error = error;
    unpacking->left = MAILED_BYTES_MAX;
    int code = unpack(unpacking, message);
    buf_free(&unpacking->arf);
    buf_free(&unpacking->xarf);
    buf_free(&unpacking->seen);
    free(unpacking);
    g_object_unref(message);
    if (code)
        mailed_free(out);
    return code;
}

void mailed_free(struct mailed *mailed)
{
    for (size_t i = 0; i < mailed->count; i++) {
        free(mailed->files[i].name);
        buf_free(&mailed->files[i].bytes);
    }
    free(mailed->files);
    *mailed = (struct mailed){ NULL, 0 };
}

#include "daemon/base/mail_parse.h"

#include "daemon/base/mail_limit.h"

#include <gmime/gmime.h>
#include <string.h>

/* CRLF and a lone CR become LF, a NUL a blank. */
void mail_clean(struct buf *text)
{
    size_t kept = 0;
    for (size_t i = 0; i < text->length; i++) {
        char byte = text->data[i];
        if (byte == '\r') {
            if (i + 1 < text->length && text->data[i + 1] == '\n')
                continue;
            byte = '\n';
        }
        text->data[kept++] = byte ? byte : ' ';
    }
    buf_truncate(text, kept);
}

/* What stands before the header: blank lines, and the line with which a mail begins in an mbox file. */
static void skip_to_header(const char **data, size_t *length)
{
    while (*length) {
        const char *end = memchr(*data, '\n', *length);
        size_t line = end ? (size_t)(end - *data) + 1 : *length;
        bool blank = line == 1 || (line == 2 && **data == '\r');
        bool mbox = (line > 5 && memcmp(*data, "From ", 5) == 0) || (line > 6 && memcmp(*data, ">From ", 6) == 0);
        if (!blank && !mbox)
            return;
        *data += line;
        *length -= line;
    }
}

/* Whole mails with CR alone for line ends, or with NULs in them, are seen; GMime wants LF, and takes a NUL for an end. */
static bool needs_cleaning(const char *data, size_t length)
{
    return memchr(data, '\0', length) || (!memchr(data, '\n', length) && memchr(data, '\r', length));
}

GMimeMessage *mail_parse(const char *data, size_t length, bool *cut)
{
    struct buf copy = BUF_EMPTY;
    if (needs_cleaning(data, length)) {
        buf_add(&copy, data, length);
        mail_clean(&copy);
        data = copy.data;
        length = copy.length;
    }
    skip_to_header(&data, &length);
    size_t seen = mail_limit(data, length);
    if (cut)
        *cut = seen < length;
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(data, seen);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    g_object_unref(parser);
    g_object_unref(stream);
    buf_free(&copy);
    return message;
}

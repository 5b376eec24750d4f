#include "daemon/bounce/returned.h"

#include "daemon/bounce/phrase.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define LINE_MAX_FOLDED 200

/* Lines that introduce a copy of the message. */
static const char *const markers[] = {
    "below this line is a copy of the message",
    "this is a copy of the message including all the headers",
    "this is a copy of your message including all the headers",
    "this is a copy of the headers of the original message",
    "the body of the message is .. characters long only the first",
    "original message follows",
    "original message headers",
    "original headers",
    "original mail follows",
    "original message below",
    "unsent message follows",
    "unsent message below",
    "unsent message attached below",
    "your message reads in part",
    "your original message reads in part",
    "the header of the original message",
    "the headers of the original message",
    "header of the original message",
    "a copy of the original message",
    "a copy of your message .. follows",
    "message header follows",
    "message headers follow",
    "text of your message follows",
    "the text of your message follows",
    "text of your original message",
    "the contents of your message were",
    "start of returned message",
    "returned message follows",
    "returned mail follows",
    "begin message",
    "begin message header",
    "partial message follows",
    "message follows",
    "the undelivered message follows",
    "the original message was received as follows",
    "undelivered mail follows",
    "forwarded message",
    "this is the original message",
    "email message follows",
    "rejected message follows",
    "the message header is as follows",
    "your message header .. follow*",
    NULL,
};

/* Lines that do so only when they are all that stands in the line: the words occur in sentences too. */
static const char *const whole_lines[] = {
    " original message ",
    " message header ",
    " message headers ",
    " returned message ",
    " message text ",
    " unsent message ",
    " your message ",
    " full message ",
    " headers ",
    " message body ",
    NULL,
};

static bool is_marker(const char *line, size_t length)
{
    struct buf folded = BUF_EMPTY;
    bool found = false;
    phrase_fold(&folded, line, length);
    /* Sentences mention the original message too ("the header of the original message is attached"): what introduces it ends the line. */
    for (const char *const *marker = markers; !found && *marker; marker++)
        found = phrase_find(folded.data, *marker) != NULL;
    bool ruled = line[0] == '-' || line[0] == '=' || line[0] == '_' || line[0] == '*' ||
                 (length && line[length - 1] == ':') || (length > 1 && line[0] == ' ' && line[1] == '-');
    for (const char *const *whole = whole_lines; !found && ruled && *whole; whole++)
        found = strcmp(folded.data, *whole) == 0;
    buf_free(&folded);
    return found;
}

/* `Name:` as a header begins. */
static size_t field_name_length(const char *line, size_t length)
{
    size_t name = 0;
    while (name < length && (isalnum((unsigned char)line[name]) || line[name] == '-'))
        name++;
    return name && name < length && line[name] == ':' ? name : 0;
}

/* Headers with which the copy of a message begins: no notice has them at a line's beginning. */
static bool begins_message(const char *line, size_t length)
{
    static const char *const names[] = { "Received", "Return-Path", "X-Envelope-From", "Delivered-To",
                                         "DKIM-Signature" };
    size_t name = field_name_length(line, length);
    for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == name && strncasecmp(names[i], line, name) == 0)
            return true;
    return false;
}

size_t returned_begin(const char *text)
{
    const char *line = text;
    while (*line) {
        const char *end = strchrnul(line, '\n');
        size_t length = (size_t)(end - line);
        if (length && length < LINE_MAX_FOLDED && (begins_message(line, length) || is_marker(line, length)))
            return (size_t)(line - text);
        line = *end ? end + 1 : end;
    }
    return (size_t)(line - text);
}

void returned_header(struct buf *text)
{
    size_t read = 0, kept = 0;
    bool begun = false;
    while (read < text->length) {
        char *line = text->data + read;
        const char *end = strchrnul(line, '\n');
        size_t length = (size_t)(end - line);
        bool field = field_name_length(line, length) > 0;
        bool folded = length && (*line == ' ' || *line == '\t');
        if (begun && !field && !folded)
            break;
        if (field || (begun && folded)) {
            begun = true;
            if (folded && kept)
                text->data[kept - 1] = ' '; /* instead of the line end */
            memmove(text->data + kept, line, length);
            kept += length;
            text->data[kept++] = '\n'; /* there is room: where it was, or for the NUL at the very end */
        }
        read += length + 1;
    }
    if (kept > text->length)
        kept = text->length;
    buf_truncate(text, kept);
}

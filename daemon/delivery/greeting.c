#include "daemon/delivery/greeting.h"

#include <string.h>

#include <libesmtp.h>

#define CODE_WIDTH 4 /* `250-` */

void greeting_begin(struct greeting *greeting)
{
    memset(greeting, 0, sizeof *greeting);
    greeting->stage = REPLY_GREETING;
}

static bool is_command(const char *bytes, size_t length, const char *verb)
{
    return length >= strlen(verb) && memcmp(bytes, verb, strlen(verb)) == 0;
}

static void on_write(struct greeting *greeting, const char *bytes, size_t length)
{
    if (is_command(bytes, length, "MAIL"))
        greeting->mail = greeting->over = true;
    else if (is_command(bytes, length, "QUIT"))
        greeting->over = true;
    if (greeting->over)
        return;
    if (is_command(bytes, length, "AUTH"))
        greeting->stage = REPLY_AUTH;
    greeting->in_ehlo = is_command(bytes, length, "EHLO");
    greeting->column = 0;
    greeting->keyword = false;
    greeting->length = 0;
    greeting->reply[0] = '\0';
}

/* Only CHUNKING and extensions that libesmtp does not know begin with a C. */
static void hide_chunking(struct greeting *greeting, char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\n') {
            greeting->column = 0;
            greeting->keyword = false;
            continue;
        }
        bool blank = bytes[i] == ' ' || bytes[i] == '\t';
        if (greeting->column >= CODE_WIDTH && !greeting->keyword && !blank) {
            greeting->keyword = true;
            if (bytes[i] == 'C' || bytes[i] == 'c')
                bytes[i] = 'X';
        }
        if (greeting->column < CODE_WIDTH)
            greeting->column++;
    }
}

static void on_read(struct greeting *greeting, const char *bytes, size_t length)
{
    size_t room = sizeof greeting->reply - 1 - greeting->length, take = length < room ? length : room;
    memcpy(greeting->reply + greeting->length, bytes, take);
    greeting->length += take;
    greeting->reply[greeting->length] = '\0';
}

void greeting_monitor(const char *bytes, int length, int writing, void *argument)
{
    struct greeting *greeting = argument;
    if (greeting->over || length <= 0)
        return;
    if (writing == SMTP_CB_WRITING) {
        on_write(greeting, bytes, (size_t)length);
    } else if (writing == SMTP_CB_READING) {
        on_read(greeting, bytes, (size_t)length);
        /* libesmtp shows its own, writable read buffer (siobuf.c, sio_fill). */
        if (greeting->in_ehlo)
            hide_chunking(greeting, (char *)(size_t)bytes, (size_t)length);
    }
}

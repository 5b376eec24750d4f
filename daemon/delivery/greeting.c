#include "daemon/delivery/greeting.h"

#include "daemon/delivery/esmtp.h"

#include <string.h>

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
    /* The first EHLO's offers are of no account after this; nor is a refusal to start TLS one of AUTH. */
    if (is_command(bytes, length, "STARTTLS"))
        greeting->starttls = true;
    if (is_command(bytes, length, "AUTH"))
        greeting->stage = REPLY_AUTH;
    greeting->in_ehlo = is_command(bytes, length, "EHLO");
    greeting->column = 0;
    greeting->word = WORD_KEYWORD;
    greeting->in_word = false;
    greeting->length = 0;
    greeting->reply[0] = '\0';
}

/* The first letter of a word says enough. Of keywords, only CHUNKING and such that libesmtp does not know begin with a C, and only AUTH with an A;
 * of mechanisms, only PLAIN, LOGIN and CRAM-MD5 among those that it has a module for begin with P, L or C. */
static void look_at_word(struct greeting *greeting, char *first)
{
    if (greeting->word == WORD_KEYWORD) {
        greeting->word = *first == 'A' || *first == 'a' ? WORD_MECHANISM : WORD_OTHER;
        if (*first == 'C' || *first == 'c')
            *first = 'X';
    } else if (greeting->word == WORD_MECHANISM && !strchr("PLCplc", *first)) {
        *first = 'X';
    }
}

static void hide_offers(struct greeting *greeting, char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\n') {
            greeting->column = 0;
            greeting->word = WORD_KEYWORD;
            greeting->in_word = false;
        } else if (greeting->column < CODE_WIDTH) {
            greeting->column++;
        } else {
            /* Some old servers write AUTH=PLAIN, and libesmtp reads that. */
            bool between = strchr(" \t\r=", bytes[i]) != NULL;
            if (!between && !greeting->in_word)
                look_at_word(greeting, &bytes[i]);
            greeting->in_word = !between;
        }
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
            hide_offers(greeting, (char *)(size_t)bytes, (size_t)length);
    }
}

bool greeting_authenticated(const struct greeting *greeting)
{
    return greeting->stage == REPLY_AUTH && greeting->reply[0] == '2';
}

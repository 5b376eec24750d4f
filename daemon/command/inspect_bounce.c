#include "daemon/command/inspect_bounce.h"

#include "daemon/base/buf.h"
#include "daemon/bounce/bounce.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <unistd.h>

static const char help[] =
    "usage: tocsin inspect bounce FILE...\n"
    "       tocsin inspect bounce --files-from FILE\n"
    "\n"
    "Show how Tocsin reads messages that came back (RFC 5322): one JSON object a line for each FILE.\n"
    "\n"
    "  class       hard, soft, delayed, delivered, autoreply, feedback, challenge, optout, reply or unknown\n"
    "  recipients  of whom it speaks\n"
    "  status      the enhanced status code (RFC 3463); reply: the SMTP reply code; reason: what they mean\n"
    "  token       of the mail that it is about, as it stands there: not verified\n";

#define TOKEN_LETTERS_MIN 20 /* shorter words after a "+" are people's own */

/* A string of a mail, whatever its bytes: JSON wants UTF-8, so bytes that are none become `?`. */
static json_t *json_text(const char *text)
{
    json_t *string = json_string(text);
    if (string)
        return string;
    char *copy = strdup(text);
    for (char *c = copy; c && *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    string = copy ? json_string(copy) : NULL;
    free(copy);
    return string;
}

static json_t *json_text_or_null(const char *text)
{
    return text && *text ? json_text(text) : json_null();
}

/* What stands between `+` and `@` in the first candidate of that shape. Shown, not verified: that takes the keys. */
static json_t *find_token(const struct bounce *bounce)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    for (size_t i = 0; i < bounce->candidate_count; i++) {
        const char *plus = strchr(bounce->candidates[i], '+');
        size_t length = plus ? strspn(plus + 1, letters) : 0;
        if (length >= TOKEN_LETTERS_MIN && plus[1 + length] == '@')
            return json_stringn(plus + 1, length);
    }
    return json_null();
}

static json_t *describe(const char *file, const struct bounce *bounce)
{
    json_t *object = json_object(), *recipients = json_array();
    for (size_t i = 0; i < bounce->recipient_count; i++)
        json_array_append_new(recipients, json_text(bounce->recipients[i]));
    json_object_set_new(object, "file", json_text(file));
    json_object_set_new(object, "class", json_string(bounce_class_name(bounce->class)));
    json_object_set_new(object, "recipients", recipients);
    json_object_set_new(object, "status", json_text_or_null(bounce->status));
    json_object_set_new(object, "reply", json_text_or_null(bounce->reply));
    json_object_set_new(object, "reason", json_text_or_null(reason_name(bounce->reason)));
    json_object_set_new(object, "token", find_token(bounce));
    return object;
}

static int read_file(const char *path, struct buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), code = 0;
    if (fd < 0)
        return -errno;
    for (;;) {
        buf_reserve(out, 65536);
        ssize_t length = read(fd, out->data + out->length, 65536);
        if (length < 0 && errno == EINTR)
            continue;
        if (length <= 0) {
            code = length < 0 ? -errno : 0;
            break;
        }
        out->length += (size_t)length;
    }
    close(fd);
    return code;
}

static int inspect_file(const char *file)
{
    struct buf data = BUF_EMPTY;
    struct bounce bounce;
    int code = read_file(file, &data);
    if (code) {
        fprintf(stderr, "tocsin: %s: %s\n", file, strerror(-code));
        buf_free(&data);
        return EX_NOINPUT;
    }
    bounce_parse(data.data, data.length, NULL, NULL, &bounce);
    json_t *object = describe(file, &bounce);
    json_dumpf(object, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(object);
    bounce_clear(&bounce);
    buf_free(&data);
    return 0;
}

int inspect_bounce(int argc, char **argv)
{
    int code = 0;
    bool wanted = argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
    if (argc < 2)
        fputs("tocsin: inspect bounce wants a FILE\n\n", stderr);
    if (argc < 2 || (argv[1][0] == '-' && argv[1][1])) {
        fputs(help, wanted ? stdout : stderr);
        return wanted ? EX_OK : EX_USAGE;
    }
    bounce_init();
    for (int i = 1; i < argc; i++)
        if (inspect_file(argv[i]))
            code = EX_NOINPUT;
    return code;
}

#include "daemon/command/inspect_bounce.h"

#include "daemon/bounce/bounce.h"
#include "daemon/command/inspect_file.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

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

static json_t *json_text_or_null(const char *text)
{
    return text && *text ? inspect_text(text) : json_null();
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

static void describe(void *context, json_t *object, const char *data, size_t length)
{
    struct bounce bounce;
    json_t *recipients = json_array();
    (void)context;
    bounce_parse(data, length, NULL, NULL, &bounce);
    for (size_t i = 0; i < bounce.recipient_count; i++)
        json_array_append_new(recipients, inspect_text(bounce.recipients[i]));
    json_object_set_new(object, "class", json_string(bounce_class_name(bounce.class)));
    json_object_set_new(object, "recipients", recipients);
    json_object_set_new(object, "status", json_text_or_null(bounce.status));
    json_object_set_new(object, "reply", json_text_or_null(bounce.reply));
    json_object_set_new(object, "reason", json_text_or_null(reason_name(bounce.reason)));
    json_object_set_new(object, "token", find_token(&bounce));
    bounce_clear(&bounce);
}

int inspect_bounce(int argc, char **argv)
{
    bool wanted = argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
    if (argc < 2)
        fputs("tocsin: inspect bounce wants a FILE\n\n", stderr);
    if (argc < 2 || (argv[1][0] == '-' && argv[1][1])) {
        fputs(help, wanted ? stdout : stderr);
        return wanted ? EX_OK : EX_USAGE;
    }
    bounce_init();
    return inspect_files(argv + 1, argc - 1, describe, NULL);
}

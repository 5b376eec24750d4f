/* tocsin bounce: a returned message on standard input, for mail servers that pipe. */
#include "daemon/base/base64.h"
#include "daemon/command/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static const char help[] = "usage: tocsin bounce [--recipient ADDRESS] [--sender ADDRESS] < MESSAGE\n"
                           "\n"
                           "Hand a message that came back to the daemon, for mail servers that deliver to a pipe (LMTP "
                           "is better: bounces.lmtp_socket). Exits\n"
                           "0 once it is on disk, and 75 when it could not be taken now: keep it, and try again.\n"
                           "\n"
                           "  --recipient ADDRESS   the envelope recipient, which holds the token (default: "
                           "$ORIGINAL_RECIPIENT, then $RECIPIENT, as Postfix sets\n"
                           "                        them; else the message's own headers are searched)\n"
                           "  --sender ADDRESS      the envelope sender (default: $SENDER)\n"
                           "\n"
                           "In Postfix's master.cf:   flags=X user=tocsin argv=/usr/bin/tocsin bounce --recipient "
                           "${original_recipient} --sender ${sender}\n";

/* A longer message than the daemon's line limit allows is cut: the end of a bounce matters less than its beginning. */
#define MOST ((size_t)32 * 1024 * 1024)

static int read_all(struct buf *message)
{
    char block[65536];
    ssize_t got;
    while ((got = read(STDIN_FILENO, block, sizeof block)) > 0)
        if (message->length < MOST)
            buf_add(message, block, (size_t)got);
    return got < 0 ? -errno : 0;
}

int command_bounce(struct context *context, int argc, char **argv)
{
    const char *recipient = getenv("ORIGINAL_RECIPIENT") ? getenv("ORIGINAL_RECIPIENT") : getenv("RECIPIENT");
    const char *sender = getenv("SENDER");
    const struct option_row options[] = { { "recipient", &recipient, NULL },
                                          { "sender", &sender, NULL },
                                          { NULL, NULL, NULL } };
    struct buf message = BUF_EMPTY;
    int exit = command_options(context, options, help, &argc, argv);
    if (exit >= 0)
        return exit;
    if (argc > 1)
        return command_fail(EX_USAGE, "bounce takes no argument: the message is read from standard input");
    int status = read_all(&message);
    if (status || !message.length) {
        buf_free(&message);
        return status ? command_fail(EX_TEMPFAIL, "standard input: %s", strerror(-status))
                      : command_fail(EX_NOINPUT, "standard input is empty: where is the message?");
    }
    char *text = base64_encode(message.data, message.length);
    json_t *result, *request = json_pack("{s:s, s:s}", "verb", "bounce", "message", text);
    if (recipient)
        json_object_set_new(request, "recipient", json_string(recipient));
    if (sender)
        json_object_set_new(request, "sender", json_string(sender));
    free(text);
    buf_free(&message);
    exit = command_ask(context, request, &result);
    if (!exit)
        json_decref(result);
    /* A mail server returns a message for any other code. */
    return exit == EX_UNAVAILABLE || exit == EX_CONFIG || exit == EX_SOFTWARE ? EX_TEMPFAIL : exit;
}

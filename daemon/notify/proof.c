/* The mail that proves the bounce path: from our envelope sender, through the relay, to our own bounce mailbox. */
#include "daemon/notify/notify.h"

#include "daemon/base/address.h"
#include "daemon/base/mem.h"
#include "daemon/base/timestamp.h"
#include "daemon/notify/mime.h"

#include <inttypes.h>
#include <string.h>

static const char to_ourselves[] = "Tocsin sends this mail to itself, to see whether bounces would come back:\n"
                                   "from the envelope sender of its mails, through its relay, to the mailbox\n"
                                   "that bounces come to.\n"
                                   "\n"
                                   "If you read it in a mailbox, it has not come back: mail to the address\n"
                                   "below, with anything after its `+`, has to be delivered to Tocsin, by LMTP\n"
                                   "(bounces.lmtp_socket), into a Maildir (bounces.maildir), or to `tocsin\n"
                                   "bounce`.\n";

static const char to_nobody[] = "Tocsin sends this mail to an address that should not exist, to see whether\n"
                                "its bounce comes back. If you read it, the address exists after all: you\n"
                                "need not do anything, and whoever runs Tocsin at the address in From wants\n"
                                "to name another with `tocsin check --send --provoke`.\n";

int notify_proof(const struct config *config, const struct token_keys *keys, int64_t proof, int64_t date,
                 const char *recipient, char **from, char **to, struct buf *out, struct error *error)
{
    char token[TOKEN_SIZE], text[TIMESTAMP_MAIL_SIZE];
    int status = token_make(keys, TOKEN_PROOF, token_keys_current(keys), proof, date, token);
    if (status)
        return error_set(error, status, "proof %" PRId64 ": no token can be made for it", proof);
    *from = token_address(config->return_path.bounce, token);
    *to = mem_string(recipient ? recipient : *from);
    timestamp_mail(date, text);
    mime_header(out, "Date", text);
    mime_header_mailbox(out, "From", config->sender.name, config->sender.address);
    mime_header(out, "To", *to);
    mime_header(out, "Subject", recipient ? "A bounce is wanted" : "Proof of the bounce path");
    buf_add_format(out, "Message-ID: <%s@%s>\r\n", token, address_domain(config->sender.address));
    mime_header(out, "Auto-Submitted", "auto-generated");
    mime_header(out, "X-Auto-Response-Suppress", "All");
    mime_header(out, "MIME-Version", "1.0");
    mime_header(out, "Content-Type", "text/plain; charset=us-ascii");
    buf_add_string(out, "\r\n");
    const char *body = recipient ? to_nobody : to_ourselves;
    mime_plain(out, body, strlen(body));
    buf_add_format(out, "\r\n%s\r\n", *from);
    return 0;
}

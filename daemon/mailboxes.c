/* The mailboxes that bounces and opt-outs come to: those of the configuration, and those that mails which are out already went out with. Somebody changes the
 * configuration; the envelope senders out there stay what they are, and an opt-out token is good for ever.
 *
 * A proof adds no mailbox. One that was on its way when the mailbox was changed is refused after the restart, unless mails are out with the old mailbox too: it
 * would show of a mailbox that nobody writes from any more that bounces come back to it. `tocsin check --send` proves the new one. */
#include "daemon/base/mem.h"
#include "daemon/daemon.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct mailbox {
    struct mailbox *next;
    enum token_purpose purpose;
    char *address;
};

static void add(struct daemon *daemon, enum token_purpose purpose, const char *address)
{
    if (!address || !*address)
        return;
    for (const struct mailbox *one = daemon->mailboxes; one; one = one->next)
        if (one->purpose == purpose && !strcasecmp(one->address, address))
            return;
    struct mailbox *mailbox = mem_alloc(sizeof *mailbox);
    *mailbox = (struct mailbox){ daemon->mailboxes, purpose, mem_string(address) };
    daemon->mailboxes = mailbox;
}

void mailboxes_add(struct daemon *daemon, const struct config *config)
{
    add(daemon, TOKEN_BOUNCE, config->return_path.bounce);
    add(daemon, TOKEN_OPT_OUT, config->return_path.opt_out);
}

void mailboxes_open(struct daemon *daemon)
{
    size_t index;
    const json_t *one;
    json_array_foreach(queue_mailboxes(daemon->queue), index, one)
    {
        add(daemon, TOKEN_BOUNCE, json_string_value(json_object_get(one, "bounce")));
        add(daemon, TOKEN_OPT_OUT, json_string_value(json_object_get(one, "opt_out")));
    }
    mailboxes_add(daemon, daemon->config);
}

void mailboxes_free(struct daemon *daemon)
{
    struct mailbox *next;
    for (struct mailbox *one = daemon->mailboxes; one; one = next) {
        next = one->next;
        free(one->address);
        free(one);
    }
    daemon->mailboxes = NULL;
}

static const char *find_before(const struct daemon *daemon, enum token_purpose purpose, const char *address,
                               size_t *length)
{
    const char *token = NULL;
    for (const struct mailbox *one = daemon->mailboxes; one && !token; one = one->next)
        if (one->purpose == purpose)
            token = token_in_address(one->address, address, length);
    return token;
}

const char *mailboxes_token(const struct daemon *daemon, enum token_purpose purpose, const char *address,
                            size_t *length)
{
    const struct config *config = daemon->config;
    bool opt_out = purpose == TOKEN_OPT_OUT;
    const char *ours = opt_out ? config->return_path.opt_out : config->return_path.bounce;
    const char *others = opt_out ? config->return_path.bounce : config->return_path.opt_out;
    const char *token = token_in_address(ours, address, length);
    /* What a mailbox is for now goes before what it was for. */
    if (token || token_in_address(others, address, length))
        return token;
    return find_before(daemon, opt_out ? TOKEN_OPT_OUT : TOKEN_BOUNCE, address, length);
}

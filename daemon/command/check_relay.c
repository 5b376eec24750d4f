#include "daemon/command/check_relay.h"

#include "daemon/base/log.h"
#include "daemon/base/secret.h"
#include "daemon/command/command.h"
#include "daemon/delivery/probe.h"
#include "daemon/delivery/security.h"

#include <errno.h>
#include <stdio.h>
#include <sysexits.h>

#define WAIT_MS                                                                                                        \
    30000 /* for each reply: a person is waiting, and the minutes that delivery.timeout allows are for relays under load */

static int talk(const struct config *config, struct buf *found, struct error *error)
{
    int64_t wait = config->delivery.timeout, connect = config->delivery.connect_timeout;
    char password[AUTH_TEXT_MAX + 1] = "";
    struct delivery_options options = {
        .relay = config->delivery.relay,
        .helo = config->return_path.helo,
        .timeout_ms = (unsigned)(wait < WAIT_MS ? wait : WAIT_MS),
        .connect_timeout_ms = (unsigned)(connect < WAIT_MS ? connect : WAIT_MS),
    };
    int status = security_load(config, &options.security, password, error);
    /* What is logged while mail is sent is part of what is found. */
    log_set_level(LOG_ERROR_LEVEL);
    if (!status)
        status = probe_relay(&options, config->return_path.bounce, found, error);
    secret_wipe(password, sizeof password);
    return status;
}

int check_relay(const struct config *config)
{
    struct buf found = BUF_EMPTY;
    struct error error = { "" };
    int status = talk(config, &found, &error);
    int exit = found.length ? command_print(&found) : EX_OK;
    if (status)
        return command_fail(status == -EAGAIN ? EX_TEMPFAIL : EX_CONFIG, "%s", error.text);
    return exit;
}

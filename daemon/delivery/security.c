#include "daemon/delivery/security.h"

#include "daemon/base/secret.h"
#include "daemon/delivery/relay.h"
#include "daemon/delivery/tls.h"

#include <stddef.h>
#include <string.h>

static const char *const modes[] = {
    [TLS_NEVER] = "never", [TLS_OPPORTUNISTIC] = "opportunistic", [TLS_REQUIRED] = "required"
};

int security_load(const struct config *config, struct delivery_security *out, char password[AUTH_TEXT_MAX + 1],
                  struct error *error)
{
    *out = (struct delivery_security){ .tls = TLS_REQUIRED,
                                       .tls_ca = config->delivery.tls_ca,
                                       .tls_name = config->delivery.tls_name };
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (strcmp(config->delivery.tls, modes[i]) == 0)
            out->tls = (enum tls_mode)i;
    if (!config->delivery.auth_user[0])
        return 0;
    struct error why = { "" };
    int status = secret_read(config->delivery.auth_password, password, AUTH_TEXT_MAX + 1, &why);
    if (status)
        return error_set(error, status, "delivery.auth_password: %s", why.text);
    out->user = config->delivery.auth_user;
    out->password = password;
    return 0;
}

int security_check(const struct config *config, struct error *error)
{
    char password[AUTH_TEXT_MAX + 1] = "";
    struct delivery_security security;
    struct relay *relay = NULL;
    struct tls *tls = NULL;
    int status = security_load(config, &security, password, error);
    if (!status)
        status = relay_open(config->delivery.relay, &relay, error);
    if (!status)
        status = tls_open(&security, relay, &tls, error);
    tls_close(tls);
    relay_close(relay);
    secret_wipe(password, sizeof password);
    return status;
}

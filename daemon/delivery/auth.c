#include "daemon/delivery/auth.h"

#include "daemon/base/mem.h"
#include "daemon/base/secret.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Base64 of N bytes, with its NUL. */
#define ENCODED(n) (((n) + 2) / 3 * 4 + 1)

struct auth {
    char user[AUTH_TEXT_MAX + 1], password[AUTH_TEXT_MAX + 1];
    char plain[ENCODED(2 * AUTH_TEXT_MAX + 2)]; /* what PLAIN says (RFC 4616) */
    char login[ENCODED(AUTH_TEXT_MAX)]; /* what LOGIN says */
};

bool auth_options_ok(const char *user, const char *password)
{
    size_t user_length = user ? strlen(user) : 0, length = password ? strlen(password) : 0;
    return !user_length == !length && user_length <= AUTH_TEXT_MAX && length <= AUTH_TEXT_MAX;
}

/* libesmtp looks for the module of CRAM-MD5 as sasl-cram-md5.so, and installs it as sasl-crammd5.so. Loaded once by that name it is known by its right
 * one from then on. */
static void load_cram_md5(void)
{
    auth_context_t context = auth_create_context();
    if (!context)
        return;
    auth_set_mechanism(context, "CRAMMD5");
    auth_destroy_context(context);
}

struct auth *auth_new(const char *user, const char *password)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load_cram_md5);
    struct auth *auth = mem_zero(1, sizeof *auth);
    unsigned char plain[2 * AUTH_TEXT_MAX + 2] = { 0 };
    strncpy(auth->user, user, AUTH_TEXT_MAX);
    strncpy(auth->password, password, AUTH_TEXT_MAX);
    size_t user_length = strlen(auth->user), length = strlen(auth->password);
    memcpy(plain + 1, auth->user, user_length);
    memcpy(plain + user_length + 2, auth->password, length);
    EVP_EncodeBlock((unsigned char *)auth->plain, plain, (int)(user_length + length + 2));
    EVP_EncodeBlock((unsigned char *)auth->login, (const unsigned char *)auth->password, (int)length);
    secret_wipe(plain, sizeof plain);
    return auth;
}

void auth_free(struct auth *auth)
{
    if (auth)
        secret_wipe(auth, sizeof *auth);
    free(auth);
}

/* libesmtp asks for what its mechanism needs. 0: we have no such thing. */
static int answer(auth_client_request_t request, char **result, int fields, void *argument)
{
    struct auth *auth = argument;
    for (int i = 0; i < fields; i++) {
        if (request[i].flags & AUTH_USER)
            result[i] = auth->user;
        else if (request[i].flags & AUTH_PASS)
            result[i] = auth->password;
        else
            return 0;
    }
    return 1;
}

auth_context_t auth_context(const struct auth *auth)
{
    auth_context_t context = auth_create_context();
    if (context)
        auth_set_interact_cb(context, answer, (void *)(size_t)auth);
    return context;
}

void auth_trust(auth_context_t context)
{
    auth_set_mechanism_flags(context, AUTH_PLUGIN_PLAIN, 0);
}

static void blot(char *text, const char *secret)
{
    size_t length = strlen(secret);
    for (char *at = text; (at = strstr(at, secret)); at += length)
        memset(at, '*', length);
}

void auth_redact(const struct auth *auth, char *text)
{
    blot(text, auth->plain);
    blot(text, auth->login);
    blot(text, auth->password);
}

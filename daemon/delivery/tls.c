#include "daemon/delivery/tls.h"

#include "daemon/base/log.h"
#include "daemon/base/mem.h"
#include "daemon/delivery/certificate.h"
#include "daemon/delivery/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLAIN_MS                                                                                                       \
    (60 * 60 * 1000) /* so long we do without TLS that did not work: a relay that was mended is noticed the same day */

struct tls {
    enum tls_mode mode;
    SSL_CTX *context;
    char *name, *relay;
    bool is_address;
    pthread_mutex_t lock; /* of the rest */
    int64_t plain_until; /* clock_ms() */
    char *logged; /* what the last log line said */
};

static bool read_address(const char *name)
{
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}

/* libesmtp names no server in its ClientHello; relays with several names show the wrong certificate then. RFC 6066 §3: no addresses. */
static void name_server(const SSL *ssl, int where, int value)
{
    const struct tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    (void)value;
    if ((where & SSL_CB_HANDSHAKE_START) && !tls->is_address)
        SSL_set_tlsext_host_name((SSL *)(size_t)ssl, tls->name);
}

/* The name is checked along with the chain: libesmtp compares it with its dummy address, and knows no IP addresses in certificates. */
static bool set_name(struct tls *tls)
{
    X509_VERIFY_PARAM *parameters = SSL_CTX_get0_param(tls->context);
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    /* Whoever puts a server's own certificate into delivery.tls_ca trusts that one. */
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
    return tls->is_address ? X509_VERIFY_PARAM_set1_ip_asc(parameters, tls->name)
                           : X509_VERIFY_PARAM_set1_host(parameters, tls->name, 0);
}

static int set_up(struct tls *tls, const char *ca, struct error *error)
{
    SSL_CTX *context = tls->context = SSL_CTX_new(TLS_client_method());
    if (!context || !SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) ||
        !SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION))
        return error_set(error, -EIO, "OpenSSL gives no TLS 1.2");
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    /* The result is looked at in tls_event(): so that a mail program's self-made certificate is no reason to send in plain text instead, and so that
     * we can say what is wrong with it. */
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_app_data(context, tls);
    SSL_CTX_set_info_callback(context, name_server);
    if (!set_name(tls))
        return error_set(error, -EINVAL, "delivery.tls_name: `%s` is no host's name and no address", tls->name);
    if (ca && *ca && access(ca, R_OK))
        return error_set(error, -EINVAL, "delivery.tls_ca: %s: %s", ca, strerror(errno));
    if (ca && *ca && !SSL_CTX_load_verify_locations(context, ca, NULL))
        return error_set(error, -EINVAL, "delivery.tls_ca: %s: %s", ca, ERR_reason_error_string(ERR_peek_last_error()));
    if ((!ca || !*ca) && !SSL_CTX_set_default_verify_paths(context))
        return error_set(error, -EIO, "OpenSSL cannot find the system's certificates");
    return 0;
}

int tls_open(const struct delivery_security *security, const struct relay *relay, struct tls **out, struct error *error)
{
    struct tls *tls = mem_zero(1, sizeof *tls);
    pthread_mutex_init(&tls->lock, NULL);
    tls->mode = security->tls;
    tls->name = mem_string(security->tls_name && *security->tls_name ? security->tls_name : relay_host(relay));
    tls->relay = mem_string(relay_name(relay));
    tls->is_address = read_address(tls->name);
    int status = tls->mode == TLS_NEVER ? 0 : set_up(tls, security->tls_ca, error);
    ERR_clear_error();
    if (status)
        tls_close(tls);
    else
        *out = tls;
    return status;
}

void tls_close(struct tls *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->context);
    pthread_mutex_destroy(&tls->lock);
    free(tls->logged);
    free(tls->relay);
    free(tls->name);
    free(tls);
}

static bool plain_for_now(struct tls *tls)
{
    pthread_mutex_lock(&tls->lock);
    bool plain = clock_ms() < tls->plain_until;
    pthread_mutex_unlock(&tls->lock);
    return plain;
}

bool tls_begin(struct tls_watch *watch, struct tls *tls, smtp_session_t smtp)
{
    *watch = (struct tls_watch){ .tls = tls };
    /* OpenSSL's errors are the thread's, and an old one would be taken for the connection's (SSL_get_error(3)). */
    ERR_clear_error();
    if (tls->mode == TLS_NEVER || (tls->mode == TLS_OPPORTUNISTIC && plain_for_now(tls)))
        return smtp_starttls_enable(smtp, Starttls_DISABLED);
    return smtp_starttls_set_ctx(smtp, tls->context) &&
           smtp_starttls_enable(smtp, tls->mode == TLS_REQUIRED ? Starttls_REQUIRED : Starttls_ENABLED);
}

static void on_certificate(struct tls_watch *watch, long result, int *accept, SSL *ssl)
{
    certificate_explain(result, SSL_get0_peer_certificate(ssl), watch->tls->name, &watch->why);
    *accept = watch->tls->mode != TLS_REQUIRED;
    watch->lasting = !*accept;
}

static void on_secure(struct tls_watch *watch, SSL *ssl)
{
    X509 *own = SSL_get_certificate(ssl);
    watch->verified = SSL_get_verify_result(ssl) == X509_V_OK && SSL_get0_peer_certificate(ssl);
    watch->secure = watch->verified || watch->tls->mode != TLS_REQUIRED;
    snprintf(watch->protocol, sizeof watch->protocol, "%s", SSL_get_version(ssl));
    snprintf(watch->cipher, sizeof watch->cipher, "%s", SSL_get_cipher(ssl));
    certificate_describe(SSL_get0_peer_certificate(ssl), watch->certificate, sizeof watch->certificate);
    /* A client certificate is found by libesmtp below the user's home; it then frees what SSL_get_certificate() only lent it (smtp-tls.c,
     * rsp_starttls). */
    if (own)
        X509_up_ref(own);
}

void tls_event(struct tls_watch *watch, int event, va_list arguments)
{
    if (event == SMTP_EV_INVALID_PEER_CERTIFICATE) {
        long result = va_arg(arguments, long);
        int *accept = va_arg(arguments, int *);
        on_certificate(watch, result, accept, va_arg(arguments, SSL *));
    } else if (event == SMTP_EV_WRONG_PEER_CERTIFICATE) {
        *va_arg(arguments, int *) = 1; /* compared with libesmtp's dummy address; set_name() has seen to the name */
    } else if (event == SMTP_EV_WEAK_CIPHER) {
        error_set(&watch->why, 0, "its cipher is too weak");
        watch->lasting = true;
    } else if (event == SMTP_EV_NO_PEER_CERTIFICATE) {
        error_set(&watch->why, 0, "it shows no certificate");
        watch->lasting = true;
    } else if (event == SMTP_EV_EXTNA_STARTTLS) {
        error_set(&watch->why, 0, "it offers no TLS, and delivery.tls is `required`");
        watch->lasting = true;
    } else if (event == SMTP_EV_UNUSABLE_CLIENT_CERTIFICATE || event == SMTP_EV_NO_CLIENT_CERTIFICATE) {
        error_set(&watch->why, 0,
                  "libesmtp cannot use what is in .config/libesmtp/private of our $HOME, or may not look there");
        watch->lasting = true;
    } else if (event == SMTP_EV_STARTTLS_OK) {
        on_secure(watch, va_arg(arguments, SSL *));
    }
}

bool tls_allows_mail(struct tls_watch *watch)
{
    if (watch->secure || watch->tls->mode != TLS_REQUIRED)
        return true;
    watch->lasting = true;
    if (!watch->why.text[0])
        error_set(&watch->why, 0, "delivery.tls is `required`, and the connection is not encrypted");
    return false;
}

char *tls_describe(const struct tls_watch *watch)
{
    if (!watch->secure)
        return mem_format("mail goes to relay %s in plain text: %s", watch->tls->relay,
                          watch->tls->mode == TLS_NEVER ? "delivery.tls is `never`"
                          : watch->why.text[0]          ? watch->why.text
                                                        : "it offers no TLS, or none that works");
    return mem_format("mail goes to relay %s by %s with %s; certificate of %s%s%s", watch->tls->relay, watch->protocol,
                      watch->cipher, watch->certificate,
                      watch->verified ? ", verified" : ", not verified: ", watch->verified ? "" : watch->why.text);
}

void tls_log(const struct tls_watch *watch)
{
    struct tls *tls = watch->tls;
    char *text = tls_describe(watch);
    pthread_mutex_lock(&tls->lock);
    bool fresh = !tls->logged || strcmp(tls->logged, text) != 0;
    if (fresh) {
        free(tls->logged);
        tls->logged = mem_string(text);
    }
    pthread_mutex_unlock(&tls->lock);
    if (fresh)
        log_notice("delivery: %s", text);
    free(text);
}

static void explain_failure(struct tls_watch *watch)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    error_set(&watch->why, 0, "the TLS handshake failed: %s",
              reason ? reason : "the connection was lost, or nothing came in time");
}

bool tls_end(struct tls_watch *watch, bool stopped)
{
    struct tls *tls = watch->tls;
    if (!tls || stopped)
        return false;
    if (watch->tried && !watch->secure && !watch->why.text[0])
        explain_failure(watch);
    ERR_clear_error();
    if (tls->mode != TLS_OPPORTUNISTIC || !watch->tried || watch->secure)
        return false;
    pthread_mutex_lock(&tls->lock);
    bool first = clock_ms() >= tls->plain_until;
    tls->plain_until = clock_ms() + PLAIN_MS;
    pthread_mutex_unlock(&tls->lock);
    if (first)
        log_warning("delivery: relay %s offers TLS, but %s; for an hour mail goes there in plain text", tls->relay,
                    watch->why.text);
    return true;
}

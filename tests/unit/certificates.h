/* Certificates made on the spot, for the tests of TLS. */
#ifndef TOCSIN_TESTS_CERTIFICATES_H
#define TOCSIN_TESTS_CERTIFICATES_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

struct certificate {
    X509 *x509;
    EVP_PKEY *key;
};

static inline void certificate_add(X509 *x509, int kind, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, kind, value);
    X509_add_ext(x509, extension, -1);
    X509_EXTENSION_free(extension);
}

/* For NAME, with ALTERNATIVES (`DNS:a, IP:1.2.3.4`; NULL: none), good FROM_DAY to UNTIL_DAY from now, signed by ISSUER (NULL: by itself, and fit
 * to sign others). */
static inline struct certificate certificate_make(const char *name, const char *alternatives, long from_day,
                                                  long until_day, const struct certificate *issuer)
{
    static long serial = 1;
    struct certificate new = { X509_new(), EVP_EC_gen("P-256") };
    X509_set_version(new.x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(new.x509), serial++);
    X509_gmtime_adj(X509_getm_notBefore(new.x509), from_day * 86400);
    X509_gmtime_adj(X509_getm_notAfter(new.x509), until_day * 86400);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(new.x509), "CN", MBSTRING_UTF8, (const unsigned char *)name, -1,
                               -1, 0);
    X509_set_issuer_name(new.x509, X509_get_subject_name(issuer ? issuer->x509 : new.x509));
    X509_set_pubkey(new.x509, new.key);
    if (!issuer)
        certificate_add(new.x509, NID_basic_constraints, "critical,CA:TRUE");
    if (alternatives)
        certificate_add(new.x509, NID_subject_alt_name, alternatives);
    X509_sign(new.x509, issuer ? issuer->key : new.key, EVP_sha256());
    return new;
}

static inline void certificate_free(struct certificate *certificate)
{
    X509_free(certificate->x509);
    EVP_PKEY_free(certificate->key);
}

/* A server's context that shows CERTIFICATE. */
static inline SSL_CTX *certificate_server(const struct certificate *certificate)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context, certificate->x509);
    SSL_CTX_use_PrivateKey(context, certificate->key);
    return context;
}

static inline void certificate_write(const struct certificate *certificate, const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file || !PEM_write_X509(file, certificate->x509) || fclose(file))
        abort();
}

#endif

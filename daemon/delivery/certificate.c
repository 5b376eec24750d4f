#include "daemon/delivery/certificate.h"

#include <openssl/bio.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#define WORDS_SIZE 200 /* of a name or a list of names: strangers write them */

/* What was written to BIO, as a string that cannot drive a terminal; frees it. */
static void take(BIO *bio, char out[WORDS_SIZE])
{
    int length = bio ? BIO_read(bio, out, WORDS_SIZE - 1) : 0;
    out[length > 0 ? length : 0] = '\0';
    for (char *at = out; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
    BIO_free(bio);
}

/* The common name, or the whole where there is none. */
static void write_name(const X509_NAME *name, char out[WORDS_SIZE])
{
    BIO *bio = BIO_new(BIO_s_mem());
    int index = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (bio && index >= 0)
        ASN1_STRING_print_ex(bio, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)), ASN1_STRFLGS_ESC_CTRL);
    else if (bio)
        X509_NAME_print_ex(bio, name, 0, XN_FLAG_ONELINE);
    take(bio, out);
}

static void write_time(const ASN1_TIME *when, char out[WORDS_SIZE])
{
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio)
        ASN1_TIME_print(bio, when);
    take(bio, out);
}

/* The names that it proves (RFC 6125 §6.4): its alternative ones, or else the common one. */
static void write_names(const X509 *certificate, char out[WORDS_SIZE])
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    BIO *bio = BIO_new(BIO_s_mem());
    int count = names ? sk_GENERAL_NAME_num(names) : 0;
    for (int i = 0; bio && i < count; i++) {
        BIO_puts(bio, i ? ", " : "");
        GENERAL_NAME_print(bio, sk_GENERAL_NAME_value(names, i));
    }
    GENERAL_NAMES_free(names);
    take(bio, out);
    if (!count)
        write_name(X509_get_subject_name(certificate), out);
}

/* Everything that may be wrong with it and that a person can do something about. */
void certificate_explain(long result, const X509 *certificate, const char *name, struct error *out)
{
    char words[WORDS_SIZE];
    if (!certificate) {
        error_set(out, 0, "it shows no certificate");
        return;
    }
    switch (result) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        write_names(certificate, words);
        error_set(out, 0,
                  "its certificate is for %s, not for %s: if that is the relay, say its name in delivery.tls_name",
                  words, name);
        break;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        write_time(X509_get0_notAfter(certificate), words);
        error_set(out, 0, "its certificate, or one that vouches for it, has expired; its own is good until %s", words);
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        write_time(X509_get0_notBefore(certificate), words);
        error_set(out, 0, "its certificate is good from %s on: is our clock right?", words);
        break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        write_name(X509_get_subject_name(certificate), words);
        error_set(out, 0,
                  "its certificate (%s) is signed by itself: if it is the right one, name a file with it in "
                  "delivery.tls_ca",
                  words);
        break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        write_name(X509_get_issuer_name(certificate), words);
        error_set(out, 0,
                  "its certificate is vouched for by %s, whom nobody here knows: name a file with that authority's "
                  "certificate in delivery.tls_ca",
                  words);
        break;
    default:
        error_set(out, 0, "its certificate is not good: %s", X509_verify_cert_error_string(result));
    }
}

void certificate_describe(const X509 *certificate, char *out, size_t size)
{
    char names[WORDS_SIZE], issuer[WORDS_SIZE], until[WORDS_SIZE];
    if (!certificate) {
        snprintf(out, size, "nobody");
        return;
    }
    write_names(certificate, names);
    write_name(X509_get_issuer_name(certificate), issuer);
    write_time(X509_get0_notAfter(certificate), until);
    snprintf(out, size, "%.80s (issued by %.80s, until %.40s)", names, issuer, until);
}

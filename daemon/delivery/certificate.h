/* A server's certificate in words. Pure; any thread. */
#ifndef TOCSIN_DELIVERY_CERTIFICATE_H
#define TOCSIN_DELIVERY_CERTIFICATE_H

#include "daemon/base/error.h"

#include <openssl/x509.h>
#include <stddef.h>

/* Set OUT to what RESULT (X509_V_ERR_…) says about CERTIFICATE (may be NULL), which should prove NAME, and to what to do about it. */
void certificate_explain(long result, const X509 *certificate, const char *name, struct error *out);

/* `mail.example (issued by Some CA, until Nov 23 15:13:53 2027 GMT)`, cut to fit. */
void certificate_describe(const X509 *certificate, char *out, size_t size);

#endif

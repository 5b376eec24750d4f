/* libesmtp whole: it declares smtp_auth_set_context() and smtp_starttls_set_ctx() only where these headers came first. */
#ifndef TOCSIN_DELIVERY_ESMTP_H
#define TOCSIN_DELIVERY_ESMTP_H

#include <auth-client.h>
#include <openssl/ssl.h>

#include <libesmtp.h>

#endif

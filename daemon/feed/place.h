/* What a value names on the Internet: a host, an address, a network, a URL, however defanged. Pure; any thread. */
#ifndef TOCSIN_FEED_PLACE_H
#define TOCSIN_FEED_PLACE_H

#include "daemon/base/buf.h"
#include "daemon/base/ip.h"
#include "daemon/base/name.h"

#include <stddef.h>

struct place {
    char name[NAME_MAX_LENGTH + 1]; /* normalised; "" when an address was given */
    char ip[IP_TEXT_SIZE]; /* canonical; "" when a name was given */
    int port; /* 0: none */
};

/* `bakery.example`, `192.0.2.7`, `2001:db8::1`, `[2001:db8::1]`, each but the bare IPv6 address also with `:PORT`. 0 or -EINVAL. */
int place_read(const char *text, size_t length, struct place *out);

/* A URL: `hxxps[:]//bakery[.]example/…` and the like become plain, the scheme and host are normalised, a missing scheme becomes `http`;
 * the rest stays. OUT is where it leads; the URL is appended to URL. 0 or -EINVAL (no host that place_read() takes; blanks or control
 * characters). */
int place_read_url(const char *text, size_t length, struct place *out, struct buf *url);

/* `192.0.2.0/28`: OUT is its canonical text. 0 or -EINVAL; a lone address is none. */
int place_read_network(const char *text, size_t length, char out[IP_TEXT_SIZE + 4], char first[IP_TEXT_SIZE]);

/* 1 to 65535, or 0 when the text is no port. */
int place_read_port(const char *text, size_t length);

#endif

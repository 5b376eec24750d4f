/* Finding e-mail addresses in text. Pure; any thread. */
#ifndef TOCSIN_BOUNCE_ADDRESSES_H
#define TOCSIN_BOUNCE_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>

/* The next address in LENGTH bytes at TEXT from *AT on: it stands from *BEGIN to before *END, and *AT moves behind it. False when there is none. What looks
 * like a Message-ID (no dot in the domain and not in brackets) is passed over. */
bool address_next(const char *text, size_t length, size_t *at, size_t *begin, size_t *end);

#endif

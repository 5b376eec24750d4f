/* A flat JSON object, written member by member after a `{` (RFC 8259). Pure; any thread. */
#ifndef TOCSIN_FEED_MEMBER_H
#define TOCSIN_FEED_MEMBER_H

#include "daemon/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* KEY is ours, and needs no escapes. The value is UTF-8. */
void member_text(struct buf *json, const char *key, const char *text, size_t length);
/* As IntelMQ writes a time. */
void member_time(struct buf *json, const char *key, int64_t time);
/* TEXT, which member_is_number() took, as a number. */
void member_number(struct buf *json, const char *key, const char *text, size_t length);

/* A whole number as JSON has them: no leading zeros, short enough for a double. `AS64500` counts as one. */
bool member_is_number(const char *text, size_t length);

#endif

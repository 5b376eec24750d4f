/* From bytes that a stranger sent to GMime's objects, past what GMime does not bear. Any thread after g_mime_init(). */
#ifndef TOCSIN_BASE_MAIL_PARSE_H
#define TOCSIN_BASE_MAIL_PARSE_H

#include "daemon/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct _GMimeMessage;

/* The message in LENGTH bytes at DATA, past an mbox line before its header; g_object_unref() frees it. NULL: nothing could be made of it. *CUT (may be NULL): it has more than mail_limit.h
 * allows, and only what stands before that is here. */
struct _GMimeMessage *mail_parse(const char *data, size_t length, bool *cut);

/* CRLF and a lone CR become LF, a NUL a blank. */
void mail_clean(struct buf *text);

#endif

/* The bytes of a value: encodings, JSON, and what may be shown to a person. Pure; any thread. */
#ifndef TOCSIN_FEED_TEXT_H
#define TOCSIN_FEED_TEXT_H

#include "daemon/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* What the bytes of a feed's text are said to be. */
enum text_encoding {
    TEXT_DETECTED, /* nobody says: UTF-8 where they are it, else Latin-1 */
    TEXT_UTF8,
    TEXT_LATIN1, /* text_add_latin1()'s */
};
/* The encoding called NAME: "auto" or NULL, "utf-8", "latin1". */
enum text_encoding text_encoding_called(const char *name);
/* Does ENCODING have all of these bytes? */
bool text_is_in(enum text_encoding encoding, const char *text, size_t length);
/* Are they to be read by text_add_latin1(), or are they UTF-8 already? */
bool text_is_latin1(enum text_encoding encoding, const char *text, size_t length);

bool text_is_ascii(const char *text, size_t length);
/* Valid UTF-8 (RFC 3629)? */
bool text_is_utf8(const char *text, size_t length);
/* Append the LENGTH bytes at TEXT, taken as Latin-1 or rather windows-1252, which is what is meant by it, to OUT as UTF-8: at most three times as
 * many. */
void text_add_latin1(struct buf *out, const char *text, size_t length);
/* Append the LENGTH bytes of UTF-8 at TEXT to OUT as a JSON string, quotes included (RFC 8259 §7). */
void text_add_json(struct buf *out, const char *text, size_t length);
/* Append the start of TEXT to OUT, in quotes, so that it can stand in a sentence: control characters shown as `?`, cut after 60 bytes. */
void text_add_quoted(struct buf *out, const char *text, size_t length);
/* Does the text hold a control character (C0, DEL)? */
bool text_has_control(const char *text, size_t length);

#endif

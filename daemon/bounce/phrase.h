/* Looking for phrases in text that machines wrote for people. Pure; any thread.
 *
 * A pattern is words parted by blanks, in lower case. A word that ends in `*` matches any word that begins so; a lone `..` stands for up to
 * PHRASE_GAP words. A pattern that begins with a byte above 0x7f is looked for inside words too: not every script parts its words. Text is
 * folded first, so that case, punctuation and line breaks do not matter: `Over-Quota` is found by "over quota". */
#ifndef TOCSIN_BOUNCE_PHRASE_H
#define TOCSIN_BOUNCE_PHRASE_H

#include "daemon/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

#define PHRASE_GAP 4

/* Append the folded form of LENGTH bytes at TEXT to OUT: ASCII letters lower-cased, bytes above 0x7f kept, every other run of bytes made one
 * blank, a blank at either end. Words with an `@` in them are left out: what an address happens to say means nothing. */
void phrase_fold(struct buf *out, const char *text, size_t length);

/* The same, and without names of hosts (three labels or more: with two it may be a sentence that lacks its blank): what `relay.example.org` happens to
 * be called says nothing either. */
void phrase_fold_prose(struct buf *out, const char *text, size_t length);

/* Where PATTERN first matches in FOLDED (from phrase_fold()), or NULL. */
const char *phrase_find(const char *folded, const char *pattern);

/* Does any of PATTERNS (ended by NULL) match? */
bool phrase_any(const char *folded, const char *const *patterns);

#endif

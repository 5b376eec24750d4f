/* libesmtp's keyword table. */
#ifndef TOCSIN_DELIVERY_KEYWORDS_H
#define TOCSIN_DELIVERY_KEYWORDS_H

/* Make libesmtp fill its table of character classes, once for the process: it does so without a lock when it first reads an EHLO reply
 * (tokens.c:39). Call it before the first delivery thread starts. Needs no network. 0 or a negative errno. */
int keywords_prepare(void);

#endif

/* The words by which mail servers say why (a part of reply.c: its tables). Pure; any thread. */
#ifndef TOCSIN_BOUNCE_REPLY_WORDS_H
#define TOCSIN_BOUNCE_REPLY_WORDS_H

#include "daemon/bounce/reply.h"

/* The reason that FOLDED (phrase_fold()) gives in words that leave no doubt, whatever the codes beside them say. */
enum reason reply_words_sure(const char *folded);

/* The reason in words that many servers use for several things: for when no code is sure. */
enum reason reply_words_loose(const char *folded);

#endif

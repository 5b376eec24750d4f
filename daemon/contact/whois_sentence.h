/* Sentences that name an abuse desk: "Please send abuse reports to …". Pure. */
#ifndef TOCSIN_CONTACT_WHOIS_SENTENCE_H
#define TOCSIN_CONTACT_WHOIS_SENTENCE_H

#include "daemon/contact/whois_line.h"

#define WHOIS_STORY_LINES 2

/* The lines of text read so far that may say what an address below them is for: the last one first. All zero: none. */
struct whois_story {
    struct slice before[WHOIS_STORY_LINES];
};

typedef void whois_named(void *context, struct slice address);

/* Read the next line of text, which must live as long as STORY; NAMED is called for each address in it that is named for abuse, in order. ASKED: the
 * text is no remark of the object's, so that it must ask the reader to report something. */
void whois_story_take(struct whois_story *story, struct slice text, bool asked, whois_named *named, void *context);

/* What comes now has nothing to do with what came before. */
void whois_story_forget(struct whois_story *story);

#endif

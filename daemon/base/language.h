/* Languages: their tags, and which one people of a country read. Pure; any thread. */
#ifndef TOCSIN_BASE_LANGUAGE_H
#define TOCSIN_BASE_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>

#define LANGUAGE_SIZE 36 /* a tag and its NUL (RFC 5646 §4.4.1) */
#define LANGUAGES_MAX 16 /* in one order of preference */

/* Is TEXT a language tag (RFC 5646) as far as its characters and lengths go? It stands in headers and file names. */
bool language_is_tag(const char *text, size_t length);

/* Write the LENGTH bytes of TEXT, a tag, as it is written by custom: `de`, `de-AT`, `zh-Hans`. */
void language_write(const char *text, size_t length, char out[static LANGUAGE_SIZE]);

/* The language that most people of COUNTRY (ISO 3166, two letters) read, where it is clear which: a tag such as `de-AT`. Else NULL. */
const char *language_of_country(const char *country);
/* The same for the country that the domain NAME (A-labels) stands under; NULL under a generic one, or one that the whole world uses. */
const char *language_of_domain(const char *name);

/* What may tell which language somebody reads, the surest first. Each may be NULL. */
struct language_clues {
    const char *ordered; /* whoever submitted the incidents wants this one */
    const char *
        named; /* tags with commas between them, none before the other: the contact's Preferred-Languages (RFC 9116 §2.5.8), or an override's */
    const char *domain; /* his own */
    const char *country; /* that his network is in */
    const char *usual; /* the profile's */
};

/* The languages to try, best first, each followed by what it is a variety of (de-AT by de): what CLUES say, and in the end English. Of those that were
 * named, the one that other clues point to comes first. Returns how many of OUT are filled. */
size_t language_order(const struct language_clues *clues, char out[static LANGUAGES_MAX][LANGUAGE_SIZE]);

#endif

/* How far apart two words are: to say what somebody may have meant. Pure; any thread. */
#ifndef TOCSIN_BASE_SPELLING_H
#define TOCSIN_BASE_SPELLING_H

/* How many letters to change, add, drop or swap to make WRONG from RIGHT (Damerau and Levenshtein); SPELLING_FAR when one of them is too
 * long to be compared. */
#define SPELLING_FAR 64u
unsigned spelling_distance(const char *wrong, const char *right);

#endif

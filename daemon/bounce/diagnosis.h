/* SMTP reply codes and enhanced codes (RFC 3463) in text that quotes an SMTP session. Pure; any thread. */
#ifndef TOCSIN_BOUNCE_DIAGNOSIS_H
#define TOCSIN_BOUNCE_DIAGNOSIS_H

#include <stdbool.h>
#include <stddef.h>

struct diagnosis {
    int code; /* 550; 0: none */
    int enhanced[3]; /* all 0: none */
};

/* Read the enhanced code in TEXT that says most (the first of those) and the reply code that belongs to it. Addresses, versions, sizes and ports
 * are no codes. */
void diagnosis_read(const char *text, struct diagnosis *out);

/* Is TEXT an enhanced code, up to its first blank? Fills CODE. */
bool diagnosis_enhanced(const char *text, int code[3]);

/* How much CODE says: 0: it is none; 1: its class alone (x.0.0); 2: nothing about the cause (x.y.0, and x.4.7, which says that the time is over); 3:
 * all. */
int diagnosis_weight(const int code[3]);

#endif

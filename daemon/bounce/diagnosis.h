/* SMTP reply codes and enhanced codes (RFC 3463) in text that quotes an SMTP session. Pure; any thread. */
#ifndef TOCSIN_BOUNCE_DIAGNOSIS_H
#define TOCSIN_BOUNCE_DIAGNOSIS_H

#include <stdbool.h>
#include <stddef.h>

struct diagnosis {
    int code; /* 550; 0: none */
    int enhanced[3]; /* all 0: none */
};

/* Read the first enhanced code in TEXT that says more than x.0.0 (else the first at all) and the reply code that belongs to it. Addresses,
 * versions, sizes and ports are no codes. */
void diagnosis_read(const char *text, struct diagnosis *out);

/* Is TEXT an enhanced code, up to its first blank? Fills CODE. */
bool diagnosis_enhanced(const char *text, int code[3]);

/* Does CODE say more than its class? */
bool diagnosis_says_more(const int code[3]);

#endif

/* Whom a report for people names, and what stands beside each name. Pure; any thread. */
#ifndef TOCSIN_BOUNCE_PARAGRAPHS_H
#define TOCSIN_BOUNCE_PARAGRAPHS_H

#include "daemon/bounce/mail.h"
#include "daemon/bounce/outcome.h"

/* Add an outcome for each recipient that MAIL's notice (or its X-Failed-Recipients) speaks of, with the text that belongs to it. */
void paragraphs_read(const struct mail *mail, struct outcomes *outcomes);

#endif

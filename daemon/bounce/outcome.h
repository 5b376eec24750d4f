/* What a report says about each recipient, and about the mail as a whole. Pure; any thread. */
#ifndef TOCSIN_BOUNCE_OUTCOME_H
#define TOCSIN_BOUNCE_OUTCOME_H

#include "daemon/bounce/bounce.h"

#include <stdbool.h>
#include <stddef.h>

#define OUTCOMES_MAX 1000 /* recipients of one report that are read */

enum outcome_action { OUTCOME_UNSAID, OUTCOME_FAILED, OUTCOME_DELAYED, OUTCOME_DELIVERED };

/* One recipient's. Whoever recognises a report fills these in; outcomes_conclude() does the rest. */
struct outcome {
    char *recipient; /* as the report spells it; NULL when it does not say */
    enum outcome_action action;
    int enhanced[3]; /* of a Status field; all 0: none */
    int code; /* of a Status field that holds a reply code; 0: none */
    char *text; /* the diagnostic, may be NULL */
};

struct outcomes {
    struct outcome *items;
    size_t count;
    enum outcome_action action; /* for those that do not say */
    const char *context; /* where to look for a reason that no diagnostic gives: the notice; may be NULL */
};

#define OUTCOMES_EMPTY                                                                                                 \
    {                                                                                                                  \
        NULL, 0, OUTCOME_UNSAID, NULL                                                                                  \
    }

/* A new outcome at the end, all zero; NULL when there are too many. */
struct outcome *outcomes_add(struct outcomes *outcomes);
void outcomes_free(struct outcomes *outcomes);

/* Fill in class, recipients, status, reply, reason and diagnostic of BOUNCE from OUTCOMES: those of the worst outcome (a hard failure before a soft one
 * before a delay before a delivery), and all recipients. */
void outcomes_conclude(const struct outcomes *outcomes, struct bounce *bounce);

/* Add the address at TEXT to BOUNCE's recipients, lower-cased, unless it is there already or is none. */
void outcome_recipient(struct bounce *bounce, const char *text);

/* TEXT, cut, is BOUNCE's diagnostic: one line, control characters and runs of blanks made one blank. */
void outcome_diagnostic(struct bounce *bounce, const char *text);

#endif

/* Where a case, a notification, a campaign and a feed file can be, and where each can go from there. Pure.
 *
 * The numbers stand in stores on disk: never change one. */
#ifndef TOCSIN_QUEUE_STATES_H
#define TOCSIN_QUEUE_STATES_H

#include <stdbool.h>

enum case_state {
    CASE_NEW = 1,
    CASE_RESOLVING,
    CASE_WAITING, /* for approval, aggregation, its turn */
    CASE_NOTIFIED,
    CASE_ESCALATED, /* on its way to the next rung: never at rest here */
    CASE_DELIVERED,
    CASE_ANSWERED,
    CASE_EXHAUSTED,
    CASE_OPTED_OUT,
    CASE_EXPIRED,
    CASE_CANCELLED,
    CASE_STATES
};

enum notification_state {
    NOTIFICATION_HELD = 1, /* for approval, or after a refusal that is about us */
    NOTIFICATION_QUEUED,
    NOTIFICATION_LEASED, /* in a session; after a crash it is queued again */
    NOTIFICATION_DEFERRED,
    NOTIFICATION_ACCEPTED,
    NOTIFICATION_DELIVERED,
    NOTIFICATION_BOUNCED,
    NOTIFICATION_GIVEN_UP,
    NOTIFICATION_CANCELLED,
    NOTIFICATION_STATES
};

enum campaign_state {
    CAMPAIGN_RUNNING = 1,
    CAMPAIGN_PAUSED,
    CAMPAIGN_CANCELLED,
    CAMPAIGN_ENDED,
    CAMPAIGN_FAILED, /* none of its files could be loaded: it never was */
    CAMPAIGN_STATES
};

enum file_state { FILE_LOADING = 1, FILE_LOADED, FILE_FAILED, FILE_STATES };

/* The words of ARCHITECTURE.md: "opted-out", "given-up" … */
const char *case_state_name(enum case_state state);
const char *notification_state_name(enum notification_state state);
const char *campaign_state_name(enum campaign_state state);
const char *file_state_name(enum file_state state);

/* Delivered, answered, exhausted, opted-out, expired or cancelled. */
bool case_ended(enum case_state state);

/* Does the table allow the step? */
bool case_may(enum case_state from, enum case_state to);
bool notification_may(enum notification_state from, enum notification_state to);

/* The same for all states at once: bit N stands for state N. Those that TO may be reached from, and those that case_ended() is true of. */
unsigned case_before(enum case_state to);
unsigned notification_before(enum notification_state to);
unsigned case_ends(void);

#endif

#include "queue/states.h"

#include <stddef.h>

#define BIT(state) (1u << (state))

static const struct {
    const char *name;
    unsigned next;
    bool ended;
} cases[CASE_STATES] = {
    [CASE_NEW] = { "new", BIT(CASE_RESOLVING) | BIT(CASE_OPTED_OUT) | BIT(CASE_EXPIRED) | BIT(CASE_CANCELLED), false },
    /* Back to new when DNS could not say, or when the daemon died while asking. */
    [CASE_RESOLVING] = { "resolving",
                         BIT(CASE_NEW) | BIT(CASE_WAITING) | BIT(CASE_EXHAUSTED) | BIT(CASE_OPTED_OUT) |
                             BIT(CASE_EXPIRED) | BIT(CASE_CANCELLED),
                         false },
    /* Escalated from here when its contact was suppressed or found dead while it waited. */
    [CASE_WAITING] = { "waiting",
                       BIT(CASE_NOTIFIED) | BIT(CASE_ESCALATED) | BIT(CASE_EXHAUSTED) | BIT(CASE_OPTED_OUT) |
                           BIT(CASE_EXPIRED) | BIT(CASE_CANCELLED) | BIT(CASE_ANSWERED),
                       false },
    [CASE_NOTIFIED] = { "notified",
                        BIT(CASE_DELIVERED) | BIT(CASE_ANSWERED) | BIT(CASE_ESCALATED) | BIT(CASE_OPTED_OUT) |
                            BIT(CASE_EXPIRED) | BIT(CASE_CANCELLED),
                        false },
    [CASE_ESCALATED] = { "escalated",
                         BIT(CASE_WAITING) | BIT(CASE_EXHAUSTED) | BIT(CASE_OPTED_OUT) | BIT(CASE_EXPIRED) |
                             BIT(CASE_CANCELLED),
                         false },
    /* A bounce after the window still corrects the case. */
    [CASE_DELIVERED] = { "delivered",
                         BIT(CASE_ESCALATED) | BIT(CASE_ANSWERED) | BIT(CASE_OPTED_OUT) | BIT(CASE_NOTIFIED), true },
    [CASE_ANSWERED] = { "answered", BIT(CASE_OPTED_OUT), true },
    /* An alias may bounce for one reader while another answers: the answer counts, however late. */
    [CASE_EXHAUSTED] = { "exhausted", BIT(CASE_ANSWERED) | BIT(CASE_OPTED_OUT), true },
    [CASE_OPTED_OUT] = { "opted-out", 0, true },
    [CASE_EXPIRED] = { "expired", BIT(CASE_ANSWERED) | BIT(CASE_OPTED_OUT), true },
    [CASE_CANCELLED] = { "cancelled", BIT(CASE_ANSWERED) | BIT(CASE_OPTED_OUT), true },
};

/* A bounce, an answer or a positive report may come in any state after the first session began: it can overtake the commit of the session's
 * outcome, and after a crash a notification that the relay had taken stands in the queue again. */
static const struct {
    const char *name;
    unsigned next;
} notifications[NOTIFICATION_STATES] = {
    [NOTIFICATION_HELD] = { "held", BIT(NOTIFICATION_QUEUED) | BIT(NOTIFICATION_DELIVERED) | BIT(NOTIFICATION_BOUNCED) |
                                        BIT(NOTIFICATION_CANCELLED) },
    [NOTIFICATION_QUEUED] = { "queued", BIT(NOTIFICATION_LEASED) | BIT(NOTIFICATION_DELIVERED) |
                                            BIT(NOTIFICATION_BOUNCED) | BIT(NOTIFICATION_HELD) |
                                            BIT(NOTIFICATION_CANCELLED) },
    [NOTIFICATION_LEASED] = { "leased", BIT(NOTIFICATION_QUEUED) | BIT(NOTIFICATION_DEFERRED) |
                                            BIT(NOTIFICATION_ACCEPTED) | BIT(NOTIFICATION_DELIVERED) |
                                            BIT(NOTIFICATION_BOUNCED) | BIT(NOTIFICATION_HELD) |
                                            BIT(NOTIFICATION_GIVEN_UP) | BIT(NOTIFICATION_CANCELLED) },
    [NOTIFICATION_DEFERRED] = { "deferred", BIT(NOTIFICATION_LEASED) | BIT(NOTIFICATION_DELIVERED) |
                                                BIT(NOTIFICATION_BOUNCED) | BIT(NOTIFICATION_HELD) |
                                                BIT(NOTIFICATION_GIVEN_UP) | BIT(NOTIFICATION_CANCELLED) },
    [NOTIFICATION_ACCEPTED] = { "accepted",
                                BIT(NOTIFICATION_DELIVERED) | BIT(NOTIFICATION_BOUNCED) | BIT(NOTIFICATION_HELD) },
    [NOTIFICATION_DELIVERED] = { "delivered", BIT(NOTIFICATION_BOUNCED) | BIT(NOTIFICATION_HELD) },
    [NOTIFICATION_BOUNCED] = { "bounced", 0 },
    [NOTIFICATION_GIVEN_UP] = { "given-up", BIT(NOTIFICATION_BOUNCED) },
    [NOTIFICATION_CANCELLED] = { "cancelled", 0 },
};

static const char *const campaigns[CAMPAIGN_STATES] = { NULL, "running", "paused", "cancelled", "ended", "failed" };
static const char *const files[FILE_STATES] = { NULL, "loading", "loaded", "failed" };

const char *case_state_name(enum case_state state)
{
    return cases[state].name;
}

const char *notification_state_name(enum notification_state state)
{
    return notifications[state].name;
}

const char *campaign_state_name(enum campaign_state state)
{
    return campaigns[state];
}

const char *file_state_name(enum file_state state)
{
    return files[state];
}

bool case_ended(enum case_state state)
{
    return cases[state].ended;
}

bool case_may(enum case_state from, enum case_state to)
{
    return from > 0 && from < CASE_STATES && (cases[from].next & BIT(to));
}

bool notification_may(enum notification_state from, enum notification_state to)
{
    return from > 0 && from < NOTIFICATION_STATES && (notifications[from].next & BIT(to));
}

unsigned case_before(enum case_state to)
{
    unsigned before = 0;
    for (unsigned from = 1; from < CASE_STATES; from++)
        before |= case_may(from, to) ? BIT(from) : 0;
    return before;
}

unsigned notification_before(enum notification_state to)
{
    unsigned before = 0;
    for (unsigned from = 1; from < NOTIFICATION_STATES; from++)
        before |= notification_may(from, to) ? BIT(from) : 0;
    return before;
}

unsigned case_ends(void)
{
    unsigned ends = 0;
    for (unsigned state = 1; state < CASE_STATES; state++)
        ends |= case_ended(state) ? BIT(state) : 0;
    return ends;
}

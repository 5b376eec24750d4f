/* What becomes of a row whose finding was seen before. Internal to queue/; the store thread's. */
#ifndef TOCSIN_QUEUE_FINDING_H
#define TOCSIN_QUEUE_FINDING_H

#include "queue/store.h"

/* SQL: what a row's `data` reports about HOST, as load.c makes its key. */
#define FINDING_KEY(host)                                                                                              \
    "(coalesce(data ->> '$.\"classification.type\"', '') || char(31) ||"                                               \
    " coalesce(data ->> '$.\"classification.identifier\"', '') || char(31) || " host " || char(31) ||"                 \
    " coalesce(data ->> '$.\"source.port\"', 0) || char(31) || coalesce(data ->> '$.\"source.url\"', ''))"

enum fate {
    FATE_TOLD, /* its file tells of it: in a case of its own, for the first time or as a reminder */
    FATE_KNOWN, /* an earlier case tells of it, or did less than dedup_window ago */
    FATE_SPENT, /* an earlier case did, and so did as many reminders as there may be */
};

struct verdict {
    enum fate fate;
    int64_t known_in; /* FATE_KNOWN and FATE_SPENT: the case that tells of it */
    int64_t reminder; /* FATE_TOLD: 0, or the number of the reminder that its case is */
    int64_t joins; /* FATE_TOLD: the case of this very file that tells of it already; 0: it is to be found, or made */
    int64_t reminds, previous; /* the case that told of it first, and the last one before; 0: there is none */
};

/* What the file that is being loaded says for all of its rows. */
struct finding_rules {
    int64_t file, received; /* when the file came: what is told is counted to here, whatever time a row names */
    int64_t window, most; /* dedup_window, max_reminders */
};

/* Fill in the window and the most that hold for PROFILE, which may be gone from CONFIG since. */
void finding_rules(const struct config *config, const char *profile, struct finding_rules *rules);

/* Judge a finding that the case with this id tells of, or told of. */
struct verdict finding_judge(struct store *store, int64_t id, const struct finding_rules *rules);

#endif
